"""Opening the journal's database: SQLite beside the data, or PostgreSQL by URL; migrated. EDGE."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import peewee

from core.errors import AftercloseError, SettingsError

FILE_NAME = "journal.sqlite"
_MIGRATIONS = Path(__file__).with_name("migrations")
_HISTORY = "schema_migration"


class JournalError(AftercloseError):
    """The journal cannot be opened or is damaged; checkpoints are unaffected."""

    exit_code = 30


def open_database(root: Path, url: str, *, read_only: bool) -> Any:
    """Return a peewee database whose tables are those of this version.

    Parameters
    ----------
    root : Path
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
    database = _postgres(url) if url and not url.startswith("sqlite") else _sqlite(root, read_only=read_only)
    try:
        with database.connection_context():
            if not read_only and _behind(database):
                _migrate(database)
    except peewee.DatabaseError as error:
        raise JournalError(
            f"the journal {url or root / FILE_NAME} cannot be used: {error}",
            expected="a readable database",
            remedy="Move it away and restore a backup; checkpoints do not depend on it.",
        ) from error
    return database


def _sqlite(root: Path, *, read_only: bool) -> Any:
    path = root / FILE_NAME
    if not read_only:
        root.mkdir(parents=True, exist_ok=True)
        pragmas = {"journal_mode": "wal", "synchronous": "full", "busy_timeout": 10_000}
        return peewee.SqliteDatabase(str(path), pragmas=pragmas)
    # a closed WAL database on a read-only mount opens only as immutable; with its WAL it must not be
    unwritten = path.with_name(FILE_NAME + "-wal").exists()
    mode = "mode=ro" if unwritten else "mode=ro&immutable=1"
    return peewee.SqliteDatabase(f"file:{quote(str(path))}?{mode}", uri=True)


def _postgres(url: str) -> Any:
    try:
        from playhouse.db_url import connect

        return connect(url)
    except (ImportError, peewee.ImproperlyConfigured, RuntimeError) as error:
        raise SettingsError(
            f"AFTERCLOSE_JOURNAL cannot be used: {error}",
            expected="postgresql://USER@HOST/NAME with the extra [team] installed",
        ) from error


def _behind(database: Any) -> bool:
    names = {path.stem for path in _MIGRATIONS.glob("[0-9]*.py")}
    if not database.table_exists(_HISTORY):
        return True
    done = {name for (name,) in database.execute_sql(f"SELECT name FROM {_HISTORY}")}  # noqa: S608 - a constant
    return not names <= done


def _migrate(database: Any) -> None:
    from playhouse.migrations import Runner

    with database.atomic("EXCLUSIVE") if isinstance(database, peewee.SqliteDatabase) else database.atomic():
        if _behind(database):
            Runner(database, str(_MIGRATIONS), table_name=_HISTORY).up()
