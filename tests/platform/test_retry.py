"""Linear backoff, for transient faults only."""

from __future__ import annotations

import pytest

from core.errors import DataError, ParameterError, SourceError
from core.platform import retry
from core.platform.retry import TransientError, with_linear_backoff


@pytest.fixture
def slept(monkeypatch):
    """The seconds slept, without sleeping."""
    seconds = []
    monkeypatch.setattr(retry.time, "sleep", seconds.append)
    return seconds


def failing(times, error):
    """A function that fails some times and then returns the number of calls."""
    calls = []

    def function():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return function


def test_each_wait_is_as_much_longer(slept):
    """0.2, 0.4, 0.6 seconds: linear, and what is told beforehand is what is slept."""
    told = []
    result = with_linear_backoff(
        failing(3, TransientError("busy")), tries=4, wait_s=0.2, retried=lambda *facts: told.append(facts)
    )
    assert result == 4
    assert slept == pytest.approx([0.2, 0.4, 0.6])
    assert [(attempt, str(error)) for attempt, error, _ in told] == [(1, "busy"), (2, "busy"), (3, "busy")]
    assert [wait for *_, wait in told] == pytest.approx([0.2, 0.4, 0.6])


@pytest.mark.parametrize(
    "error", [ConnectionError(), TimeoutError(), InterruptedError(), TransientError("x")]
)
def test_faults_that_pass_by_themselves_are_tried_again(slept, error):
    """The network's own errors and the source's."""
    assert with_linear_backoff(failing(1, error)) == 2


@pytest.mark.parametrize(
    "error", [SourceError("x"), ParameterError("x"), DataError("x"), OSError(28, "full"), KeyError(1)]
)
def test_everything_else_is_raised_at_once(slept, error):
    """A wrong parameter, bad data, a full disk or a defect does not get better by waiting."""
    with pytest.raises(type(error)):
        with_linear_backoff(failing(1, error))
    assert slept == []


def test_the_last_attempts_own_error_is_raised(slept):
    """Not a wrapper round it."""
    with pytest.raises(TransientError, match=r"^still busy$"):
        with_linear_backoff(failing(9, TransientError("still busy")), tries=3)
    assert len(slept) == 2


def test_a_fault_may_have_a_step_of_its_own_and_the_sleep_can_be_replaced():
    """Too many requests waits longer than a reset; whoever sleeps may be woken."""

    class LimitedError(TransientError):
        """Too many requests."""

    faults, seconds = [TransientError("reset"), LimitedError("429"), LimitedError("429")], []

    def function():
        if faults:
            raise faults.pop(0)
        return "done"

    assert (
        with_linear_backoff(
            function,
            tries=4,
            wait_s=0.5,
            step_of=lambda error: 30.0 if isinstance(error, LimitedError) else 0.5,
            sleep=seconds.append,
        )
        == "done"
    )
    assert seconds == [0.5, 60.0, 90.0]
