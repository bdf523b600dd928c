"""Heartbeats of runs in a journal that several hosts share, so that others can tell who is gone.

Whether a process runs is known on its own host only. Where the journal is PostgreSQL, who leads a run therefore
records a heartbeat every few seconds, and a run without one for a minute was interrupted: its host lost its power,
its network or its place. All times are the database's own, so clocks of hosts do not matter. A host that comes back
records the next heartbeat, and its run goes on in the journal, too. SQLite is one host's and needs none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.journal import database as databases
from core.journal.rows import SILENT

Execute = Callable[[str, Sequence[Any]], Any]

HEARTBEAT_S = 10.0
"""Seconds between two heartbeats."""

LEASE_S = 60.0
"""Seconds without a heartbeat after which a run is taken for gone: as long as PostgreSQL takes to free a lost host's
locks, so that what the journal says and what can be started again agree."""

_NOW = "EXTRACT(EPOCH FROM clock_timestamp())"


def record(database: Any, execute: Execute, run_id: str) -> None:
    """Record that a run is led right now; one that was taken for gone goes on. Inside the caller's transaction."""
    if databases.is_sqlite(database):
        return
    execute(f"UPDATE run SET heartbeat_at = {_NOW} WHERE run_id = ?", [run_id])  # noqa: S608 - a constant
    execute(
        "UPDATE run SET state = 'running', error = NULL, ended_at = NULL "
        "WHERE run_id = ? AND state = 'interrupted' AND error = ?",
        [run_id, SILENT],
    )


def column(database: Any) -> str:
    """Return what a SELECT of runs reads as "silent for too long"; nothing in SQLite."""
    return "NULL" if databases.is_sqlite(database) else f"{_NOW} - heartbeat_at > {LEASE_S}"
