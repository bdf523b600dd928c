"""Heartbeats of runs and ranges in the journal, so that whoever cannot ask their process can tell who is gone.

Whether a process runs is known where its id counts, which is neither on another machine nor in another container: one
that was started again has another name and other ids. Who leads a run therefore records a heartbeat every few
seconds, and a run without one for a minute was interrupted: its machine lost its power, its network or its place. All
times are the database's own, so clocks of hosts do not matter. A run that comes back records the next heartbeat, and
goes on in the journal, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.journal import database as databases
from core.journal.runs_and_drafts import SILENT

Execute = Callable[[str, Sequence[Any]], Any]

HEARTBEAT_S = 10.0
"""Seconds between two heartbeats."""

LEASE_S = 60.0
"""Seconds without a heartbeat after which a run is taken for gone: as long as PostgreSQL takes to free a lost host's
locks, so that what the journal says and what can be started again agree."""


def now_of(database: Any) -> str:
    """Return the database's present time in seconds since the epoch, as SQL."""
    if databases.is_sqlite(database):
        return "((julianday('now') - 2440587.5) * 86400.0)"
    return "EXTRACT(EPOCH FROM clock_timestamp())"


def record(database: Any, execute: Execute, run_id: str) -> None:
    """Record that a run is led right now; one that was taken for gone goes on. Inside the caller's transaction."""
    execute(f"UPDATE run SET heartbeat_at = {now_of(database)} WHERE run_id = ?", [run_id])  # noqa: S608 - constants
    execute(
        "UPDATE run SET state = 'running', error = NULL, ended_at = NULL "
        "WHERE run_id = ? AND state = 'interrupted' AND error = ?",
        [run_id, SILENT],
    )


def column(database: Any) -> str:
    """Return what a SELECT reads as "silent for too long": since its last heartbeat, in SQLite else since its record.

    A SQLite journal older than heartbeats is read with that lease, too: nobody leads its runs any more. A
    heartbeat from the future is no sign of life: the clock was set back, and whoever leads the run gives another one
    within :data:`HEARTBEAT_S`.
    """
    last = "heartbeat_at"
    if databases.is_sqlite(database):
        last = "COALESCE(heartbeat_at, (julianday(created_at) - 2440587.5) * 86400.0)"
    return f"ABS({now_of(database)} - {last}) > {LEASE_S}"
