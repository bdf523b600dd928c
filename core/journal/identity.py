"""Which data root this is: a name that its journal and every backup of it carry.

``<data>/root.json`` is made with the first journal, also of one on a server; a journal that is begun anew in the same
root takes the same name, so that an earlier backup still belongs here.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from core.errors import SettingsError
from core.journal.driver import peewee
from core.journal.reading import reading
from core.paths import SMALL_BYTES, StoragePath, bytes_of
from core.platform.storage import storage_at

ROOT_NAME = "root.json"
_FORMAT, _KIND = 1, "root"
_FOLDERS = ("checkpoints", "ledger")
"""What an earlier data root has, which had no name yet."""

_FILLED = ("record", "run", "draft")
"""Tables that a journal which somebody uses has rows in."""

_ID_DIGITS = 8


def identity_of(root: StoragePath) -> str:
    """Return the name of a data root, empty where it has none yet or it cannot be read."""
    try:
        body = json.loads(bytes_of(root / ROOT_NAME, SMALL_BYTES))
        return str(body["id"]) if (body["format"], body["kind"]) == (_FORMAT, _KIND) else ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def name_of(database: sqlite3.Connection) -> str:
    """Return the name in a journal, empty in one older than names of journals."""
    tables = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'identity'")
    if not tables.fetchone():
        return ""
    row = database.execute("SELECT id FROM identity").fetchone()
    return str(row[0]) if row else ""


def identity_with(root: StoragePath, journal: Path) -> str:
    """Return the name of a data root: of its SQLite journal where its own file is gone; empty where neither says it."""
    own = identity_of(root)
    if own or not journal.is_file():
        return own
    try:
        with closing(reading(journal)) as database:
            return name_of(database)
    except sqlite3.Error:
        return ""


def give_identity(root: StoragePath, identity: str) -> None:
    """Give a data root its name, unless it has one; without room or right for the file it has none until later."""
    data = json.dumps({"format": _FORMAT, "kind": _KIND, "id": identity}).encode() + b"\n"
    with suppress(OSError):
        storage_at(root / ROOT_NAME).create(data)


def same_identity(root: StoragePath, database: Any, *, new: bool) -> None:
    """See that a data root and its journal have one name.

    Parameters
    ----------
    root : StoragePath
        The data root, or what of it this machine keeps where the root is in object storage.
    new : bool
        Whether the journal has just been made: it takes the root's name.
    """
    of_root = identity_of(root)
    if of_root and not new:
        return
    if of_root:
        mark = "?" if isinstance(database, peewee.SqliteDatabase) else "%s"
        database.execute_sql(f"UPDATE identity SET id = {mark}", (of_root,))  # noqa: S608 - a mark
    elif of_journal := _of_journal(database):
        give_identity(root, of_journal)


def judge_identity(root: Path, database: Any) -> bool:
    """Refuse a journal on a server that is another data root's: its runs and files would be missing in both.

    Parameters
    ----------
    root : Path
        A data root that is a folder; without a name and with nothing in it, it is none that a journal with records can
        be of.

    Returns
    -------
    bool
        Whether it is as good as new: nobody has used it yet, and it takes the root's name.

    Raises
    ------
    SettingsError
        Naming both.
    """
    of_root, of_journal = identity_of(root), _of_journal(database)
    if of_root == of_journal or not of_journal:
        return False
    if not any(list(database.execute_sql(f"SELECT 1 FROM {table} LIMIT 1")) for table in _FILLED):  # noqa: S608 - a name of ours
        return True
    if not of_root and any((root / name).is_dir() for name in _FOLDERS):
        return False
    whose = f"is data root {of_root[:_ID_DIGITS]}" if of_root else "holds nothing of it"
    raise SettingsError(
        f"AFTERCLOSE_JOURNAL leads to the journal of data root {of_journal[:_ID_DIGITS]}, and {root} {whose}",
        expected="the data root and the journal that belong together",
        remedy="Set AFTERCLOSE_DATA to that data root, or AFTERCLOSE_JOURNAL to a database of this one's own.",
    )


def _of_journal(database: Any) -> str:
    row = database.execute_sql("SELECT id FROM identity").fetchone()
    return "" if row is None else str(row[0])
