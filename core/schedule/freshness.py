"""Whether a profile's newest verified report holds the session that it should: one definition for everybody who asks.

"A report for session S" holds rows of S. What a file, the sample or a live source ends with is no excuse: a file that
did not change is stale. ``deadman``, ``doctor``, the Overview, notices, metrics and ``afterclose reports`` ask here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.errors import AftercloseError
from core.journal import Run
from core.journal.faults import DAMAGED, JournalError
from core.journal.schedules import ACTIVE, Schedules
from core.prices.calendar import sessions_between
from core.registry.choosing import default_profile, profiles_here
from core.registry.origins import finished_runs, runs_of, session_of_run
from core.report.formatting import counted
from core.request.known_profiles import KnownProfiles
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.runs.profile import NotAskedError, profile_of
from core.schedule.deadline import last_deadline
from core.schedule.definition import Schedule, whole_and_damaged
from core.schedule.timing import ARRIVAL, FURTHEST_BACK, LOOK_BACK_DAYS
from core.sources import MOVING
from core.sources.closing import closes_between
from core.store.checkpoints import Slot, Store

FRESH, LATE, STALE, NO_DATA, FAILED, NONE = "fresh", "late", "stale", "no data", "failed", "none"
STATES = (FRESH, LATE, STALE, NO_DATA, FAILED, NONE)

URGENCY = (FAILED, *(state for state in STATES if state not in (FAILED, NONE, FRESH)), NONE, FRESH)
"""States in the order in which they are looked at: what is well comes last."""

WORDS = {
    FRESH: "the session that is due has a verified report",
    LATE: "no run for it has ended yet",
    STALE: "a run ended, and what it read holds no later session",
    NO_DATA: "the source was asked, and has no row of it",
    FAILED: "the newest run for it came to nothing",
    NONE: "there is no report at all",
}

_BACK_DAYS = 31
_FURTHER_BACK = (timedelta(days=LOOK_BACK_DAYS), timedelta(days=400), FURTHEST_BACK)
"""So far back a schedule's last time is looked for where the last month has none, a step each: each year has a calendar
built."""

_CAME_TO_NOTHING = ("failed", "busy", "interrupted", "cancelled")


@dataclass(frozen=True)
class Freshness:
    """How a profile stands.

    Parameters
    ----------
    profile : str
    schedule : str or None
        The schedule that makes its reports, None without one.
    session : str or None
        The session (ISO) that should be there: the last one that had closed when a report was last due. None where
        none was due yet, or the calendar knows none.
    state : str
        One of :data:`STATES`.
    last_session : str or None
        The last session that its newest verified report holds.
    behind : int or None
        Sessions after that one up to ``session``; None where it is not known.
    """

    profile: str
    schedule: str | None
    session: str | None
    state: str
    last_session: str | None
    behind: int | None

    @property
    def sentence(self) -> str:
        """The same for a person."""
        holds = (
            f"its newest verified report ends with {self.last_session}" if self.last_session else WORDS[NONE]
        )
        behind = f", {counted(self.behind, 'session')} behind" if self.behind else ""
        why = "" if self.state == NONE else f": {WORDS[self.state]}"
        if self.session is None and self.state == FAILED and self.schedule is None:
            return f"profile {self.profile} cannot be judged: see afterclose plan --profile {self.profile}"
        if self.session is None and self.state == FAILED:
            return f"schedule {self.schedule} cannot run: see afterclose schedules show {self.schedule}"
        if self.session is None and self.state == FRESH:
            return f"no session is due in profile {self.profile} yet; {holds}"
        if self.state == FRESH:
            return f"profile {self.profile} has a verified report of session {self.session}"
        which = f" of session {self.session}" if self.session else ""
        return f"no verified report{which} in profile {self.profile}{why}; {holds}{behind}"


def watched(settings: Settings, now: datetime) -> list[Freshness]:
    """Return how the profile of each active schedule stands, by schedule; a schedule that cannot run has failed."""
    journal = Schedules.find(settings.data, settings.journal)
    if journal is None:
        return []
    schedules, damaged = whole_and_damaged(journal.each_schedule())
    cannot_run = [Freshness(row.name, row.name, None, FAILED, None, None) for row in damaged]
    active = [schedule for schedule in schedules if schedule.state == ACTIVE]
    return [*(_of_schedule(settings, schedule, now) for schedule in active), *cannot_run]


def freshness(settings: Settings, now: datetime, profile: str = "") -> list[Freshness]:
    """Return how each watched profile stands, or the one named, whether a schedule makes its reports or not.

    Without an active schedule every profile counts that ran within a month (a run by default, where nothing ever ran):
    whoever starts runs from cron has no schedule and asks all the same.
    """
    rows = watched(settings, now)
    if profile:
        own = [row for row in rows if row.profile == profile]
        return own or [of_profile(settings, profile, now)]
    return rows or [_of_one(settings, name, now) for name in _at_work(settings, now)]


def freshness_of(settings: Settings, now: datetime, profile: str) -> Freshness:
    """Return how one profile stands: of its several schedules as the one that needs somebody first says."""
    return most_urgent(freshness(settings, now, profile))[profile]


def most_urgent(rows: Iterable[Freshness]) -> dict[str, Freshness]:
    """Return of each profile the row that needs somebody first, by profile; of two alike that of the later session."""
    first: dict[str, Freshness] = {}
    latest = sorted(rows, key=lambda row: row.session or "", reverse=True)
    for row in sorted(latest, key=lambda row: URGENCY.index(row.state)):
        first.setdefault(row.profile, row)
    return first


def _of_one(settings: Settings, profile: str, now: datetime) -> Freshness:
    """Return how one of several profiles stands; one whose section is at fault keeps no alarm of another."""
    try:
        return of_profile(settings, profile, now)
    except Exception as error:  # noqa: BLE001 - as of a schedule
        _raise_unless_its_own(error)
        return Freshness(profile, None, None, FAILED, None, None)


def of_profile(settings: Settings, profile: str, now: datetime) -> Freshness:
    """Return how a profile stands that no schedule watches."""
    under = settings.where_known(profile)
    newest = next(runs_of(settings, profile), None)
    calendar = (newest.request.get("calendar") if newest else "") or str(under["calendar"])
    source = (newest.request.get("source") if newest else "") or _source(settings, profile)
    return _standing(settings, profile, None, _due(under, calendar, now), source=source, calendar=calendar)


def _of_schedule(settings: Settings, schedule: Schedule, now: datetime) -> Freshness:
    try:
        profile = profile_of(schedule.request, settings)
        under, calendar = settings.where_known(profile), schedule.timing.calendar
        due = _due(under, calendar, now, schedule)
        source = schedule.request.get("source") or _source(settings, profile)
        return _standing(settings, profile, schedule.name, due, source=source, calendar=calendar)
    except NotAskedError:  # of an address that no run of it has read yet
        due = _due(settings, schedule.timing.calendar, now, schedule)
        session = due.session.isoformat() if due else None
        return Freshness(schedule.name, schedule.name, session, NONE, None, None)
    except Exception as error:  # noqa: BLE001 - whatever one schedule comes to, the others keep their alarm
        _raise_unless_its_own(error)
        # its profile was removed, or its calendar, its file is none or its run's row: schedules and doctor say which
        name = schedule.request.get(PROFILE) or schedule.name
        return Freshness(name, schedule.name, None, FAILED, None, None)


def _raise_unless_its_own(error: Exception) -> None:
    """Raise an error of the journal as a whole: a database that is away is no profile's own fault."""
    if isinstance(error, JournalError) and error.cause != DAMAGED:
        raise error


