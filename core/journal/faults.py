"""What a journal's database answers, told apart: full, read-only, locked, out of a limit, or damaged.

Only damage asks for a backup: with the others the journal is whole, and moving it away would lose what it says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import AftercloseError
from core.journal.driver import peewee
from core.platform.causes import cause_at, cause_of

FAULTS = (peewee.PeeweeException, sqlite3.Error)
"""What a database may answer: peewee's names for it, or SQLite's own while rows are being fetched."""

LOCKED, DAMAGED = "locked", "damaged"

LOCK_WAIT_S = 30
"""How long a journal that another program has locked is waited for."""

RESTORE = "Move it away, with its -wal and -shm, and restore a backup; checkpoints do not depend on it."

_LOCK_TIMEOUT = "55P03"
"""PostgreSQL's code for it."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SURROUNDINGS = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH,
}  # fmt: skip
"""Primary codes of https://www.sqlite.org/rescode.html."""


class JournalError(AftercloseError):
    """The journal cannot be used; checkpoints are unaffected.

    Parameters
    ----------
    cause : str
        ``locked``, ``damaged``, or the name of a :class:`core.platform.causes.Cause`; empty when it is none of them.
    """

    exit_code = 30

    def __init__(self, problem: str, *, expected: str = "", remedy: str = "", cause: str = "") -> None:
        super().__init__(problem, expected=expected, remedy=remedy)
        self.cause = cause


@contextmanager
def readable() -> Iterator[None]:
    """Turn rows that are not what was written into one error, and a database without tables."""
    try:
        yield
    except FAULTS as error:
        if "no such table" not in str(error):
            raise
        raise JournalError(
            "the journal has no tables: it is just being made, or it was emptied",
            expected="a whole database",
            remedy="Look again in a second; if it stays so, it is damaged: restore a backup.",
            cause=DAMAGED,
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise JournalError(
            f"the journal could not be read: {error}",
            expected="a whole database",
            remedy=RESTORE,
            cause=DAMAGED,
        ) from error


def journal_error(error: BaseException, path: Path | None, *, did: str) -> JournalError:
    """Return the error of a SQLite journal under the name of its cause.

    Parameters
    ----------
    path : Path or None
        The database's file; None where only what was read from it is known.
    did : str
        What did not go, as in ``could not be read``.
    """
    which = f"the journal {path}" if path else "the journal"
    text = " ".join(str(error).split())
    code = _code(error)
    if code in _BUSY:
        return JournalError(
            f"{which} {did}: another program has had it locked for {LOCK_WAIT_S} s ({text})",
            expected="a journal that nobody keeps locked",
            remedy="Nothing is damaged: end that program (fuser names it) or wait, then do the same again.",
            cause=LOCKED,
        )
    outside = code in _SURROUNDINGS or (code is None and isinstance(error, OSError))
    if not outside and code != sqlite3.SQLITE_CONSTRAINT:
        return JournalError(
            f"{which} {did}: {text}", expected="a whole database", remedy=RESTORE, cause=DAMAGED
        )
    cause = (cause_of(error) or (cause_at(path.parent) if path else None)) if outside else None
    if cause is not None:
        words = cause.words if cause.words in text else f"{cause.words} ({text})"
        return JournalError(
            f"{which} {did}: {words}",
            expected="a journal that can be written",
            remedy=cause.remedy,
            cause=cause.name,
        )
    return JournalError(
        f"{which} {did}: {text}",
        expected="a whole database on a disk that works",
        remedy="Nothing says that it is damaged: afterclose verify looks, and the system's log says what the disk has.",
    )


def server_error(error: BaseException, where: str, *, did: str) -> JournalError:
    """Return the error of a journal on a server."""
    if any(getattr(link, "sqlstate", None) == _LOCK_TIMEOUT for link in _chain(error)):
        return JournalError(
            f"the journal {where} {did}: another session has had it locked for too long",
            expected="a journal that nobody keeps locked",
            remedy="Nothing is damaged: end that session (pg_locks names it), then do the same again.",
            cause=LOCKED,
        )
    return JournalError(
        f"the journal {where} {did}: {' '.join(str(error).split())}",
        expected="a database that answers",
        remedy="Is the server up, and may this user use the database? Checkpoints do not depend on it.",
    )


def _code(error: BaseException) -> int | None:
    """Return SQLite's primary result code behind an error, None if SQLite did not answer."""
    for link in _chain(error):
        code = getattr(link, "sqlite_errorcode", None)
        if code is not None:
            return int(code) & 0xFF
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            return
        yield link
        yield from (argument for argument in link.args if isinstance(argument, BaseException))
        link = link.__cause__ or link.__context__
