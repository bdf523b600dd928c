"""Returns without a model: buying and holding, and equal weights rebalanced daily.

Two baselines: bought once and held, and equal weights restored every session. Day t runs from the close of
session t to that of the next one; what is bought or changed at the close of t costs in day t, as a call
made after that close does. Returns are simple and of adjusted closes; cash earns nothing; the sale after
the last session costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

BASIS_POINT = 1e-4

ROWS_AT_ONCE = 1_000_000
"""Rows of whole tickers whose weights are in memory together."""


@dataclass(frozen=True, eq=False)
class PriceRows:
    """Rows of prices by ticker and session, those that are not judged included.

    Parameters
    ----------
    ticker : ndarray of int, shape (rows,)
        Number of the row's ticker; rows stand by (ticker, session).
    session : ndarray of int, shape (rows,)
        Number of the row's session in the calendar of all tickers, rising within a ticker.
    gain : ndarray of float, shape (rows,)
        Simple return since the ticker's row before; NaN on its first row.
    is_judged : ndarray of bool, shape (rows,)
        Whether a call made after this row is judged.
    """

    ticker: NDArray[np.int64]
    session: NDArray[np.int64]
    gain: NDArray[np.float64]
    is_judged: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HoldingReturns:
    """Daily returns of a portfolio that is held.

    Parameters
    ----------
    session : ndarray of int, shape (days,)
        Number of the session at whose close each day begins, without a hole.
    daily : ndarray of float, shape (days,)
        Simple return of each day after costs; 0 while all is cash.
    """

    session: NDArray[np.int64]
    daily: NDArray[np.float64]

    def on(self, sessions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the days that begin at these sessions, NaN where there is none."""
        place = sessions - self.session[0] if len(self.session) else np.full(len(sessions), -1)
        inside = (place >= 0) & (place < len(self.daily))
        result = np.full(len(sessions), np.nan)
        result[inside] = self.daily[place[inside]]
        return result