def _source(settings: Settings, profile: str) -> str:
    entry = KnownProfiles(settings.data).entry(profile)
    if entry is not None:
        return entry.question.source
    under = settings.where_known(profile)
    return str(under["source"])


def _at_work(settings: Settings, now: datetime) -> list[str]:
    since = (now - timedelta(days=_BACK_DAYS)).isoformat()
    names = [
        name
        for name in profiles_here(settings)
        if any(run.created_at >= since for run in finished_runs(settings, name)[:1])
    ]
    return names or [default_profile(settings)]


@dataclass(frozen=True)
class _Due:
    """The session that a report should hold, and when it closed."""

    session: date
    closed_at: datetime


def _due(settings: Settings, calendar: str, now: datetime, schedule: Schedule | None = None) -> _Due | None:
    """Return what is due: the last session closed by the last deadline, and by the schedule's last time.

    Nothing is where a schedule has had no time yet.
    """
    limits = [now]
    deadline = last_deadline(settings, now, calendar)
    if deadline is not None:
        limits.append(deadline.at)
    if schedule is not None and schedule.timing.text != ARRIVAL:
        last = _last_time(schedule, now)
        if last is None:
            return None
        limits.append(last)
    until = min(limits).astimezone(UTC)
    first = until.date() - timedelta(days=_BACK_DAYS)
    closes = closes_between(calendar, first, until.date() + timedelta(days=1))
    closed = [(day, at) for day, at in closes if at <= until]
    return _Due(*closed[-1]) if closed else None


