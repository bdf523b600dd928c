"""What plug-in code may not do while it is loaded or computes: print, write and read files, fork, use a network.

Python's audit events (PEP 578) tell what is done; they guard against mistakes, not against malice: a module runs
with the rights of whoever starts the run.
"""

from __future__ import annotations

import ctypes
import inspect
import io
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from core.platform.timelimit import AGAIN_S
from core.plugins.describing import Misbehaved, NoAnswerYet, describe
from core.plugins.library_settings import preserve_settings
from core.plugins.modules import Module

_WRITES = frozenset(
    f"os.{name}" for name in ("remove", "rename", "mkdir", "rmdir", "link", "symlink", "truncate", "chmod")
)
_ENVIRONMENT = frozenset({"os.putenv", "os.unsetenv"})
_DATABASES = frozenset({"sqlite3.connect", "sqlite3.connect/handle"})
_MEMORY = frozenset(
    {
        "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "gc.get_objects", "gc.get_referrers",
        "gc.get_referents", "mmap.__new__",
    }
)  # fmt: skip
"""What shows the program's own variables, or memory that processes share."""
_FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
"""Attributes that lead to them."""
_PROCESSES = frozenset(
    {
        "subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "pty.spawn",
        "os.kill", "os.killpg", "signal.pthread_kill",
    }
)  # fmt: skip
_THREADS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
"""What is done in another thread is not watched."""
_NETWORK = frozenset(
    {"socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"}
)
_READABLE = tuple(
    f"{os.path.realpath(place)}{os.sep}"
    for place in (sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/etc", "/proc", "/sys", "/dev")
)
"""Where Python, its libraries and the system's time zones are: reading there tells nothing about prices."""

_CODE = (".py", ".pyc")
_READS = "reads the file"
_LOOKS = "looks at the program's memory"
_EVENTS = {
    "starts a process": _PROCESSES, "starts a thread": _THREADS, "uses the network": _NETWORK,
    "changes the environment": _ENVIRONMENT, "opens a database": _DATABASES, _LOOKS: _MEMORY,
    "changes what the rest of the program rests on": frozenset({"os.chdir", "resource.setrlimit"}),
}  # fmt: skip
_ASKING = frozenset({"uses the network", "opens a database", "starts a thread"})
"""What a source may do."""


_REPLACED: tuple[tuple[Any, str, str], ...] = (
    (sys, "exit", "ends the program (sys.exit)"),
    (os, "_exit", "ends the program (os._exit)"),
    (os, "abort", "ends the program (os.abort)"),
    (threading.Thread, "start", "starts a thread (threading.Thread.start)"),
    (sys, "setrecursionlimit", "changes what the rest of the program rests on (sys.setrecursionlimit)"),
    (os, "umask", "changes what the rest of the program rests on (os.umask)"),
    (signal, "signal", "changes what the rest of the program rests on (signal.signal)"),
)
"""What no audit event tells of."""


@dataclass
class _Watch:
    """Who is watched, and the first thing that was done wrong."""

    modules: tuple[Module, ...]
    asking: bool = False
    hearing: bool = False
    thread: int = field(default_factory=threading.get_ident)
    wrong: tuple[str, str] | None = None

    @property
    def paths(self) -> dict[str, str]:
        return {module.path(name): name for module in self.modules for name in module.texts}

    def refuse(self, what: str, frame: FrameType | None, *, nearby: bool = False) -> None:
        """Note what was done and raise, if own code did it: at any depth, or with ``nearby`` itself."""
        if nearby:
            while frame is not None and frame.f_code.co_filename == inspect.__file__:
                frame = frame.f_back
            if frame is None or frame.f_code.co_filename not in self.paths:
                return
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
system_files_read: set[str] = set()
"""Files of Python, its libraries and the system that own code has read in this process, code itself aside."""

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
        Limit of the block by the wall clock; 0 is no limit.
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
            with _limit(watch, seconds), _replaced(asking=asking), preserve_settings():
                yield
    except Misbehaved:
        if watch.wrong is None:
            raise
        raise Misbehaved(": ".join(watch.wrong)) from None
    except (Exception, KeyboardInterrupt, NoAnswerYet):
        raise
    except BaseException as error:  # noqa: BLE001 - what ends programs and generators ends no run
        raise Misbehaved(describe(error, modules[-1])) from None
    finally:
        _watches.remove(watch)
    if watch.wrong is not None:
        raise Misbehaved(": ".join(watch.wrong))


@contextmanager
def _replaced(*, asking: bool) -> Iterator[None]:
    """Refuse own code's calls of functions without an audit event: a program that is gone could not say why."""
    before = [
        (owner, name, what, getattr(owner, name))
        for owner, name, what in _REPLACED
        if not (asking and what.startswith(tuple(_ASKING)))
    ]
    for owner, name, what, function in before:
        setattr(owner, name, _refusing(what, function))
    try:
        yield
    finally:
        for owner, name, _, function in before:
            setattr(owner, name, function)


def _refusing(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def refused(*arguments: Any) -> Any:
        if _watches and _watches[-1].thread == threading.get_ident():
            _watches[-1].refuse(what, sys._getframe(1))  # noqa: SLF001 - who calls
        return function(*arguments)

    return refused


@contextmanager
def _limit(watch: _Watch, seconds: float) -> Iterator[None]:
    if not seconds:
        yield
        return
    if threading.current_thread() is threading.main_thread():
        with _limit_by_alarm(watch, seconds):
            yield
    else:
        with _limit_from_outside(watch, seconds):
            yield


def _too_late(watch: _Watch, frame: FrameType | None, seconds: float) -> None:
    place = watch.place(frame) or watch.modules[-1].file
    watch.wrong = (place, f"takes longer than {seconds:g} s")


@contextmanager
def _limit_by_alarm(watch: _Watch, seconds: float) -> Iterator[None]:
    """Interrupt this thread, the main one, by the alarm; a stage's own limit that is nearer stays in force."""

    def late(_: int, frame: FrameType | None) -> None:
        _too_late(watch, frame, seconds)
        raise Misbehaved

    (remaining, again), started = signal.getitimer(signal.ITIMER_REAL), time.monotonic()
    if 0 < remaining <= seconds:
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if remaining:
            signal.setitimer(signal.ITIMER_REAL, max(remaining - (time.monotonic() - started), 0.001), again)


@contextmanager
def _limit_from_outside(watch: _Watch, seconds: float) -> Iterator[None]:
    """Interrupt another thread than the main one, as those of a Dask worker, at its next line of Python."""
    lock, ended, thread = threading.Lock(), threading.Event(), ctypes.c_ulong(watch.thread)

    def late() -> None:
        with lock:
            if not ended.is_set():
                _too_late(watch, sys._current_frames().get(watch.thread), seconds)  # noqa: SLF001 - no other way
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Misbehaved))

    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            ended.set()
        timer.cancel()


