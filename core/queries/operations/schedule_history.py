"""What became of each time that a schedule was due: its run, the verdict, and how late it was. Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.journal.occurrences import Occurrence
from core.journal.schedules import Schedules
from core.queries.operations.run_table import RunRow, rows
from core.request.settings import Settings

MOST_TIMES = 30
"""Newest times of a schedule that are shown."""


@dataclass(frozen=True)
class PastTime:
    """One time that a schedule was due.

    Parameters
    ----------
    due : Occurrence
    row : RunRow or None
        Its run; None where none was started, or it is gone.
    late_s : float or None
        Seconds from when it was due until its run started; None without a start.
    ready_s : float or None
        Seconds from when it was due until its run ended; None while it goes.
    """

    due: Occurrence
    row: RunRow | None = None
    late_s: float | None = None
    ready_s: float | None = None


def past_times(settings: Settings, journal: Schedules, name: str, now: datetime) -> list[PastTime]:
    """Return the last times of a schedule, newest first."""
    times = journal.occurrences(name, limit=MOST_TIMES)
    runs = [run for due in times if due.run_id and (run := journal.run(due.run_id)) is not None]
    by_id = {row.run.run_id: row for row in rows(settings, journal, runs, now)}
    return [_past(due, by_id.get(due.run_id or "")) for due in times]


def _past(due: Occurrence, row: RunRow | None) -> PastTime:
    if row is None:
        return PastTime(due)
    run = row.run
    return PastTime(due, row, _since(due.due_at, run.started_at), _since(due.due_at, run.ended_at))


def _since(due_at: str, at: str | None) -> float | None:
    if at is None:
        return None
    return (datetime.fromisoformat(at) - datetime.fromisoformat(due_at)).total_seconds()


def span(seconds: float) -> str:
    """Return a stretch of time as people say it, in its two largest units.

    >>> span(0.4), span(75), span(3 * 3600 + 120), span(2 * 86400 + 3600), span(-30)
    ('0 s', '1 min 15 s', '3 h 2 min', '2 d 1 h', '0 s')
    """
    whole = max(0, int(seconds))
    units: Sequence[tuple[str, int]] = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[tuple[int, str]] = []
    for unit, size in units:
        count, whole = divmod(whole, size)
        if count or (parts and len(parts) < 2):
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"


def until(at: datetime, now: datetime) -> str:
    """Return how long it is until a moment: ``in 2 h 5 min``, ``now`` where it has come."""
    wait = at - now
    return f"in {span(wait.total_seconds())}" if wait > timedelta(0) else "now"
