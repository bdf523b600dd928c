"""A wall-clock limit for a block of work, by the system's alarm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import StageError

AGAIN_S = 5.0
"""An alarm that falls into a finalizer or a weak reference's callback is swallowed by Python: it comes again."""


class StageTimeout(StageError):
    """A stage took longer than the settings allow."""


@contextmanager
def time_limit(seconds: float, stage: str, setting: str = "[run] stage_timeout_s") -> Iterator[None]:
    """Raise when the block takes longer than ``seconds`` (0: no limit).

    Works in the main thread, where Luigi runs its tasks; elsewhere there is no limit.

    Raises
    ------
    StageTimeout
        Naming the stage, the limit and the setting.
    """
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_alarm(signum: int, frame: object) -> None:
        del signum, frame
        raise StageTimeout(
            f"{stage} took longer than {seconds:g} s",
            expected=f"{setting} in luigi.cfg to be enough",
            remedy="Raise it, or find out what hangs: the run's log has the last step.",
        )

    previous = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
