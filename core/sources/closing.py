"""When sessions close, and the last one that had closed at a moment: an unfinished day is never asked for.

``core.prices.calendar`` answers which days were sessions. This is about the time of day at which a
session ends, early closes included.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.errors import ParameterError
from core.prices.calendar import check_calendar, known_span

_BACK_DAYS = 45
"""The last closed session is looked for this far back; the longest closure since 1950 was under two weeks."""

_ANY_MONTH = ("2024-06-03", "2024-06-28")
"""Inside the bounds of every calendar; only asked for the zone."""

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


def closes_between(calendar: str, first: date, last: date) -> list[tuple[date, datetime]]:
    """Return each session from ``first`` to ``last`` (inclusive) with the moment of its close, in UTC.

    Early closes are as the exchange had or has them. Days that the calendar does not know are left out.

    Raises
    ------
    ParameterError
        If there is no such calendar.

    Examples
    --------
    >>> from datetime import date
    >>> [(str(day), f"{close:%H:%M}") for day, close in closes_between("XNYS", date(2024, 7, 3), date(2024, 7, 5))]
    [('2024-07-03', '17:00'), ('2024-07-05', '20:00')]
    """
    check_calendar(calendar)
    closes: list[tuple[date, datetime]] = []
    for year in range(first.year, last.year + 1):
        closes += [(day, at) for day, at in _closes_of(calendar, year) if first <= day <= last]
    return closes


@lru_cache(maxsize=64)
def _closes_of(calendar: str, year: int) -> tuple[tuple[date, datetime], ...]:
    import exchange_calendars

    span = known_span(calendar, date(year, 1, 1), date(year, 12, 31))
    if span is None:
        return ()
    with warnings.catch_warnings():
        # the library speaks to pandas in ways that pandas 3 announces to change: not our user's concern
        warnings.simplefilter("ignore")
        try:
            built = exchange_calendars.get_calendar(
                calendar, start=span[0].isoformat(), end=span[1].isoformat()
            )
        except exchange_calendars.errors.NoSessionsError:
            return ()
        closes = built.closes
    return tuple((day.date(), at.to_pydatetime().astimezone(UTC)) for day, at in closes.items())


@lru_cache(maxsize=16)
def zone_of(calendar: str) -> ZoneInfo:
    """Return the time zone in which the exchange lives.

    Raises
    ------
    ParameterError
        If there is no such calendar.
    """
    import exchange_calendars

    check_calendar(calendar)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        built = exchange_calendars.get_calendar(calendar, start=_ANY_MONTH[0], end=_ANY_MONTH[1])
    return ZoneInfo(str(built.tz))
