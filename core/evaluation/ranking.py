"""Area under the ROC curve within folds, for the rows themselves and for all resamples at once.

AUC is the chance that a row that went up has a higher probability than one that did not, ties
counting half (Mann and Whitney 1947). It is never pooled over folds: folds differ in level, so a
model that is a constant in each fold would score away from 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from core.evaluation.rows import Judged


def grouped_auc(
    probability: ArrayLike, up: ArrayLike, group: NDArray[np.int64], groups: int
) -> NDArray[np.float64]:
    """Return the AUC within each group, NaN for a group with one outcome only.

    Parameters
    ----------
    probability : array of float, shape (rows,)
        Scores; only their order matters. No NaN.
    up : array, shape (rows,)
        1 or 0, no NaN.
    group : ndarray of int, shape (rows,)
        Number of each row's group, 0 to ``groups`` - 1.

    Returns
    -------
    ndarray of float, shape (groups,)

    Examples
    --------
    >>> grouped_auc([0.1, 0.9, 0.4, 0.4, 0.5], [0, 1, 1, 0, 1], np.array([0, 0, 1, 1, 1]), 2).tolist()
    [1.0, 0.75]
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(up, dtype=np.float64)
    size = np.bincount(group, minlength=groups)
    ups = np.bincount(group, weights=y, minlength=groups)
    first = (np.cumsum(size) - size)[group]
    rank_sum = np.bincount(group, weights=y * (_mean_ranks(p, group) - first), minlength=groups)
    pairs = ups * (size - ups)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, (rank_sum - ups * (ups + 1) / 2) / pairs, np.nan)


def _mean_ranks(p: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return ranks from 1 in the order (group, p); equal values share the mean of their ranks."""
    order = np.lexsort((p, group))
    begins = np.ones(len(p), dtype=bool)
    begins[1:] = (np.diff(p[order]) != 0) | (np.diff(group[order]) != 0)
    tie = np.cumsum(begins) - 1
    bounds = np.append(np.flatnonzero(begins), len(p))
    ranks = np.empty(len(p))
    ranks[order] = ((bounds[:-1] + bounds[1:] + 1) / 2)[tie]
    return ranks


def mean_auc(within: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over folds (the first axis), those with one outcome (NaN) left out.

    NaN where no fold has both outcomes.

    >>> float(mean_auc(np.array([0.5, np.nan, 0.7])))
    0.6
    """
    held = ~np.isnan(within)
    count = held.sum(axis=0)
    total = np.where(held, within, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, eq=False)
class _RankedFold:
    """One fold sorted once: groups of the rows by outcome, and each up row's place among the others."""

    up_groups: NDArray[np.int64]
    down_groups: NDArray[np.int64]
    below: NDArray[np.int64]
    up_to: NDArray[np.int64]

    @classmethod
    def of(cls, p: NDArray[np.float64], up: NDArray[np.float64], group: NDArray[np.int64]) -> _RankedFold:
        order = np.argsort(p, kind="stable")
        p, rose, group = p[order], up[order] > 0, group[order]
        lower = p[~rose]
        below, up_to = (np.searchsorted(lower, p[rose], side) for side in ("left", "right"))
        return cls(group[rose], group[~rose], below, up_to)

    def auc(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted AUC of each resample, shape (resamples,); NaN with one outcome only.

        Weights are whole numbers, so every sum is exact and no order of summation can change it.
        """
        before = np.empty((len(self.down_groups) + 1, weights.shape[1]))
        before[0] = 0.0
        np.cumsum(weights[self.down_groups], axis=0, out=before[1:])
        ups = weights[self.up_groups]
        won = np.einsum("ij,ij->j", ups, before[self.below])
        tied = not np.array_equal(self.below, self.up_to)
        upper = np.einsum("ij,ij->j", ups, before[self.up_to]) if tied else won
        pairs = 2 * ups.sum(axis=0) * before[-1]
        return np.where(pairs > 0, (won + upper) / np.maximum(pairs, 1), np.nan)


@dataclass(frozen=True, eq=False)
class RankedScore:
    """A score over the judged rows, sorted once per fold, ready for any resample's weights.

    Parameters
    ----------
    point : float
        Mean of the within-fold AUCs; NaN when no fold has both outcomes.
    """

    point: float
    folds: tuple[_RankedFold, ...]

    @classmethod
    def of(cls, rows: Judged, score: NDArray[np.float64]) -> RankedScore:
        """Return ``score`` (shape (rows,), NaN: row left out) sorted within each fold of ``rows``."""
        held = ~np.isnan(score)
        p, up, fold, group = score[held], rows.up[held], rows.fold[held], rows.group[held]
        point = float(mean_auc(grouped_auc(p, up, fold, len(rows.folds)))) if len(rows.folds) else np.nan
        members = (fold == code for code in range(len(rows.folds)))
        return cls(point, tuple(_RankedFold.of(p[m], up[m], group[m]) for m in members))

    def points(self) -> dict[str, float]:
        """The value itself, by metric name."""
        return {"auc": self.point}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the AUC of each resample; ``weights`` has shape (groups, resamples)."""
        if not self.folds:
            return {"auc": np.full(weights.shape[1], np.nan)}
        return {"auc": mean_auc(np.stack([fold.auc(weights) for fold in self.folds]))}
