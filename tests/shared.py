"""What is dear to make and only read afterwards: made once in a session, for all its processes."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def shared(factory, name: str, make: Callable[[Path], T]) -> T:
    """Return what ``make`` gave of a folder that it filled; the first process to ask makes it, the others wait.

    Parameters
    ----------
    factory
        pytest's ``tmp_path_factory``.
    name : str
        Of the folder, in the session's own; nobody may write to it afterwards.
    make : callable
        Fills the folder and returns what describes it. What it raises fails this test; the next process tries anew.
    """
    base = factory.getbasetemp()
    session = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, done = session / f"shared-{name}", session / f"shared-{name}.pickle"
    with (session / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            done.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(done.read_bytes())


def copy_root(root: Path, target: Path) -> Path:
    """Copy a data root that others may be reading; its journal as SQLite copies one.

    A reader makes ``-wal`` and ``-shm`` beside a journal and the last reader removes them: a copy by names meets
    them at one moment and misses them at the next.
    """
    shutil.copytree(root, target, symlinks=True, ignore=shutil.ignore_patterns("journal.sqlite*"))
    journal, copy = root / "journal.sqlite", target / "journal.sqlite"
    if journal.exists():
        with closing(sqlite3.connect(journal)) as source, closing(sqlite3.connect(copy)) as copied:
            source.backup(copied)
        shutil.copymode(journal, copy)
    return target
