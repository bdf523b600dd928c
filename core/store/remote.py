"""Committing a checkpoint to object storage: the server decides who was first."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from core.fingerprint import sha256_file
from core.platform.objects import ObjectPath
from core.tables.artifacts import Encoded

CACHE = "cache/artifacts"
"""In the state folder: copies of large artifacts; gc lists what is older than a day."""


def put_checkpoint(
    folder: ObjectPath,
    artifacts: Sequence[Encoded],
    mark: str,
    meta: bytes,
    *,
    committed: Callable[[], bool],
    move_other: Callable[[ObjectPath, Encoded], None],
) -> None:
    """Put the artifacts, then the commit mark; each is created, never written over.

    Returns without a word when somebody else committed in the meantime: theirs stays.

    Parameters
    ----------
    mark : str
        Name of the commit mark.
    meta : bytes
        Its content.
    committed : callable
        Whether somebody committed by now.
    move_other : callable
        Moves what stands at a path away unless it is the artifact already: a killed writer left it, or a person.
    """
    for artifact in artifacts:
        path = folder / artifact.filename
        while not (path.upload(artifact.path) if artifact.path else path.create(artifact.data)):
            if committed():
                return
            move_other(path, artifact)
            if path.exists():
                break  # the same bytes
    (folder / mark).create(meta)


def local_copy(path: ObjectPath, digest: str) -> Path:
    """Return a copy of a large object on this machine, kept by its digest; fetched unless it is there.

    The caller verifies the copy, every time: a changed one is not used.
    """
    copy = path.state / CACHE / f"{digest}{path.suffix}"
    if copy.exists() and sha256_file(copy) == digest:
        return copy
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        path.download(partial)
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)
    return copy
