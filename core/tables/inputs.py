"""What a stage was given, by kind: an artifact of the shape that is wanted, or an error that says what there was."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import CommandError, DataError
from core.tables.artifacts import Artifact, Document, Table


def table_of(inputs: Mapping[str, Artifact], kind: str) -> Table:
    """Return an input table.

    Raises
    ------
    AftercloseError
        If there is none of that kind, or it is no table.
    """
    artifact = _input(inputs, kind)
    if not isinstance(artifact, Table):
        raise DataError(f"{kind} came as a document", expected="a table with columns and rows")
    return artifact


def document_of(inputs: Mapping[str, Artifact], kind: str) -> Document:
    """Return an input document.

    Raises
    ------
    AftercloseError
        If there is none of that kind, or it is no document.
    """
    artifact = _input(inputs, kind)
    if not isinstance(artifact, Document):
        raise DataError(f"{kind} came as a table", expected="a document")
    return artifact


def _input(inputs: Mapping[str, Artifact], kind: str) -> Artifact:
    if kind not in inputs:
        raise CommandError(
            f"no input of kind {kind!r} was given",
            expected=f"a file that begins with kind {kind!r}",
            remedy=f"There were: {', '.join(sorted(inputs)) or 'none'}.",
        )
    return inputs[kind]
