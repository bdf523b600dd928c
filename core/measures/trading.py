"""Returns, turnover and risk of a long-or-flat rule.

A call made after the close of session t earns the ticker's return from that close, or, filled at the next
open, from there; it is followed for as many sessions as the label looks ahead (:func:`positions`). A change of
position costs on the day it begins; rebalancing between tickers and the exit after the last row cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.metrics import THRESHOLD
from core.measures.portfolio import BASIS_POINT
from core.measures.risk import (
    SESSIONS_A_YEAR,
    annual_return,
    information_ratio,
    max_drawdown,
    volatility,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows
    from core.measures.portfolio import HoldingReturns


@dataclass(frozen=True, eq=False)
class Trading:
    """What a long or flat rule earned and moved, before costs.

    Parameters
    ----------
    gross : ndarray of float, shape (groups,)
        Mean over the date's tickers of position times next return; NaN where none has one.
    turnover : ndarray of float, shape (groups,)
        Mean over the date's tickers of the absolute change of position.
    change : float
        Mean absolute change of position over all rows with a next return.
    exposure : float
        Mean position over them.
    """

    gross: NDArray[np.float64]
    turnover: NDArray[np.float64]
    change: float
    exposure: float

    @property
    def turnover_a_year(self) -> float:
        """How many times a year a row's whole position changes."""
        return self.change * SESSIONS_A_YEAR

    def net(self, cost_bps: float) -> NDArray[np.float64]:
        """Return the return of each date after costs, shape (groups,)."""
        return self.gross - self.turnover * cost_bps * BASIS_POINT


def positions(rows: JudgedRows, probability: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return the share of a row's money that following the calls has in its ticker, shape (rows,).

    A call is followed for as long as the label looks ahead. Over one session that is 1 where called up, else 0.
    Over H sessions each session's call moves 1/H of the money, held for H sessions (Jegadeesh and Titman 1993,
    overlapping portfolios): the share is that of the ticker's last H calls that say up. Before a ticker's
    first call all is flat.

    Parameters
    ----------
    rows : JudgedRows
    probability : ndarray of float, shape (rows,)
        Called up where at least 0.5, not where below or NaN.
    """
    calls, sessions = probability >= THRESHOLD, rows.horizon_sessions
    if sessions == 1:
        return calls.astype(np.float32)  # 1 and 0 are exact in half the bytes
    ticker, order = rows.by_ticker
    counted = np.concatenate(([0], np.cumsum(calls[order], dtype=np.int64)))
    owner, place = ticker[order], np.arange(len(order))
    begins = np.append(True, owner[1:] != owner[:-1])[: len(order)]
    first = np.maximum.accumulate(np.where(begins, place, 0))
    oldest = np.maximum(place - sessions + 1, first)
    share = np.empty(len(order))
    share[order] = (counted[place + 1] - counted[oldest]) / sessions
    return share


def trading(rows: JudgedRows, following: NDArray[np.float64], position: NDArray[np.floating]) -> Trading:
    """Return what following ``position`` earned and moved, flat before each ticker's first row.

    Parameters
    ----------
    rows : JudgedRows
        The judged rows.
    following : ndarray of float, shape (rows,)
        Each row's next return; rows where it is NaN take no part.
    position : ndarray of float, shape (rows,)
        Share of the row's money that is in the ticker, such as 1 (long) or 0 (flat).
    """
    groups, has = len(rows.group_fold), ~np.isnan(following)
    change = changes(rows, has, position)
    tickers, gross, moved = np.zeros((3, groups))
    for part in rows.parts:
        own, group = has[part], rows.group[part][has[part]]
        # a group is of one fold alone: nothing is added to anything but 0
        tickers += np.bincount(group, minlength=groups)
        gross += np.bincount(group, weights=(position[part] * following[part])[own], minlength=groups)
        moved += np.bincount(group, weights=change[part][own], minlength=groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        gross, moved = gross / tickers, moved / tickers
    if not has.any():
        return Trading(gross, moved, np.nan, np.nan)
    changed, exposure = (float(values[has].mean(dtype=np.float64)) for values in (change, position))
    return Trading(gross, moved, changed, exposure)


def changes(rows: JudgedRows, has: NDArray[np.bool_], position: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return each row's absolute change from its ticker's row before that has a next return."""
    former = rows.former(has)
    change: NDArray[np.floating] = position[
        former
    ]  # and from then on in place: a large table has millions of rows
    change[former < 0] = 0
    np.subtract(position, change, out=change)
    np.abs(change, out=change)
    change[~has] = 0
    return change


def risk_of_rule(
    rule: Trading, holding: HoldingReturns, sessions: NDArray[np.int64], *, cost_bps: float
) -> dict[str, float]:
    """Return what following a rule put at risk after costs, and what it was worth beside holding.

    Parameters
    ----------
    rule : Trading
        What the rule earned and moved.
    holding : HoldingReturns
        Buying and holding the same tickers.
    sessions : ndarray of int, shape (groups,)
        Number of each judged date's session, as in ``holding``.
    cost_bps : float
        Cost of a change of position, in basis points.

    Returns
    -------
    dict of str to float
        ``volatility`` (a year), ``max_drawdown`` (at most 0), ``turnover`` (times a year), ``exposure``
        (mean position), ``excess_return`` (a year, over holding) and ``information_ratio`` (on the judged
        dates); NaN where undefined.
    """
    daily = rule.net(cost_bps)
    return {
        "volatility": volatility(daily),
        "max_drawdown": max_drawdown(daily),
        "turnover": rule.turnover_a_year,
        "exposure": rule.exposure,
        "excess_return": annual_return(daily) - annual_return(holding.daily),
        "information_ratio": information_ratio(daily, holding.on(sessions)),
    }


def next_open_returns(
    opened: NDArray[np.float64], factor: NDArray[np.float64], ticker: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what a position earns that is filled at the next open rather than at the close of the call.

    A call made after the close of row t is filled at the open of the ticker's row t + 1 and held to that of
    row t + 2.

    Parameters
    ----------
    opened : ndarray of float, shape (rows,)
        Opening prices as the source gives them, rows by (ticker, session).
    factor : ndarray of float, shape (rows,)
        Adjusted close over close of the row: opens are adjusted as the close of their day is.
    ticker : ndarray of int, shape (rows,)
        Number of each row's ticker.

    Returns
    -------
    ndarray of float, shape (rows,)
        Simple returns; NaN on a ticker's last two rows, and where an open is missing.

    Examples
    --------
    >>> opens, zeros = np.array([9.0, 10.0, 11.0, 5.0]), np.zeros(4, dtype=np.int64)
    >>> next_open_returns(opens, np.array([1.0, 1.0, 1.0, 2.0]), zeros).round(4).tolist()
    [0.1, -0.0909, nan, nan]
    """
    price, result = opened * factor, np.full(len(opened), np.nan)
    rows = np.flatnonzero(ticker[:-2] == ticker[2:])
    result[rows] = price[rows + 2] / price[rows + 1] - 1
    return result
