"""A command that is a fork of a warm process is, to whoever looks at it, a new one."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.commands import BIN, PIPES, ROOT, command, environment, started
from tests.fork_server import Forked, fits

AFTERCLOSE = str(BIN / "afterclose")


@pytest.mark.parametrize("words", [["dag", "--json"], ["nonsense"], ["show", "nobody"], ["--help"]])
def test_a_fork_prints_and_leaves_as_a_new_process_does(words, data):
    """Output, messages and exit code."""
    fork = command(AFTERCLOSE, *words, data=data)
    new = subprocess.run([AFTERCLOSE, *words], env=environment(data), cwd=ROOT, check=False, **PIPES)
    assert (fork.code, fork.out, fork.err) == (new.returncode, new.stdout, new.stderr)


def test_what_python_obeys_while_it_starts_makes_a_new_process(data):
    """Threads, the seed of hashing, the locale, another interpreter: none could be had in a fork."""
    own = environment(data)
    assert fits([AFTERCLOSE], own | {"AFTERCLOSE_JOURNAL": "x", "COLUMNS": "80"})
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "LC_ALL", "TZ", "AT"):
        assert not fits([AFTERCLOSE], own | {name: "1"}), name
    assert not fits(["/usr/bin/env", AFTERCLOSE], own)
    with started([AFTERCLOSE, "dag"], env=own | {"TZ": "UTC"}, **PIPES) as process:
        assert not isinstance(process, Forked)
        assert (process.communicate()[1], process.returncode) == ("", 0)


def test_a_name_alone_is_the_script_that_the_path_leads_to(data, tmp_path):
    """Ours as a fork, another one as itself."""
    own = environment(data)
    with started(["afterclose", "dag"], env=own, **PIPES) as process:
        assert isinstance(process, Forked)
        assert (process.communicate()[1], process.returncode) == ("", 0)
    other = tmp_path / "afterclose"
    other.write_text("#!/bin/sh\necho another\n")
    other.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{own['PATH']}"}
    with started(["afterclose", "dag"], env=own | path, **PIPES) as process:
        assert not isinstance(process, Forked)
        assert process.communicate()[0] == "another\n"


def test_a_fork_is_waited_for_and_signalled_like_any_process(data):
    """It leads its own session, runs until it is ended, and says by which signal."""
    words = [AFTERCLOSE, "scheduler"]
    with started(words, env=environment(data), start_new_session=True, **PIPES) as process:
        assert isinstance(process, Forked)
        assert os.getsid(process.pid) == process.pid
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(timeout=20) == -signal.SIGKILL


def test_code_of_a_test_runs_before_the_command(data, tmp_path):
    """As ``sitecustomize`` on ``PYTHONPATH`` does in a new process."""
    (tmp_path / "sitecustomize.py").write_text("import core; core.__version__ = 'of a test'\n")
    env = {"PYTHONPATH": str(tmp_path)}
    assert fits([AFTERCLOSE], environment(data, env))
    assert "of a test" in command(AFTERCLOSE, "--version", data=data, env=env).out
    assert "of a test" not in command(AFTERCLOSE, "--version", data=data).out
