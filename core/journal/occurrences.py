"""Occurrences in the journal: each time that a schedule was due, and each session of a range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.journal.cells import sound
from core.journal.connection import DamagedRow
from core.journal.faults import JournalError, readable
from core.journal.journal import Journal
from core.journal.runs_and_drafts import utc_now

WAITING, UNKNOWN, STARTING, RUNNING = "waiting", "unknown", "starting", "running"
OPEN = (WAITING, UNKNOWN, STARTING, RUNNING)
"""States of an occurrence that is not over; it ends as its run ends, or as one of these:"""
SKIPPED, REFUSED, THERE, NO_DATA = "skipped", "refused", "there", "no data"

_COLUMNS = "schedule, due_at, session, state, run_id, note"
_OF_SCHEDULES = "schedule NOT IN (SELECT backfill_id FROM backfill)"
_OPEN_ONES = f"WHERE state IN ({', '.join('?' for _ in OPEN)}) AND {_OF_SCHEDULES} ORDER BY due_at, seq"


@dataclass(frozen=True)
class Occurrence:
    """One time that a schedule was due, or one session of a range, and what became of it.

    Parameters
    ----------
    schedule : str
        The name of a schedule, or the id of a range.
    due_at : str
        When it was due (UTC, ISO); of a range the session.
    session : str or None
        The session that it is about.
    state : str
        ``waiting``, ``unknown`` (waiting, and the source is to be asked for the session first), ``starting``,
        ``running``, ``skipped``, ``refused``, ``there`` (nothing to do), ``no data`` (the source does not have the
        session), or as its run ended.
    """

    schedule: str
    due_at: str
    session: str | None
    state: str
    run_id: str | None = None
    note: str | None = None


class Occurrences(Journal):
    """The journal with its table of occurrences."""

    def add_occurrence(self, due: Occurrence) -> None:
        """Record one occurrence; one of the same schedule and time stays as it is."""
        with self._transaction():
            self._add_all([due])

    def _add_all(self, occurrences: Iterable[Occurrence]) -> None:
        for due in occurrences:
            self._execute(
                f"INSERT INTO occurrence ({_COLUMNS}, at) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constants
                "ON CONFLICT (schedule, due_at) DO NOTHING",
                [due.schedule, due.due_at, due.session, due.state, due.run_id, due.note, utc_now()],
            )

    def move(self, due: Occurrence, state: str, **changes: Any) -> Occurrence | None:
        """Move an occurrence on from the state it was read in and return it; None if somebody else did.

        Parameters
        ----------
        changes
            ``run_id`` and ``note``, where they change.
        """
        moved = replace(due, state=state, **changes)
        with self._transaction():
            sql = "SELECT 1 FROM occurrence WHERE schedule = ? AND due_at = ? AND state = ?"
            if not list(self._execute(sql, [due.schedule, due.due_at, due.state])):
                return None
            self._execute(
                "UPDATE occurrence SET state = ?, run_id = ?, note = ? WHERE schedule = ? AND due_at = ?",
                [state, moved.run_id, moved.note, due.schedule, due.due_at],
            )
        return moved

    def open_occurrences(self) -> list[Occurrence]:
        """Return what is not over of all schedules, oldest first; ranges have somebody who leads them."""
        return self._occurrences(_OPEN_ONES, OPEN)

    def each_open_occurrence(self) -> list[Occurrence | DamagedRow]:
        """Return the same; one whose row is not what was written hides none of the others."""
        try:
            return [*self.open_occurrences()]
        except JournalError:
            return self._row_by_row(
                _COLUMNS, "occurrence", _OPEN_ONES, OPEN, lambda row: sound(Occurrence(*row))
            )

    def occurrences(self, name: str, *, limit: int = 20) -> list[Occurrence]:
        """Return the last occurrences of a schedule, newest first."""
        return self._occurrences("WHERE schedule = ? ORDER BY due_at DESC LIMIT ?", [name, limit])

    def sessions_of(self, backfill_id: str) -> list[Occurrence]:
        """Return the sessions of a range, oldest first."""
        return self._occurrences("WHERE schedule = ? ORDER BY due_at", [backfill_id])

    def starters_of(self, run_id: str) -> list[str]:
        """Return the schedule or range that started a run, none where a person did."""
        return [row.schedule for row in self._occurrences("WHERE run_id = ?", [run_id])]

    def _occurrences(self, rest: str, values: Sequence[Any]) -> list[Occurrence]:
        rows = self._select(_COLUMNS, "occurrence", rest, values)
        with readable():
            return [sound(Occurrence(*row)) for row in rows]

    def count_states(self, table: str) -> dict[str, int]:
        """Return how many runs, schedules or due times of schedules are in each state."""
        where = f"WHERE {_OF_SCHEDULES}" if table == "occurrence" else ""
        return dict(self._select("state, COUNT(*)", table, f"{where} GROUP BY state"))
