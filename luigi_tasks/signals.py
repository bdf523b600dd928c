"""Signals under the ``luigi`` script: SIGTERM and SIGINT unwind the process, and none is lost on the way."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

from core.errors import EXIT_CANCELLED, EXIT_INTERRUPTED
from core.platform import interrupts


class Cancelled(KeyboardInterrupt):
    """The process was asked to end (SIGTERM); Luigi lets it through like an interrupt."""


class ForkGuard:
    """Keeps a signal that arrives while this process forks: an exception raised in a hook of a fork is lost."""

    def __init__(self) -> None:
        self._forking = False
        self._pending: int | None = None

    def begin(self) -> None:
        """Keep signals from now on."""
        self._forking = True

    def end(self) -> None:
        """Send the kept signal again as soon as the fork is over."""
        self._forking = False
        if self._pending is not None:
            _signal_soon(self._pending)
            self._pending = None

    def keeps(self, signum: int) -> bool:
        """Return whether the signal is kept for later."""
        if self._forking:
            self._pending = signum
        return self._forking


SOON_S = 0.05


def _signal_soon(signum: int) -> None:
    """Send this process a signal once it is out of where an exception is lost, unless it is ending by then."""

    def send() -> None:
        if not interrupts.obeyed():
            os.kill(os.getpid(), signum)

    again = threading.Timer(SOON_S, send)
    again.daemon = True
    again.start()


def _send_again(otherwise: Callable[[sys.UnraisableHookArgs], object], lost: sys.UnraisableHookArgs) -> None:
    """Send the signal again whose exception was raised where Python can only print it: as something was freed."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        _signal_soon(signal.SIGTERM if issubclass(lost.exc_type, Cancelled) else signal.SIGINT)
    else:
        otherwise(lost)


def take_over_signals() -> None:
    """Let SIGTERM and SIGINT unwind this process, and end a worker that was forked from it without a word."""
    owner, guard = os.getpid(), ForkGuard()
    # registered last, so begun before the hooks of other libraries and ended after them
    os.register_at_fork(before=guard.begin, after_in_parent=guard.end)

    def on_signal(signum: int, frame: object) -> None:
        del frame
        cancelled = signum == signal.SIGTERM
        if os.getpid() != owner:  # multiprocessing would print a traceback; the parent says how it ended
            os._exit(EXIT_CANCELLED if cancelled else EXIT_INTERRUPTED)
        if guard.keeps(signum):
            return
        kind = Cancelled if cancelled else KeyboardInterrupt
        interrupts.request(kind)
        raise kind

    sys.unraisablehook = partial(_send_again, sys.unraisablehook)
    signal.signal(signal.SIGTERM, on_signal)
    if (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):  # ignored when a shell put us in the background
        signal.signal(signal.SIGINT, on_signal)
