"""Which process is meant, for sure: a pid is used again, but not with the same start and boot."""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODULE = ("-P", "-m")
"""Python's options that run a module of ours, and leave the working folder out of where modules are looked for: prices
and other people's files lie there, and a ``random.py`` among them would be run."""

_PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>; see prctl(2)."""

_STATE, _START = 0, 19
"""Positions in /proc/PID/stat after the command's closing bracket: state, start in ticks since boot."""


_IN = "/"
"""Between the id of a boot and that of the namespace in it."""


@dataclass(frozen=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started_ticks: int
    boot_id: str

    def alive(self) -> bool:
        """Return whether this very process still runs (a zombie does not; one that was stopped does)."""
        fields = _stat(self.pid)
        if fields is None or not self._is_of_here():
            return False
        return fields[_STATE] != "Z" and int(fields[_START]) == self.started_ticks

    def alive_on(self, host: str) -> bool | None:
        """Return whether it still runs on ``host``; None if nobody here can tell.

        What is asked is the kernel's boot and the namespace in which process ids count, whatever the host is called: a
        machine that was renamed is the same one. Another container on the same machine, or another machine, cannot be
        asked. A host of this name that was started again since runs none of the earlier processes.
        """
        if self._is_of_here():
            return self.alive()
        other_boot = self.boot_id.partition(_IN)[0] != boot_id().partition(_IN)[0]
        return False if other_boot and host == socket.gethostname() else None

    def _is_of_here(self) -> bool:
        """Return whether its id means the same process here; older records name the boot alone."""
        here = boot_id()
        return self.boot_id == (here if _IN in self.boot_id else here.partition(_IN)[0])

    def signal(self, number: signal.Signals, *, group: bool) -> bool:
        """Send a signal to the process, or to its group if it leads one; False if it is gone.

        One that was stopped is let go on, so that it takes the signal.
        """
        if not self.alive():
            return False
        whole = group and os.getpgid(self.pid) == self.pid
        try:
            for each in (number, signal.SIGCONT):
                (os.killpg if whole else os.kill)(self.pid, each)
        except ProcessLookupError:
            return False
        return True


def die_with(parent: int) -> None:
    """Have the calling process killed as soon as ``parent``, its parent, is gone: now, if it is already.

    The system ties this to the thread that forked, so only processes forked from a main thread may use it.
    """
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def kill_children_on_exit() -> None:
    """From now on, have every process that this one forks killed when this one is gone.

    Without it a worker of ``--workers 2`` outlives a killed run, and commits after its end.
    """
    parents: list[int] = []
    os.register_at_fork(
        before=lambda: parents.append(os.getpid()),
        after_in_parent=parents.clear,
        after_in_child=lambda: die_with(parents[-1]),
    )


def this_process() -> ProcessId:
    """Return the identity of the calling process."""
    return process(os.getpid())


def process(pid: int) -> ProcessId:
    """Return the identity of a process that runs now.

    Raises
    ------
    ProcessLookupError
        If there is none.
    """
    fields = _stat(pid)
    if fields is None:
        raise ProcessLookupError(pid)
    return ProcessId(pid, int(fields[_START]), boot_id())


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 1 :].split()


@cache
def boot_id() -> str:
    """Return the id of this boot of the machine, and of the namespace in which process ids count (a container's)."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path, as in pid:[4026531836]
    except OSError:
        return boot
    return f"{boot}{_IN}{namespace.strip('pid:[]')}"


def since_boot_s() -> float:
    """Return the seconds since the machine started, sleep included: a clock that nobody can set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
