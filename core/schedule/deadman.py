"""The alarm for what did not happen: no verified report of a session by its hour.

It does not rest on the scheduler: ``afterclose deadman`` asks the same from cron, also on a machine where
nothing ever started. What counts is said by :mod:`core.schedule.freshness`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.schedules import Schedules
from core.notices.outgoing import Notice, notify
from core.request.settings import Settings
from core.runs.log import RunLog
from core.schedule.deadline import Deadline, last_deadline
from core.schedule.freshness import FRESH, NONE, Freshness, freshness


def tell_if_missing(
    settings: Settings, now: datetime, log: RunLog, *, profile: str = "", since: str | None = None
) -> list[Freshness]:
    """Tell once per profile and session that its report is missing; return how each profile stands that was asked.

    Parameters
    ----------
    profile : str
        Only this one; empty: those of the active schedules (see :func:`core.schedule.freshness.freshness`).
    since : str, optional
        Deadlines before this moment (UTC, ISO) are not told: there was nobody to meet them.
    """
    deadline = last_deadline(settings, now)
    rows = freshness(settings, now, profile)
    if deadline is None or (since is not None and deadline.at.isoformat() < since):
        return rows
    for row in rows:
        if row.state != FRESH:
            _tell_once(settings, row, deadline, log)
    return rows


def _tell_once(settings: Settings, row: Freshness, deadline: Deadline, log: RunLog) -> None:
    """Tell that a report is missing, unless it was told; it counts as told once the notice is on its way.

    What cannot be judged has no session of its own: it is told of the one whose report was due.
    """
    session = row.session or (None if row.state == NONE else deadline.session.isoformat())
    subject = f"no_report {row.profile} {session}"
    if _was_told(settings, subject):
        return
    title = f"No report of {session or 'any session'} in {row.profile}"
    text = f"{row.sentence} ({settings.data})"
    trouble = notify(
        settings, Notice("no_report", title, text, "profiles", once=subject, profile=row.profile)
    )
    facts = {"profile": row.profile, "session": row.session, "last_session": row.last_session}
    log.write("no_report", level="error", **facts, reason=row.sentence)
    if trouble:
        log.write("notice_trouble", level="warning", reason=trouble)
    with suppress(AftercloseError, OSError):  # where it cannot be kept that it was told, it is told again
        if Journal.exists(settings.data, settings.journal):
            Schedules(settings.data, settings.journal).raise_alarm(subject, row.sentence)


def _was_told(settings: Settings, subject: str) -> bool:
    try:
        journal = Schedules.find(settings.data, settings.journal)
        return journal is not None and journal.has_alarm(subject)
    except (AftercloseError, OSError):
        return False
