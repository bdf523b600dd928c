"""The signature that is due: a reminder before its hour, and a deputy told after it.

A report is to be signed by the first ``[review] sign_by`` on a session day after it was made. Each is told once,
whoever looks at the clock: the scheduler, or ``afterclose deadman`` from cron.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import sha256
from core.journal import Journal, Run
from core.journal.faults import DAMAGED, JournalError
from core.notices.outgoing import Notice, deliver, notify
from core.notices.sending import Event
from core.registry.choosing import profiles_here
from core.registry.origins import finished_runs
from core.request.receivers import receivers_in
from core.request.settings import Settings
from core.review.aside import about_report, put_aside_here
from core.review.standing import Standing, standing
from core.runs.log import RunLog
from core.schedule.deadline import first_deadline
from core.seals.judged_journal import EditedMeanwhileError, JudgedJournal, judged_journal
from core.store.checkpoints import Slot, Store

DUE = ("draft", "in_review", "changes_requested", "stale")
"""States of a report that waits for a signature."""


@dataclass(frozen=True)
class DueSignature:
    """A report that waits for a signature: of which profile, the run that shows it, where it stands, and by when."""

    profile: str
    report: str
    run_id: str
    standing: Standing
    by: datetime


@dataclass(frozen=True)
class Unjudged:
    """A profile of which nobody can say whether a signature is due, and why."""

    profile: str
    why: str


def due_signatures(settings: Settings) -> Iterator[DueSignature | Unjudged]:
    """Yield the newest report of each profile that waits for a signature and has an hour, or that nobody can say so.

    Read-only. What was put aside waits for nobody.
    """
    journal = Journal.find(settings.data, settings.journal) if _may_have_hours(settings) else None
    if journal is None:
        return
    try:
        ledger = judged_journal(journal)
    except (JournalError, CheckpointError) as error:
        if getattr(error, "cause", DAMAGED) != DAMAGED:
            raise  # of no profile's own, and without it nobody can tell what was told before
        yield from (Unjudged(profile, str(error)) for profile in profiles_here(settings))
        return
    aside = put_aside_here(ledger)
    for profile in profiles_here(settings):
        try:
            due = _of_profile(settings, ledger, profile)
        except JournalError:
            raise  # of no profile's own, and without it nobody can tell what was told before
        except EditedMeanwhileError:
            continue  # somebody is at it: the next look says how it stands
        except AftercloseError as error:
            yield Unjudged(profile, str(error))
            continue
        if due is not None and about_report(profile, due.report, due.standing.state) not in aside:
            yield due


def _may_have_hours(settings: Settings) -> bool:
    """Return whether any profile has an hour; what a section at fault asks for nobody knows."""
    sections = [settings, *(settings.under(name) for name in settings.profiles)]
    return bool(settings.profile_faults) or any(section["review_sign_by"] for section in sections)


def _of_profile(settings: Settings, journal: JudgedJournal, profile: str) -> DueSignature | None:
    policy = settings.where_known(profile)
    hour, store = str(policy["review_sign_by"] or ""), Store(settings.data)
    runs = finished_runs(settings, profile) if hour else []
    newest = next((run for run in runs if store.meta(Slot("report", run.keys.get("report", "")))), None)
    if newest is None:
        return None
    key = newest.keys["report"]
    stands = standing(store, journal, key)
    if stands.state not in DUE:
        return None
    calendar = newest.request.get("calendar") or str(policy["calendar"])
    by = first_deadline(policy, hour, calendar, after=_made_at(runs, key))
    return DueSignature(profile, key, newest.run_id, stands, by) if by else None


def _made_at(runs: list[Run], key: str) -> datetime:
    """Return when a report was first there: a rerun that finds it moves no hour."""
    return min(datetime.fromisoformat(run.created_at) for run in runs if run.keys.get("report") == key)


def tell_people(settings: Settings, now: datetime, log: RunLog) -> None:
    """Send what waits in the queue of notices, then the reminders and escalations due at ``now``, each once."""
    if not receivers_in(settings):
        return
    try:
        for trouble in deliver(settings, now=now).values():
            log.write("notice_trouble", level="warning", reason=trouble)
        _remind(settings, now, log)
    except (AftercloseError, OSError) as error:  # a journal that cannot be written, an hour that is none
        log.write("notice_trouble", level="warning", reason=str(error))


def _remind(settings: Settings, now: datetime, log: RunLog) -> None:
    for notice in _notices(settings, now):
        trouble = notify(settings, notice)
        if trouble:
            log.write("notice_trouble", level="warning", reason=trouble)


def _notices(settings: Settings, now: datetime) -> Iterator[Notice]:
    early = timedelta(minutes=int(settings["review_remind_minutes"] or 0))
    for due in due_signatures(settings):
        if isinstance(due, Unjudged):
            yield from _of_unjudged(due)
            continue
        about, hour = {"run": due.run_id}, f"{due.by.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        waits = f"Report {due.report} of profile {due.profile} waits for a signature ({due.standing.reason})"
        once = f"{due.profile} {due.report} {due.by.isoformat()}"
        if now >= due.by:
            text = f"{waits}. It was due by {hour}."
            title = "Afterclose: a report was not signed in time"
            yield Notice("escalation", title, text, "report", about, f"escalation {once}", due.profile)
        elif now >= due.by - early:
            text = f"{waits}. It is due by {hour}."
            title = "Afterclose: a signature is due"
            yield Notice("reminder", title, text, "report", about, f"reminder {once}", due.profile)


def _of_unjudged(entry: Unjudged) -> Iterator[Notice]:
    """Yield that neither a reminder nor an escalation of a profile can come, each to whom it would have come, once."""
    text = f"Whether a signature of profile {entry.profile} is due cannot be said, so nobody is reminded: {entry.why}"
    title, once = (
        "Afterclose: no reminders of a profile",
        f"unjudged {entry.profile} {sha256(entry.why.encode())}",
    )
    events: tuple[Event, ...] = ("reminder", "escalation")
    for event in events:
        yield Notice(event, title, text, "profiles", once=f"{event} {once}", profile=entry.profile)
