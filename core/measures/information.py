"""Does a score sort the tickers of one session by what they earn next? Information coefficients and quantiles.

The information coefficient (IC) of a session is the correlation over its tickers of the score with the
return that followed; the rank IC is that of their ranks (Spearman, ties share their mean rank). Terms are
those of Grinold and Kahn, Active Portfolio Management, and of alphalens. A session with fewer than
:data:`MIN_TICKERS` tickers, or with equal scores or equal returns, has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.group_ranks import GroupOrder
from core.measures.group_slices import in_slices, slices_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_TICKERS = 3
"""Two tickers correlate by 1 or -1 whatever they do."""

DECAY_SESSIONS = (1, 5, 10, 20)
"""Over how many sessions a score is followed."""

QUANTILES = 5
"""Groups by score, where a session has so many tickers; alphalens' default."""

_FLAT = 1e-12
"""Spread, relative to the size of the values, below which they count as equal."""


def forward_returns(
    gain: NDArray[np.float64], ticker: NDArray[np.integer], sessions: int
) -> NDArray[np.float64]:
    """Return each row's compound return over its ticker's next ``sessions`` rows.

    Parameters
    ----------
    gain : ndarray of float, shape (rows,)
        Simple return since the ticker's row before (NaN on its first row); rows by (ticker, session).
    ticker : ndarray of int, shape (rows,)
        Number of each row's ticker.
    sessions : int
        At least 1.

    Returns
    -------
    ndarray of float, shape (rows,)
        NaN on a ticker's last ``sessions`` rows.

    Examples
    --------
    >>> gain, ticker = np.array([np.nan, 0.5, 1.0, np.nan, 0.5]), np.array([0, 0, 0, 1, 1])
    >>> forward_returns(gain, ticker, 2).tolist()
    [2.0, nan, nan, nan, nan]
    """
    rows = len(gain)
    result = np.full(rows, np.nan)
    usable = np.flatnonzero(ticker[: max(0, rows - sessions)] == ticker[min(sessions, rows) :])
    growth = np.ones(len(usable))
    for step in range(1, sessions + 1):
        growth *= 1 + gain[usable + step]
    result[usable] = growth - 1
    return result


def correlation_by_group(
    first: NDArray[np.float64], second: NDArray[np.float64], group: NDArray[np.integer], groups: int
) -> NDArray[np.float64]:
    """Return Pearson's correlation within each group, shape (groups,).

    Rows where either value is NaN are left out; NaN where fewer than :data:`MIN_TICKERS` are left or one
    side does not vary.

    Examples
    --------
    >>> group = np.zeros(3, dtype=np.int64)
    >>> correlation_by_group(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 3.0]), group, 1).round(6).tolist()
    [0.5]
    """
    return in_slices(_correlation, group, groups, first, second)


