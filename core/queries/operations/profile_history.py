"""A profile over time: its last runs stage by stage, and what became of its last sessions. Read-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.journal.backfills import Backfills
from core.journal.occurrences import NO_DATA
from core.journal.runs_and_drafts import ACTIVE
from core.prices.calendar import sessions_between
from core.queries.runs.progress import StageView, stage_views
from core.registry.origins import PUBLISH, finished_runs, runs_of, session_of_run
from core.request.settings import Settings
from core.review.publication import state_of
from core.schedule.freshness import Freshness, freshness_of
from core.store.checkpoints import Slot, Store

MOST_RUNS, MOST_SESSIONS = 30, 60
"""Newest runs, and sessions, that are shown."""

NOT_MADE, RUNNING, FAILED = "not made", "running", "failed"
_SPAN_DAYS = 2 * MOST_SESSIONS
"""Days in which there are so many sessions on every exchange."""


@dataclass(frozen=True)
class PastRun:
    """A run with its stages and how long it took, in seconds."""

    run: Run
    stages: tuple[StageView, ...]
    took_s: float | None


@dataclass(frozen=True)
class SessionDay:
    """A session of the exchange.

    Parameters
    ----------
    session : str
        ISO.
    state : str
        State of its report (``published`` where it is), ``running``, ``failed``, ``no data`` or ``not made``.
    run_id : str
        The run behind it; empty where there is none.
    """

    session: str
    state: str
    run_id: str = ""


@dataclass(frozen=True)
class ProfileHistory:
    """The last runs of a profile, oldest first, and the sessions up to the newest that counts, in order.

    ``after`` is how many further sessions have closed since, where they are not shown: the data ended long ago.
    """

    runs: tuple[PastRun, ...]
    days: tuple[SessionDay, ...]
    after: int = 0


def history(
    settings: Settings, journal: Journal, profile: str, calendar: str, now: datetime
) -> ProfileHistory:
    """Return what became of a profile's last runs and sessions.

    Parameters
    ----------
    calendar : str
        The exchange calendar that its sessions follow.
    """
    several = list(islice((run for run in runs_of(settings, profile) if run.target != PUBLISH), 200))
    newest = several[:MOST_RUNS][::-1]
    events = journal.events_of([run.run_id for run in newest])
    runs = tuple(
        PastRun(run, tuple(stage_views(run, events[run.run_id], now)), run.took_s(now)) for run in newest
    )
    try:
        stands = freshness_of(settings, now, profile)
        days = last_days(settings, journal, profile, Reach(calendar, *_reach(stands), MOST_SESSIONS))
    except AftercloseError:  # its calendar is unknown: the card says so
        return ProfileHistory(runs, ())
    after = (stands.behind or 0) if days and days[-1].session == stands.last_session else 0
    return ProfileHistory(runs, days, after)


def _reach(stands: Freshness) -> tuple[str | None, str | None, int | None]:
    return stands.session, stands.last_session, stands.behind


@dataclass(frozen=True)
class Reach:
    """Which sessions are shown: of a calendar up to the one due, or to the last there is where data ended long ago.

    Parameters
    ----------
    calendar : str
    due, last : str or None
        The session (ISO) that should be there, and the last that is.
    behind : int or None
        Sessions between the two.
    most : int
        How many sessions.
    """

    calendar: str
    due: str | None
    last: str | None
    behind: int | None
    most: int


def last_days(settings: Settings, journal: Journal, profile: str, reach: Reach) -> tuple[SessionDay, ...]:
    """Return what became of a profile's last sessions, in order.

    Raises
    ------
    AftercloseError
        If the calendar is unknown.
    """
    end = _end(reach.due, reach.last, reach.behind)
    days = _sessions(reach.calendar, end)[-reach.most :] if end else []
    several = list(islice((run for run in runs_of(settings, profile) if run.target != PUBLISH), 200))
    states = _states(settings, journal, profile, several, days)
    return tuple(states.get(day, SessionDay(day, NOT_MADE)) for day in days)


def calendar_of(settings: Settings, profile: str) -> str:
    """Return the exchange calendar that a profile's newest run followed; without one that of its settings."""
    newest = next(iter(runs_of(settings, profile)), None)
    under = settings.where_known(profile)
    return (newest.request.get("calendar") if newest else "") or str(under["calendar"])


def _end(due: str | None, last: str | None, behind: int | None) -> str | None:
    """Return the last session shown: the one due, of data that ended long ago their own last one."""
    return last if last and (behind or 0) >= MOST_SESSIONS else (due or last)


def _sessions(calendar: str, end: str) -> list[str]:
    last = date.fromisoformat(end)
    days = sessions_between(calendar, last - timedelta(days=_SPAN_DAYS), last)
    return [str(day)[:10] for day in days][-MOST_SESSIONS:]


def _states(
    settings: Settings, journal: Journal, profile: str, several: list[Run], days: list[str]
) -> dict[str, SessionDay]:
    """Return what is known of sessions; what says more comes later and wins."""
    asked_for = set(days)
    states = {day.session: day for day in _without_data(settings, profile, asked_for)}
    for run in reversed(several):  # the newest wins
        session = run.session or run.request.get("end", "")
        if session in asked_for and run.state != "succeeded":
            state = RUNNING if run.state in ACTIVE else FAILED
            states[session] = SessionDay(session, state, run.run_id)
    for run in reversed(finished_runs(settings, profile)):
        session = session_of_run(settings, run) or ""
        if session in asked_for:
            states[session] = SessionDay(session, _report_state(settings, journal, run), run.run_id)
    return states


def _without_data(settings: Settings, profile: str, asked_for: set[str]) -> Iterator[SessionDay]:
    ranges = Backfills(settings.data, settings.journal, read_only=True)
    for each in reversed(ranges.backfills(limit=20)):
        if each.body.get("profile") == profile:
            for row in ranges.sessions_of(each.backfill_id):
                if row.state == NO_DATA and row.session in asked_for:
                    yield SessionDay(str(row.session), NO_DATA)


def _report_state(settings: Settings, journal: Journal, run: Run) -> str:
    key, store = run.keys.get("report", ""), Store(settings.data)
    try:
        if store.meta(Slot("report", key)) is None:
            return "missing"
        return state_of(settings.data, journal, key)
    except AftercloseError:
        return "damaged"
