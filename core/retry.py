"""Linear backoff for faults that pass by themselves, as a plain wrapper round any function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.errors import SourceError

T = TypeVar("T")


class TransientError(SourceError):
    """The source is busy, limited or broken for the moment; trying again may help."""


TRANSIENT: tuple[type[BaseException], ...] = (TransientError, ConnectionError, TimeoutError, InterruptedError)
"""Faults worth another try. A wrong parameter, bad data or a full disk is none of them."""


def with_linear_backoff(
    function: Callable[[], T],
    *,
    tries: int = 3,
    wait_s: float = 0.2,
    on: tuple[type[BaseException], ...] = TRANSIENT,
    retried: Callable[[int, BaseException, float], None] | None = None,
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

    Raises
    ------
    BaseException
        The last attempt's own error.
    """
    # tenacity costs 30 ms to import and most calls succeed at once, so it is loaded with the first fault
    try:
        return function()
    except on as error:
        if tries < 2:
            raise
        first = error
    return _again(function, first, tries, wait_s, on, retried)


def _again(
    function: Callable[[], T],
    first: BaseException,
    tries: int,
    wait_s: float,
    on: tuple[type[BaseException], ...],
    retried: Callable[[int, BaseException, float], None] | None,
) -> T:
    import tenacity

    pending: list[BaseException] = [first]

    def attempt() -> T:
        if pending:
            raise pending.pop()
        return function()

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if retried and error:
            retried(state.attempt_number, error, state.next_action.sleep if state.next_action else 0.0)

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(tries),
        wait=tenacity.wait_incrementing(start=wait_s, increment=wait_s, max=3600),
        retry=tenacity.retry_if_exception_type(on),
        before_sleep=before_sleep,
        reraise=True,
    )
    return retrying(attempt)
