"""Type checks of values read from the journal's database: one of another type means damage.

SQLite puts any kind of value into any column, so whoever can write the file can put a number where a text was. The rows
are frozen values with annotations: those say what each cell is, here, before anybody computes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Row = TypeVar("Row")

_WITH_ZONE = frozenset({"created_at", "started_at", "ended_at", "since", "again_at", "at"})
_TIMES = _WITH_ZONE | {"session"}
_NAMES = frozenset({"run_id", "report_key", "keys"})
"""Fields that name files in the data root: nothing in them leads elsewhere."""

_LONGEST_NAME = 255
"""Bytes of a file's name at most, on Linux."""


def sound(row: Row) -> Row:
    """Return the row, a frozen dataclass, unchanged.

    Raises
    ------
    TypeError
        If a cell is of another kind than its annotation says, or a mapping of texts holds something else.
    ValueError
        If a text is not a time, or a name leads out of its folder.
    """
    kind_of_row: Any = type(row)
    of = kind_of_row.__name__.lower()
    for name, kinds, of_texts in _cells(kind_of_row):
        cell: Any = getattr(row, name)
        kind = type(cell)  # asked once: isinstance() would narrow it to an object
        if not issubclass(kind, kinds):
            raise TypeError(f"{name} of a {of} is of kind {kind.__name__}")
        if of_texts and not all(isinstance(value, str) for value in cell.values()):
            raise TypeError(f"{name} of a {of} holds other than texts")
        if name in _TIMES and cell is not None and _is_without_zone(cell) and name in _WITH_ZONE:
            raise ValueError(f"{name} of a {of} has no zone: {cell}")
        if name in _NAMES and cell and not all(map(_is_file_name, cell.values() if of_texts else [cell])):
            raise ValueError(f"{name} of a {of} names no file")
    return row


def _is_without_zone(moment: str) -> bool:
    return datetime.fromisoformat(moment).tzinfo is None


def _is_file_name(name: str) -> bool:
    """Return whether a name, also one within a folder, stays where it is put and is no longer than a file's may be."""
    return all(
        part not in ("", ".", "..") and len(part.encode()) <= _LONGEST_NAME for part in name.split("/")
    )


@cache
def _cells(kind: type) -> tuple[tuple[str, tuple[type, ...], bool], ...]:
    """Return name, kinds and whether it is a mapping of texts of each field of a row."""
    return tuple(
        (name, _kinds(hint), get_origin(hint) is Mapping and get_args(hint)[1] is str)
        for name, hint in get_type_hints(kind).items()
    )


def _kinds(hint: Any) -> tuple[type, ...]:
    origin = get_origin(hint)
    if hint is Any:
        return (object,)
    if hint in (float, bool):
        return (hint, int)  # as SQLite keeps a whole number, and a boolean
    if isinstance(hint, type) and origin is None:
        return (hint,)
    if origin in (Mapping, frozenset):
        return (origin,)
    return tuple(
        kind for part in get_args(hint) for kind in ((NoneType,) if part is NoneType else _kinds(part))
    )
