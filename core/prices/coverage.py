"""Coverage: which share of an exchange's sessions each ticker has rows for, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.prices.calendar import sessions_between

if TYPE_CHECKING:
    import numpy.typing as npt

    Days = npt.NDArray[np.datetime64]


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
    held = _rows_by_month(days, codes, sessions, months, shape)
    share = np.full(shape, np.nan)
    np.divide(held, due, out=share, where=due > 0)
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
    found = pd.DataFrame(
        {"ticker": shares.index[ticker], "month": shares.columns[month], "share": values[ticker, month]}
    )
    return found.sort_values(["share", "ticker", "month"], ignore_index=True)
