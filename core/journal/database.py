"""Opening the journal's database: SQLite beside the data, or PostgreSQL by URL; migrated."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.errors import AftercloseError, SettingsError
from core.journal import postgres
from core.journal.driver import migrate, peewee
from core.paths import StoragePath
from core.platform.storage import local_folder

FILE_NAME = "journal.sqlite"
_MIGRATIONS = Path(__file__).with_name("migrations")
_HISTORY = "schema_migration"


FAULTS = (peewee.PeeweeException, sqlite3.Error)
"""What a database may answer: peewee's names for it, or SQLite's own while rows are being fetched."""


class JournalError(AftercloseError):
    """The journal cannot be opened or is damaged; checkpoints are unaffected."""

    exit_code = 30


@contextmanager
def readable() -> Iterator[None]:
    """Turn whatever a damaged database gives, also rows that are not what was written, into one error."""
    try:
        yield
    except (*FAULTS, OSError, ValueError, TypeError, RecursionError) as error:
        if "no such table" in str(error):
            raise JournalError(
                "the journal has no tables: it is just being made, or it was emptied",
                expected="a whole database",
                remedy="Look again in a second; if it stays so, restore a backup.",
            ) from error
        raise JournalError(
            f"the journal could not be read: {error}",
            expected="a whole database",
            remedy="Move it away and restore a backup; checkpoints do not depend on it.",
        ) from error


def open_database(root: StoragePath, url: str, *, read_only: bool) -> Any:
    """Return a peewee database whose tables are those of this version.

    Parameters
    ----------
    root : StoragePath
        The data root; SQLite lives there.
    url : str
        ``postgresql://...``, or empty for SQLite.
    read_only : bool
        Open without writing anything, not even the tables.

    Raises
    ------
    JournalError
        If it cannot be opened, naming the cause.
    """
    try:
        database = _opened(root, url, read_only=read_only)
        with database.connection_context():
            if not read_only and _behind(database):
                _migrate(database)
            if not read_only and local_folder(root) != root:
                _claim(root, database)
    except (*FAULTS, OSError) as error:
        where = postgres.address(url) if postgres.is_postgres(url) else local_folder(root) / FILE_NAME
        raise JournalError(
            f"the journal {where} cannot be used: {' '.join(str(error).split())}",
            expected="a readable database",
            remedy=_SERVER_REMEDY
            if postgres.is_postgres(url)
            else "Move it away and restore a backup; checkpoints do not depend on it.",
        ) from error
    return database


_SERVER_REMEDY = "Is the server up, and may this user use the database? Checkpoints do not depend on it."


def _claim(root: StoragePath, database: Any) -> None:
    """See once in a process that this journal is the one that the data root belongs to: it lies elsewhere."""
    from core.journal.claim import POSTGRES, SQLITE, claim

    identity = str(database.execute_sql("SELECT id FROM identity").fetchone()[0])
    if (str(root), identity) not in _claimed:
        claim(root, identity, SQLITE if is_sqlite(database) else POSTGRES)
        _claimed.add((str(root), identity))


_claimed: set[tuple[str, str]] = set()


def belongs(root: StoragePath) -> str | None:
    """Return in one sentence whose journal to use for a data root in object storage, None if it does not say."""
    from core.journal.claim import whose

    owner = whose(root) if local_folder(root) != root else None
    return (
        f"there is no journal here: {root} belongs to {owner}; set AFTERCLOSE_JOURNAL or ask there"
        if owner
        else None
    )


def _opened(root: StoragePath, url: str, *, read_only: bool) -> Any:
    if postgres.is_postgres(url):
        return postgres.database(url, read_only=read_only)
    if url and not url.startswith("sqlite"):
        raise SettingsError(
            f"AFTERCLOSE_JOURNAL begins with {url.partition(':')[0][:20]!r}",
            expected="postgresql://USER@HOST/NAME, or nothing for SQLite beside the data",
        )
    return _sqlite(root, read_only=read_only)


def is_there(root: StoragePath, url: str) -> bool:
    """Return whether there is a journal to read; a server that does not answer has one, as far as one knows."""
    if not postgres.is_postgres(url):
        return (local_folder(root) / FILE_NAME).exists()
    if url not in _with_tables:
        database = postgres.database(url, read_only=True)
        try:
            with database.connection_context():
                if not postgres.has_tables(database, _HISTORY):
                    return False
        except peewee.PeeweeException:
            return True
        _with_tables.add(url)
    return True


_with_tables: set[str] = set()
"""Databases that were found to have tables: tables do not go away."""


@contextmanager
def writing(database: Any) -> Iterator[None]:
    """One transaction that writes: it has the journal to itself from its first statement to its last."""
    if is_sqlite(database):
        # IMMEDIATE: a transaction that will write takes the lock first instead of failing half-way
        with database.atomic("IMMEDIATE"):
            yield
        return
    with database.atomic():
        postgres.take_turn(database)
        yield


def execute(database: Any, sql: str, values: Sequence[Any]) -> Any:
    """Run one statement with ``?`` for its values, in this database's dialect, and return its cursor."""
    if not is_sqlite(database):
        sql, values = sql.replace("?", "%s"), [postgres.storable(value) for value in values]
    return database.execute_sql(sql, tuple(values))


