"""Reaching the journal's database: each call is one transaction, and a reader stands beside writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from core.journal import database
from core.journal.database import FAULTS, JournalError, Reader, readable
from core.paths import StoragePath

T = TypeVar("T")

MOST_READINGS = 50
"""Times a reader looks again when a writer changes the file under it."""


class Connection:
    """A journal that can be read and written; safe from several threads and processes."""

    def __init__(self, root: StoragePath, url: str = "", *, read_only: bool = False) -> None:
        self._database = database.open_database(root, url, read_only=read_only)

    @staticmethod
    def exists(root: StoragePath, url: str = "") -> bool:
        """Return whether there is a journal to read."""
        return database.is_there(root, url)

    @staticmethod
    def lost(root: StoragePath, url: str = "") -> str | None:
        """Return in one sentence that runs happened here whose journal is gone; None if nothing is amiss."""
        if Connection.exists(root, url) or not (root / "checkpoints").is_dir():
            return None
        return database.belongs(root) or (
            f"the journal {root / database.FILE_NAME} is lost: earlier runs and signatures are not in the record. "
            "Checkpoints and logs are intact; to have it back: afterclose restore BACKUP"
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._database.connection_context(), database.writing(self._database):
                yield
        except FAULTS as error:
            raise JournalError(
                f"the journal could not be read or written: {error}",
                expected="a whole database on a disk with room",
            ) from error

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._fetched(lambda: list(self._execute(sql, values)))

    def _fetched(self, function: Callable[[], T]) -> T:
        """Return what ``function`` reads; once more when a writer came while a closed file was being read."""
        for _ in range(MOST_READINGS):
            before = self._identity()
            with readable(), self._database.connection_context():
                result = function()
            if before == self._identity():
                return result
        raise JournalError("the journal changes faster than it can be read", remedy="Try again.")

    def _identity(self) -> tuple[int, ...] | None:
        return self._database.identity() if isinstance(self._database, Reader) else None

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        return database.execute(self._database, sql, values)
