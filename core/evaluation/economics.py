"""What following the calls would have earned: long when called up, flat otherwise, after costs.

Conventions. A call made after the close of a date earns the ticker's simple return of its next
session; where the label looks H sessions ahead, 1/H of the money follows it through as many
(:func:`core.measures.trading.positions`). Each day's return is the mean over the tickers that have one
(equal weights, rebalanced daily); flat positions earn nothing. Every change of a ticker's position, the first
entry included, costs ``cost_bps`` basis points of it; rebalancing and the exit after the last row cost nothing. A
year has :data:`SESSIONS_A_YEAR` sessions and the cash rate is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.evaluation.joined import NEXT_RETURN
from core.measures.bootstrap import weighted_sums
from core.measures.trading import changes, positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

SESSIONS_A_YEAR = 252
"""Sessions in a year of US exchanges; the usual factor of annualisation."""

_NO_SPREAD = 1e-24
"""A variance of daily returns below this is rounding (a deviation of 1e-12 a day)."""


@dataclass(frozen=True, eq=False)
class Earnings:
    """Annual return and Sharpe ratio of a series of daily returns.

    Parameters
    ----------
    daily : ndarray of float, shape (groups,)
        Simple return of each date after costs; NaN where no ticker has a next return.

    Examples
    --------
    ``prod(1 + r) ** (252 / n) - 1``, and mean over standard deviation (ddof 1) times the root of 252, the cash rate
    being 0 (Sharpe 1994, with a zero benchmark):

    >>> round(Earnings(np.array([0.001, 0.001, np.nan])).points()["long_flat_return"], 6)
    0.286434
    >>> round(Earnings(np.array([0.01, 0.03])).points()["long_flat_sharpe"], 6)
    22.449944
    """

    daily: NDArray[np.float64]

    def points(self) -> dict[str, float]:
        """The value of each figure; NaN where undefined."""
        sums = self._sums().sum(axis=1)
        return {name: float(value) for name, value in self._figures(sums).items()}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return each figure per resample; ``weights`` has shape (groups, resamples)."""
        return self._figures(weighted_sums(self._sums(), weights))

    @property
    def _middle(self) -> float:
        gains = self.daily[~np.isnan(self.daily)]
        return float(gains.mean()) if len(gains) else 0.0

    def _sums(self) -> NDArray[np.float64]:
        """Return days, deviations from the mean, their squares and log growth, shape (4, groups)."""
        has_gain = ~np.isnan(self.daily)
        gain = np.where(has_gain, self.daily, 0.0)
        deviation = np.where(has_gain, gain - self._middle, 0.0)
        growth = np.log1p(gain, where=gain > -1, out=np.full_like(gain, np.nan))
        return np.stack([has_gain.astype(np.float64), deviation, deviation**2, growth])

    def _figures(self, sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        days, deviation, squares, growth = sums
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = (squares - deviation**2 / days) / (days - 1)
            sharpe = (self._middle + deviation / days) / np.sqrt(variance) * np.sqrt(SESSIONS_A_YEAR)
            annual = np.expm1(growth / days * SESSIONS_A_YEAR)
        spread = (days > 1) & (variance > _NO_SPREAD)
        return {
            "long_flat_return": np.where(days > 0, annual, np.nan),
            "long_flat_sharpe": np.where(spread, sharpe, np.nan),
        }


def earnings(rows: JudgedRows, probability: NDArray[np.float64], *, cost_bps: float) -> Earnings:
    """Return what following ``probability`` would have earned on the judged rows.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``next_return``.
    probability : ndarray of float, shape (rows,)
        Called up where at least 0.5, not where below or NaN.
    cost_bps : float
        Cost of a change of position, in basis points of the position.
    """
    after = rows.frame[NEXT_RETURN].to_numpy(np.float64)
    has_return = ~np.isnan(after)
    position = positions(rows, probability)
    changed = changes(rows, has_return, position)
    groups = len(rows.group_fold)
    gain, tickers = np.zeros(groups), np.zeros(groups, dtype=np.int64)
    for part in rows.parts:
        own = has_return[part]
        cost = changed[part][own].astype(np.float64) * cost_bps / 1e4
        earned = position[part][own].astype(np.float64) * after[part][own] - cost
        # a group is of one fold alone: nothing is added to anything but 0
        gain += np.bincount(rows.group[part][own], weights=earned, minlength=groups)
        tickers += np.bincount(rows.group[part][own], minlength=groups)
    return Earnings(np.where(tickers > 0, gain / np.maximum(tickers, 1), np.nan))
