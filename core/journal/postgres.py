"""A team's journal: PostgreSQL by URL, and locks that live and die with a connection.

Everything that names the database to a person goes through :func:`address`: the URL may hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from core.errors import BusyError, SettingsError
from core.fingerprint import sha256
from core.journal.driver import peewee, with_driver

_SCHEMES = ("postgresql://", "postgres://")
_PLAUSIBLE = {
    "host": re.compile(r"[\w.:,%/\[\]~ -]*"),
    "port": re.compile(r"[\d,]*"),
    "dbname": re.compile(r"[^@/:?]+"),
}
"""Parts of a URL; what does not look so is most likely the rest of a password with an @ or / in it."""

_SESSION = (
    "-c default_transaction_isolation=read\\ committed "
    "-c idle_session_timeout=0 -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
"""A writer looks at what is committed once it has the lock, whatever the role's defaults; a lock may be held
through hours of training; and a host that lost its power is noticed after a minute, which frees its locks."""

WAIT_S = 120
"""How long a table, a row or the writers' turn is waited for that another session has locked: longer than the minute
after which the server notices that a host lost its power."""

LONGEST_STATEMENT_S = 600
"""Seconds after which a statement is given up: the whole ledger is read in far less, and what hangs on a table, as a
check that never ends, holds nobody for ever."""

_WRITERS = 0x41667465
"""Number of the lock that writers of the journal take in turn ("Afte"); those of checkpoints have eight bytes."""

LONGEST_NAME = 63
"""Bytes of ``application_name`` that PostgreSQL keeps: it tells others who holds a lock."""


def is_postgres(url: str) -> bool:
    """Return whether a journal's URL names a PostgreSQL database."""
    return url.startswith(_SCHEMES)


_HOST = r"(?:\[[\w:.%]*\]|[\w.%~ -]*)(?::\d*)?"
_PLACE = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[^@/:?]*)?")
"""Servers with their ports, and a database: all of a URL that people are told."""

UNTOLD = "postgresql://..."
"""A URL of which nothing is told: what is no server and no database in it is most likely the rest of a password."""


def address(url: str) -> str:
    """Return the URL without user, password and options, for people; read as libpq reads it, not as the web does.

    A user and a password end at the first ``@`` that no ``/`` precedes; ``#``, ``?`` and brackets in them are as good
    as any sign.

    >>> address("postgresql://ann:s3cret@db.example:5433/journal?sslmode=require&password=x")
    'postgresql://db.example:5433/journal'
    >>> address("postgresql://ann:s3#cr?et[@db.example/journal"), address("postgresql://ann:s3/cr@et@db.example/journal")
    ('postgresql://db.example/journal', 'postgresql://...')
    """
    rest = url.partition("://")[2]
    credentials, at, place = rest.partition("@")
    if not at or "/" in credentials:
        place = rest
    elif re.search(r"\?.*=", credentials):
        return UNTOLD  # an option that holds the sign
    place = place.partition("?")[0]
    return f"postgresql://{place}" if _PLACE.fullmatch(place) else UNTOLD


def _conninfo(url: str) -> str:
    """Return the URL in libpq's words, judged.

    Raises
    ------
    SettingsError
        Without a word of the URL: whatever could not be understood may be a part of the password.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        with_driver()
    except ImportError as error:
        raise SettingsError(
            f"AFTERCLOSE_JOURNAL names a PostgreSQL database and its driver is not installed ({error})",
            expected="the extra [team]",
            remedy='Install it: pip install "afterclose[team]"',
        ) from error
    dsn = "postgresql://" + url.partition("://")[2]
    try:
        parts = conninfo_to_dict(dsn)
        right = all(pattern.fullmatch(str(parts.get(part) or "")) for part, pattern in _PLAUSIBLE.items())
    except (psycopg.Error, ValueError):
        right = False
    if not right:
        raise SettingsError(
            "AFTERCLOSE_JOURNAL is not a usable URL",
            expected="postgresql://USER@HOST:PORT/NAME",
            remedy="In user and password, @ is %40, / is %2F, : is %3A and % is %25; or use a password file.",
        )
    return dsn


def database(url: str, *, read_only: bool) -> Any:
    """Return a peewee database for a URL; nothing is connected yet.

    Raises
    ------
    SettingsError
        If the URL cannot be used, or the driver is not installed.
    """
    bounds = f"-c lock_timeout={int(1000 * WAIT_S)} -c statement_timeout={int(1000 * LONGEST_STATEMENT_S)}"
    options = f"{_SESSION} {bounds}{' -c default_transaction_read_only=on' if read_only else ''}"
    return peewee.PostgresqlDatabase(
        _conninfo(url),
        prefer_psycopg3=True,
        options=options,
        application_name="afterclose",
        connect_timeout=10,
        client_encoding="UTF8",  # whatever the role or the database says
    )


def take_turn(connected: Any) -> None:
    """Wait until no other transaction writes to the journal; the turn ends with the transaction."""
    connected.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_WRITERS,))


def columns(connected: Any, table: str) -> set[str]:
    """Return the names of a table's columns, wherever this role looks for tables; none where it is not there."""
    sql = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    return {name for (name,) in connected.execute_sql(sql, (table,))}


