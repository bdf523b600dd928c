"""The manners under the ``luigi`` script stay with that script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from luigi_tasks import shell


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
    assert shell._is_script() is script


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
import sys
from luigi.cmdline import luigi_run
from luigi.cmdline_parser import CmdlineParser
built, build = [], CmdlineParser._build_parser
CmdlineParser._build_parser = staticmethod(lambda *words, **named: built.append(named) or build(*words, **named))
sys.argv = ["luigi", "--module", "luigi_tasks", "Ingest", "--local-scheduler"]
try:
    luigi_run(sys.argv[1:])
finally:
    print(len(built))
"""
    environment = {**os.environ, "AFTERCLOSE_DATA": str(tmp_path)}
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "3"
