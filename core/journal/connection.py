"""Reaching the journal's database: each call is one transaction, and a reader stands beside writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TypeVar

from core.journal import database, postgres
from core.journal.faults import DAMAGED, FAULTS, JournalError, journal_error, readable, server_error
from core.journal.reading import WAL, Reader, beside
from core.paths import StoragePath

T = TypeVar("T")

ADDED = {
    "run": {
        "profile": "TEXT",
        "session": "TEXT",
        "started_s": "DOUBLE PRECISION",
        "seconds": "DOUBLE PRECISION",
        "heartbeat_at": "DOUBLE PRECISION",
    },
    "backfill": {"heartbeat_at": "DOUBLE PRECISION"},
    "record": {"signed_by": "TEXT", "signature": "TEXT"},
    "notice": {"profile": "TEXT"},
}
"""Columns, with their types, that a table got later than itself."""

_MOVED = {"occurrence": ("backfill_session", "0, backfill_id, session, session, state, run_id, note, ''")}
"""Tables of older journals whose rows are in another table now, and how to read them there."""


@dataclass(frozen=True)
class DamagedRow:
    """A row that is not what was written.

    Parameters
    ----------
    name : str
        What its first column says, as far as that can be read.
    why : str
    row : int or None
        Its number in a SQLite table.
    """

    name: str
    why: str
    row: int | None = None


MOST_READINGS = 50
"""Times a reader looks again when a writer changes the file under it."""


class Connection:
    """A journal that can be read and written; safe from several threads and processes."""

    def __init__(self, root: StoragePath, url: str = "", *, read_only: bool = False) -> None:
        self.place = (root, url)
        self._path = database.path_of(root, url)
        self._database = database.open_database(root, url, read_only=read_only)
        self._up_to_date: set[str] = set()

    @classmethod
    def find(cls, root: StoragePath, url: str = "") -> Self | None:
        """Return the journal to read from, None before there is one."""
        return cls(root, url, read_only=True) if cls.exists(root, url) else None

    @staticmethod
    def exists(root: StoragePath, url: str = "") -> bool:
        """Return whether there is a journal to read."""
        return database.is_there(root, url)

    @staticmethod
    def lost(root: StoragePath, url: str = "") -> str | None:
        """Return in one sentence that runs happened here whose journal is gone; None if nothing is amiss."""
        if Connection.exists(root, url) or not (root / "checkpoints").is_dir():
            return None
        path = database.path_of(root, url)
        log = beside(path, WAL) if path else None
        leftover = (
            f" {log} was left behind: put the journal that it belongs to back beside it, or move it away."
            if log and log.exists()
            else ""
        )
        return database.belongs(root) or (
            f"the journal {root / database.FILE_NAME} is lost: earlier runs and signatures are not in the record."
            f"{leftover} Checkpoints and logs are intact; to have it back: afterclose restore BACKUP"
        )

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Keep one connection for the transactions of this thread inside the block: opening one costs a millisecond."""
        with self._reported(), self._database.connection_context():
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep one connection for what this thread reads inside the block; a fault is reported by what reads."""
        try:
            opened = bool(self._database.connect(reuse_if_open=True))
        except (*FAULTS, OSError):
            opened = False
        try:
            yield
        finally:
            if opened:
                self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._reported(), self._connection(), database.writing(self._database):
            yield

    def _connection(self) -> AbstractContextManager[Any]:
        """Return a connection for one statement or transaction: that of this thread if it keeps one."""
        return self._database.connection_context() if self._database.is_closed() else nullcontext()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            raise self._error(error, "could not be written") from error

    def _error(self, error: BaseException, did: str) -> JournalError:
        if self._path is None:
            return server_error(error, postgres.address(self.place[1]), did=did)
        return journal_error(error, self._path, did=did)

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._fetched(lambda: list(self._execute(sql, values)))

    def _select(
        self, columns: str, table: str, rest: str = "", values: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Return rows of a table; what a journal of an earlier version lacks, being only read, is NULL or no rows."""

        def read() -> list[tuple[Any, ...]]:
            source = self._source(table)
            return list(self._execute(f"SELECT {columns} FROM {source} {rest}", values)) if source else []  # noqa: S608 - constants

        return self._fetched(read)

    def _row_by_row(
        self, columns: str, table: str, rest: str, values: Sequence[Any], make: Callable[[tuple[Any, ...]], T]
    ) -> list[T | DamagedRow]:
        """Return what ``make`` makes of each row; in the place of one that is damaged, its name and why."""
        if self._path is None:
            rows = self._select(columns, table, rest, values)
            return [self._row_or_damage(partial(make, row), str(row[0])) for row in rows]

        def numbered(number: int) -> T:
            for row in self._select(columns, table, "WHERE rowid = ?", [number]):
                return make(row)
            raise ValueError("it went meanwhile")

        first = f"CAST({columns.partition(',')[0]} AS BLOB)"
        # as bytes: a text that is no UTF-8 cannot be fetched at all
        names = self._select(f"rowid, {first}", table, rest, values)
        return [
            self._row_or_damage(
                partial(numbered, number), bytes(name or b"").decode(errors="replace"), number
            )
            for number, name in names
        ]

    @staticmethod
    def _row_or_damage(make: Callable[[], T], name: str, number: int | None = None) -> T | DamagedRow:
        try:
            with readable():
                return make()
        except JournalError as error:
            if error.cause != DAMAGED:
                raise
            visible = "".join(
                letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
            )
            return DamagedRow(visible[:80], error.problem.rpartition("could not be read: ")[2], number)

    def _source(self, table: str) -> str:
        """Return what a SELECT reads a table from; nothing where the journal has not come as far as that table."""
        if table in self._up_to_date:
            return table
        there = database.columns(self._database, table)
        if not there and table != "run":
            return ""
        earlier, moved = _MOVED.get(table, ("", ""))
        if earlier and database.columns(self._database, earlier):
            return f"(SELECT * FROM {table} UNION ALL SELECT {moved} FROM {earlier}) AS {table}"  # noqa: S608 - constants
        added = ADDED.get(table, {}) if there else {}
        missing = [f"CAST(NULL AS {kind}) AS {name}" for name, kind in added.items() if name not in there]
        if missing:
            return f"(SELECT *, {', '.join(missing)} FROM {table}) AS {table}"  # noqa: S608 - constants
        self._up_to_date.add(table)
        return table

    def _fetched(self, function: Callable[[], T]) -> T:
        """Return what ``function`` reads; once more when a writer came while a closed file was being read."""
        for _ in range(MOST_READINGS):
            before = self._identity()
            try:
                with readable(), self._connection():
                    result = function()
            except (*FAULTS, OSError) as error:
                raise self._error(error, "could not be read") from error
            if before == self._identity():
                return result
        raise JournalError("the journal changes faster than it can be read", remedy="Try again.")

    def _identity(self) -> tuple[int, ...] | None:
        return self._database.identity() if isinstance(self._database, Reader) else None

    def _execute(self, sql: str, values: Sequence[Any]) -> Any:
        return database.execute(self._database, sql, values)