def odd_tables(connected: Any, tables: Sequence[str]) -> Iterator[str]:
    """Yield in words which tables are not what they were made as, so that two questions can get different answers.

    Functions are written with their schema: a search path that puts another one before the system's own would lead
    elsewhere, operators too, and is told first.
    """
    sql = (
        "SELECT pg_catalog.current_schemas(true)::text[], ARRAY(SELECT relname::text FROM pg_catalog.pg_class "
        "WHERE oid IN (SELECT pg_catalog.to_regclass(name) FROM pg_catalog.unnest(%s::text[]) AS name) "
        "AND (relkind <> 'r' OR relrowsecurity OR relhassubclass OR EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite AS own "
        "WHERE own.ev_class = pg_class.oid) OR EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS own "
        "WHERE own.tgrelid = pg_class.oid)))"
    )
    ((schemas, odd),) = connected.execute_sql(sql, (list(tables),)).fetchall()
    first = next((name for name in schemas if not name.startswith("pg_temp")), "")
    if first != "pg_catalog":
        yield f"schema {first} is looked in before the system's own"
    for name in sorted(odd):
        yield f"{name} is a view, has a trigger or a rule, or does not show everybody the same rows"


def storable(value: Any) -> Any:
    """Return a value that PostgreSQL can keep: text without the one character that it has none for."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _number_of(name: str) -> int:
    """Return the number of a lock: eight bytes of the digest of its name, signed."""
    return int.from_bytes(bytes.fromhex(sha256(f"afterclose/{name}".encode())[:16]), "big", signed=True)


@contextmanager
def lock(url: str, name: str, holder: str, waiting: Callable[[str], None] | None) -> Iterator[None]:
    """Hold an advisory lock while the block runs: one holder among all hosts that use this database.

    The lock belongs to a connection of its own. When its holder dies, so does the connection, and the
    lock is free.

    Parameters
    ----------
    holder, waiting
        As for :func:`core.journal.locks.hold`.

    Raises
    ------
    BusyError
        If somebody else holds it and waiting was not wanted.
    SettingsError, peewee.PeeweeException
        If the database cannot be reached.
    """
    connected = database(url, read_only=False)
    number = _number_of(name)
    connected.connect()
    try:
        connected.execute_sql(
            "SELECT set_config('application_name', %s, false), set_config('lock_timeout', '0', false), "
            "set_config('statement_timeout', '0', false)",  # it may be held through hours of training
            (holder[:LONGEST_NAME],),
        )
        if not connected.execute_sql("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()[0]:
            _wait(connected, number, name, waiting)
        yield
    finally:
        with suppress(peewee.PeeweeException):  # a connection that is gone has given its lock back
            connected.close()


def _wait(connected: Any, number: int, name: str, waiting: Callable[[str], None] | None) -> None:
    holder = _holder_of(connected, number)
    if waiting is None:
        raise BusyError(
            f"{name} is being made by run {holder}",
            expected="nobody at work on it",
            remedy="Try again later.",
        )
    waiting(holder)
    connected.execute_sql("SELECT pg_advisory_lock(%s)", (number,))


def _holder_of(connected: Any, number: int) -> str:
    high, low = (number >> 32) & 0xFFFFFFFF, number & 0xFFFFFFFF
    rows = connected.execute_sql(
        "SELECT activity.application_name FROM pg_locks JOIN pg_stat_activity AS activity USING (pid) "
        "WHERE locktype = 'advisory' AND granted AND classid = %s::oid AND objid = %s::oid AND objsubid = 1 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (high, low),
    ).fetchall()
    return str(rows[0][0] or "somebody") if rows else "somebody"