class Purchases:
    """What buying every judged ticker once and keeping it earned, added part by part: one part's prices are in memory.

    Each of the N judged tickers has a share of 1 / N of the money. It is cash until the close of the
    ticker's first judged session, buys there, pays ``cost_bps`` once and is held, through sessions that
    are not judged too, until the session after the last judged one. A session in which a ticker has no
    row leaves its value as it was.

    Parameters
    ----------
    first, last : int
        Number of the first and the last judged session, of all tickers.
    tickers : int
        How many of them are judged: each has this share of the money.
    cost_bps : float
        Cost of buying, in basis points of the money that buys.

    Examples
    --------
    One ticker doubles, then the other one is bought and stands still; the sum is 1, 1.5, 1.5:

    >>> rows = PriceRows(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2] * 2),
    ...     np.array([np.nan, 1.0, 0.0, np.nan, 9.0, 0.0]), np.array([True, True, False, False, True, False]))
    >>> purchases = Purchases(0, 1, 2, cost_bps=0)
    >>> purchases.add(rows)
    >>> purchases.returns().daily.tolist()
    [0.5, 0.0]
    """

    def __init__(self, first: int, last: int, tickers: int, cost_bps: float) -> None:
        self._first, self._closes = first, last - first + 2
        self._share, self._cost_share = 1 / tickers, cost_bps * BASIS_POINT
        self._change, self._cost = np.zeros(self._closes), np.zeros(self._closes)

    def add(self, prices: PriceRows) -> None:
        """Buy each ticker of these rows that has a judged one; a ticker comes in one part, whole."""
        calls = np.flatnonzero(prices.is_judged)
        tickers, bought = np.unique(prices.ticker[calls], return_index=True)
        ends = np.searchsorted(prices.ticker, tickers, side="right")
        for start, end in zip(calls[bought].tolist(), ends.tolist(), strict=True):
            days = prices.session[start:end] - self._first
            within = days < self._closes
            value = self._share * (1 - self._cost_share) * _growth(prices.gain[start:end][within])
            self._change[days[within][1:]] += np.diff(value)
            self._cost[days[0]] += self._share * self._cost_share

    def returns(self) -> HoldingReturns:
        """Return the daily returns of what has been bought."""
        # at each close before it buys: what came in by then, less what earlier purchases cost
        wealth = 1 + np.cumsum(self._change) - np.concatenate(([0.0], np.cumsum(self._cost)[:-1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            daily = wealth[1:] / wealth[:-1] - 1
        return HoldingReturns(np.arange(self._first, self._first + len(daily)), daily)


def _growth(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value of 1 at each row, from the first row's close on."""
    return np.concatenate(([1.0], np.cumprod(1 + gain[1:])))


def equal_weight_daily(
    rows: JudgedRows, following: NDArray[np.float64], *, cost_bps: float
) -> NDArray[np.float64]:
    """Return what holding all judged tickers at equal weights earned, rebalanced every session.

    Day t is the mean of its tickers' next returns, less ``cost_bps`` on the sum of |equal weight - weight
    drifted since the judged session before|: the whole of the money on the first day, a ticker that leaves
    or enters in full.

    Parameters
    ----------
    rows : JudgedRows
        The judged rows.
    following : ndarray of float, shape (rows,)
        Each row's next return; NaN: the ticker is not held that day.
    cost_bps : float
        Cost of what changes, in basis points.

    Returns
    -------
    ndarray of float, shape (groups,)
        NaN for a date on which no ticker has a next return.
    """
    groups = len(rows.group_fold)
    tickers, earned = np.zeros((2, groups))
    for part in rows.parts:
        has = ~np.isnan(following[part])
        # a group is of one fold alone: nothing is added to anything but 0
        tickers += np.bincount(rows.group[part][has], minlength=groups)
        earned += np.bincount(rows.group[part][has], weights=following[part][has], minlength=groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, equal = earned / tickers, 1 / tickers
    rebalanced = _rebalanced(rows, following, equal, mean)
    return np.where(tickers > 0, mean - rebalanced * cost_bps * BASIS_POINT, np.nan)


def _rebalanced(
    rows: JudgedRows, following: NDArray[np.float64], equal: NDArray[np.float64], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of the money that changes at each date."""
    # dates on which nobody has a next return are no dates: a weight drifts over them
    has_return = np.isfinite(equal)
    dates, place_of = np.flatnonzero(has_return), np.cumsum(has_return) - 1
    weight, average = equal[dates], mean[dates]
    come, move, leave = np.zeros((3, len(dates)))
    ticker, order = rows.by_ticker
    for part in _whole_tickers(ticker, order):
        own = order[part]
        own = own[~np.isnan(following[own])]
        place, owner = place_of[rows.group[own]], ticker[own]
        drifted = weight[place] * (1 + following[own]) / (1 + average[place])
        stays = np.zeros(len(own), dtype=bool)
        stays[:-1] = (owner[1:] == owner[:-1]) & (place[1:] == place[:-1] + 1)
        comes = np.ones(len(own), dtype=bool)
        comes[1:] = ~stays[:-1]
        after = place[np.flatnonzero(stays) + 1]
        leaves = np.flatnonzero(~stays & (place < len(dates) - 1))
        # one row after the other, as one pass over all tickers adds them
        np.add.at(come, place[comes], weight[place[comes]])
        np.add.at(move, after, np.abs(weight[after] - drifted[stays]))
        np.add.at(leave, place[leaves] + 1, drifted[leaves])
    result = np.zeros(len(equal))
    result[dates] = come + move + leave
    return result


def _whole_tickers(ticker: NDArray[np.integer], order: NDArray[np.integer]) -> Iterator[slice]:
    """Yield slices of ``order``, which stands by ticker, of some :data:`ROWS_AT_ONCE` rows."""
    start = 0
    while start < len(order):
        stop = min(start + ROWS_AT_ONCE, len(order))
        while stop < len(order) and ticker[order[stop]] == ticker[order[stop - 1]]:
            stop += 1
        yield slice(start, stop)
        start = stop