def _correlation(
    first: NDArray[np.float64], second: NDArray[np.float64], group: NDArray[np.integer], groups: int
) -> NDArray[np.float64]:
    present = ~(np.isnan(first) | np.isnan(second))
    first, second, group = first[present], second[present], group[present]
    size = np.bincount(group, minlength=groups)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(group, weights=values, minlength=groups).astype(np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        a = first - (total(first) / size)[group]
        b = second - (total(second) / size)[group]
        spread_a, spread_b = total(a * a), total(b * b)
        result = total(a * b) / np.sqrt(spread_a * spread_b)
    varies = (spread_a > _FLAT**2 * total(first * first)) & (spread_b > _FLAT**2 * total(second * second))
    return np.where(varies & (size >= MIN_TICKERS), np.clip(result, -1, 1), np.nan)


def rank_correlation_by_group(
    first: NDArray[np.float64], second: NDArray[np.float64], group: NDArray[np.integer], groups: int
) -> NDArray[np.float64]:
    """Return Spearman's correlation within each group; NaN as in :func:`correlation_by_group`."""
    return in_slices(_rank_correlation, group, groups, first, second)


def _rank_correlation(
    first: NDArray[np.float64], second: NDArray[np.float64], group: NDArray[np.integer], groups: int
) -> NDArray[np.float64]:
    missing = np.isnan(first) | np.isnan(second)
    ranks = (GroupOrder.of(np.where(missing, np.nan, values), group).ranks() for values in (first, second))
    first_ranks, second_ranks = ranks
    return _correlation(first_ranks, second_ranks, group, groups)


@dataclass(frozen=True)
class MeanAndT:
    """The mean over sessions and how many standard errors it lies from 0.

    Parameters
    ----------
    mean, t : float
        NaN where undefined: no session, or (t) fewer than two or no spread.
    sessions : int
        Sessions that have a value.
    """

    mean: float
    t: float
    sessions: int

    @classmethod
    def of(cls, values: NDArray[np.float64], overlap: int = 1) -> MeanAndT:
        """Return the mean of the values that are there; t takes sessions as independent.

        Values of returns over ``overlap`` sessions are not: their error is that of Newey and West (1987) over
        ``overlap`` - 1 sessions, with weights that fall in a straight line.

        >>> summary = MeanAndT.of(np.array([0.1, 0.3, np.nan]))
        >>> round(summary.mean, 6), round(summary.t, 6), summary.sessions
        (0.2, 2.0, 2)
        """
        present = values[~np.isnan(values)]
        count = len(present)
        if not count:
            return cls(np.nan, np.nan, 0)
        error = float(present.std(ddof=1)) / count**0.5 if count > 1 else 0.0
        mean = float(present.mean())
        if overlap > 1:
            error *= _inflation(present - mean, overlap)
        return cls(mean, mean / error if error > 0 else np.nan, count)


def _inflation(deviations: NDArray[np.float64], overlap: int) -> float:
    """Return how many times larger the error of a mean is than that of as many independent values."""
    own, lags = float((deviations**2).sum()), range(1, min(overlap, len(deviations)))
    both = sum((1 - lag / overlap) * float((deviations[lag:] * deviations[:-lag]).sum()) for lag in lags)
    return float(np.sqrt(max(1 + 2 * both / own, 0.0))) if own > 0 else 1.0


@dataclass(frozen=True)
class Coefficients:
    """IC and rank IC over all sessions."""

    ic: MeanAndT
    rank: MeanAndT


def coefficients(
    score: NDArray[np.float64],
    following: NDArray[np.float64],
    group: NDArray[np.integer],
    groups: int,
    overlap: int = 1,
) -> Coefficients:
    """Return mean and t of the IC and the rank IC by session.

    Parameters
    ----------
    score, following : ndarray of float, shape (rows,)
        What was said of each row, and the return that followed; rows with a NaN are left out.
    group : ndarray of int, shape (rows,)
        Number of each row's session, 0 to ``groups`` - 1.
    overlap : int
        Sessions that the returns are over.

    Notes
    -----
    At an ``overlap`` of 1 t is that of independent sessions: for returns over more, which overlap, it is too large.
    """
    return Coefficients(
        MeanAndT.of(correlation_by_group(score, following, group, groups), overlap),
        MeanAndT.of(rank_correlation_by_group(score, following, group, groups), overlap),
    )


def quantile_of(
    score: NDArray[np.float64], group: NDArray[np.integer], quantiles: int = QUANTILES
) -> NDArray[np.int8]:
    """Return the quantile of each row among the tickers of its session, 1 the lowest scores, 0 for none.

    Bins are closed above, as ``pandas.qcut`` makes them: of n scores the one with j below it is in bin
    ``ceil(quantiles * j / (n - 1))``, the lowest in bin 1. Equal scores share a bin. A session with fewer
    tickers than quantiles, and a NaN, have none.

    Examples
    --------
    >>> quantile_of(np.array([0.3, 0.1, 0.2, 0.2, 0.9]), np.zeros(5, dtype=np.int64), 2).tolist()
    [2, 1, 1, 1, 2]
    """
    result = np.zeros(len(score), dtype=np.int8)
    for part in slices_of(group, int(group.max(initial=-1)) + 1):
        own = group[part.rows] - group.dtype.type(part.first)
        result[part.rows] = _quantiles(GroupOrder.of(score[part.rows], own), own, quantiles)
    return result


def _quantiles(ordered: GroupOrder, group: NDArray[np.integer], quantiles: int) -> NDArray[np.int64]:
    present = ~np.isnan(ordered.values)
    size = np.bincount(group[present], minlength=int(group.max(initial=-1)) + 1)
    below = ordered.ranks(lowest=True)[present].astype(np.int64) - 1
    count = size[group[present]]
    bins = np.maximum(1, -(-quantiles * below // np.maximum(count - 1, 1)))
    result = np.zeros(len(group), dtype=np.int64)
    result[present] = np.where(count >= max(2, quantiles), bins, 0)
    return result


def returns_by_quantile(
    quantile: NDArray[np.integer], following: NDArray[np.float64], quantiles: int = QUANTILES
) -> list[dict[str, float]]:
    """Return ``quantile``, ``rows`` and ``mean_return`` (NaN without rows) for each quantile.

    The mean is over rows, as in alphalens without demeaning.

    Examples
    --------
    >>> returns_by_quantile(np.array([1, 2, 2]), np.array([0.1, 0.2, 0.4]), 2)[1]["mean_return"].__round__(6)
    0.3
    """
    present = (quantile > 0) & ~np.isnan(following)
    rows, mean = _rows_and_mean(following[present], quantile[present], quantiles + 1)
    return [
        {"quantile": q, "rows": int(rows[q]), "mean_return": float(mean[q])} for q in range(1, quantiles + 1)
    ]


def _rows_and_mean(
    values: NDArray[np.float64], group: NDArray[np.integer], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many values each group has, and their mean: NaN without any."""
    rows = np.bincount(group, minlength=groups)
    total = np.bincount(group, weights=values, minlength=groups)
    return rows, np.where(rows > 0, total / np.maximum(rows, 1), np.nan)


def quantile_spread(
    quantile: NDArray[np.integer],
    following: NDArray[np.float64],
    group: NDArray[np.integer],
    groups: int,
    quantiles: int = QUANTILES,
    *,
    overlap: int = 1,
) -> MeanAndT:
    """Return mean and t of the top quantile's mean return less the bottom one's, by session."""

    def mean_of(number: int) -> NDArray[np.float64]:
        own = (quantile == number) & ~np.isnan(following)
        return _rows_and_mean(following[own], group[own], groups)[1]

    return MeanAndT.of(mean_of(quantiles) - mean_of(1), overlap)


@dataclass(frozen=True)
class FactorTurnover:
    """How much the order of the tickers changes from one session to the next.

    Parameters
    ----------
    top, bottom : float
        Mean share of the quantile's tickers that were not in it the session before; NaN without one.
    autocorrelation : float
        Mean correlation of the ranks with those of the session before, over the tickers of both.
    """

    top: float
    bottom: float
    autocorrelation: float


def factor_turnover(
    score: NDArray[np.float64],
    ticker: NDArray[np.integer],
    group: NDArray[np.integer],
    groups: int,
    quantiles: int = QUANTILES,
) -> FactorTurnover:
    """Return the turnover of the top and bottom quantile and the rank autocorrelation.

    Parameters
    ----------
    score : ndarray of float, shape (rows,)
        NaN: the row takes no part.
    ticker, group : ndarray of int, shape (rows,)
        Number of each row's ticker and session; a (ticker, session) comes once.
    """
    correlation, ends = np.full(groups, np.nan), (quantiles, 1)
    rows, new = np.zeros((2, groups), dtype=np.int64), np.zeros((2, groups), dtype=np.int64)
    for part in slices_of(group, groups):
        # the session before is looked at, too: its rows stand just before the slice
        before = group.dtype.type(part.first - 1) if part.first else None
        start = part.rows.start if before is None else int(np.searchsorted(group[: part.rows.start], before))
        here, first = slice(start, part.rows.stop), part.first - (before is not None)
        own, count = group[here] - group.dtype.type(first), part.groups + (before is not None)
        earlier = _row_before(ticker[here], own)
        ordered = GroupOrder.of(score[here], own)
        quantile, ranks = _quantiles(ordered, own, quantiles), ordered.ranks()
        former = np.where(earlier >= 0, ranks[earlier], np.nan)
        fresh = slice(part.first, part.first + part.groups)
        correlation[fresh] = _correlation(ranks, former, own, count)[-part.groups :]
        for place, number in enumerate(ends):
            inside = quantile == number
            was = inside[earlier] & (earlier >= 0)
            rows[place, fresh] = np.bincount(own[inside], minlength=count)[-part.groups :]
            new[place, fresh] = np.bincount(own[inside & ~was], minlength=count)[-part.groups :]
    top, bottom = map(_new_share, rows, new)
    return FactorTurnover(top, bottom, MeanAndT.of(correlation).mean)


def _row_before(ticker: NDArray[np.integer], group: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where the ticker's row of the session before stands, -1 without one."""
    order = np.lexsort((group, ticker))
    result = np.full(len(order), -1, dtype=np.int64)
    here, former = order[1:], order[:-1]
    joined = (ticker[here] == ticker[former]) & (group[here] == group[former] + 1)
    result[here[joined]] = former[joined]
    return result


def _new_share(rows: NDArray[np.int64], new: NDArray[np.int64]) -> float:
    # a session counts where it and the one before have such a quantile
    counts = np.flatnonzero((rows[1:] > 0) & (rows[:-1] > 0)) + 1
    return float((new[counts] / rows[counts]).mean()) if len(counts) else np.nan
