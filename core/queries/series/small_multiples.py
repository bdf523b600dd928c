"""Every ticker's prices over the same sessions, in as few points as a small picture shows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 160


@dataclass(frozen=True)
class SmallMultiple:
    """One ticker: its days (ISO) and adjusted closes, the last close, and how far it moved over the sessions shown.

    ``last`` is None and ``change`` 0 for a ticker without a close there.
    """

    ticker: str
    days: list[str]
    closes: list[float | None]
    last: float | None
    change: float


def small_multiples(prices: pd.DataFrame, sessions: int | None) -> list[SmallMultiple]:
    """Return each ticker over the last ``sessions`` days that the table has, or all, sorted by name.

    Parameters
    ----------
    prices : pandas.DataFrame
        ``date``, ``ticker`` and ``adj_close``, in any order. A ticker without a row in that time is left out.
    sessions : int or None
        Days with a row of any ticker.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"])
    >>> rows = pd.DataFrame({"date": days, "ticker": "A", "adj_close": [8.0, 10.0, 12.0]})
    >>> [(each.days, each.last, round(each.change, 6)) for each in small_multiples(rows, 2)]
    [(['2024-01-03', '2024-01-04'], 12.0, 0.2)]
    """
    every = np.unique(prices[col.DATE].to_numpy("datetime64[D]"))
    if sessions is not None and len(every) > sessions:
        prices = prices[prices[col.DATE] >= every[-sessions]]
    return [
        _of(str(ticker), rows.sort_values(col.DATE)) for ticker, rows in prices.groupby(col.TICKER, sort=True)
    ]


def rings(days: Sequence[str], about: Iterable[str]) -> list[bool]:
    """Return which of the days drawn, in order, stand for a day that something is about: the last drawn up to it.

    A day before the first or after the last that is drawn is left out.

    >>> rings(["2024-01-02", "2024-01-09", "2024-01-16"], ["2024-01-11", "2024-01-16", "2023-12-29"])
    [False, True, True]
    """
    places = {bisect_right(days, day) - 1 for day in about if days and days[0] <= day <= days[-1]}
    return [place in places for place in range(len(days))]


def _of(ticker: str, rows: pd.DataFrame) -> SmallMultiple:
    values = rows[col.ADJ_CLOSE].to_numpy("float64")
    there = values[~np.isnan(values)]
    places = np.unique(np.linspace(0, len(values) - 1, min(MOST_POINTS, len(values))).round().astype(int))
    days = np.datetime_as_string(rows[col.DATE].to_numpy("datetime64[D]")[places]).tolist()
    closes = [None if value != value else value for value in values[places].tolist()]
    last = float(there[-1]) if len(there) else None
    return SmallMultiple(ticker, days, closes, last, float(there[-1] / there[0] - 1) if len(there) else 0.0)
