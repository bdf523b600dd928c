"""A function called in an isolated process: a fresh one, with bounds on its memory and its time.

What reads a file that somebody brought may be led to take all memory, to go on for ever, or to end its process with a
signal, in libraries that are not ours. Then that process ends, and whoever asked gets one message.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from core.errors import AftercloseError, SourceError
from core.platform.forked import EndedWithoutAnswer, packed, unpacked
from core.platform.fresh_process import FreshProcess

_MODULE = "core.platform.isolated"
_LOOK_S = 0.02
"""Between two looks at its memory: what fills fastest fills 100 MB meanwhile."""

_MEMORY, _TIME = "memory", "time"
_PAGE = resource.getpagesize()

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Bounds:
    """Memory and time that the process may use.

    Parameters
    ----------
    memory_mb : int
        Resident memory, in MiB. Not of addresses: libraries reserve far more of those than they ever use.
    time_s : float
        By the wall clock; 0 is without end.
    """

    memory_mb: int
    time_s: float


class TookTooMuch(RuntimeError):
    """A process of its own was ended because it took more than it may; the message is what: ``memory`` or ``time``."""


def bounded(bounds: Bounds, function: Callable[..., Answer], *args: object, **options: object) -> Answer:
    """Return what a function of a module returns, from a process that has nothing of this one but its environment.

    Parameters
    ----------
    bounds : Bounds
    function : callable
        Of a module; it, its arguments and its answer can be pickled.

    Raises
    ------
    AftercloseError
        What the function raises.
    TookTooMuch
        If the process took more memory or time than it may.
    EndedWithoutAnswer
        If it ended without an answer; the message is how.
    """
    with FreshProcess(_MODULE, apart=True) as process:
        watch = _Watch(process, bounds)
        try:
            answer = process.ask(pickle.dumps((function, args, options), protocol=5))
        finally:
            watch.end()
        if watch.exceeded:
            raise TookTooMuch(watch.exceeded)
        try:
            value: Answer = unpacked(answer)
        except EndedWithoutAnswer:
            raise EndedWithoutAnswer(process.end) from None
    return value


def call_isolated(
    bounds: Bounds, subject: str, function: Callable[..., Answer], *args: object, **options: object
) -> Answer:
    """Return the same for what reads a file.

    Parameters
    ----------
    subject : str
        What is read, for the message.

    Raises
    ------
    AftercloseError
        What the function raises; SourceError if the process took too much, or ended without an answer.
    """
    try:
        return bounded(bounds, function, *args, **options)
    except TookTooMuch as error:
        raise _exceeded(str(error), bounds, subject) from None
    except EndedWithoutAnswer as error:
        raise _ended(str(error), subject) from None


def _exceeded(what: str, bounds: Bounds, subject: str) -> SourceError:
    most = f"{bounds.memory_mb:,} MiB of memory" if what == _MEMORY else f"{bounds.time_s:g} seconds"
    setting = "[files] read_memory_mb" if what == _MEMORY else "[files] read_timeout_s"
    return SourceError(
        f"reading {subject} was ended: it took more than {most}",
        expected=f"a file that is read within {setting}",
        remedy=f"Split the file, or leave out what is not needed; if it is sound, raise {setting}.",
    )


def _ended(how: str, subject: str) -> SourceError:
    return SourceError(
        f"reading {subject} ended its process ({how})",
        expected="a file that can be read",
        remedy="It is damaged, or made to do harm: fetch it again, or save it as CSV (UTF-8).",
    )


class _Watch:
    """Looks at a process and kills it when it takes more than it may."""

    def __init__(self, process: FreshProcess, bounds: Bounds) -> None:
        self.exceeded = ""
        self._process, self._bounds = process, bounds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="reading", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        waited = 0.0
        while not self._over.wait(_LOOK_S):
            waited += _LOOK_S
            if _resident(self._process.pid) > self._bounds.memory_mb << 20:
                self.exceeded = _MEMORY
            elif self._bounds.time_s and waited > self._bounds.time_s:
                self.exceeded = _TIME
            if self.exceeded:
                self._process.kill()
                return


def _resident(pid: int) -> int:
    """Return the bytes of memory that a process has; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _leave_with(parent: int) -> None:
    """End this process, and what it has started, once nobody waits for its answer any more."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Read a function and its arguments from the standard input, call it, and write what came of it."""
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends this process
        Path("/proc/self/oom_score_adj").write_text(
            "1000", encoding="ascii"
        )  # short of memory, this one goes first
        threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
        try:
            function, args, options = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own process wrote it
        except EOFError:
            return
        answer.write(packed(partial(function, *args, **options), AftercloseError))


if __name__ == "__main__":
    main()
