"""Rules that hold rows against the exchange's calendar: missing sessions, rows on closed days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.prices.calendar import known_span, sessions_between
from core.prices.findings import Finding
from core.prices.panel import figure, sessions_of

if TYPE_CHECKING:
    from core.prices.panel import PricePanel
    from core.prices.row_order import Days, Flags, Whole


class ExchangeSessions(NamedTuple):
    """What all tickers together show of the calendar.

    Parameters
    ----------
    first, last : numpy.datetime64
        The days that the calendar knows and the table reaches.
    sessions, traded : ndarray of datetime64[D]
        All sessions between them, and those on which some ticker has a row.
    spacing : str
        ``weekly``, ``monthly`` or ``quarterly`` where the days of all rows are so far apart, else empty.
    began : numpy.datetime64
        The first day.
    """

    first: np.datetime64
    last: np.datetime64
    sessions: Days
    traded: Days
    spacing: str
    began: np.datetime64


_SPACINGS = {"weekly": (5, 9), "monthly": (26, 36), "quarterly": (85, 97)}
"""Days from one row to the next: a week that begins or ends with a holiday, the shortest and the longest month."""

_LEAST_ROWS = 6
_SHARE_ALIKE = 0.8


def spacing_of(days: Days) -> str:
    """Return ``weekly``, ``monthly`` or ``quarterly`` where days (ascending) are mostly so far apart, else empty.

    >>> spacing_of(np.arange("2022-01-07", "2022-06-01", 7, dtype="datetime64[D]"))
    'weekly'
    """
    if len(days) < _LEAST_ROWS:
        return ""
    gaps = np.diff(days).astype(np.int64)
    shares = {name: np.mean((gaps >= low) & (gaps <= high)) for name, (low, high) in _SPACINGS.items()}
    return next((name for name, share in shares.items() if share >= _SHARE_ALIKE), "")


def market_of(days: Days, calendar: str) -> ExchangeSessions | None:
    """Return the market behind sound days up to today (any order), None outside what the calendar knows."""
    if not len(days):
        return None
    span = known_span(calendar, days.min().item(), days.max().item())
    if span is None:
        return None
    sessions = sessions_between(calendar, *span)
    first, last = (np.datetime64(day, "D") for day in span)
    distinct = np.unique(days)
    traded = sessions[np.isin(sessions, distinct)]
    return ExchangeSessions(first, last, sessions, traded, spacing_of(distinct), distinct[0])


def nowhere_findings(market: ExchangeSessions | None, *, unjudged: bool) -> list[Finding]:
    """Return the sessions that no ticker has; none with a malformed date, which may be any of them.

    Of rows that are a week or more apart one finding says so: of their missing sessions there is nothing to get.
    """
    if market is None or unjudged:
        return []
    if market.spacing:
        return [_not_daily(None, str(market.began), market.spacing)]
    nowhere = np.setdiff1d(market.sessions, market.traded)
    return [Finding("missing_session_everywhere", date=str(day)) for day in nowhere]


def _not_daily(ticker: str | None, day: str, spacing: str) -> Finding:
    action = f"These rows are {spacing}: get the daily ones of this source. No setting makes {spacing} rows sessions."
    return Finding("not_daily", ticker, day, spacing, action=action)


def session_findings(
    panel: PricePanel,
    market: ExchangeSessions | None,
    *,
    calendar: str,
    largest_share: float,
    unjudged: Flags,
) -> list[Finding]:
    """Return each ticker's sessions without rows and rows without a session.

    Parameters
    ----------
    panel : PricePanel
        Rows with sound dates up to today.
    market : ExchangeSessions or None
        Of these and all other rows.
    calendar : str
        A name of ``exchange_calendars``; days outside what it knows are not judged.
    largest_share : float
        Largest share of a ticker's sessions, from its first to its last row, that may be missing.
    unjudged : ndarray of bool, shape (n_tickers,)
        Tickers with malformed dates: which of their sessions are missing cannot be known. With any of
        them, neither can it be known which sessions are missing everywhere.

    Notes
    -----
    A session missing for every ticker is reported once and counts for no single ticker.
    """
    if not len(panel) or market is None:
        return []
    inside = (panel.days >= market.first) & (panel.days <= market.last)
    open_day = np.isin(panel.days, market.sessions)
    return [
        *panel.grouped("non_session_row", inside & ~open_day, expected=f"rows on sessions of {calendar}"),
        *_gaps(panel.take(open_day & (panel.codes >= 0)), market.traded, largest_share, unjudged),
    ]


def _gaps(panel: PricePanel, traded: Days, largest_share: float, unjudged: Flags) -> list[Finding]:
    """Return each ticker's missing sessions, counted among the sessions that some ticker has."""
    if not len(panel):
        return []
    codes, first, last = _extent(panel)
    distinct = ~panel.follows | (panel.days != np.r_[panel.days[:1], panel.days[:-1]])
    present = panel.per_ticker(distinct)[codes]
    due = np.searchsorted(traded, panel.days[last], "right") - np.searchsorted(traded, panel.days[first])
    short = np.flatnonzero((present < due) & ~unjudged[codes])
    return [
        _gap(panel, traded, slice(int(first[i]), int(last[i]) + 1), int(due[i]), largest_share)
        for i in short.tolist()
    ]


def _extent(panel: PricePanel) -> tuple[Whole, Whole, Whole]:
    """Return the codes that have rows, and the first and last row of each."""
    codes, first = np.unique(panel.codes, return_index=True)
    return codes, first, np.r_[first[1:], len(panel)] - 1


def _gap(panel: PricePanel, traded: Days, rows: slice, due: int, largest_share: float) -> Finding:
    days = panel.days[rows]
    missing = np.setdiff1d(traded[(traded >= days[0]) & (traded <= days[-1])], days)
    ticker = panel.name(rows.start)[0]
    # the first row after each gap
    after = np.unique(np.searchsorted(days, missing))
    flagged = panel.rows[rows][after].tolist()
    sessions = sessions_of(missing)
    if len(missing) > largest_share * due:
        if spacing := spacing_of(np.unique(days)):
            return _not_daily(ticker, str(days[0]), spacing)
        expected = f"at most a share of {largest_share:g} of its {due} sessions without a row"
        share = figure(len(missing) / due)
        return Finding(
            "too_many_missing_sessions",
            ticker,
            str(missing[0]),
            share,
            expected,
            rows=flagged,
            sessions=sessions,
        )
    return Finding("missing_sessions", ticker, str(missing[0]), len(missing), rows=flagged, sessions=sessions)
