"""What code of one's own may not do while it is loaded or computes: print, write and read files, fork, use a network.

Python's audit events (PEP 578) tell what is done; they guard against mistakes, not against malice: a module runs
with the rights of whoever starts the run.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from core.errors import AftercloseError
from core.plugins.modules import Module

_WRITES = frozenset(
    f"os.{name}" for name in ("remove", "rename", "mkdir", "rmdir", "link", "symlink", "truncate", "chmod")
)
_PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "pty.spawn"}
)
_NETWORK = frozenset(
    {"socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"}
)
_READABLE = tuple({sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/etc", "/proc", "/sys", "/dev"})
"""Where Python, its libraries and the system's time zones are: reading there tells nothing about prices."""


_READS = "reads the file"


class Misbehaved(RuntimeError):
    """Code of somebody's own did what it may not."""


@dataclass
class _Watch:
    """Who is watched, and the first thing that was done wrong."""

    modules: tuple[Module, ...]
    asking: bool = False
    thread: int = field(default_factory=threading.get_ident)
    wrong: tuple[str, str] | None = None

    @property
    def paths(self) -> dict[str, str]:
        return {module.path(name): name for module in self.modules for name in module.texts}

    def refuse(self, what: str, frame: FrameType | None) -> None:
        place = self.place(frame)
        if place is None or self.wrong is not None:
            return
        self.wrong = (place, what)
        raise Misbehaved(f"{place}: {what}")

    def place(self, frame: FrameType | None) -> str | None:
        """Return file and line of the innermost own code, None where a library is being imported below it."""
        paths = self.paths
        while frame is not None:
            name = frame.f_code.co_filename
            if name in paths:
                return f"{paths[name]}, line {frame.f_lineno}"
            if name.startswith("<frozen importlib"):
                return None
            frame = frame.f_back
        return None


_watches: list[_Watch] = []
_installed = False


class _Printed(io.StringIO):
    """Takes what is printed as a fault of whoever prints."""

    def write(self, text: str) -> int:
        if _watches and text.strip():
            _watches[-1].refuse(f"prints {text.strip()[:60]!r}", sys._getframe(1))  # noqa: SLF001 - who prints
        return len(text)


@contextmanager
def guarded(modules: tuple[Module, ...], *, seconds: float = 0, asking: bool = False) -> Iterator[None]:
    """Watch what the block does on behalf of ``modules``.

    Parameters
    ----------
    modules : tuple of Module
        Whose code runs.
    seconds : float
        Limit of the block by the wall clock; 0 is none. For the main thread of a process without another alarm.
    asking : bool
        Whether it may read files and use the network, as a source does.

    Raises
    ------
    Misbehaved
        If it printed, wrote or read a file, started a process, used the network or took too long;
        the message begins with file and line. Also where own code caught that itself.
    """
    _install()
    _watches.append(watch := _Watch(modules, asking))
    try:
        with warnings.catch_warnings(), redirect_stdout(_Printed()), redirect_stderr(_Printed()):
            warnings.simplefilter("ignore")
            with _limit(watch, seconds):
                yield
    finally:
        _watches.remove(watch)
    if watch.wrong is not None:
        raise Misbehaved(": ".join(watch.wrong))


@contextmanager
def _limit(watch: _Watch, seconds: float) -> Iterator[None]:
    if not seconds:
        yield
        return

    def late(_: int, frame: FrameType | None) -> None:
        place = watch.place(frame) or watch.modules[-1].file
        watch.wrong = (place, f"takes longer than {seconds:g} s")
        raise Misbehaved(": ".join(watch.wrong))

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _install() -> None:
    global _installed  # noqa: PLW0603 - a hook cannot be taken out again: one for the process
    if not _installed:
        _installed = True
        sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches or _watches[-1].thread != threading.get_ident():
        return
    what = _what(event, arguments, asking=_watches[-1].asking)
    if what:
        _watches[-1].refuse(what, sys._getframe(1))  # noqa: SLF001 - an audit hook is told nothing of its caller


def _what(event: str, arguments: tuple[Any, ...], *, asking: bool) -> str:
    if event == "open":
        what = _opened(*arguments)
        return "" if asking and what.startswith(_READS) else what
    if event in _WRITES or event.startswith("shutil."):
        return f"changes files ({event} {str(arguments[0])[:80]})"
    if event in _PROCESSES:
        return f"starts a process ({event})"
    return f"uses the network ({event})" if event in _NETWORK and not asking else ""


def _opened(path: Any, mode: Any, flags: Any) -> str:
    if isinstance(path, int):
        return ""
    name = os.fsdecode(path)
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return f"writes the file {name[:80]}"
    own = name.endswith((".py", ".pyc"))
    place = os.path.realpath(name)
    return "" if own or place.startswith(_READABLE) or mode == "fd" else f"{_READS} {name[:80]}"


def describe(error: BaseException, module: Module) -> str:
    """Return file, line and kind of an error in own code, for a person."""
    if isinstance(error, Misbehaved):
        return str(error)
    if isinstance(error, AftercloseError):
        return error.problem
    line, file, trace = 0, module.file, error.__traceback__
    paths = {module.path(name): name for name in module.texts}
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name in paths:
            file, line = paths[name], trace.tb_lineno
        trace = trace.tb_next
    kind = "" if type(error).__name__ == "Misdeclared" else f"{type(error).__name__}: "
    return f"{file}{f', line {line}' if line else ''}: {kind}{' '.join(str(error).split())[:200]}"
