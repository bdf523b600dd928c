"""Locks by name that belong to the journal: one holder, freed by the system when it dies.

With SQLite they are files beside it, for one host; with PostgreSQL they are its advisory locks, for all
hosts, and no file is locked. Correctness never rests on these (the commit of ``meta.json`` is exclusive);
they save double work.
A lock file is never deleted: unlinking a held one would admit a second holder.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from core.errors import BusyError, CheckpointError
from core.paths import StoragePath
from core.platform.storage import local_folder

FOLDER = "locks"
"""In the data root; for its owner alone: a lock is held by whoever may open its file."""


@contextmanager
def hold(
    root: StoragePath, name: str, holder: str, *, journal: str, waiting: Callable[[str], None] | None
) -> Iterator[None]:
    """Hold the lock ``name`` while the block runs.

    Parameters
    ----------
    root : StoragePath
        The data root.
    name : str
        What is locked; a plain file name.
    holder : str
        Who holds it, for others to read (a run id).
    journal : str
        The journal's URL; empty is SQLite in the data root.
    waiting : callable or None
        Called once with the present holder before waiting; None means do not wait.

    Raises
    ------
    BusyError
        If somebody else holds it and waiting was not wanted.
    CheckpointError
        If it cannot be asked for: a root that cannot be written, a database that does not answer.
    """
    of_files = not journal or journal.startswith("sqlite")
    with _file(root, name, holder, waiting) if of_files else _advisory(journal, name, holder, waiting):
        yield


@contextmanager
def _advisory(journal: str, name: str, holder: str, waiting: Callable[[str], None] | None) -> Iterator[None]:
    import peewee

    from core.journal import postgres

    with ExitStack() as stack:
        try:
            stack.enter_context(postgres.lock(journal, name, holder, waiting))
        except peewee.PeeweeException as error:
            raise CheckpointError(
                f"the lock {name} cannot be asked for at {postgres.address(journal)}: {' '.join(str(error).split())}",
                expected="a journal's database that answers",
                remedy="Nothing committed was touched; run again when it is up.",
            ) from error
        yield


@contextmanager
def _file(root: StoragePath, name: str, holder: str, waiting: Callable[[str], None] | None) -> Iterator[None]:
    path = local_folder(root) / FOLDER / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            # nobody has it: its file would be there. Who frees room must not need any
            yield
            return
        raise CheckpointError(
            f"the lock {path} cannot be opened: {error.strerror or error}", expected="a writable data root"
        ) from error
    try:
        _acquire(descriptor, name, waiting)
        _sign(descriptor, holder)
        yield
    finally:
        os.close(descriptor)


def _sign(descriptor: int, holder: str) -> None:
    """Write who holds the lock, for others to read; a full disk takes the name but not the lock."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)


def _acquire(descriptor: int, name: str, waiting: Callable[[str], None] | None) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace") or "somebody"
        if waiting is None:
            raise BusyError(
                f"{name} is being made by run {holder}",
                expected="nobody at work on it",
                remedy="Try again later.",
            ) from None
        waiting(holder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
