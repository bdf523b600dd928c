"""The project's commands as subprocesses, in an environment that holds nothing but what a test says."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fork_server import Forked, fits
from tests.warm_children import new_processes

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
OURS = ("AFTERCLOSE_", "LUIGI_", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "PYTHON")
LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def messages(self) -> list[str]:
        """The lines on standard error."""
        return [line for line in self.err.splitlines() if line.strip()]

    def states(self) -> dict[str, str]:
        """The last state that the terminal said of each stage."""
        found = {}
        for line in self.messages:
            name, *rest = line.split()
            if name in LINE and rest:
                found[name] = rest[0]
        return found


def environment(data: Path | None, env: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: nothing of ours but what the test says."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    clean["PATH"] = f"{BIN}{os.pathsep}{clean.get('PATH', '')}"
    root = {} if data is None else {"AFTERCLOSE_DATA": str(data)}
    return clean | root | (env or {})


def slow(seconds: float, env: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a command whose stages each wait twice as ``tests/slow`` says; ``env`` stays in force."""
    env = dict(env or {})
    path = [str(ROOT / "tests" / "slow"), *filter(None, [env.get("PYTHONPATH")])]
    return env | {"PYTHONPATH": os.pathsep.join(path), "SLOW_STAGES_S": str(seconds)}


CHANGED = """
import importlib.util, os, sys

NAME = {name!r}


def change(module):
{change}


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != NAME:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_and_change(module):
            load(module)
            change(module)

        spec.loader.exec_module = load_and_change
        return spec


if NAME in sys.modules:
    change(sys.modules[NAME])
else:
    sys.meta_path.insert(0, Finder())
"""


def changed_on_import(folder: Path, name: str, change: str) -> dict[str, str]:
    """The environment of a command in which a module is changed as soon as somebody imports it.

    Parameters
    ----------
    folder : Path
        Where the start-up code is written; it is there.
    name : str
        Of the module.
    change : str
        The body of a function of ``module``.
    """
    text = CHANGED.format(name=name, change=textwrap.indent(textwrap.dedent(change), "    "))
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def started(words: Sequence[object], *, env: dict[str, str], cwd=ROOT, **more) -> subprocess.Popen:
    """Start a command, as a fork of a warm process where that cannot differ from a new one."""
    words = [str(word) for word in words]
    # a name alone is the script that the path leads to
    words[0] = shutil.which(words[0], path=env.get("PATH")) or words[0]
    how = Forked if fits(words, env) else subprocess.Popen
    return how(words, env=env, cwd=cwd, **more)


@pytest.fixture
def only_new_processes():
    """What commands start are new processes: for tests that look at a process's children, environment or line."""
    with new_processes():
        yield


def command(*words: str, data=None, env=None, cwd=ROOT, timeout=120) -> Outcome:
    """Run a command to its end."""
    with started(words, env=environment(data, env), cwd=cwd, **PIPES) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Outcome(process.returncode, out, err)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


def luigi_words(*args: str, task: str = "Report") -> list[str]:
    """The main command as the contract writes it."""
    return [str(BIN / "luigi"), "--module", "luigi_tasks", task, "--local-scheduler", *map(str, args)]


def recorded_run(data: Path, run_id: str, **facts: object) -> None:
    """Record a run that nobody leads in a data root, with the signed record of who asked for it."""
    from core.journal import Journal
    from core.request import settings
    from core.review import ledger

    configured = settings.load({"AFTERCLOSE_DATA": str(data)}, ROOT)
    assert ledger.add_run(configured, Journal(data), run_id, **facts) is None
