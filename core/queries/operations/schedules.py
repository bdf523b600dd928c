"""Schedules as they are shown: next times in local and exchange time, the last results, who watches."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from core.errors import AftercloseError
from core.journal.connection import DamagedRow
from core.journal.faults import DAMAGED
from core.journal.schedules import ACTIVE, Beat, Schedules
from core.queries.runs.progress import asked_for
from core.report.formatting import minute
from core.request.profiles import PROFILE, changed_settings
from core.request.settings import Settings
from core.review.makers import judge_meant
from core.schedule.definition import Schedule, damage, none_yet, schedule_named, whole_and_damaged
from core.schedule.scheduler import BEAT_S
from core.sources.closing import zone_of

COUNT = 5
"""Next times that are shown."""

PATIENCE_S = 15.0
"""A scheduler looks every five seconds: one that has just been started has left no sign of life yet."""

CRON_PATIENCE = timedelta(hours=1)
"""Whoever looks at the clock from cron does so at least this often, or as soon after something was due."""

NOBODY = "nobody watches; start the desk (make dashboard) or: afterclose scheduler"


def overview(settings: Settings, now: datetime, local: tzinfo | None = None) -> dict[str, Any]:
    """Return all schedules with their next times and last result, and who watches the clock."""
    journal = Schedules.find(settings.data, settings.journal)
    stored_schedules, damaged = whole_and_damaged(journal.each_schedule() if journal else ())
    beat = journal.last_beat() if journal else None
    looked = _looked_in_time(stored_schedules, beat, now)
    return {
        "schedules": [
            *(_entry(settings, journal, schedule, now, local) for schedule in stored_schedules if journal),
            *map(_damaged_entry, damaged),
        ],
        "scheduler": scheduler_state(beat, now, looked_in_time=looked),
        "watched": watched(beat, now),
        "looked_in_time": looked,
    }


def _looked_in_time(schedules: list[Schedule], beat: Beat | None, now: datetime) -> bool:
    """Return whether somebody looked at the clock since each active schedule was last due, as cron does."""
    if beat is None:
        return False
    at = datetime.fromisoformat(beat.at)
    if now - at < CRON_PATIENCE:
        return True
    active = [schedule for schedule in schedules if schedule.state == ACTIVE]
    try:
        return not any(schedule.timing.firings(at, now - CRON_PATIENCE) for schedule in active)
    except AftercloseError:
        return False  # said as that schedule's own trouble


def schedule_view(
    settings: Settings, name: str, now: datetime, local: tzinfo | None = None
) -> dict[str, Any]:
    """Return one schedule with its next times and its past.

    Raises
    ------
    ParameterError
        If there is no such schedule.
    """
    journal = Schedules.find(settings.data, settings.journal)
    if journal is None:
        raise none_yet()
    entry = _entry(settings, journal, schedule_named(journal, name), now, local)
    past = [asdict(due) for due in journal.occurrences(name)]
    return {**entry, "occurrences": past, "watched": watched(journal.last_beat(), now)}


def _entry(
    settings: Settings, journal: Schedules, schedule: Schedule, now: datetime, local: tzinfo | None
) -> dict[str, Any]:
    timing = schedule.timing
    wrong = trouble(settings, schedule)
    times = timing.upcoming(now, COUNT) if schedule.state == ACTIVE and wrong is None else []
    last = next(iter(journal.occurrences(schedule.name, limit=1)), None)
    exchange = zone_of(timing.calendar) if wrong is None else UTC
    return {
        "name": schedule.name,
        "state": schedule.state,
        "when": timing.text,
        "calendar": timing.calendar,
        "zone": timing.zone or str(exchange),
        "sessions_only": timing.sessions_only,
        "request": dict(schedule.request),
        "asks_for": asked_for(schedule.request),
        "trouble": wrong,
        "who": schedule.who,
        "next": [at.isoformat() for at in times],
        "next_local": [clock(at, local) for at in times],
        "next_exchange": [clock(at, exchange) for at in times],
        "last": f"{last.session or last.due_at[:16]} {last.state}" if last else None,
    }


def next_sentence(schedule: Schedule, now: datetime, local: tzinfo | None) -> str:
    """Return when a schedule would start its next run, in the zone ``local`` and the exchange's; empty where no time is
    set.
    """
    try:
        schedule.timing.check()
        times, exchange = schedule.timing.upcoming(now, 1), zone_of(schedule.timing.calendar)
    except AftercloseError:
        return ""  # said when it is set
    return (
        f"Next run: {clock(times[0], local)}, {clock(times[0], exchange)} at the exchange." if times else ""
    )


def _damaged_entry(row: DamagedRow) -> dict[str, Any]:
    """Return what is shown of a schedule that is not as it was written."""
    unknown = dict.fromkeys(("when", "calendar", "zone", "asks_for", "who"), "")
    no_times: dict[str, list[str]] = {"next": [], "next_local": [], "next_exchange": []}
    return {
        **unknown,
        **no_times,
        "name": row.name,
        "state": DAMAGED,
        "sessions_only": True,
        "request": {},
        "trouble": str(damage(row)),
        "last": None,
    }


def trouble(settings: Settings, schedule: Schedule) -> str | None:
    """Return why the schedule cannot run any more, None if it can.

    What was right when it was set need not stay so: a profile is removed from ``luigi.cfg``, a calendar from
    its library, and a profile without a section may stand for something else by now.
    """
    try:
        settings.under(schedule.request.get(PROFILE, ""))
        judge_meant(settings, f"schedule {schedule.name}", schedule.body())
        schedule.timing.check()
    except AftercloseError as error:
        return str(error)
    return None


def profile_rows(settings: Settings, name: str) -> list[tuple[str, str, str]]:
    """Return (parameter, value, default) of what a profile changes."""
    changes = changed_settings(settings.profiles[name], settings.defaults)
    return [(change.name, change.value, change.default) for change in changes]


def clock(at: datetime, zone: tzinfo | None) -> str:
    """Return a moment in a zone (None: this machine's) as ``Mon 2024-07-01 16:45 EDT``."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def watched(beat: Beat | None, now: datetime) -> bool:
    """Return whether a scheduler watches the clock as far as can be seen."""
    if beat is None:
        return False
    # a beat from the future is of a clock that was set back: whoever watches gives another one
    fresh = abs((now - datetime.fromisoformat(beat.at)).total_seconds()) < 3 * BEAT_S
    return fresh and beat.alive is not False


def may_still_come(missed_since: datetime, now: datetime) -> bool:
    """Return whether it is too early to say that nobody watches, as no sign was seen since ``missed_since``."""
    return (now - missed_since).total_seconds() < PATIENCE_S


def scheduler_state(beat: Beat | None, now: datetime, *, looked_in_time: bool = False) -> str:
    """Return in words who watches the clock."""
    if beat is not None and looked_in_time and not watched(beat, now):
        return f"last looked at {minute(beat.at)} on {beat.host}; nothing was due since"
    if beat is None or not watched(beat, now):
        last = f" (last seen {minute(beat.at)} on {beat.host})" if beat else ""
        return NOBODY + last
    return f"process {beat.process.pid} on {beat.host} watches"
