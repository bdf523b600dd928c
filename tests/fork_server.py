"""Commands as forks of one process that has the large libraries in memory: a start costs hundredths of a second.

``Forked`` is a ``subprocess.Popen`` of a console script of ours: a process of its own, with its own environment,
folder, streams and way out. What it leaves out is the import of pandas, scikit-learn and their like, two thirds of
what a command over a small table costs. What Python or a library reads from the environment while it starts is the
server's: ``fits`` says whether a command may be forked all the same.

This file is the server as well (``python tests/fork_server.py DESCRIPTOR``). A forked command goes back to the end of
this file and leaves as any script would: the server of forks in multiprocessing would end it at once.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NoReturn

from tests import warm_children

started_with: dict[str, str] = {}
"""The server's environment as it began."""

LIBRARIES = (
    "cryptography.hazmat.primitives.serialization", "duckdb", "exchange_calendars", "fpdf", "jsonschema", "numpy",
    "orjson", "pandas", "pyarrow.parquet", "requests", "scipy.stats", "sklearn.ensemble", "sklearn.linear_model",
    "sshsig", "tenacity", "threadpoolctl",
)  # fmt: skip
"""What commands import that is the same whatever the environment says; Luigi reads it while it is imported."""

ROOMS = (
    "core.cli",
    "core.queries",
    "core.runs",
    "core.evaluation",
    "core.models",
    "core.features",
    "core.report",
)
"""Of our own, and with them what lies below: functions and frozen values, which no import gives a state."""

READ_LATE = (
    "AFTERCLOSE_", "COLUMNS", "FAULTS", "HOME", "LESS", "LINES", "LUIGI_", "NO_COLOR", "PAGER", "PATH", "PYTHONPATH",
    "SLOW_STAGES_S", "SURVIVAL_TEST_MARK", "TERM", "USER",
)  # fmt: skip
"""How variables begin that a command or a test's own start-up code reads, not Python or a library while it starts;
``PYTHONPATH`` is obeyed for what is not in memory yet."""


