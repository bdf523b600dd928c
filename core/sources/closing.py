"""The last session that had closed at a moment: an unfinished day is never asked for. EDGE.

``core.prices.calendar`` answers which days were sessions. This is about the time of day at which a
session ends, early closes included.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta

from core.errors import ParameterError
from core.prices.calendar import check_calendar

_BACK_DAYS = 45
"""The last closed session is looked for this far back; the longest closure since 1950 was under two weeks."""

SURELY_CLOSED_DAYS = 2
"""A day this long ago (UTC) has closed in every time zone and calendar: no calendar need be built."""


def last_closed_session(calendar: str, now: datetime) -> date:
    """Return the last session of ``calendar`` that had closed at ``now``.

    Parameters
    ----------
    calendar : str
        A name of ``exchange_calendars``; a session of ``24/7`` closes at the next midnight UTC.
    now : datetime
        With its time zone.

    Raises
    ------
    ParameterError
        If there is no such calendar, or it does not know the present days.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> last_closed_session("XNYS", datetime(2024, 7, 3, 16, 59, tzinfo=UTC))  # closes at 17:00 UTC that day
    datetime.date(2024, 7, 2)
    >>> last_closed_session("XNYS", datetime(2024, 7, 5, 12, 0, tzinfo=UTC))
    datetime.date(2024, 7, 3)
    """
    import exchange_calendars

    check_calendar(calendar)
    today = now.astimezone(UTC).date()
    try:
        with warnings.catch_warnings():
            # the library speaks to pandas in ways that pandas 3 announces to change: not our user's concern
            warnings.simplefilter("ignore")
            built = exchange_calendars.get_calendar(
                calendar,
                start=(today - timedelta(days=_BACK_DAYS)).isoformat(),
                end=(today + timedelta(days=1)).isoformat(),
            )
            closes = built.closes
    except (NotImplementedError, ValueError) as error:
        raise ParameterError(
            f"calendar {calendar} does not know the days before {today} ({error})",
            expected="a calendar that knows the present days",
            remedy="Choose another calendar, a newer exchange_calendars, or pass --end.",
        ) from error
    closed = closes[closes <= now]
    if not len(closed):
        raise ParameterError(
            f"calendar {calendar} has no session that closed in the {_BACK_DAYS} days before {today}",
            expected="a calendar with recent sessions",
        )
    last: date = closed.index[-1].date()
    return last


def surely_closed(day: str, now: datetime) -> bool:
    """Return whether ``day`` (ISO) is over everywhere at ``now``, without asking any calendar."""
    return date.fromisoformat(day) <= now.astimezone(UTC).date() - timedelta(days=SURELY_CLOSED_DAYS)