def _last_time(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the last time of a schedule: of the last month, else since it was set; None where there is none."""
    month = now - timedelta(days=_BACK_DAYS)
    set_at = schedule.set_at or month
    further = (min(month, max(set_at, now - back)) for back in _FURTHER_BACK)
    for after in dict.fromkeys((month, *further)):
        if times := list(schedule.timing.times(after, now)):
            return times[-1]
    return None


def _standing(
    settings: Settings, profile: str, schedule: str | None, due: _Due | None, *, source: str, calendar: str
) -> Freshness:
    newest = _newest_verified(settings, profile)
    last = session_of_run(settings, newest) if newest else None
    session = due.session.isoformat() if due else None
    # the sample ended in 2013, and never holds a session that has just closed
    ended = source == "sample" and bool(schedule or (newest and due))
    state = STALE if ended else _state(settings, profile, newest, last, due, live=source in MOVING)
    behind = sessions_behind(calendar, last, due.session) if last and due else None
    return Freshness(profile, schedule, session, state, last, behind)


def _state(
    settings: Settings, profile: str, newest: Run | None, last: str | None, due: _Due | None, *, live: bool
) -> str:
    if due is None:
        return FRESH if newest else NONE
    if last is not None and last >= due.session.isoformat():
        return FRESH
    latest = next((run for run in runs_of(settings, profile) if run.target == "report"), None)
    if latest is None:
        return NONE
    return _of_latest(latest, newest, last, due, live=live)


def _of_latest(latest: Run, newest: Run | None, last: str | None, due: _Due, *, live: bool) -> str:
    """Return why the session is not there, by the latest run and by the newest verified report."""
    if latest.created_at < due.closed_at.astimezone(UTC).isoformat(timespec="milliseconds"):
        return LATE if newest is None or _was_fresh(newest, last, due) else STALE
    if latest.active:
        return LATE
    if latest.state in _CAME_TO_NOTHING or newest is None:
        return FAILED
    return NO_DATA if live else STALE


def _was_fresh(newest: Run, last: str | None, due: _Due) -> bool:
    """Return whether a report held what could be had when it was made: a week covers every closure of an exchange."""
    created = datetime.fromisoformat(newest.created_at)
    return last is not None and last >= (min(created, due.closed_at) - timedelta(days=7)).date().isoformat()


def _newest_verified(settings: Settings, profile: str) -> Run | None:
    store = Store(settings.data)
    for run in finished_runs(settings, profile):
        slot = Slot("report", run.keys.get("report", ""))
        try:
            if store.meta(slot) is not None and store.damage(slot) is None:
                return run
        except AftercloseError:
            continue
    return None


def sessions_behind(calendar: str, last: str, session: date) -> int | None:
    """Return how many sessions come after ``last`` (ISO) up to ``session``; None where the calendar does not know."""
    try:
        return len(sessions_between(calendar, date.fromisoformat(last) + timedelta(days=1), session))
    except AftercloseError:
        return None
