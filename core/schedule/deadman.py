"""The alarm for what did not happen: no verified report of a session by its hour.

It does not rest on the scheduler: ``afterclose deadman`` asks the same from cron, also on a machine where
nothing ever started. What counts is said by :mod:`core.schedule.freshness`.
"""

from __future__ import annotations

from datetime import datetime

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.schedules import Schedules
from core.request.settings import Settings
from core.runs.log import RunLog
from core.schedule.deadline import last_deadline
from core.schedule.freshness import FRESH, Freshness, freshness


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
        if row.state != FRESH and _first_time(settings, row):
            _tell(settings, row, log)
    return rows


def _tell(settings: Settings, row: Freshness, log: RunLog) -> None:
    from core.notices.outgoing import Notice, notify

    facts = {"profile": row.profile, "session": row.session, "last_session": row.last_session}
    log.write("no_report", level="error", **facts, reason=row.sentence)
    text = f"{row.sentence} ({settings.data})"
    title = f"No report of {row.session or 'any session'} in {row.profile}"
    trouble = notify(settings, Notice("no_report", title, text, "profiles", profile=row.profile))
    if trouble:
        log.write("notice_trouble", level="warning", reason=trouble)


def _first_time(settings: Settings, row: Freshness) -> bool:
    """Return whether this was not told before; where that cannot be known it is told again."""
    if not Journal.exists(settings.data, settings.journal):
        return True
    try:
        journal = Schedules(settings.data, settings.journal)
        return journal.raise_alarm(f"no_report {row.profile} {row.session}", row.sentence)
    except (AftercloseError, OSError):
        return True
