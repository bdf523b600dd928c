"""Return and risk figures of a series of daily returns.

Conventions: simple returns, one per session, cash days (0) included; a year has
:data:`SESSIONS_A_YEAR` sessions; growth is geometric; deviations have one degree of freedom less
(ddof 1); the cash rate is 0. NaN (no return that session) is left out. Row t uses data up to t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SESSIONS_A_YEAR = 252
"""Sessions in a year of US exchanges; the usual factor of annualisation."""

SWEEP_BPS = (0.0, 5.0, 10.0, 20.0)
"""Costs at which a rule's return is shown beside the cost that was set."""

_NO_SPREAD = 1e-12
"""A deviation of daily returns below this is rounding."""

_HALVINGS = 200
"""Of the span in which the break-even cost lies: below the last digit of a float."""


def annual_return(daily: NDArray[np.float64]) -> float:
    """Return the compound growth a year: ``prod(1 + r) ** (252 / n) - 1``.

    NaN when there is no return, or a session lost everything or more.

    >>> round(annual_return(np.array([0.001, 0.001, np.nan])), 6)
    0.286434
    """
    present = daily[~np.isnan(daily)]
    if not len(present) or present.min() <= -1:
        return np.nan
    return float(np.expm1(np.log1p(present).mean() * SESSIONS_A_YEAR))


def volatility(daily: NDArray[np.float64]) -> float:
    """Return the standard deviation (ddof 1) times the root of 252; NaN below two returns.

    >>> round(volatility(np.array([0.01, 0.03])), 6)
    0.224499
    """
    present = daily[~np.isnan(daily)]
    return float(present.std(ddof=1) * SESSIONS_A_YEAR**0.5) if len(present) > 1 else np.nan


def sharpe(daily: NDArray[np.float64]) -> float:
    """Return mean over standard deviation (ddof 1), times the root of 252 (Sharpe 1994, cash rate 0).

    NaN where the returns do not vary.

    >>> round(sharpe(np.array([0.01, 0.03])), 6)
    22.449944
    """
    present = daily[~np.isnan(daily)]
    deviation = float(present.std(ddof=1)) if len(present) > 1 else 0.0
    return float(present.mean()) / deviation * SESSIONS_A_YEAR**0.5 if deviation > _NO_SPREAD else np.nan


