"""How long runs took, by the seconds since the machine started: a clock that is set changes nothing.

The times of a run are UTC and for reading; its length is not their difference. Seconds since the start of the
machine go on while it sleeps and are the same for all its processes, so a supervisor may end what a pipeline began.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.journal.database import has_table
from core.journal.rows import Run
from core.platform.processes import boot_id

Execute = Callable[[str, Sequence[Any]], Any]

_TABLE = "run_length"


def now_s() -> float:
    """Return the seconds since the machine started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def begin(execute: Execute, run_id: str) -> None:
    """Record when a run began; inside the caller's transaction."""
    execute(
        "INSERT INTO run_length (run_id, boot_id, started) VALUES (?, ?, ?) "
        "ON CONFLICT (run_id) DO UPDATE SET boot_id = excluded.boot_id, started = excluded.started",
        [run_id, boot_id(), now_s()],
    )


def end(execute: Execute, run_id: str) -> None:
    """Record how long a run took, if the machine was not started anew meanwhile; inside the transaction."""
    execute(
        "UPDATE run_length SET seconds = ? - started WHERE run_id = ? AND boot_id = ?",
        [now_s(), run_id, boot_id()],
    )


def column(database: Any) -> str:
    """Return what a SELECT of runs reads as their length: nothing in a journal of before that is only read."""
    there = has_table(database, _TABLE)
    return f"(SELECT seconds FROM {_TABLE} WHERE {_TABLE}.run_id = run.run_id)" if there else "NULL"  # noqa: S608 - a constant


def took_s(run: Run, now: datetime | None = None) -> float | None:
    """Return how many seconds ``run`` took, or has taken until ``now`` while it goes; None if that is unknown.

    A run without a measured length (of an earlier version, or one that nobody ended) has the difference of its
    times, unless that is below zero: the clock was set back meanwhile.
    """
    if run.seconds is not None:
        return run.seconds
    end_at = datetime.fromisoformat(run.ended_at) if run.ended_at else (now if run.active else None)
    if run.started_at is None or end_at is None:
        return None
    seconds = (end_at - datetime.fromisoformat(run.started_at)).total_seconds()
    return seconds if seconds >= 0 else None
