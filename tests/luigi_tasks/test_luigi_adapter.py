"""What the adapter changes under the ``luigi`` script stays with that script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from luigi_tasks import early


@pytest.mark.parametrize(
    ("argv", "script"),
    [
        ("/venv/bin/luigi", True),
        ("luigi.exe", True),
        ("/lib/site-packages/luigi/__main__.py", True),
        ("/lib/site-packages/pytest/__main__.py", False),
        ("/venv/bin/pytest", False),
        ("", False),
    ],
)
def test_only_luigis_own_script_is_taken_over(argv, script, monkeypatch):
    """Another program that imports the tasks keeps its options, signals and excepthook."""
    monkeypatch.setattr(sys, "argv", [argv, "--collect-only"])
    assert early.is_script() is script


def test_importing_the_tasks_elsewhere_judges_no_options(root):
    """An option that Luigi does not know is no business of ours there."""
    words = [sys.executable, "-c", "import luigi_tasks", "--collect-only"]
    assert subprocess.run(words, cwd=root, check=False).returncode == 0


def test_a_forgotten_task_is_named_in_one_line_with_exit_2(tmp_path):
    """Luigi alone would leave with 1."""
    command = [str(Path(sys.executable).with_name("luigi")), "--module", "luigi_tasks", "--local-scheduler"]
    environment = {**os.environ, "AFTERCLOSE_DATA": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no task was named" in done.stderr
    assert "Traceback" not in done.stderr


def test_luigi_builds_few_parsers_in_a_run(root, tmp_path):
    """One before the tasks are known, one for any task, one for the task of the run; the rest are used again."""
    program = """
import atexit, sys
from luigi.cmdline import luigi_run
from luigi.cmdline_parser import CmdlineParser
built, build = [], CmdlineParser._build_parser
CmdlineParser._build_parser = staticmethod(lambda *words, **named: built.append(named) or build(*words, **named))
sys.argv = ["luigi", "--module", "luigi_tasks", "Ingest", "--local-scheduler"]
atexit.register(lambda: print(len(built)))
luigi_run(sys.argv[1:])
"""
    environment = {**os.environ, "AFTERCLOSE_DATA": str(tmp_path)}
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "3"


LEAVING = """
import atexit, sys, threading
from luigi.cmdline import luigi_run
sys.argv = ["luigi", "--module", "luigi_tasks", "Ingest", "--local-scheduler"]
atexit.register(print, "said at the end")
class Freed:
    def __del__(self):
        print("freed")
freed = Freed()
if {busy}:
    threading.Thread(target=lambda: threading.main_thread().join() or print("finished")).start()
luigi_run(sys.argv[1:])
"""
"""A run in a process with something registered for its end, something to free, and perhaps a thread at work."""


@pytest.mark.parametrize("busy", [False, True])
def test_a_run_ends_without_freeing_what_the_system_frees(root, tmp_path, busy):
    """What is registered for the end is done and what was printed arrives; a thread at work is waited for."""
    environment = {**os.environ, "AFTERCLOSE_DATA": str(tmp_path)}
    words = [sys.executable, "-c", LEAVING.format(busy=busy)]
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "said at the end" in done.stdout
    assert ("freed" in done.stdout, "finished" in done.stdout) == (busy, busy)


IN_A_FORK = """
import os, signal, sys, time
from luigi_tasks import signals
printed_by_python = sys.unraisablehook
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))  # as late as a signal can come
if sys.argv[1] == "unguarded":
    signals.ForkGuard.keeps = lambda self, signum: False
signals.take_over_signals()
if sys.argv[1] == "unguarded":
    sys.unraisablehook = printed_by_python
try:
    if os.fork() == 0:
        os._exit(0)
    time.sleep(5)
except KeyboardInterrupt:
    print("unwound")
"""


@pytest.mark.parametrize(("guard", "printed"), [("guarded", "unwound\n"), ("unguarded", "")])
def test_a_signal_during_a_fork_is_not_lost(guard, printed, root):
    """An exception in a hook of a fork is ignored by Python: without the guard a cancelled run would go on."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FORK, guard],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == printed, done.stderr


WHILE_FREEING = """
import os, signal, sys, threading, time
from luigi_tasks import signals
printed_by_python = sys.unraisablehook
signals.take_over_signals()
if sys.argv[2] == "unguarded":
    sys.unraisablehook = printed_by_python
class Freed:
    def __del__(self):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        time.sleep(0.01)
freed = Freed()
try:
    del freed
    time.sleep(1)
except KeyboardInterrupt as unwound:
    print(type(unwound).__name__)
"""


@pytest.mark.parametrize(("number", "kind"), [("SIGTERM", "Cancelled"), ("SIGINT", "KeyboardInterrupt")])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_signal_while_something_is_freed_is_neither_lost_nor_printed(number, kind, guarded, root):
    """Python prints an exception raised in a destructor or the callback of a lock, and goes on."""
    done = subprocess.run(
        [sys.executable, "-c", WHILE_FREEING, number, "guarded" if guarded else "unguarded"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.stdout, "Traceback" in done.stderr) == ((f"{kind}\n", False) if guarded else ("", True))
