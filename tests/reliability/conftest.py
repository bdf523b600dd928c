"""What the tests of survival share: marked processes, the state of a data root, small file systems."""

from __future__ import annotations

import ast
import inspect
import json
import os
import shutil
import signal
import subprocess
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.journal import Journal
from core.review import ledger
from core.upkeep.archive import backup
from tests.commands import BIN, LINE, OURS, PIPES, ROOT, started
from tests.reliability.backups import settings_over

MARK = "SURVIVAL_TEST_MARK"


@dataclass
class Fleet:
    """Starts commands whose processes, with all they ever start, can be found by a mark in their environment."""

    options: list[str]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: list[subprocess.Popen] = field(default_factory=list)

    def environment(self, data: Path, env: dict[str, str] | None = None) -> dict[str, str]:
        """Nothing of ours but what the test says, and the mark."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        clean["PATH"] = f"{BIN}{os.pathsep}{clean.get('PATH', '')}"
        return {**clean, "AFTERCLOSE_DATA": str(data), MARK: self.mark, **(env or {})}

    def luigi(self, *more: str, local: bool = True) -> list[str]:
        """The main command on the small prices; ``local=False`` leaves the scheduler to the options."""
        scheduler = ["--local-scheduler"] if local else []
        words = [str(BIN / "luigi"), "--module", "luigi_tasks", "Report", *scheduler, *self.options]
        return [*words, "--mode", "train", *more]

    def afterclose(self, *words: str) -> list[str]:
        """The operator's command."""
        return [str(BIN / "afterclose"), *words]

    def supervised(self, *more: str) -> list[str]:
        """``afterclose run`` on the small prices."""
        return self.afterclose("run", *self.options, "--mode", "train", *more)

    def start(self, words: list[str], data: Path, *, env=None, cwd=ROOT) -> subprocess.Popen:
        """Start a command in a session of its own."""
        surroundings = self.environment(data, env)
        process = started(words, env=surroundings, cwd=cwd, start_new_session=True, **PIPES)
        self.started.append(process)
        return process

    def run(self, words: list[str], data: Path, *, env=None, cwd=ROOT, timeout=180):
        """Run a command to its end: the process with ``out`` and ``err``."""
        return self.end(self.start(words, data, env=env, cwd=cwd), timeout=timeout)

    def end(self, process: subprocess.Popen, *, timeout=180):
        """Wait for a command's end and keep what it printed as ``out`` and ``err``."""
        process.out, process.err = process.communicate(timeout=timeout)
        return process

    def alive(self) -> list[int]:
        """The ids of all marked processes that still run (a zombie does not)."""
        folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [int(folder.name) for folder in folders if self._marked(folder)]

    def _marked(self, folder: Path) -> bool:
        try:
            state, _, _, session, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
            marked = f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes()
            # a fork shows the environment that the server of forks began with; it leads a session, as every one does
            return state != "Z" and (marked or int(session) in {process.pid for process in self.started})
        except OSError:
            return False

    def gone_after(self, seconds: float) -> bool:
        """Whether no marked process is left within that time."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


@pytest.fixture
def fleet(small) -> Iterator[Fleet]:
    """A fleet whose last survivors end with the test."""
    made = Fleet(small)
    yield made
    for pid in made.alive():
        os.kill(pid, signal.SIGKILL)
    for process in made.started:
        process.communicate()


@pytest.fixture(scope="session")
def make_fleet(small):
    """A function that makes a fleet of its own, for threads."""
    return lambda: Fleet(small)


class Looks:
    """What there is in a data root."""

    LINE = LINE

    @staticmethod
    def log(data: Path) -> list[dict]:
        """All whole log lines of all runs."""
        lines = []
        for path in sorted((data / "runs").glob("*/log.jsonl")):
            lines += [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]
        return lines

    @staticmethod
    def events(data: Path, state: str) -> list[str]:
        """The stages of all of the journal's events of one kind, whatever the run."""
        from core.journal import Journal

        journal = Journal(data, read_only=True)
        runs = journal.runs(limit=1000)
        return [e.stage for run in reversed(runs) for e in journal.events(run.run_id) if e.state == state]

    @staticmethod
    def runs(data: Path) -> list:
        """The journal's runs, newest first."""
        from core.journal import Journal

        return Journal(data, read_only=True).runs(limit=1000)

    @staticmethod
    def torn(data: Path) -> list[str]:
        """What is wrong with committed checkpoints; empty when every one of them is whole."""
        from core.store.checkpoints import Store
        from core.store.lineage import slots

        store = Store(data)
        return [why for slot in slots(data) if (why := store.damage(slot)) is not None]


@pytest.fixture(scope="session")
def looks() -> type[Looks]:
    """Functions that look at a data root."""
    return Looks


@pytest.fixture(scope="session")
def undisturbed(prepared, lookers) -> dict[str, str]:
    """SHA-256 of every artifact of a run that nothing happened to."""
    return lookers.artifacts(prepared)


@pytest.fixture
def mount(tmp_path):
    """Mount a small file system: ``mount("size=2m")``; skipped with the reason where that is not allowed."""
    mounted = []

    def make(options: str) -> Path:
        if os.geteuid() != 0:
            pytest.skip("only root can mount a file system")
        folder = tmp_path / f"mounted{len(mounted)}"
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this machine does not let root mount a tmpfs: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def remount():
    """Mount a folder's file system anew: ``remount(folder, "ro")``."""

    def again(folder: Path, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True, capture_output=True)

    return again


@pytest.fixture
def copy_of():
    """Copy a data root, links as links."""

    def copy(data: Path, target: Path) -> Path:
        shutil.copytree(data, target, symlinks=True)
        return target

    return copy


class _TakeOut(ast.NodeTransformer):
    """Puts ``pass`` where a statement begins with the given code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.times = 0

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.stmt) and ast.unparse(node).startswith(self.code):
            self.times += 1
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


def taken_out(function: Callable, code: str) -> Callable:
    """Return the function without its one statement that begins with ``code``: what it would be unprotected."""
    out = _TakeOut(code)
    tree = ast.fix_missing_locations(out.visit(ast.parse(textwrap.dedent(inspect.getsource(function)))))
    assert out.times == 1, f"{function.__qualname__} has {out.times} statements that begin with {code!r}"
    made: dict[str, Callable] = {}
    exec(compile(tree, function.__code__.co_filename, "exec"), function.__globals__, made)
    return made[function.__name__]


@pytest.fixture(scope="session")
def without():
    """Take one statement out of a function: ``without(function, "os.fsync(")``."""
    return taken_out


@pytest.fixture
def drafted(finished):
    """A finished root with a draft and a signature: their report is in a backup."""
    journal = Journal(finished)
    key = journal.runs()[0].keys["report"]
    ledger.save_draft(settings_over(finished), journal, key, "text", author="ann")
    ledger.append(settings_over(finished), journal, "signature", key, {"user": "ann"})
    return finished


@pytest.fixture
def saved(drafted, tmp_path):
    """Its backup."""
    backup(settings_over(drafted), tmp_path / "b.zip")
    return tmp_path / "b.zip"


@pytest.fixture(autouse=True)
def found_by_mark(only_new_processes) -> None:
    """What a command starts is looked for by its environment and its line: a fork would have the server's."""
