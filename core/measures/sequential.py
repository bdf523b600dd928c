"""A verdict that stays valid although it is looked at after every session.

A daily difference is what a bettor gains who, before each session, is offered the up-rate so far as fair
odds and stakes on or against a rise by the model's rank. If the model tells nothing beyond that rate, no
session's gain is positive on average, and neither is it for anybody who puts a fixed share of the capital
at risk: the capital is an e-process. By Ville's inequality it reaches 1 / alpha with probability alpha at
most, over all sessions together, so it may be read daily and acted upon at any of them.

Sources: Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by betting, Journal of
the Royal Statistical Society B 86(1), 1-27 (the capital process and its average over bets); Choe and Ramdas
(2024), Comparing sequential forecasters, Operations Research 72(4) (daily differences of scores);
Henzi and Ziegel (2022), Valid sequential inference on probability forecast performance, Biometrika 109(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

BETS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the capital that are put at risk side by side. An average of e-processes is one, so nothing is
tuned: whichever suits the model's skill carries the average, at the price of the others' shares (ln 6 at most).
Small bets show a small skill in years, large ones a large skill in weeks."""

_LARGEST_LOG = 690.0
"""Just below the logarithm of the largest float: evidence beyond it is written as this much."""

PRIOR_ROWS = 60
"""Weight of the up-rate before the first session: so many rows. With a few rows of its own, the rate so far
would be an extreme price."""


@dataclass(frozen=True, eq=False)
class Sequential:
    """The e-values after every session, and the threshold they are compared with.

    Parameters
    ----------
    line : ndarray of float, shape (sessions,)
        The e-value after each session: the growing line.
    threshold : float
        Reached by chance, at any session ever, with probability 1 / threshold at most.
    """

    line: NDArray[np.float64]
    threshold: float

    @property
    def sessions(self) -> int:
        """Sessions so far."""
        return len(self.line)

    @property
    def e_value(self) -> float:
        """The e-value now: 1 before the first session."""
        return float(self.line[-1]) if len(self.line) else 1.0

    @property
    def better(self) -> bool:
        """Whether the evidence now says better than chance, valid at every look."""
        return self.e_value >= self.threshold


def e_process(differences: NDArray[np.float64], *, confidence: float) -> Sequential:
    """Return the e-process against "no session's difference is positive on average".

    Parameters
    ----------
    differences : ndarray of float, shape (sessions,)
        Within -1 to 1, in the order of time; above 0 where the model gained.
    confidence : float
        Coverage of the two-sided interval beside it, such as 0.95: the threshold is that of one of its
        sides, ``2 / (1 - confidence)``.

    Raises
    ------
    ValueError
        If a difference lies outside -1 to 1 or is NaN: the capital could then fall below 0.

    Examples
    --------
    >>> evidence = e_process(np.full(40, 0.3), confidence=0.95)
    >>> evidence.threshold, evidence.better, evidence.sessions
    (40.0, True, 40)
    """
    if not (np.abs(differences) <= 1).all():
        raise ValueError("a daily difference lies outside -1 to 1")
    bets = np.array(BETS)[:, None]
    growth = np.cumsum(np.log1p(bets * differences[None, :]), axis=1)
    capital = np.exp(np.minimum(growth, _LARGEST_LOG))
    # rounded: 1 - 0.95 is a hair above 0.05
    return Sequential(capital.mean(axis=0), round(2 / (1 - confidence), 9))


