"""A limit of wall-clock time holds also where its first alarm is lost."""

from __future__ import annotations

import signal
import time

import pytest

from core.platform import timelimit
from core.platform.timelimit import StageTimeout, time_limit


class Leaving:
    """Something whose finalizer is at work when the alarm comes."""

    def __del__(self) -> None:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass


def busy(seconds: float) -> None:
    """Work that nothing but an alarm ends before ``seconds``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def limited(seconds: float) -> None:
    """Work under a limit, whose first alarm falls into a finalizer."""
    with time_limit(seconds, "planning"):
        Leaving()
        busy(5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_alarm_that_a_finalizer_swallows_comes_again(monkeypatch):
    """Python prints what is raised in a finalizer and goes on: the block would have no limit any more."""
    monkeypatch.setattr(timelimit, "AGAIN_S", 0.4)
    with pytest.raises(StageTimeout, match=r"planning took longer than 0\.1 s"):
        limited(0.1)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_block_within_its_limit_is_left_alone():
    """Nothing comes afterwards."""
    with time_limit(0.2, "planning"):
        pass
    busy(0.3)
