"""What charts of prices show: coverage of an exchange's sessions by month, candles, marks of findings and repairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.prices.calendar import sessions_between
from core.report.formatting import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    Days = npt.NDArray[np.datetime64]
    from collections.abc import Iterable


def coverage(prices: pd.DataFrame, calendar: str) -> pd.DataFrame:
    """Return the share of sessions with a row, by ticker and month.

    Parameters
    ----------
    prices : pandas.DataFrame
        ``date`` and ``ticker``, one row per (date, ticker), in any order.
    calendar : str
        Exchange calendar. A row on a day without a session counts for nothing.

    Returns
    -------
    pandas.DataFrame
        Index ``ticker``, sorted; columns the months of the table as ``2013-03``. A share from 0 to 1 of
        the sessions between the ticker's first row and the table's last day; NaN before the ticker's
        first row and in a month without a session. So a ticker that ends early shows as zeros.

    Examples
    --------
    >>> rows = pd.DataFrame({"date": pd.to_datetime(["2024-01-30", "2024-02-02"]), "ticker": "A"})
    >>> coverage(rows, "24/7").round(3).to_dict("list")
    {'2024-01': [0.5], '2024-02': [0.5]}
    """
    if prices.empty:
        return pd.DataFrame(index=pd.Index([], name=col.TICKER))
    days = prices[col.DATE].to_numpy("datetime64[D]")
    sessions = sessions_between(calendar, days.min().item(), days.max().item())
    months, month_of_session = np.unique(sessions.astype("datetime64[M]"), return_inverse=True)
    codes, tickers = pd.factorize(prices[col.TICKER], sort=True)
    shape = (len(tickers), len(months))
    first = _first_days(days, codes, len(tickers))
    due = np.array([np.bincount(month_of_session[sessions >= day], minlength=len(months)) for day in first])
    counts = _rows_by_month(days, codes, sessions, months, shape)
    share = np.full(shape, np.nan)
    np.divide(counts, due, out=share, where=due > 0)
    return pd.DataFrame(share, pd.Index(tickers, name=col.TICKER), np.datetime_as_string(months).tolist())


def _first_days(days: Days, codes: npt.NDArray[np.int64], count: int) -> Days:
    first = np.full(count, days.max())
    np.minimum.at(first, codes, days)
    return first


def _rows_by_month(
    days: Days, codes: npt.NDArray[np.int64], sessions: Days, months: Days, shape: tuple[int, int]
) -> npt.NDArray[np.int64]:
    on_session = np.isin(days, sessions)
    month = np.searchsorted(months, days[on_session].astype("datetime64[M]"))
    cells = np.bincount(codes[on_session] * shape[1] + month, minlength=shape[0] * shape[1])
    return cells.reshape(shape)


def thinnest(shares: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the ``most`` tickers with the least coverage, sorted by name; all, if there are no more.

    Parameters
    ----------
    shares : pandas.DataFrame
        As :func:`coverage` gives it. NaN counts for nothing; equal means are taken in the order of names.
    """
    if len(shares) <= most:
        return shares
    return shares.loc[sorted(shares.mean(axis=1).sort_values(kind="stable").index[:most])]


def gaps(shares: pd.DataFrame) -> pd.DataFrame:
    """Return the months that miss sessions: ``ticker, month, share``, the emptiest first.

    Examples
    --------
    >>> gaps(pd.DataFrame({"2024-01": [0.5, 1.0], "2024-02": [0.25, np.nan]}, index=["A", "B"])).values.tolist()
    [['A', '2024-02', 0.25], ['A', '2024-01', 0.5]]
    """
    values = shares.to_numpy()
    ticker, month = np.nonzero(values < 1.0)
    by_month = pd.DataFrame(
        {"ticker": shares.index[ticker], "month": shares.columns[month], "share": values[ticker, month]}
    )
    return by_month.sort_values(["share", "ticker", "month"], ignore_index=True)


def coverage_finding(shares: pd.DataFrame, missing: pd.DataFrame) -> tuple[str, str]:
    """Return whether sessions are missing, in a few words and in a sentence that says where.

    Parameters
    ----------
    shares, missing : pandas.DataFrame
        As :func:`coverage` and :func:`gaps` give them.

    Examples
    --------
    >>> shares = pd.DataFrame({"2024-01": [0.5, 1.0], "2024-02": [0.25, np.nan]}, index=["A", "B"])
    >>> "".join(coverage_finding(shares, gaps(shares)))
    '2 months of 1 ticker miss sessions; most is missing of A in 2024-02: 75%.'
    >>> "".join(coverage_finding(shares[1:], gaps(shares[1:])))
    'No session is missing: 1 ticker has a row for every session from its first one on.'
    """
    if missing.empty:
        who = "1 ticker has" if len(shares) == 1 else f"each of {len(shares):,} tickers has"
        return "No session is missing", f": {who} a row for every session from its first one on."
    most = missing.iloc[0]
    several = missing[col.TICKER].nunique()
    verb = "misses" if len(missing) == 1 else "miss"
    return (
        f"{counted(len(missing), 'month')} of {counted(several, 'ticker')} {verb} sessions",
        f"; most is missing of {most[col.TICKER]} in {most['month']}: {1 - most['share']:.0%}.",
    )


