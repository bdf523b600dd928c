"""Which days an exchange was open, asked of ``exchange_calendars`` and nowhere else.

One small calendar per name is built and kept; its public ``day`` offset then gives the sessions of
any span. Building a whole calendar per span costs 0.2 s of CPU each time, the offset 0.5 ms.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.errors import DataError, ParameterError, nearest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Days = npt.NDArray[np.datetime64]

_WINDOW = ("2024-01-01", "2024-12-31")
"""The span of the small calendar: inside the bounds of every calendar (the tightest is 2021 to 2026)."""

EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)
"""Bounds where a calendar has none: before 1900 its rules thin out, after 2100 nothing is planned."""

_LONGEST_CLOSURE_DAYS = 30
"""The next session is looked for this far ahead; the longest closure since 1950 was under two weeks."""


@dataclass(frozen=True)
class Exchange:
    """An exchange's session rule.

    Parameters
    ----------
    name : str
        The calendar's name as given.
    day : object
        The pandas offset of one session.
    weekmask : str
        Seven digits from Monday: ``1`` is an ordinary weekday of the exchange.
    first, last : datetime.date
        The span that the calendar knows, inclusive.
    """

    name: str
    day: Any
    weekmask: str
    first: date
    last: date


def check_calendar(name: str) -> str:
    """Return ``name`` if ``exchange_calendars`` has a calendar of that name; none is built.

    Raises
    ------
    ParameterError
        With the nearest known name.
    """
    from exchange_calendars import get_calendar_names

    names = get_calendar_names(include_aliases=True)
    if name not in names:
        raise ParameterError(
            f"--calendar is {name!r}",
            expected="a calendar that exchange_calendars knows, such as XNYS, XLON or 24/7",
            remedy=(nearest(str(name), names) or "Take its exchange code (MIC).").strip(),
            parameter="calendar",
        )
    return name


@lru_cache(maxsize=16)
def exchange(name: str) -> Exchange:
    """Return the session rule of the calendar called ``name`` (built once per process).

    Raises
    ------
    ParameterError
        If there is no such calendar, or the installed ``exchange_calendars`` cannot build it.
    """
    import exchange_calendars

    check_calendar(name)
    try:
        with warnings.catch_warnings():
            # The library speaks to pandas in ways that pandas 3 announces to change: not our user's concern.
            warnings.simplefilter("ignore")
            built = exchange_calendars.get_calendar(name, start=_WINDOW[0], end=_WINDOW[1])
    except (NotImplementedError, ValueError) as error:
        raise ParameterError(
            f"--calendar is {name!r}, which the installed exchange_calendars cannot build ({error})",
            expected="a calendar that can be built, such as XNYS",
            remedy="Choose another calendar of the same trading days, or another version of the library.",
            parameter="calendar",
        ) from error
    low, high = type(built).bound_min(), type(built).bound_max()
    first = EARLIEST if low is None else max(EARLIEST, low.date())
    last = LATEST if high is None else min(LATEST, high.date())
    return Exchange(name, built.day, built.weekmask, first, last)


def known_span(calendar: str, first: date, last: date) -> tuple[date, date] | None:
    """Return the part of ``first`` to ``last`` (inclusive) that the calendar knows, None if no part.

    Raises
    ------
    ParameterError
        If there is no such calendar.
    """
    rule = exchange(calendar)
    low, high = max(first, rule.first), min(last, rule.last)
    return (low, high) if low <= high else None


def sessions_after(calendar: str, day: date, last: date) -> int | None:
    """Return how many sessions come after ``day`` up to ``last``; None where the calendar does not know both.

    >>> from datetime import date
    >>> sessions_after("XNYS", date(2024, 7, 2), date(2024, 7, 5))
    2
    """
    if last <= day:
        return 0
    try:
        return len(sessions_between(calendar, day + timedelta(days=1), last))
    except (ParameterError, DataError):
        return None


def sessions_between(calendar: str, first: date, last: date) -> Days:
    """Return the sessions from ``first`` to ``last``, both inclusive.

    Parameters
    ----------
    calendar : str
        A name of ``exchange_calendars``; ``24/7`` has a session every day.
    first, last : datetime.date
        Days in the exchange's own time zone.

    Returns
    -------
    numpy.ndarray of datetime64[D], shape (n_sessions,)
        Ascending; empty if there is no session in the span, or ``last`` is before ``first``.

    Raises
    ------
    ParameterError
        If there is no such calendar.
    DataError
        If the span leaves what the calendar knows.

    Examples
    --------
    >>> from datetime import date
    >>> [str(day) for day in sessions_between("XNYS", date(2001, 9, 10), date(2001, 9, 18))]
    ['2001-09-10', '2001-09-17', '2001-09-18']
    """
    import numpy as np
    import pandas as pd

    rule = exchange(calendar)
    if last < first:
        return np.array([], dtype="datetime64[D]")
    if first < rule.first or last > rule.last:
        raise DataError(
            f"the span {first} to {last} leaves what calendar {calendar} knows",
            expected=f"days from {rule.first} to {rule.last}",
            remedy="Choose another calendar, or a newer exchange_calendars.",
        )
    return pd.date_range(first, last, freq=rule.day).to_numpy("datetime64[D]")


def next_session(calendar: str, after: date) -> date:
    """Return the first session later than ``after``.

    Raises
    ------
    ParameterError
        If there is no such calendar.
    DataError
        If the calendar does not know the days after ``after``.

    Examples
    --------
    >>> from datetime import date
    >>> next_session("XNYS", date(2013, 3, 1))
    datetime.date(2013, 3, 4)
    """
    import numpy as np

    first = after + timedelta(days=1)
    span = known_span(calendar, first, after + timedelta(days=_LONGEST_CLOSURE_DAYS))
    if span is not None and span[0] == first:
        sessions = sessions_between(calendar, *span)
        if len(sessions):
            return date.fromisoformat(str(np.datetime_as_string(sessions[0])))
    rule = exchange(calendar)
    raise DataError(
        f"calendar {calendar} knows no session after {after}",
        expected=f"a day from {rule.first} to {rule.last}",
        remedy="Choose another calendar, or a newer exchange_calendars.",
    )


def session_numbers(calendar: str, days: Days) -> npt.NDArray[np.int64]:
    """Return how many sessions lie between the first of ``days`` and each of them.

    The difference of two numbers is the count of sessions after the one day up to and including the
    other. Outside what the calendar knows, the exchange's ordinary weekdays stand in for sessions.

    Parameters
    ----------
    calendar : str
        A name of ``exchange_calendars``.
    days : ndarray of datetime64[D], shape (n_rows,)
        In any order, no NaT.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
    """
    import numpy as np

    if not len(days):
        return np.zeros(0, dtype=np.int64)
    sessions = _sessions_or_weekdays(exchange(calendar), days.min().item(), days.max().item())
    return np.searchsorted(sessions, days, side="right").astype(np.int64)


def _sessions_or_weekdays(rule: Exchange, first: date, last: date) -> Days:
    import numpy as np

    parts = [
        _weekdays(rule, first, min(last, rule.first - timedelta(days=1))),
        sessions_between(rule.name, max(first, rule.first), min(last, rule.last)),
        _weekdays(rule, max(first, rule.last + timedelta(days=1)), last),
    ]
    return np.concatenate(parts)


def _weekdays(rule: Exchange, first: date, last: date) -> Days:
    import numpy as np

    every = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    return every[np.is_busday(every, weekmask=rule.weekmask)] if len(every) else every