def daily_differences(
    rows: JudgedRows,
    up_rate: float,
    *,
    score: NDArray[np.float64] | None = None,
    prior_rows: int = PRIOR_ROWS,
) -> NDArray[np.float64]:
    """Return the gain of each session's bets at the odds of the up-rate so far, within -1 to 1.

    The stake on a row is 2 G - 1, where G is the middle rank (0 to 1) of its score among all
    scores up to and including its session; the gain is stake times (outcome - up-rate so far), over
    the larger of that rate and 1 less it, so that 1 is the most. A session's difference is the mean over its
    rows. Stake and odds are known before the outcome: session t's stakes use scores up to t and its
    odds outcomes of sessions before t.

    Parameters
    ----------
    rows : JudgedRows
        Of one model, in the order of time.
    up_rate : float
        What was known before the first session: the share of training rows that went up.
    score : ndarray of float, shape (rows,), optional
        What the stakes go by, the model's probability unless it is given; a row where it is NaN has no stake.
    prior_rows : int
        For how many rows the up-rate counts.

    Returns
    -------
    ndarray of float, shape (groups,)
        For each date; 0 for a date without rows.
    """
    p = rows.probability if score is None else score
    odds = up_rate_so_far(rows, up_rate, prior_rows=prior_rows)[rows.group]
    stake, has_score = np.zeros(len(p)), ~np.isnan(p)
    sizes = np.bincount(rows.group[has_score], minlength=len(rows.group_fold))
    stake[has_score] = 2 * middle_ranks(p[has_score], sizes) - 1
    return _mean_by_session(rows, stake * (rows.up - odds) / np.maximum(odds, 1 - odds))


def up_rate_so_far(rows: JudgedRows, up_rate: float, *, prior_rows: int = PRIOR_ROWS) -> NDArray[np.float64]:
    """Return the share of rises known before each session, shape (groups,); arguments as above."""
    groups = len(rows.group_fold)
    size = np.bincount(rows.group, minlength=groups)
    ups = np.bincount(rows.group, weights=rows.up, minlength=groups)
    before_rows, before_ups = np.cumsum(size) - size, np.cumsum(ups) - ups
    return np.asarray((prior_rows * up_rate + before_ups) / (prior_rows + before_rows), dtype=np.float64)


def brier_differences(rows: JudgedRows, up_rate: float) -> NDArray[np.float64]:
    """Return by how much the up-rate so far was a worse forecast than the model, within -1 to 1.

    A session's difference is the mean over its rows of the reference's squared error less the model's, over the
    most that it could have come to, which is known before the outcomes: so small a difference as that of two
    forecasts near one half can be staked upon. Its sign, and whether it is 0 on average, stay what they are.

    Parameters
    ----------
    rows : JudgedRows
        Of one model, in the order of time.
    up_rate : float
        What was known before the first session.

    Returns
    -------
    ndarray of float, shape (groups,)
        For each date; above 0 where the model did better, 0 where both say the same.
    """
    p, q = rows.probability, up_rate_so_far(rows, up_rate)[rows.group]
    # (q - y)^2 - (p - y)^2 = (q - p) (q + p - 2 y), for y 0 and 1
    most = np.abs(q - p) * np.maximum(q + p, 2 - q - p)
    bound = np.zeros(len(rows.group_fold))
    np.maximum.at(bound, rows.group, most)
    differences = _mean_by_session(rows, (q - p) * (q + p - 2 * rows.up))
    return np.clip(np.divide(differences, bound, out=np.zeros_like(differences), where=bound > 0), -1, 1)


def _mean_by_session(rows: JudgedRows, values: NDArray[np.float64]) -> NDArray[np.float64]:
    groups = len(rows.group_fold)
    size = np.bincount(rows.group, minlength=groups)
    total = np.bincount(rows.group, weights=values, minlength=groups)
    return np.asarray(total / np.maximum(size, 1), dtype=np.float64)


def middle_ranks(values: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each value's middle rank, 0 to 1, among all values up to the end of its own batch.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        Batch after batch.
    sizes : ndarray of int, shape (batches,)
        Values in each.

    Examples
    --------
    >>> middle_ranks(np.array([0.5, 0.7, 0.6]), np.array([2, 1])).tolist()
    [0.25, 0.75, 0.5]
    """
    ordered, result, start = np.empty(0), np.empty(len(values)), 0
    for size in sizes.tolist():
        batch = values[start : start + size]
        # a stable sort merges what stands in order already
        ordered = np.sort(np.concatenate((ordered, batch)), kind="stable")
        low, high = (np.searchsorted(ordered, batch, side) for side in ("left", "right"))
        result[start : start + size] = (low + high) / 2 / len(ordered)
        start += size
    return result
