"""Reading an artifact of a checkpoint by its kind, verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import CheckpointError, DataError
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Artifact, Document, Table
from core.tables.codec import decode


def file_of(kind: str, store: Store, slot: Slot) -> str | None:
    """Return the name of the file that holds a kind, None where the checkpoint has none; of two the text first."""
    meta = store.meta(slot)
    names = sorted(meta.digests, reverse=True) if meta else []
    return next((name for name in names if name.split(".")[0] == kind), None)


def artifact_at(store: Store, slot: Slot, filename: str) -> Artifact:
    """Return a checkpoint's table or document; the rows of a large table stay in their file.

    Raises
    ------
    CheckpointError
        If the bytes are not those that were committed.
    """
    if filename.endswith(".parquet"):
        return Table.stored_at(store.file(slot, filename))
    return decode(store.read(slot, filename), filename)


def document_at(store: Store, slot: Slot, filename: str) -> Mapping[str, Any]:
    """Return the body of a checkpoint's document, as :func:`artifact_at` reads it.

    Raises
    ------
    CheckpointError
        If the bytes are not those that were committed.
    DataError
        If they are no document.
    """
    artifact = artifact_at(store, slot, filename)
    if not isinstance(artifact, Document):
        raise DataError(f"{filename} came as a table", expected="a document")
    return artifact.body


def evaluation_at(store: Store, key: str) -> Mapping[str, Any]:
    """Return the body of an evaluation by its key, as :func:`document_at` reads it."""
    return document_at(store, Slot("evaluate", key), "evaluation.json")


def table_of_kind(store: Store, slot: Slot, kind: str) -> Table:
    """Return a checkpoint's table of a kind, as :func:`artifact_at` reads it.

    Raises
    ------
    CheckpointError
        If the checkpoint has none, or its bytes are not those that were committed.
    DataError
        If it is a document.
    """
    filename = file_of(kind, store, slot)
    if filename is None:
        raise CheckpointError(f"{slot.stage}/{slot.key} has no {kind}", expected="a finished stage")
    artifact = artifact_at(store, slot, filename)
    if not isinstance(artifact, Table):
        raise DataError(f"{kind} came as a document", expected="a table with columns and rows")
    return artifact
