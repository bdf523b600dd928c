"""Ranges of sessions that are filled in, in the journal; each session is an occurrence."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.journal import heartbeats
from core.journal.cells import sound
from core.journal.contents import definition_of
from core.journal.faults import readable
from core.journal.occurrences import Occurrence, Occurrences
from core.journal.runs_and_drafts import utc_now
from core.platform.processes import ProcessId

GOING, STOPPED, DONE = "going", "stopped", "done"

_COLUMNS = "backfill_id, body, state, created_at, ended_at, who, host, pid, pid_started, boot_id"


@dataclass(frozen=True)
class Backfill:
    """A range of sessions.

    Parameters
    ----------
    body : mapping
        ``first`` and ``last`` session (ISO, inclusive), ``request``, ``jobs`` and ``profile`` (ranges older than
        profiles have none).
    state : str
        ``going``, ``stopped`` (it can be resumed) or ``done``.
    """

    backfill_id: str
    body: Mapping[str, Any]
    state: str
    created_at: str
    ended_at: str | None
    who: str


class Backfills(Occurrences):
    """The journal with its tables of ranges."""

    def add_backfill(
        self, backfill_id: str, body: Mapping[str, Any], states: Mapping[str, str], *, who: str
    ) -> None:
        """Record a range with its sessions, each in a state."""
        with self._transaction():
            self._execute(
                "INSERT INTO backfill (backfill_id, body, state, created_at, who) VALUES (?, ?, ?, ?, ?)",
                [backfill_id, json.dumps(dict(body)), STOPPED, utc_now(), who],
            )
            self._add_all(
                Occurrence(backfill_id, session, session, state) for session, state in states.items()
            )

    def lead_backfill(self, backfill_id: str, process: ProcessId) -> None:
        """Record that a process is at work on a range."""
        with self._transaction():
            self._execute(
                "UPDATE backfill SET state = ?, host = ?, pid = ?, pid_started = ?, boot_id = ?, "
                "heartbeat_at = NULL WHERE backfill_id = ?",
                [
                    GOING,
                    socket.gethostname(),
                    process.pid,
                    process.started_ticks,
                    process.boot_id,
                    backfill_id,
                ],
            )
        self.beat_backfill(backfill_id)

    def beat_backfill(self, backfill_id: str) -> None:
        """Record that the process at work on a range still is, for those who cannot ask it."""
        with self._transaction():
            self._execute(
                f"UPDATE backfill SET heartbeat_at = {heartbeats.now_of(self._database)} WHERE backfill_id = ?",  # noqa: S608 - constants
                [backfill_id],
            )

    def end_backfill(self, backfill_id: str, state: str) -> None:
        """Record that nobody is at work on a range any more: it is done, or stopped."""
        with self._transaction():
            self._execute(
                "UPDATE backfill SET state = ?, ended_at = ?, pid = NULL WHERE backfill_id = ?",
                [state, utc_now(), backfill_id],
            )

    def ask_to_stop(self, backfill_id: str) -> None:
        """Ask whoever is at work to start nothing more."""
        with self._transaction():
            self._execute(
                "UPDATE backfill SET state = ? WHERE backfill_id = ? AND state = ?",
                [STOPPED, backfill_id, GOING],
            )

    def backfills(self, *, limit: int = 20) -> list[Backfill]:
        """Return ranges, newest first."""
        rest = "ORDER BY seq DESC LIMIT ?"
        return self._backfills(rest, [limit])

    def backfill(self, backfill_id: str) -> Backfill | None:
        """Return one range, None if there is none."""
        return next(iter(self._backfills("WHERE backfill_id = ?", [backfill_id])), None)

    def _backfills(self, rest: str, values: Sequence[object]) -> list[Backfill]:
        columns = f"{_COLUMNS}, {heartbeats.column(self._database)}"
        rows = self._select(columns, "backfill", rest, values)
        with readable():
            return [_backfill(row) for row in rows]


def _backfill(row: tuple[Any, ...]) -> Backfill:
    backfill_id, body, state, created_at, ended_at, who, host, pid, started, boot, silent = row
    running = ProcessId(pid, started, boot).alive_on(host) if pid else False
    if state == GOING and (silent if running is None else not running):
        state = STOPPED
    return sound(Backfill(backfill_id, definition_of(body), state, created_at, ended_at, who))