def fits(words: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a command is a script of ours, and its environment the server's but for what is read late."""
    server = server_environment()
    differing = {name for name in env.keys() | server.keys() if env.get(name) != server.get(name)}
    script = Path(words[0])
    return (
        script.parent == Path(sys.executable).parent
        and script.name in ("afterclose", "luigi")
        and all(name.startswith(READ_LATE) for name in differing)
    )


def server_environment() -> dict[str, str]:
    """What the server starts with: nothing that is ours, nothing that Python or a numeric library obeys."""
    from tests.commands import environment

    return environment(None)


class ForkServer:
    """The server's process, seen from the one that asks it for forks."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.environment = server_environment()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=self.environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self.close)

    def fork(self, wish: Mapping[str, object], streams: Sequence[int]) -> tuple[int, socket.socket]:
        """Have a command started; its process, and where its exit code arrives."""
        answers, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its, self.lock:
            socket.send_fds(self.socket, [json.dumps(wish).encode()], [*streams, its.fileno()])
        return int(answers.recv(32)), answers

    def close(self) -> None:
        """End the server and wait for it, so that the processor time of all its forks is counted here."""
        self.socket.close()
        self.process.wait()


@cache
def fork_server() -> ForkServer:
    """The server of this process, begun with the first command."""
    return ForkServer()


class Forked(subprocess.Popen):
    """A command as a fork of the server: waited for, signalled and read like any that this process had started."""

    def _execute_child(
        self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags, shell,
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, restore_signals, gid, gids, uid, umask,
        start_new_session, process_group,
    ) -> None:  # fmt: skip
        """What ``Popen`` calls to start the process, once its pipes are there."""
        wish = {
            "words": args, "env": dict(env), "folder": os.fspath(cwd), "session": start_new_session,
            "children": bool(warm_children.asked),
        }  # fmt: skip
        with Path(os.devnull).open() as nothing:
            inherited = (nothing.fileno(), 1, 2)
            asked = (p2cread, c2pwrite, errwrite)
            streams = [own if own != -1 else other for own, other in zip(asked, inherited, strict=True)]
            self.pid, self._answers = fork_server().fork(wish, streams)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """Ask how the process ended; ``(0, 0)`` while it has not, and ``os.WNOHANG`` says not to wait for it."""
        try:
            answer = self._answers.recv(32, socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, 0
        self._answers.close()
        return self.pid, int(answer)

    def _internal_poll(self, _deadstate=None) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def serve(descriptor: int) -> list[str]:
    """Fork a process for each wish that comes; return, in such a process, the words that it is started by."""
    started_with.update(os.environ)
    import_libraries()
    os.environ.clear()
    os.environ.update(started_with)
    running: dict[int, tuple[int, socket.socket]] = {}
    with socket.socket(fileno=descriptor) as wishes, selectors.DefaultSelector() as selector:
        selector.register(wishes, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not wishes:  # one has ended
                    selector.unregister(key.fileobj)
                    pid, answers = running.pop(key.fd)
                    os.close(key.fd)
                    with answers:
                        answers.send(str(os.waitpid(pid, 0)[1]).encode())
                    continue
                message, descriptors, _, _ = socket.recv_fds(wishes, 1 << 20, 4)
                if not message:
                    raise SystemExit
                wish = json.loads(message)
                of_a_child = "parent" in wish
                pid = os.fork() if not of_a_child else 0 if warm_children.orphan() else -1
                if pid == 0:
                    for watched, (_, answers) in running.items():
                        os.close(watched)
                        answers.close()
                    wishes.close()
                    return begin(wish, descriptors)
                answers = socket.socket(fileno=descriptors.pop())
                for stream in descriptors:
                    os.close(stream)
                if of_a_child:  # whoever asked waits for it
                    answers.close()
                    continue
                watched = os.pidfd_open(pid)
                running[watched] = pid, answers
                selector.register(watched, selectors.EVENT_READ)


def import_libraries() -> None:
    """Have them in memory, with one thread each, as every command has before it imports a numeric library."""
    from core.platform.determinism import single_threaded

    single_threaded()
    for name in LIBRARIES:
        import_module(name)
    for room in map(import_module, ROOMS):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            if module.name != "core.queries.reports.mlflow_model":  # MLflow's own process runs it
                import_module(module.name)
    pdf = import_module("core.report.as_pdf")
    for weight in pdf.WEIGHTS.values():
        pdf.typeface(weight)  # most of what a published document costs
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page of them


def begin(wish: dict[str, Any], descriptors: list[int]) -> list[str]:
    """Make this process, just forked, what was wished for, say so, and return the words that started it.

    What it starts in its turn comes from a server of its own: a fork of it as it is now, which goes on here whenever
    a process is asked of it.
    """
    while True:
        answers = socket.socket(fileno=descriptors.pop())
        words, children = wish["words"], wish.pop("children", True)
        inherits = {name: wish.pop(name) for name in warm_children.INHERITED if name in wish}
        if wish.pop("session"):
            os.setsid()
        if inherits and not warm_children.take_over(**inherits):
            os._exit(1)  # whoever asked starts a new process
        if children and warm_children.starts_others(words):
            further = warm_children.serve_children([*descriptors, answers.fileno()], started_with)
            if further is not None:
                answers.detach()
                wish, descriptors = further
                continue
        become(descriptors, **wish)
        with answers:
            answers.send(str(os.getpid()).encode())
        return words


def become(streams: list[int], *, words: list[str], env: dict[str, str], folder: str) -> None:
    """Give this process its streams, environment, folder and arguments."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    module = words[0] == sys.executable
    sys.argv[:] = words[3:] if module else words
    sys.orig_argv[:] = words if module else [sys.executable, *words]
    before = list(filter(None, env.get("PYTHONPATH", "").split(os.pathsep)))
    sys.path[:1] = before if module else [str(Path(words[0]).parent), *before]
    if env.get("PYTHONUNBUFFERED"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(write_through=True)
    if any((Path(place) / "sitecustomize.py").exists() for place in before):
        # what a test changes as it is imported is not imported yet
        for name in [name for name in sys.modules if name.partition(".")[0] in ("core", "sitecustomize")]:
            del sys.modules[name]
        import_module("sitecustomize")


def leave(code: object) -> NoReturn:
    """End as the interpreter does, but for taking apart all that is imported: that costs more than most commands."""
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)  # noqa: T201 - what the interpreter does with it
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((code or 0) & 0xFF)


if __name__ == "__main__":
    words = serve(int(sys.argv[1]))
    try:
        if words[0] == sys.executable:
            warm_children.run_module(words[3])
        else:
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as leaving:
        leave(leaving.code)
    leave(0)
