"""Rows of the journal as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.journal.cells import sound
from core.platform.processes import ProcessId

ACTIVE = ("queued", "running")
"""States of a run that is not over."""

EARLIER_NAMES = {"done": "succeeded"}
"""States of a stage as journals before 0002 have them, and what they are called now."""

PROCESS_GONE = "its process is gone"
SILENT = "its machine has given no sign of life for a minute"
"""Why a run is taken for interrupted that nobody ended: known on its own machine, or told by its silence."""

STARTER_GONE = "whoever started it was ended before it began"
"""Why a run is interrupted that no process ever led."""

REACHED = ("succeeded", "waiting")
"""States of a run that came to what it was to make."""

ENDED = (*REACHED, "failed", "busy", "cancelled", "interrupted")


def utc_now() -> str:
    """Return the present time in UTC, ISO with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Run:
    """One run, however it was started.

    Parameters
    ----------
    seq : int
        Order of creation: the clock may jump, this does not.
    run_id : str
        The run's name, also of its folder of logs.
    created_at, started_at, ended_at : str or None
        UTC, ISO.
    who, how : str
        The person or account, and the door: ``terminal``, ``desk`` or ``schedule``.
    request : mapping
        What was asked for, as text by parameter name.
    target : str
        The last stage wanted.
    keys : mapping
        Stage name -> checkpoint key, once planned.
    state : str
        queued, running, succeeded, waiting (for a person), failed, cancelled or interrupted (its
        process is gone).
    exit_code : int or None
    error : str or None
        The first error in one sentence.
    process : ProcessId or None
        Who leads the run.
    seconds : float or None
        How long it took by a clock that cannot be set, once it has ended; the times are UTC and for reading.
    profile : str
        The profile it belongs to; empty for a run older than profiles that has not been taken over yet.
    session : str or None
        Last session (ISO) that its report holds; None before there is one.
    """

    seq: int
    run_id: str
    created_at: str
    who: str
    how: str
    request: Mapping[str, str]
    target: str
    keys: Mapping[str, str]
    state: str
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    error: str | None
    host: str
    process: ProcessId | None
    seconds: float | None = None
    profile: str = ""
    session: str | None = None

    @property
    def active(self) -> bool:
        """Whether the run is not over."""
        return self.state in ACTIVE

    @property
    def has_report(self) -> bool:
        """Whether it finished with a report."""
        return self.state == "succeeded" and self.target == "report"

    def took_s(self, now: datetime | None = None) -> float | None:
        """Return how many seconds the run took, or has taken until ``now`` while it goes; None if that is unknown.

        A run without a measured length (of an earlier version, or one that nobody ended) has the difference of its
        times, unless that is below zero: the clock was set back meanwhile.
        """
        if self.seconds is not None:
            return self.seconds
        end_at = datetime.fromisoformat(self.ended_at) if self.ended_at else (now if self.active else None)
        if self.started_at is None or end_at is None:
            return None
        seconds = (end_at - datetime.fromisoformat(self.started_at)).total_seconds()
        return seconds if seconds >= 0 else None


RUN_COLUMNS = (
    "seq, run_id, created_at, who, how, request, target, keys, state, started_at, ended_at, exit_code, "
    "error, host, pid, pid_started, boot_id, profile, session, seconds"
)


def run_of(row: Sequence[Any]) -> Run:
    """Return the run of a row: the columns, and whether it has been silent for too long."""
    (seq, run_id, created_at, who, how, request, target, keys, state, started_at, ended_at, exit_code, error,
     host, pid, pid_started, boot_id, profile, session, seconds, silent) = row  # fmt: skip
    process = ProcessId(pid, pid_started, boot_id) if pid else None
    if state in ACTIVE:
        running = process.alive_on(host) if process else None
        if running is False or (running is None and silent):
            state, error = "interrupted", error or (SILENT if running is None else PROCESS_GONE)
    return sound(Run(
        seq, run_id, created_at, who, how, _request_of(request), target, json.loads(keys), state, started_at,
        ended_at, exit_code, error, host, process, seconds, profile or "", session,
    ))  # fmt: skip


def _request_of(text: str) -> Any:
    """Return what was asked for, from its JSON; what is no character in it is shown as a code.

    Earlier versions took the bytes of a file's name that are none, and whoever can write the database puts half of a
    pair there: no page and no file could hold either.
    """
    request = json.loads(text)
    if "\\ud" not in text.lower() or not isinstance(request, dict):
        return request
    return {
        _coded(name): _coded(value) if isinstance(value, str) else value for name, value in request.items()
    }


def _coded(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


@dataclass(frozen=True)
class Event:
    """A stage changed its state.

    ``queued``, ``reused``, ``started``, ``waiting``, ``retried``, ``retained``, ``quarantined``, ``confirmed``,
    ``succeeded``, ``failed``, ``busy``, and for a stage that was at work when its run ended ``cancelled`` or
    ``interrupted``.
    """

    seq: int
    run_id: str
    at: str
    stage: str
    state: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """A numbered version of the text that a person works on for one report."""

    report_key: str
    number: int
    at: str
    author: str
    text: str