LENGTHS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
"""What one candle may stand for, shortest first."""


def candles(prices: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Return the bars of one ticker as at most ``most`` candles, and what one stands for.

    Parameters
    ----------
    prices : pandas.DataFrame
        One ticker in date order: ``date``, ``open``, ``high``, ``low``, ``close``, ``volume``.
    most : int
        At least 1. The shortest length that gives no more candles is taken; years may exceed it.

    Returns
    -------
    pandas.DataFrame
        ``date`` (first session of the candle), first open, highest high, lowest low, last close, and
        the sum of volume; NaN is passed over.
    str
        ``day``, ``week``, ``month``, ``quarter`` or ``year``.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-04", "2024-01-05", "2024-01-08"])
    >>> bars = {"open": [1.0, 2.0, 3.0], "high": [5.0, 4.0, 6.0], "low": [0.5, 0.9, 2.0]}
    >>> frame = pd.DataFrame({"date": days, **bars, "close": [2.0, 3.0, 4.0], "volume": [10.0, 5.0, 7.0]})
    >>> found, length = candles(frame, 2)
    >>> length, found["close"].tolist(), found["high"].tolist(), found["volume"].tolist()
    ('week', [3.0, 4.0], [5.0, 6.0], [15.0, 7.0])
    """
    if len(prices) <= most:
        return prices[[col.DATE, *col.OHLC, col.VOLUME]], LENGTHS["D"]
    for code in list(LENGTHS)[1:]:
        periods = prices[col.DATE].dt.to_period(code)
        if periods.nunique() <= most:
            break
    together = prices.groupby(periods.to_numpy(), sort=True).agg(
        **{
            col.DATE: (col.DATE, "first"),
            col.OPEN: (col.OPEN, "first"),
            col.HIGH: (col.HIGH, "max"),
            col.LOW: (col.LOW, "min"),
            col.CLOSE: (col.CLOSE, "last"),
            col.VOLUME: (col.VOLUME, "sum"),
        }
    )
    return together.reset_index(drop=True), LENGTHS[code]


FINDING_COLUMNS = ("date", "price", "rule", "severity", "action")
REPAIR_COLUMNS = ("date", "price", "rule", "column", "what")


def finding_marks(
    findings: Iterable[Mapping[str, Any]], ticker: str, rows: pd.DataFrame, *, price: str = col.ADJ_CLOSE
) -> pd.DataFrame:
    """Return the findings about days of one ticker, each at a price of that day.

    Parameters
    ----------
    findings : iterable of mapping
        As in ``findings.json``. One without a ticker or a date has no place on a chart and is left out; one of several
        days stands at each of those that it names.
    ticker : str
    rows : pandas.DataFrame
        The ticker's ``date`` and ``price`` in date order. A finding about a day that has no row, as one that
        was removed, stands at the nearest row; NaN where there are no rows at all.
    price : str
        The column of ``rows`` whose line or bars the chart draws.

    Returns
    -------
    pandas.DataFrame
        ``date`` (datetime64), ``price``, ``rule``, ``severity``, ``action``, in date order.
    """
    entries = [
        (pd.Timestamp(str(day)), f["rule"], f["severity"], f["action"])
        for f in findings
        if f["ticker"] == ticker and f["date"]
        for day in f.get("dates") or [f["date"]]
    ]
    frame = pd.DataFrame(entries, columns=["date", "rule", "severity", "action"])
    frame["date"] = frame["date"].astype("datetime64[s]")
    frame = frame.sort_values("date", kind="stable")
    prices = rows[[col.DATE, price]].dropna().astype({col.DATE: "datetime64[s]"})
    nearest = pd.merge_asof(frame, prices, on=col.DATE, direction="nearest")
    return nearest.rename(columns={price: "price"})[list(FINDING_COLUMNS)]


def repair_marks(repairs: Iterable[Mapping[str, Any]], ticker: str) -> pd.DataFrame:
    """Return the repairs of one ticker, each at the close that was there: of a filled cell, at the new value.

    Parameters
    ----------
    repairs : iterable of mapping
        As in ``repairs.json``: a removed row has its values under ``before`` and null under ``after``, a
        filled cell has its number under ``after``.
    ticker : str

    Returns
    -------
    pandas.DataFrame
        ``date`` (datetime64), ``price`` (NaN where the close was missing, or another column was filled),
        ``rule``, ``column`` and ``what`` (``removed`` or ``filled``), in date order.
    """
    entries = [
        (
            pd.Timestamp(str(repair["date"])),
            _close_of(repair),
            repair["rule"],
            repair["column"],
            "removed" if repair["after"] is None else "filled",
        )
        for repair in repairs
        if repair["ticker"] == ticker
    ]
    frame = pd.DataFrame(entries, columns=list(REPAIR_COLUMNS))
    typed = frame.astype({"date": "datetime64[s]", "price": "float64"})
    return typed.sort_values("date", kind="stable", ignore_index=True)


def _close_of(repair: Mapping[str, Any]) -> float | None:
    before = repair["before"]
    value = before.get(col.CLOSE) if isinstance(before, Mapping) else None
    if value is None and repair["column"] == col.CLOSE:
        value = repair["after"]
    return float(value) if isinstance(value, int | float) else None
