"""Python processes that commands start in their turn: forks of a warm process too, and children of whoever asked.

A run's supervisor, the run itself and whoever reads a file of prices are each a new interpreter that runs a module of
ours. Most of what they cost is importing pandas, scikit-learn and what else the one before them had in memory
already. ``Warm`` is a ``subprocess.Popen`` that has such a process forked by a server which has only imported. The
fork is a true child of the process that asked: it is orphaned once, while that process takes orphans in, so that
waiting, signals, groups, sessions and the end with a parent are the system's own. Everything else that is started,
and what differs in a variable that Python obeys while it starts, is a new process as ever.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODULES = ("core.", "luigi")
"""How modules begin that are forked; what a page or another program starts is a new process."""

STARTING = (
    "luigi", "core.cli.daemon", "core.runs.supervisor", "core.schedule.backfill", "backfill", "demo", "look", "notices",
    "plan", "plugins", "predict", "run", "scheduler", "schedules",
)  # fmt: skip
"""Commands and modules that start others: the further server that each of them has costs 0.04 s of CPU."""

_CHILD_SUBREAPER = 36
"""From <sys/prctl.h>; see prctl(2)."""

_OBEYED_LATE = ("PYTEST_", "PYTHONUNBUFFERED")
"""Variables of the tests' own process that make no difference to a module, or that ``become`` obeys."""

INHERITED = ("parent", "of_group", "group", "ignored", "blocked", "first")
"""What a wish says of the process that asks: see ``take_over``."""

_LIMITS = [number for name, number in vars(resource).items() if name.startswith("RLIMIT_")]


@dataclass
class Asked:
    """Where this process asks for forks: the other end of a server's socket, and who may use it."""

    connection: Callable[[], socket.socket]
    environment: Callable[[], Mapping[str, str]]
    owner: int
    lock: threading.Lock


asked: list[Asked] = []
"""The newest counts; empty in a process that starts new ones only."""


def forks_children(
    connection: Callable[[], socket.socket], environment: Callable[[], Mapping[str, str]]
) -> None:
    """From now on, have modules that this process starts forked by a server.

    Parameters
    ----------
    connection : callable
        Gives the server's socket; called when the first one is asked for.
    environment : callable
        What the server started with.
    """
    asked[:] = [Asked(connection, environment, os.getpid(), threading.Lock())]
    subprocess.Popen = Warm


@contextmanager
def new_processes() -> Iterator[None]:
    """Have every module started as a new process meanwhile, by commands that are begun meanwhile as well."""
    before = asked[:]
    asked.clear()
    try:
        yield
    finally:
        asked[:] = before


class Warm(subprocess.Popen):
    """A process as ever, but that a module of ours is a fork."""

    def _execute_child(self, *given) -> None:
        """What ``Popen`` calls to start the process, once its pipes are there."""
        (
            args, executable, preexec_fn, close_fds, pass_fds, cwd, env, _, _, shell, p2cread, p2cwrite, c2pread,
            c2pwrite, errread, errwrite, restore_signals, gid, gids, uid, umask, session, group,
        ) = given  # fmt: skip
        words = [os.fsdecode(word) for word in args] if isinstance(args, list | tuple) else []
        plain = (executable, close_fds, tuple(pass_fds), shell, restore_signals, gid, gids, uid, umask)
        surroundings = dict(os.environ if env is None else env)
        if plain == (None, True, (), False, True, None, None, None, -1) and fits(words, surroundings):
            sys.audit("subprocess.Popen", words[0], args, cwd, env)
            asked_for = ((p2cread, 0), (c2pwrite, 1), (errwrite, 2))
            streams = [own if own != -1 else inherited_one for own, inherited_one in asked_for]
            wish = {"words": words, "env": surroundings, "session": session, "group": group}
            self.pid = forked(wish, streams, cwd, preexec_fn)
            if self.pid:
                self._child_created = True
                self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
                return
        super()._execute_child(*given)


