"""Every profile of a data root in one list: how it stands, what waits for a person, when it runs next."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.schedules import ACTIVE, Schedules
from core.queries.reports.listing import ReportEntry, newest_report
from core.registry.choosing import profiles_here
from core.request.settings import Settings
from core.review.approvals import approvals_by
from core.runs.profile import profile_of
from core.schedule.definition import Schedule, whole_and_damaged
from core.schedule.freshness import FAILED, URGENCY, Freshness, most_urgent, of_profile, watched


@dataclass(frozen=True)
class ProfileRow:
    """One profile.

    Parameters
    ----------
    profile : str
    state : str
        As :data:`core.schedule.freshness.STATES` has it.
    last_session : str or None
        The last session (ISO) that its newest verified report holds.
    session : str or None
        The session that should be there.
    behind : int or None
        Sessions between the two.
    verdict : str
        Of its newest report; empty without one.
    report : str
        Key of that report; empty without one.
    signature : str
        State of that report (:data:`core.review.standing.STATES`); empty without one.
    approvals : str
        How many of how many signatures, where more than one is asked for.
    run_id : str
        The run that made it.
    next_run : str or None
        When a schedule runs it next (UTC, ISO).
    schedules : tuple of str
        Names of its active schedules.
    fault : str
        What is wrong with its section of ``luigi.cfg``, or with what it rests on.
    """

    profile: str
    state: str
    last_session: str | None = None
    session: str | None = None
    behind: int | None = None
    verdict: str = ""
    report: str = ""
    signature: str = ""
    approvals: str = ""
    run_id: str = ""
    next_run: str | None = None
    schedules: tuple[str, ...] = ()
    fault: str = ""


def profile_list(settings: Settings, now: datetime) -> list[ProfileRow]:
    """Return the profiles of ``luigi.cfg`` and those that ran here, by urgency, then by name. Read-only.

    What is damaged in one is said in its row and leaves the others alone.
    """
    by_profile = _schedules(settings)
    stands = most_urgent(watched(settings, now))
    names = {*settings.profiles, *settings.profile_faults, *profiles_here(settings), *by_profile, *stands}
    journal = Journal.find(settings.data, settings.journal)
    rows = [
        _row(settings, journal, name, (stands.get(name), by_profile.get(name, [])), now) for name in names
    ]
    return sorted(rows, key=lambda row: (URGENCY.index(row.state), row.profile))


def next_runs(settings: Settings, now: datetime) -> dict[str, str]:
    """Return when a schedule starts the next run of a profile (UTC, ISO), by profile; none for one without."""
    times = {name: _next(schedules, now) for name, schedules in _schedules(settings).items()}
    return {name: at for name, at in times.items() if at}


def _schedules(settings: Settings) -> dict[str, list[Schedule]]:
    journal = Schedules.find(settings.data, settings.journal)
    by_profile: dict[str, list[Schedule]] = {}
    for schedule in whole_and_damaged(journal.each_schedule() if journal else ())[0]:
        name = ""
        with suppress(Exception):  # its profile was removed, or its file is none: its own row says so
            name = profile_of(schedule.request, settings)
        if name and schedule.state == ACTIVE:
            by_profile.setdefault(name, []).append(schedule)
    return by_profile


def _row(
    settings: Settings,
    journal: Journal | None,
    name: str,
    scheduled: tuple[Freshness | None, list[Schedule]],
    now: datetime,
) -> ProfileRow:
    stands, schedules = scheduled
    fault = settings.profile_faults.get(name)
    if fault is not None:
        return ProfileRow(name, FAILED, fault=str(fault))
    try:
        stands = stands or of_profile(settings, name, now)
        entry = newest_report(settings, name)
    except AftercloseError as error:
        return ProfileRow(name, FAILED, fault=str(error))
    return ProfileRow(
        name,
        stands.state,
        stands.last_session,
        stands.session,
        stands.behind,
        verdict=entry.verdict if entry else "",
        report=entry.report if entry else "",
        signature=entry.state if entry else "",
        approvals=_approvals(settings, journal, name, entry),
        run_id=entry.run_id if entry else "",
        next_run=_next(schedules, now),
        schedules=tuple(schedule.name for schedule in schedules),
        fault="" if stands.session or stands.state != FAILED else stands.sentence,
    )


def _approvals(settings: Settings, journal: Journal | None, name: str, entry: ReportEntry | None) -> str:
    return approvals_by([settings.policy_of(name)], journal, entry.report).sentence if entry else ""


def _next(schedules: Iterable[Schedule], now: datetime) -> str | None:
    times = [at for schedule in schedules for at in _upcoming(schedule, now)]
    return min(times).isoformat() if times else None


def _upcoming(schedule: Schedule, now: datetime) -> list[datetime]:
    try:
        return schedule.timing.upcoming(now, 1)
    except AftercloseError:  # its calendar went: said by schedules and doctor
        return []
