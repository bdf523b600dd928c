"""Reading a SQLite journal without writing: beside writers, on read-only media, on a full disk."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.journal.driver import peewee
from core.journal.faults import LOCK_WAIT_S
from core.platform.causes import cause_at

WAL, INDEX = "-wal", "-shm"
"""What SQLite puts after the file's name: the write-ahead log, and the index over it that all processes share."""


def beside(path: Path, ending: str) -> Path:
    """Return the file that SQLite keeps beside a database."""
    return path.with_name(path.name + ending)


def _has_log(path: Path) -> bool:
    """Return whether there are rows in a write-ahead log; an empty one, as a full disk leaves it, has none."""
    try:
        return beside(path, WAL).stat().st_size > 0
    except FileNotFoundError:
        return False


def uri_of(path: Path) -> str:
    """Return how a journal is opened for reading.

    A closed WAL database on a read-only mount opens only as immutable; one with a WAL must not be opened so, or the
    WAL's rows are silently missed.
    """
    return f"file:{quote(str(path))}?mode=ro{'' if _has_log(path) else '&immutable=1'}"


def reading(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads a journal."""
    return sqlite3.connect(uri_of(path), uri=True, timeout=LOCK_WAIT_S)


class Reader(peewee.SqliteDatabase):
    """SQLite for reading only, beside writers that come and go.

    How it is opened is asked at every connection. Where a log has rows and its index cannot be made (no room, a
    read-only mount), both are copied to the system's temporary folder and read there.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(None, uri=True)
        self._path = path
        self._connecting = threading.Lock()
        self.init(uri_of(path), timeout=LOCK_WAIT_S)

    def _connect(self) -> Any:
        with self._connecting:
            self.database = uri_of(self._path)
            connection = super()._connect()  # type: ignore[misc]  # peewee ships no stubs for it
            if not _has_log(self._path):
                return connection
            try:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                connection.close()
                if cause_at(self._path.parent) is None:
                    raise
                with tempfile.TemporaryDirectory(prefix="afterclose-") as folder:
                    self.database = uri_of(_copied(self._path, Path(folder)))
                    connection = super()._connect()  # type: ignore[misc]  # peewee ships no stubs for it
                    # opened, so it stays readable although its name goes
                    connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return connection

    def identity(self) -> tuple[int, ...] | None:
        """Return what changes when a writer changes the file; None while readers need not look (a WAL)."""
        if _has_log(self._path):
            return None
        stat = self._path.stat()
        return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _copied(path: Path, folder: Path) -> Path:
    for source in (path, beside(path, WAL)):
        shutil.copyfile(source, folder / source.name)
    return folder / path.name
