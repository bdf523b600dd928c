"""Work in a forked copy of this process: what it remembers ends with the copy, which may be kept from opening files."""

from __future__ import annotations

import os
import pickle
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Generic, NoReturn, TypeVar

from core.platform.processes import die_with

Outcome = TypeVar("Outcome")

_BYTES_AT_ONCE = 1 << 20


class EndedWithoutAnswer(RuntimeError):
    """Another process ended without an answer; the message is how, where that is known."""


def packed(work: Callable[[], object], errors: type[Exception] = Exception) -> bytes:
    """Return what ``work`` gives, or the error of ``errors`` that it raises, as another process can have it."""
    outcome: object = None
    error: Exception | None = None
    try:
        outcome = work()
    except errors as caught:
        error = caught.with_traceback(None)
        error.__cause__ = error.__context__ = None
    return pickle.dumps((outcome, error), protocol=5)


def unpacked(data: bytes) -> Any:
    """Return what another process packed, or raise it.

    Raises
    ------
    EndedWithoutAnswer
        If that is no whole answer.
    """
    try:
        outcome, error = pickle.loads(data)  # noqa: S301 - a process of our own wrote it
    except (EOFError, pickle.UnpicklingError):
        raise EndedWithoutAnswer from None
    if error is not None:
        raise error
    return outcome


def in_copied_process(work: Callable[[], Outcome], *, opens: bool = True) -> Outcome:
    """Return what ``work`` gives in a copy of this process, or raise what it raises there.

    Parameters
    ----------
    work : callable
        Its outcome and its errors are pickled.
    opens : bool
        Whether it may open files and connections; else the system refuses, to libraries in C as well.

    Raises
    ------
    EndedWithoutAnswer
        If the copy ends without an answer.
    """
    return _Copy(work, opens=opens).outcome()


def side_by_side(tasks: Iterable[Callable[[], Outcome]], at_once: int) -> Iterator[Outcome]:
    """Yield what each task gives, in order; ``at_once`` of them go on in copies of this process.

    Whichever ends first makes room for the next, so that a long one keeps none waiting. Each sees the memory of this
    process as it is when the copy is made, without a copy of what nobody changes. When one fails, or nobody asks any
    more, the others are ended.

    Parameters
    ----------
    tasks : iterable of callable
        Their outcomes and errors are pickled. What makes them one by one goes on in this process, beside those begun.
    at_once : int
        1 does them one after the other in this process.

    Raises
    ------
    EndedWithoutAnswer
        If a copy ends without an answer.
    """
    if at_once < 2:
        yield from (task() for task in tasks)
        return
    waiting, going = iter(tasks), deque[_Copy[Outcome]]()
    try:
        for task in islice(
            waiting, at_once
        ):  # not extend: a copy that was begun is ended if the next task fails
            going.append(_Copy(task))
        while going:
            while not going[0].ended:
                ready = wait([copy.fileno() for copy in going if not copy.ended])
                for copy in [copy for copy in going if not copy.ended and copy.fileno() in ready]:
                    if copy.read():
                        going.extend(_Copy(task) for task in islice(waiting, 1))
            yield going.popleft().outcome()
    finally:
        for copy in going:
            copy.end()


class _Copy(Generic[Outcome]):
    """A copy of this process at its work."""

    def __init__(self, work: Callable[[], Outcome], *, opens: bool = True) -> None:
        reading, writing = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if not self._pid:
            os.close(reading)
            _answer(work, writing, parent, opens=opens)
        os.close(writing)
        self._stream, self._data = os.fdopen(reading, "rb", buffering=0), bytearray()
        self.ended = False

    def fileno(self) -> int:
        """Return where its answer can be waited for."""
        return self._stream.fileno()

    def read(self) -> bool:
        """Read some of its answer, or wait for some; return whether that was its end."""
        some = self._stream.read(_BYTES_AT_ONCE)
        self._data += some
        self.ended = not some
        return self.ended

    def outcome(self) -> Outcome:
        """Wait for its end, and return or raise what came of the work."""
        while not self.ended:
            self.read()
        self._stream.close()
        data = bytes(self._data)
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if not data:
            raise EndedWithoutAnswer(f"code {os.waitstatus_to_exitcode(status)}")
        outcome: Outcome = unpacked(data)
        return outcome

    def end(self) -> None:
        """Kill it, unless it is gone."""
        self._stream.close()
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _answer(work: Callable[[], object], writing: int, parent: int, *, opens: bool) -> NoReturn:
    try:
        die_with(parent)
        if not opens:
            _open_nothing()
        with os.fdopen(writing, "wb") as stream, suppress(Exception):  # what cannot be pickled is no answer
            stream.write(packed(work))
    finally:
        os._exit(0)  # nothing of the parent is flushed or closed twice


def _open_nothing() -> None:
    """Let the system refuse each new file and connection: the lowest free number is above the limit."""
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def import_all(names: Iterable[str]) -> None:
    """Import modules, as far as they are there: copies of this process have them then without opening a file."""
    for name in sorted(names):
        with suppress(ImportError):
            import_module(name)
