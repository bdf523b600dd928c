"""Linear backoff for faults that pass by themselves, as a plain wrapper round any function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from core.errors import SourceError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")


class TransientError(SourceError):
    """The source is busy, limited or broken for the moment; trying again may help."""


Faults = tuple[type[BaseException], ...]

TRANSIENT: Faults = (TransientError, ConnectionError, TimeoutError, InterruptedError)
"""Faults worth another try. A wrong parameter, bad data or a full disk is none of them."""


LONGEST_WAIT_S = 3600.0


def with_linear_backoff(
    function: Callable[[], T],
    *,
    tries: int = 3,
    wait_s: float = 0.2,
    on: Faults = TRANSIENT,
    retried: Callable[[int, BaseException, float], None] | None = None,
    step_of: Callable[[BaseException], float] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> T:
    """Return what ``function`` returns, trying again on transient faults.

    Parameters
    ----------
    function : callable
        Called without arguments.
    tries : int
        Attempts in all.
    wait_s : float
        Seconds before the second attempt; each later wait is as much longer (0.2, 0.4, 0.6, ...).
    on : tuple of exception types
        What counts as transient; anything else is raised at once.
    retried : callable, optional
        Told (attempt that failed, its error, seconds until the next) before each wait.
    step_of : callable, optional
        The step in seconds for a given fault, instead of ``wait_s``.
    sleep : callable, optional
        How to wait; default: ``time.sleep``.

    Raises
    ------
    BaseException
        The last attempt's own error.
    """
    import tenacity

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if retried and error and state.next_action:
            retried(state.attempt_number, error, state.next_action.sleep)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        step = step_of(error) if step_of and error else wait_s
        return min(step * state.attempt_number, LONGEST_WAIT_S)

    retrying = tenacity.Retrying(
        sleep=sleep or tenacity.nap.sleep,
        stop=tenacity.stop_after_attempt(tries),
        wait=wait,
        retry=tenacity.retry_if_exception_type(on),
        before_sleep=before_sleep,
        reraise=True,
    )
    return retrying(function)
