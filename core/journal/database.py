"""Opening the journal's database: SQLite beside the data, or PostgreSQL by URL; migrated."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import SettingsError
from core.journal import postgres
from core.journal.driver import migrate, peewee
from core.journal.faults import (
    DAMAGED,
    FAULTS,
    LOCK_WAIT_S,
    RESTORE,
    JournalError,
    journal_error,
    server_error,
)
from core.journal.identity import judge_identity, same_identity
from core.journal.reading import INDEX, WAL, Reader, beside
from core.paths import StoragePath
from core.platform.storage import local_folder

FILE_NAME = "journal.sqlite"
_MIGRATIONS = Path(__file__).with_name("migrations")
_HISTORY = "schema_migration"
TABLES = (
    "record", "draft", "run", "event", "schedule", "occurrence", "scheduler", "alarm", "backfill", "notice", "identity",
    _HISTORY,
)  # fmt: skip
"""What decisions are read from."""


def path_of(root: StoragePath, url: str) -> Path | None:
    """Return the file of a data root's journal, None if that is on a server."""
    return None if postgres.is_postgres(url) else local_folder(root) / FILE_NAME


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
            judge_tables(database, path_of(root, url))
            if not read_only:
                new = not columns(database, _HISTORY)
                if new or _behind(database):
                    _migrate(database)
                home = local_folder(root)
                if is_sqlite(database) or home.is_dir():
                    if home == root and not (new or is_sqlite(database)):
                        new = judge_identity(home, database)
                    same_identity(home, database, new=new)
            if not read_only and local_folder(root) != root:
                _claim(root, database)
    except (*FAULTS, OSError) as error:
        path = path_of(root, url)
        if path is None:
            raise server_error(error, postgres.address(url), did="cannot be used") from error
        raise journal_error(error, path, did="cannot be used") from error
    return database


def judge_tables(database: Any, path: Path | None) -> None:
    """Raise unless what is there under the names of the journal's tables are tables, and nothing hangs on them.

    A view, or security by rows, can answer ``verify`` otherwise than whoever reads the same rows next, or never end. A
    trigger, or a rule, can drop a revocation that somebody was told is on record.
    """
    odd = _odd_in_file(database) if is_sqlite(database) else postgres.odd_tables(database, TABLES)
    for fault in odd:
        raise JournalError(
            f"the journal's database was changed: {fault}",
            expected="tables as they were made",
            remedy=RESTORE
            if path
            else "Find out who changed it, and restore it from a backup of the server.",
            cause=DAMAGED,
        )


def index_faults(database: Any) -> Iterator[str]:
    """Yield tables of a SQLite journal whose indexes are not what the tables hold: a question would miss rows.

    On a server nobody but its owner can reach an index.
    """
    for table in (name for name in TABLES if is_sqlite(database) and columns(database, name)):
        fault = next((str(row[0]) for row in database.execute_sql(f"PRAGMA integrity_check({table})")), "ok")
        if fault != "ok":
            yield f"an index of the journal's table {table} was changed, or is damaged: {fault}"


def _odd_in_file(database: Any) -> Iterator[str]:
    names = ", ".join("?" * len(TABLES))
    where = f"lower(name) IN ({names}) OR (type = 'trigger' AND lower(tbl_name) IN ({names}))"
    sql = f"SELECT name, type, sql FROM sqlite_master WHERE {where}"  # noqa: S608 - marks
    for name, kind, statement in database.execute_sql(sql, (*TABLES, *TABLES)):
        if kind != "table" or not str(statement).lstrip().upper().startswith("CREATE TABLE"):
            yield f"{name} is a {kind if kind != 'table' else 'table of another program'}"


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
                if not postgres.columns(database, _HISTORY):
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


def is_no_file(path: Path) -> bool:
    """Return whether something is there that is no file; asked once, as SQLite removes what it needs no more."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # nothing there, or whoever opens it says why not


def _sqlite(root: StoragePath, *, read_only: bool) -> Any:
    path = local_folder(root) / FILE_NAME
    for each in (path, beside(path, WAL), beside(path, INDEX)):
        if is_no_file(each):
            raise JournalError(f"{each} is no file", expected="a journal", remedy=RESTORE, cause=DAMAGED)
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
        pragmas = {"journal_mode": "wal", "synchronous": "full", "busy_timeout": int(1000 * LOCK_WAIT_S)}
        return peewee.SqliteDatabase(str(path), pragmas=pragmas)
    if not path.exists():
        raise JournalError(
            f"there is no journal at {path}",
            expected="the record of what ran",
            remedy="Start a run: that begins one. Checkpoints do not depend on it.",
        )
    return Reader(path)


def is_sqlite(database: Any) -> bool:
    """Return whether a journal is one host's own."""
    return isinstance(database, peewee.SqliteDatabase)


def columns(database: Any, table: str) -> set[str]:
    """Return the names of a table's columns, none where there is no such table: an earlier version may lack it."""
    if not is_sqlite(database):
        return postgres.columns(database, table)
    return {name for (name,) in database.execute_sql("SELECT name FROM pragma_table_info(?)", (table,))}


def _behind(database: Any) -> bool:
    names = {path.stem for path in _MIGRATIONS.glob("[0-9]*.py")}
    if not columns(database, _HISTORY):
        return True
    done = {name for (name,) in database.execute_sql(f"SELECT name FROM {_HISTORY}")}  # noqa: S608 - a constant
    return not names <= done


def _migrate(database: Any) -> None:
    with writing(database):
        if _behind(database):
            migrate(database, str(_MIGRATIONS), _HISTORY)