def _install() -> None:
    global _installed  # noqa: PLW0603 - a hook cannot be taken out again: one for the process
    if not _installed:
        _installed = True
        sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches or _watches[-1].thread != threading.get_ident():
        return
    watch = _watches[-1]
    if watch.hearing:
        return  # the hook itself looks at frames
    what = _what(event, arguments, asking=watch.asking)
    if what:
        watch.hearing = True
        try:
            caller = sys._getframe(1)  # noqa: SLF001 - an audit hook does not get its caller
            watch.refuse(what, caller, nearby=what.startswith(_LOOKS))
        finally:
            watch.hearing = False
    elif event == "open" and not isinstance(arguments[0], int):
        _note_reading(os.fsdecode(arguments[0]), watch)


def _note_reading(name: str, watch: _Watch) -> None:
    """Note that own code, not an import, reads what it may: it needs files where it computes."""
    watch.hearing = True
    try:
        if not name.endswith(_CODE) and watch.place(sys._getframe(2)) is not None:  # noqa: SLF001 - as above
            system_files_read.add(name)
    finally:
        watch.hearing = False


def _what(event: str, arguments: tuple[Any, ...], *, asking: bool) -> str:
    """Return what an event is, where own code may not do it; ``asking`` may read, and use databases and the network."""
    what = ""
    if event == "open":
        what = _opened(*arguments)
        what = "" if asking and what.startswith(_READS) else what
    elif event in _WRITES or event.startswith("shutil."):
        what = f"changes files ({event} {str(arguments[0])[:80]})"
    elif event == "object.__getattr__" and arguments[1] in _FRAMES:
        what = f"{_LOOKS} ({arguments[1]})"
    else:
        words = next((words for words, events in _EVENTS.items() if event in events), "")
        what = f"{words} ({event})" if words and not (asking and words in _ASKING) else ""
    return what


def _opened(path: Any, mode: Any, flags: Any) -> str:
    if isinstance(path, int):
        return ""
    name = os.fsdecode(path)
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return f"writes the file {name[:80]}"
    own = name.endswith(_CODE)
    place = os.path.realpath(name)
    return "" if own or place.startswith(_READABLE) or mode == "fd" else f"{_READS} {name[:80]}"
