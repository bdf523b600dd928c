"""A Python process that a command or a test starts as a fork of a warm one: to whoever looks, a new child of theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from core.platform.isolated import Bounds, bounded
from core.platform.processes import MODULE, die_with
from tests.commands import BIN, command
from tests.warm_children import fits, new_processes

BOUNDS = Bounds(4000, 60)
ISOLATED = [sys.executable, *MODULE, "core.platform.isolated"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Whoever runs these tests may have it set; the warm server writes byte code."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


def line_of_process() -> bytes:
    return bounded(BOUNDS, Path.read_bytes, Path("/proc/self/cmdline"))


def test_a_module_is_forked_and_a_new_process_where_that_is_asked_for():
    """The line of the process tells; so does a variable that Python obeys while it starts."""
    assert b"fork_server.py" in line_of_process()
    with new_processes():
        assert b"fork_server.py" not in line_of_process()


def test_it_is_a_child_in_the_same_session_folder_and_environment(monkeypatch, tmp_path):
    """As a process that was begun by fork and exec is; its group is its own, as was asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFTERCLOSE_WORD", "of a test")
    assert b"fork_server.py" in line_of_process()
    before = os.umask(0o027)
    try:
        assert bounded(BOUNDS, os.umask, 0) == 0o027
    finally:
        os.umask(before)
    assert bounded(BOUNDS, os.getppid) == os.getpid()
    assert bounded(BOUNDS, os.getpgrp) != os.getpgrp()
    assert bounded(BOUNDS, os.getsid, 0) == os.getsid(0)
    assert bounded(BOUNDS, Path.cwd) == tmp_path
    assert bounded(BOUNDS, os.getenv, "AFTERCLOSE_WORD") == "of a test"
    assert {"PYTEST_CURRENT_TEST"} >= {
        name for name in os.environ if bounded(BOUNDS, os.getenv, name) is None
    }


def test_it_is_waited_for_and_ends_as_any_child_does():
    """Its own session or group, signals that the one who asks holds back, and the signal that ended it."""
    for more, leads in (({"start_new_session": True}, os.getsid), ({"process_group": 0}, os.getpgid)):
        with subprocess.Popen(ISOLATED, stdin=subprocess.PIPE, **more) as process:
            assert b"fork_server.py" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert leads(process.pid) == process.pid
            assert os.waitpid(process.pid, os.WNOHANG) == (0, 0)
            process.kill()
            assert process.wait(timeout=20) == -signal.SIGKILL
    held = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        with subprocess.Popen(ISOLATED, stdin=subprocess.PIPE) as process:
            process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
            process.stdin.close()
            assert process.wait(timeout=20) == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def test_what_is_called_before_it_begins_is_called_in_it():
    """A process that is to end with another parent ends at once."""
    first = partial(die_with, 1)
    with subprocess.Popen(ISOLATED, stdin=subprocess.PIPE, preexec_fn=first) as process:  # noqa: PLW1509 - it is what is tried
        assert process.wait(timeout=20) == -signal.SIGKILL


def test_only_modules_of_ours_with_the_servers_environment_are_forked():
    """Another program, a module of another, threads, the time zone: a new process."""
    own = dict(os.environ)
    assert fits(ISOLATED, own)
    assert not fits([sys.executable, "-c", "0"], own)
    assert not fits([sys.executable, *MODULE, "json.tool"], own)
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "LC_ALL", "TZ"):
        assert not fits(ISOLATED, own | {name: "2"}), name


def test_a_command_that_is_forked_has_its_reader_forked_and_says_the_same(data, prices_file, small):
    """``plan`` reads the file in a process of its own; with new processes it prints what it prints with forks."""
    words = [str(BIN / "afterclose"), "plan", *small, "--json"]
    forked = command(*words, data=data)
    with new_processes():
        assert command(*words, data=data) == forked
    assert forked.code == 0
