"""Imports peewee, and PostgreSQL's driver only where the journal is in PostgreSQL.

peewee imports every driver that is installed, and nothing but a PostgreSQL journal needs psycopg. Importing
``core.journal.database`` takes 0.11 s of CPU without it and 0.23 s with it (medians of eleven pairs), and a whole rerun
with nothing to do 0.28 s. So it is kept out of peewee's import, and handed to it when such a journal is opened.
peewee's migrations would load it once more, for CockroachDB, which no journal is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DRIVER, _COCKROACH = "psycopg", "playhouse.cockroachdb"


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let imports of a module fail as if it were not installed, unless it is loaded already."""
    if sys.modules.get(name) is not None:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # Python's own mark of a module not to be imported
    try:
        yield
    finally:
        del sys.modules[name]


with _without(_DRIVER):
    import peewee

__all__ = ["migrate", "peewee", "with_driver"]


def migrate(database: Any, folder: str, history: str) -> None:
    """Bring a database's tables to this version by the scripts of a folder; ``history`` is the table of those done."""
    with _without(_COCKROACH):
        from playhouse.migrations import Runner

    Runner(database, folder, table_name=history).up()


def with_driver() -> None:
    """Give peewee the driver that its import would have found; a second call does nothing.

    Raises
    ------
    ImportError
        If psycopg is not installed.
    """
    import psycopg
    from psycopg.pq import TransactionStatus
    from psycopg.types.json import Json, Jsonb

    if getattr(peewee, _DRIVER) is not None:
        return
    module: Any = peewee
    module.psycopg, module.TransactionStatus = psycopg, TransactionStatus
    module.Json_pg3, module.Jsonb_pg3 = Json, Jsonb
    adapter = module.Psycopg3Adapter
    adapter.txn_idle, adapter.txn_inerror = TransactionStatus.IDLE, TransactionStatus.INERROR
    adapter.txn_unknown = TransactionStatus.UNKNOWN
