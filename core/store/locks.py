"""Locks by name beside the journal: one holder per host, freed by the system when a holder dies. EDGE.

Correctness never rests on these (the commit of ``meta.json`` is exclusive); they save double work.
A lock file is never deleted: unlinking a held one would admit a second holder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import BusyError, CheckpointError


@contextmanager
def held(root: Path, name: str, holder: str, *, waiting: Callable[[str], None] | None) -> Iterator[None]:
    """Hold the lock ``name`` while the block runs.

    Parameters
    ----------
    root : Path
        The data root.
    name : str
        What is locked; a plain file name.
    holder : str
        Who holds it, for others to read (a run id).
    waiting : callable or None
        Called once with the present holder before waiting; None means do not wait.

    Raises
    ------
    BusyError
        If somebody else holds it and waiting was not wanted.
    """
    path = root / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
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
