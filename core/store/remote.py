"""Committing a checkpoint to object storage: the server decides who was first. EDGE."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.artifacts import Encoded
from core.runs.slowness import slowed
from core.store.objects import ObjectPath


def put_checkpoint(
    folder: ObjectPath,
    artifacts: Sequence[Encoded],
    mark: str,
    meta: bytes,
    *,
    committed: Callable[[], bool],
    move_other: Callable[[ObjectPath, bytes], None],
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
        Moves what stands at a path away unless it has the given bytes: a killed writer left it, or a person.
    """
    for artifact in artifacts:
        path = folder / artifact.filename
        while not path.create(artifact.data):
            if committed():
                return
            move_other(path, artifact.data)
            if path.exists():
                break  # the same bytes
    slowed()
    (folder / mark).create(meta)
