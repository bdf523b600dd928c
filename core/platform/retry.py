"""Linear backoff for faults that pass by themselves, for any function."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.errors import SourceError

T = TypeVar("T")


class TransientError(SourceError):
    """The source is busy, limited or broken for the moment; trying again may help."""


Faults = tuple[type[BaseException], ...]

TRANSIENT: Faults = (TransientError, ConnectionError, TimeoutError, InterruptedError)
"""Faults worth another try. Not a wrong parameter, bad data or a full disk."""


LONGEST_WAIT_S = 3600.0


def with_linear_backoff(
    function: Callable[[], T],
    *,
    tries: int = 3,
    wait_s: float = 0.2,
    on: Faults = TRANSIENT,
    never: Faults = (),
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
    never : tuple of exception types
        What is raised at once although it is one of those.
    retried : callable, optional
        Called with the attempt that failed, its error and the seconds until the next, before each wait.
    step_of : callable, optional
        The step in seconds for a given fault, instead of ``wait_s``.
    sleep : callable, optional
        How to wait; default: ``time.sleep``.

    Raises
    ------
    BaseException
        The last attempt's own error.
    """
    for attempt in range(1, tries):
        try:
            return function()
        except never:
            raise
        except on as error:
            step = step_of(error) if step_of else wait_s
            seconds = min(step * attempt, LONGEST_WAIT_S)
            if retried:
                retried(attempt, error, seconds)
            (sleep or time.sleep)(seconds)
    return function()
