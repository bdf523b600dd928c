"""The hour by which a session's report is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.request.settings import Settings
from core.sources.closing import closes_between, zone_of

_BACK_DAYS = 31


@dataclass(frozen=True)
class Deadline:
    """The last moment (UTC) by which a report was due, the session it is about, and that session's close."""

    at: datetime
    session: date
    closed_at: datetime


def last_deadline(settings: Settings, now: datetime, calendar: str = "") -> Deadline | None:
    """Return the newest deadline that is past at ``now``, None if none is set.

    Deadlines are on session days of ``calendar`` (empty: ``[market] calendar``), at ``[schedule] deadline`` in
    ``[schedule] deadline_zone`` (empty: the exchange's own); each is about the last session closed by then.

    Raises
    ------
    ParameterError
        If the calendar is none.
    """
    text = str(settings["schedule_deadline"] or "")
    if not text:
        return None
    hour, calendar = time.fromisoformat(text), calendar or str(settings["calendar"])
    zone = _zone(settings, calendar)
    today = now.astimezone(zone).date()
    closes = closes_between(calendar, today - timedelta(days=_BACK_DAYS), today)
    for day, _ in reversed(closes):
        at = datetime.combine(day, hour, zone).astimezone(UTC)
        closed = [(session, close) for session, close in closes if close <= at]
        if at <= now and closed:
            return Deadline(at, *closed[-1])
    return None


def first_deadline(settings: Settings, text: str, calendar: str, *, after: datetime) -> datetime | None:
    """Return the first ``text`` (a time of day) on a session day after a moment (UTC); None where the calendar ends.

    In ``[schedule] deadline_zone``, as :func:`last_deadline`.

    Raises
    ------
    ParameterError
        If the calendar is none.
    """
    hour, zone = time.fromisoformat(text), _zone(settings, calendar)
    first = after.astimezone(zone).date()
    days = (day for day, _ in closes_between(calendar, first, first + timedelta(days=_BACK_DAYS)))
    moments = (datetime.combine(day, hour, zone).astimezone(UTC) for day in days)
    return next((at for at in moments if at > after), None)


def _zone(settings: Settings, calendar: str) -> ZoneInfo:
    name = str(settings["schedule_deadline_zone"] or "")
    return ZoneInfo(name) if name else zone_of(calendar)
