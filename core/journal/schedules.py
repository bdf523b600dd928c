"""Schedules in the journal: what they are, how far the clock was looked at, and by whom."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.journal.cells import sound
from core.journal.connection import DamagedRow
from core.journal.contents import definition_of
from core.journal.faults import JournalError, readable
from core.journal.occurrences import SKIPPED, STARTING, WAITING, Occurrence, Occurrences
from core.journal.runs_and_drafts import utc_now
from core.platform.processes import ProcessId

ACTIVE, PAUSED = "active", "paused"

_STORED = "name, body, state, since, seen, created_at, who"


@dataclass(frozen=True)
class Stored:
    """A schedule as the journal has it: name, definition, ``active`` or ``paused``, and how far it was looked at."""

    name: str
    body: Mapping[str, Any]
    state: str
    since: str
    settled: Mapping[str, Any]
    created_at: str
    who: str


@dataclass(frozen=True)
class Beat:
    """The scheduler that last looked at the clock."""

    host: str
    process: ProcessId
    at: str

    @property
    def alive(self) -> bool | None:
        """Whether it still runs; None if it is on another machine."""
        return self.process.alive_on(self.host)


class Schedules(Occurrences):
    """The journal with its tables of schedules and of who watches them."""

    # ---- schedules

    def add_schedule(self, name: str, body: Mapping[str, Any], *, who: str, since: str) -> bool:
        """Record a schedule and return True; False if there is one of that name."""
        with self._transaction():
            if list(self._execute("SELECT 1 FROM schedule WHERE name = ?", [name])):
                return False
            self._execute(
                "INSERT INTO schedule (name, body, state, since, seen, created_at, who) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [name, json.dumps(dict(body)), ACTIVE, since, "{}", utc_now(), who],
            )
        return True

    def schedules(self) -> list[Stored]:
        """Return all schedules by name."""
        rows = self._select(_STORED, "schedule", "ORDER BY name")
        with readable():
            return list(map(_stored, rows))

    def each_schedule(self) -> list[Stored | DamagedRow]:
        """Return all schedules by name; one whose row is not what was written hides none of the others."""
        try:
            return [*self.schedules()]
        except JournalError:
            return self._row_by_row(_STORED, "schedule", "ORDER BY name", (), _stored)

    def schedule(self, name: str) -> Stored | None:
        """Return one schedule, None if there is none that is whole."""
        whole = (each for each in self.each_schedule() if isinstance(each, Stored))
        return next((stored for stored in whole if stored.name == name), None)

    def set_state(self, name: str, state: str, *, since: str | None = None) -> None:
        """Pause or resume a schedule; ``since`` is from when on its times count."""
        with self._transaction():
            self._execute(
                "UPDATE schedule SET state = ?, since = COALESCE(?, since) WHERE name = ?",
                [state, since, name],
            )

    def change_schedule(
        self, name: str, body: Mapping[str, Any], *, who: str, since: str | None = None
    ) -> None:
        """Give a schedule another definition and maker; ``since`` is from when on its times count, if that changes.

        What was seen at its source is forgotten: the next look is what later ones are compared with.
        """
        with self._transaction():
            self._execute(
                "UPDATE schedule SET body = ?, who = ?, since = COALESCE(?, since), seen = ? WHERE name = ?",
                [json.dumps(dict(body)), who, since, "{}", name],
            )

    def remove_schedule(self, name: str, *, row: int | None = None) -> None:
        """Forget a schedule; what came of it stays on record, what was waiting is not run.

        Parameters
        ----------
        row : int, optional
            Of a damaged one, whose name may not be what it says.
        """
        with self._transaction():
            if row is None:
                self._execute("DELETE FROM schedule WHERE name = ?", [name])
            else:
                self._execute("DELETE FROM schedule WHERE rowid = ?", [row])
            self._execute(
                "UPDATE occurrence SET state = ?, note = ? WHERE schedule = ? AND state = ?",
                [SKIPPED, "the schedule was removed", name, WAITING],
            )

    def advance(
        self,
        name: str,
        occurrences: Iterable[Occurrence],
        *,
        since: str,
        until: str,
        settled: Mapping[str, Any] | None = None,
    ) -> bool:
        """Record what is due and that the schedule was looked at up to ``until``, in one step.

        Returns False and records nothing if somebody else moved the schedule on from ``since`` meanwhile, or
        paused or removed it.
        """
        with self._transaction():
            if not self._goes_on(name, since):
                return False
            self._add_all(occurrences)
            self._execute("UPDATE schedule SET since = ? WHERE name = ?", [until, name])
            if settled is not None:
                self._execute(
                    "UPDATE schedule SET seen = ? WHERE name = ?", [json.dumps(dict(settled)), name]
                )
        return True

    def _goes_on(self, name: str, since: str) -> bool:
        sql = "SELECT 1 FROM schedule WHERE name = ? AND since = ? AND state = ?"
        return bool(list(self._execute(sql, [name, since, ACTIVE])))

    def set_back(self, name: str, *, since: str, until: str, closed: str) -> None:
        """Record that the clock was ahead, and that a schedule was looked at up to ``until`` alone.

        What was due for sessions that have not closed yet will be due again: nothing could be made of them. Where a run
        was started all the same it stays on record with the schedule, as of ``until``; a session comes again once, so
        that a clock which goes back and forth starts no more, and what is just being started stays as it is.

        Parameters
        ----------
        closed : str
            The last session that has closed (ISO).
        """
        with self._transaction():
            if not self._goes_on(name, since):
                return
            sql = (
                "SELECT due_at, run_id FROM occurrence AS early WHERE schedule = ? AND due_at > ? AND state <> ? "
                "AND (session IS NULL OR session > ?) AND (run_id IS NULL OR NOT EXISTS ("
                "SELECT 1 FROM occurrence AS other WHERE other.schedule = early.schedule "
                "AND other.session = early.session AND other.run_id IS NOT NULL AND other.due_at <> early.due_at"
                ")) ORDER BY due_at"
            )
            ahead = list(self._execute(sql, [name, until, STARTING, closed]))
            for number, (due_at, run_id) in enumerate(ahead):
                if run_id is None:
                    sql, values = "DELETE FROM occurrence WHERE schedule = ? AND due_at = ?", [name, due_at]
                else:
                    moved = datetime.fromisoformat(until) - timedelta(milliseconds=len(ahead) - number)
                    sql = "UPDATE occurrence SET due_at = ? WHERE schedule = ? AND due_at = ?"
                    values = [moved.isoformat(timespec="milliseconds"), name, due_at]
                self._execute(sql, values)
            self._execute("UPDATE schedule SET since = ? WHERE name = ?", [until, name])

    # ---- the scheduler

    def beat(self, process: ProcessId, at: str) -> None:
        """Record that this process watches the clock, as of ``at``."""
        with self._transaction():
            self._execute("DELETE FROM scheduler WHERE id = 1", [])
            self._execute(
                "INSERT INTO scheduler (id, host, pid, pid_started, boot_id, beat_at) VALUES (1, ?, ?, ?, ?, ?)",
                [socket.gethostname(), process.pid, process.started_ticks, process.boot_id, at],
            )

    def last_beat(self) -> Beat | None:
        """Return who last watched the clock, None if nobody ever did."""
        rows = self._select("host, pid, pid_started, boot_id, beat_at", "scheduler")
        with readable():
            return next((sound(Beat(r[0], sound(ProcessId(*r[1:4])), r[4])) for r in rows), None)

    # ---- alarms

    def has_alarm(self, subject: str) -> bool:
        """Return whether an alarm is on record."""
        return bool(self._select("1", "alarm", "WHERE subject = ?", [subject]))

    def raise_alarm(self, subject: str, note: str) -> bool:
        """Record an alarm and return True; False if it was recorded before."""
        with self._transaction():
            if list(self._execute("SELECT 1 FROM alarm WHERE subject = ?", [subject])):
                return False
            self._execute(
                "INSERT INTO alarm (subject, at, note) VALUES (?, ?, ?)", [subject, utc_now(), note]
            )
        return True


def _stored(row: tuple[Any, ...]) -> Stored:
    name, body, state, since, settled, created_at, who = row
    if state not in (ACTIVE, PAUSED):
        raise ValueError(f"state of a schedule is {state!r}")
    return sound(Stored(name, definition_of(body), state, since, json.loads(settled), created_at, who))
