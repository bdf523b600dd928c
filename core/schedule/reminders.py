"""The signature that is due: a reminder before its hour, and a deputy told after it.

A report is to be signed by the first ``[review] sign_by`` on a session day after it was made. Each is told once,
whoever looks at the clock: the scheduler, or ``afterclose deadman`` from cron.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
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
from core.review.standing import standing
from core.runs.log import RunLog
from core.schedule.deadline import first_deadline
from core.seals.judged_journal import EditedMeanwhileError, JudgedJournal, judged_journal
from core.store.checkpoints import Slot, Store

DUE = ("draft", "in_review", "changes_requested", "stale")
"""States of a report that waits for a signature."""


def reminders(settings: Settings, now: datetime) -> Iterator[Notice]:
    """Yield what people are to be told by ``now`` of the newest report of each profile. Read-only.

    A reminder or an escalation of one that waits for a signature and has an hour, or that nobody can say so. What was
    put aside waits for nobody.
    """
    journal = Journal.find(settings.data, settings.journal) if _may_have_hours(settings) else None
    if journal is None:
        return
    try:
        ledger = judged_journal(journal)
    except (JournalError, CheckpointError) as error:
        if getattr(error, "cause", DAMAGED) != DAMAGED:
            raise  # of no profile's own, and without it nobody can tell what was told before
        for profile in profiles_here(settings):
            yield from _of_unjudged(profile, str(error), now)
        return
    aside = put_aside_here(ledger)
    for profile in profiles_here(settings):
        try:
            yield from _of_profile(settings, ledger, profile, aside, now)
        except JournalError:
            raise  # of no profile's own, and without it nobody can tell what was told before
        except EditedMeanwhileError:
            continue  # somebody is at it: the next look says how it stands
        except AftercloseError as error:
            yield from _of_unjudged(profile, str(error), now)


def _may_have_hours(settings: Settings) -> bool:
    """Return whether any profile has an hour; what a section at fault asks for nobody knows."""
    sections = [settings, *(settings.under(name) for name in settings.profiles)]
    return bool(settings.profile_faults) or any(section["review_sign_by"] for section in sections)


def _of_profile(
    settings: Settings, ledger: JudgedJournal, profile: str, aside: Container[str], now: datetime
) -> Iterator[Notice]:
    policy = settings.where_known(profile)
    hour, store = str(policy["review_sign_by"] or ""), Store(settings.data)
    runs = finished_runs(settings, profile) if hour else []
    newest = next((run for run in runs if store.meta(Slot("report", run.keys.get("report", "")))), None)
    if newest is None:
        return
    key = newest.keys["report"]
    stands = standing(store, ledger, key)
    if stands.state not in DUE:
        return
    calendar = newest.request.get("calendar") or str(policy["calendar"])
    by = first_deadline(policy, hour, calendar, after=_made_at(runs, key))
    if by is not None and about_report(profile, key, stands.state) not in aside:
        early = timedelta(minutes=int(settings["review_remind_minutes"] or 0))
        waits = f"Report {key} of profile {profile} waits for a signature ({stands.reason})"
        day, about = f"{by.astimezone(UTC):%Y-%m-%d %H:%M} UTC", {"run": newest.run_id}
        once = f"{profile} {key} {by.isoformat()}"
        if now >= by:
            text = f"{waits}. It was due by {day}."
            title = "Afterclose: a report was not signed in time"
            yield Notice("escalation", title, text, "report", about, f"escalation {once}", profile)
        elif now >= by - early:
            text = f"{waits}. It is due by {day}."
            title = "Afterclose: a signature is due"
            yield Notice("reminder", title, text, "report", about, f"reminder {once}", profile)


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
    for notice in reminders(settings, now):
        trouble = notify(settings, notice)
        if trouble:
            log.write("notice_trouble", level="warning", reason=trouble)


def _of_unjudged(profile: str, why: str, now: datetime) -> Iterator[Notice]:
    """Yield that neither a reminder nor an escalation of a profile can come, each to whom it would have come, daily."""
    text = f"Whether a signature of profile {profile} is due cannot be said, so nobody is reminded: {why}"
    title, once = (
        "Afterclose: no reminders of a profile",
        f"unjudged {profile} {now.astimezone(UTC).date()} {sha256(why.encode())}",
    )
    events: tuple[Event, ...] = ("reminder", "escalation")
    for event in events:
        yield Notice(event, title, text, "profiles", once=f"{event} {once}", profile=profile)
