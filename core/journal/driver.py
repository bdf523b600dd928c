"""peewee, without PostgreSQL's driver where the journal is SQLite. EDGE.

peewee imports every driver that is installed. psycopg takes 0.15 s of CPU, half of what ``afterclose runs``
takes in all, and nothing but a PostgreSQL journal needs it. So it is kept out of peewee's import, and handed
to it when such a journal is opened.
"""

from __future__ import annotations

import sys
from typing import Any

_DRIVER = "psycopg"
_loaded = sys.modules.get(_DRIVER)
if _loaded is None:
    sys.modules[_DRIVER] = None  # type: ignore[assignment] # Python's own mark of a module not to be imported
try:
    import peewee
finally:
    if _loaded is None:
        del sys.modules[_DRIVER]

__all__ = ["peewee", "with_driver"]


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