def fits(words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a module of ours can be forked here: its environment is the server's but for what is read late."""
    from core.platform.determinism import THREAD_VARIABLES
    from core.platform.processes import MODULE
    from tests.fork_server import READ_LATE

    if not asked or asked[-1].owner != os.getpid() or words[:3] != [sys.executable, *MODULE]:
        return False
    if not words[3].startswith(MODULES):
        return False
    server = asked[-1].environment()
    single = {name for name in THREAD_VARIABLES if env.get(name) == "1"}  # as the server's libraries are
    differing = {name for name in env.keys() | server.keys() if env.get(name) != server.get(name)} - single
    return all(name.startswith((*READ_LATE, *_OBEYED_LATE)) for name in differing)


def starts_others(words: Sequence[str]) -> bool:
    """Whether a command or a module starts others."""
    name = words[3] if words[0] == sys.executable else Path(words[0]).name
    return name in STARTING or (name == "afterclose" and any(word in STARTING for word in words[1:2]))


def inherited() -> dict[str, object]:
    """What a process has from the one that starts it, beside streams, folder and environment."""
    ignored = [number for number in signal.valid_signals() if signal.getsignal(number) == signal.SIG_IGN]
    return {
        "parent": os.getpid(), "of_group": os.getpgrp(),
        "ignored": sorted(set(ignored) - {signal.SIGPIPE, signal.SIGXFSZ}),
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    }  # fmt: skip


def forked(
    wish: dict[str, object],
    streams: Sequence[int],
    folder: str | Path | None,
    first: Callable[[], object] | None,
) -> int:
    """Have it done and return the child's id; 0 where it could not be had."""
    own = asked[-1]
    prctl = ctypes.CDLL(None).prctl
    answers, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with answers, own.lock, suppress(OSError, pickle.PicklingError, AttributeError, TypeError):
        wish["first"] = base64.b64encode(pickle.dumps(first)).decode()
        wish["folder"] = os.fspath(Path(folder or ".").resolve())
        message = json.dumps({**wish, **inherited()}).encode()
        prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            with its:
                socket.send_fds(own.connection(), [message], [*streams, its.fileno()])
            return int(answers.recv(32) or 0)
        finally:
            prctl(_CHILD_SUBREAPER, 0, 0, 0, 0)
    its.close()
    return 0


def orphan() -> bool:
    """Fork a process and leave it to whoever takes orphans in; True in it, once it is a child of that one."""
    ready, go = os.pipe()
    between = os.fork()
    if between:
        os.close(ready)
        os.waitpid(between, 0)
        os.write(go, b"!")
        os.close(go)
        return False
    if os.fork():
        os._exit(0)
    os.close(go)
    os.read(ready, 1)
    os.close(ready)
    return True


def take_over(
    *, parent: int, of_group: int, group: int, ignored: list[int], blocked: list[int], first: str
) -> bool:
    """Be what a child of ``parent`` begins as; False if this process is not its child."""
    if os.getppid() != parent:
        return False
    for number in _LIMITS:
        resource.setrlimit(number, resource.prlimit(parent, number))
    status = Path(f"/proc/{parent}/status").read_text(encoding="utf-8", errors="replace")
    os.umask(int(status.partition("\nUmask:")[2].split()[0], 8))
    if os.getsid(0) != os.getpid():
        os.setpgid(0, of_group if group == -1 else group)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    if (call := pickle.loads(base64.b64decode(first))) is not None:
        call()
    return True


def serve_children(
    descriptors: Sequence[int], environment: Mapping[str, str]
) -> tuple[dict[str, Any], list[int]] | None:
    """Leave a fork of this process behind that has the modules forked that this one starts; None in this one.

    Parameters
    ----------
    descriptors : sequence of int
        What this process alone is to hold.
    environment : mapping
        What the server of this process started with.

    Returns
    -------
    tuple or None
        In a process that was asked for: the wish, and the descriptors that came with it.
    """
    from core.platform.processes import die_with

    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    if os.fork():
        its.close()
        forks_children(lambda: ours, lambda: environment)
        return None
    for descriptor in (*descriptors, ours.detach()):
        os.close(descriptor)
    os.setpgid(0, 0)
    die_with(parent)
    with its:
        while True:
            message, sent, _, _ = socket.recv_fds(its, 1 << 20, 4)
            if not message:
                os._exit(0)
            if orphan():
                return json.loads(message), sent
            for descriptor in sent:
                os.close(descriptor)


def run_module(name: str) -> None:
    """Run a module as ``python -m`` does, whether or not it is imported already."""
    spec = find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = find_spec(f"{name}.__main__")
    assert spec is not None
    names = sys.modules["__main__"].__dict__
    sys.argv[0] = str(spec.origin)
    names.update(
        __name__="__main__", __file__=spec.origin, __spec__=spec, __package__=spec.parent, __loader__=spec.loader,
        __cached__=spec.cached, __doc__=None,
    )  # fmt: skip
    exec(spec.loader.get_code(spec.name), names)