def information_ratio(daily: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float:
    """Return the Sharpe ratio of the difference from a benchmark over the same sessions.

    >>> round(information_ratio(np.array([0.02, 0.03]), np.array([0.01, 0.0])), 6)
    22.449944
    """
    return sharpe(daily - benchmark)


def max_drawdown(daily: NDArray[np.float64]) -> float:
    """Return the deepest fall of wealth from its peak so far as a share, at most 0; wealth begins at 1.

    NaN without returns.

    >>> round(max_drawdown(np.array([-0.1, 0.5, -0.2])), 6)
    -0.2
    """
    present = daily[~np.isnan(daily)]
    if not len(present):
        return np.nan
    wealth = np.cumprod(1 + present)
    peak = np.maximum(np.maximum.accumulate(wealth), 1.0)
    return min(0.0, float((wealth / peak - 1).min()))


def rolling_sharpe(daily: NDArray[np.float64], sessions: int = SESSIONS_A_YEAR) -> NDArray[np.float64]:
    """Return the Sharpe ratio of the last ``sessions`` returns, NaN until there are so many.

    Parameters
    ----------
    daily : ndarray of float, shape (n,)
        Without NaN.
    sessions : int
        Length of the window, at least 2; row t's window ends with row t.

    Returns
    -------
    ndarray of float, shape (n,)

    Examples
    --------
    >>> rolling_sharpe(np.array([0.05, 0.01, 0.03]), 2).round(3).tolist()
    [nan, 16.837, 22.45]
    """
    result = np.full(len(daily), np.nan)
    if len(daily) < sessions:
        return result
    windows = np.lib.stride_tricks.sliding_window_view(daily, sessions)
    deviation = windows.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = windows.mean(axis=1) / deviation * SESSIONS_A_YEAR**0.5
    result[sessions - 1 :] = np.where(deviation > _NO_SPREAD, ratio, np.nan)
    return result


@dataclass(frozen=True)
class YearOfMonths:
    """One year of the monthly table.

    Parameters
    ----------
    year : int
    months : tuple of float or None, length 12
        Compound return of each calendar month, January first; None without a session.
    whole : float
        Compound return of the year's sessions.
    """

    year: int
    months: tuple[float | None, ...]
    whole: float


def monthly_returns(dates: NDArray[np.datetime64], daily: NDArray[np.float64]) -> list[YearOfMonths]:
    """Return compound returns by calendar month and year.

    Parameters
    ----------
    dates : ndarray of datetime64, shape (n,)
        The session at whose close each return was earned, ascending.
    daily : ndarray of float, shape (n,)
        NaN counts as 0.

    Examples
    --------
    >>> days = np.array(["2020-01-30", "2020-01-31", "2020-03-02"], dtype="datetime64[D]")
    >>> table = monthly_returns(days, np.array([0.1, 0.1, -0.5]))
    >>> [None if month is None else round(month, 4) for month in table[0].months[:3]], round(table[0].whole, 4)
    ([0.21, None, -0.5], -0.395)
    """
    month = dates.astype("datetime64[M]").astype(np.int64)
    names, place = np.unique(month, return_inverse=True)
    growth = np.ones(len(names))
    np.multiply.at(growth, place, 1 + np.nan_to_num(daily))
    by_month = dict(zip(names.tolist(), growth.tolist(), strict=True))
    years = sorted({name // 12 for name in by_month})
    return [_year_of_months(year, by_month) for year in years]


def _year_of_months(year: int, by_month: dict[int, float]) -> YearOfMonths:
    growth = [by_month.get(year * 12 + month) for month in range(12)]
    whole = float(np.prod([value for value in growth if value is not None])) - 1
    return YearOfMonths(1970 + year, tuple(None if value is None else value - 1 for value in growth), whole)


def cost_sweep(
    gross: NDArray[np.float64], turnover: NDArray[np.float64], cost_bps: float
) -> list[dict[str, float]]:
    """Return ``bps`` and ``annual_return`` at :data:`SWEEP_BPS` and ``cost_bps``, ascending.

    Parameters
    ----------
    gross : ndarray of float, shape (sessions,)
        Return of each session before costs; NaN where there is none.
    turnover : ndarray of float, shape (sessions,)
        Share of the money that changed position before that return.
    cost_bps : float
        The cost that was set, in basis points of what changes position.

    Examples
    --------
    >>> rows = cost_sweep(np.array([0.001, 0.001]), np.array([1.0, 0.0]), 5)
    >>> [(row["bps"], round(row["annual_return"], 3)) for row in rows]
    [(0.0, 0.286), (5.0, 0.208), (10.0, 0.134), (20.0, -0.0)]
    """
    costs: Sequence[float] = sorted({*SWEEP_BPS, float(cost_bps)})
    return [{"bps": bps, "annual_return": annual_return(gross - turnover * bps / 1e4)} for bps in costs]


def break_even_bps(gross: NDArray[np.float64], turnover: NDArray[np.float64]) -> float:
    """Return the cost at which nothing is left: the annual return is 0.

    NaN where the rule earns nothing even without cost, or never trades. Arguments as in
    :func:`cost_sweep`.

    Examples
    --------
    >>> round(break_even_bps(np.array([0.001, 0.001]), np.array([1.0, 1.0])), 6)
    10.0
    """
    present = ~np.isnan(gross)
    earned, traded = gross[present], turnover[present]
    if not (traded > 0).any() or earned.min() <= -1 or np.log1p(earned).sum() <= 0:
        return np.nan
    some = traded > 0
    low, high = 0.0, float(((1 + earned[some]) / traded[some]).min())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        wealth = 1 + earned - middle * traded
        remains = bool((wealth > 0).all()) and float(np.log(np.maximum(wealth, 1e-300)).sum()) > 0
        low, high = (middle, high) if remains else (low, middle)
    return low * 1e4