def _sqlite(root: StoragePath, *, read_only: bool) -> Any:
    path = local_folder(root) / FILE_NAME
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
        pragmas = {"journal_mode": "wal", "synchronous": "full", "busy_timeout": 10_000}
        return peewee.SqliteDatabase(str(path), pragmas=pragmas)
    if not path.exists():
        raise JournalError(
            f"there is no journal at {path}",
            expected="the record of what ran",
            remedy="Restore a backup, or start a run: that begins a new one. Checkpoints do not depend on it.",
        )
    return Reader(path)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _reading_uri(path: Path) -> str:
    mode = "mode=ro" if _wal(path).exists() else "mode=ro&immutable=1"
    return f"file:{quote(str(path))}?{mode}"


def reading(root: StoragePath) -> sqlite3.Connection:
    """Return a connection that only reads the journal of a data root."""
    return sqlite3.connect(_reading_uri(local_folder(root) / FILE_NAME), uri=True)


class Reader(peewee.SqliteDatabase):
    """SQLite for reading only, beside writers that come and go.

    A closed WAL database on a read-only mount opens only as immutable; one with a WAL must not be opened so,
    or the WAL's rows are silently missed. Which it is, is asked at every connection.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(None, uri=True)
        self._path = path
        self._connecting = threading.Lock()
        self.init(self._uri())

    def _uri(self) -> str:
        return _reading_uri(self._path)

    def _connect(self) -> Any:
        with self._connecting:
            self.database = self._uri()
            return super()._connect()  # type: ignore[misc]  # peewee ships no stubs for it

    def identity(self) -> tuple[int, ...] | None:
        """Return what changes when a writer changes the file; None while readers need not look (a WAL)."""
        if _wal(self._path).exists():
            return None
        stat = self._path.stat()
        return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def is_sqlite(database: Any) -> bool:
    """Return whether a journal is one host's own."""
    return isinstance(database, peewee.SqliteDatabase)


def has_table(database: Any, name: str) -> bool:
    """Return whether a journal has a table: one that is only read may be of an earlier version."""
    return bool(database.table_exists(name) if is_sqlite(database) else postgres.has_tables(database, name))


def has_column(database: Any, table: str, name: str) -> bool:
    """Return whether a journal's table has a column: one that is only read may be of an earlier version."""
    return any(column.name == name for column in database.get_columns(table))


def _behind(database: Any) -> bool:
    names = {path.stem for path in _MIGRATIONS.glob("[0-9]*.py")}
    if not has_table(database, _HISTORY):
        return True
    done = {name for (name,) in database.execute_sql(f"SELECT name FROM {_HISTORY}")}  # noqa: S608 - a constant
    return not names <= done


def _migrate(database: Any) -> None:
    with writing(database):
        if _behind(database):
            migrate(database, str(_MIGRATIONS), _HISTORY)
