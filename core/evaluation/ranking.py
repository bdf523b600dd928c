"""Area under the ROC curve within folds, for the rows themselves and for all resamples at once.

AUC is the chance that a row that went up has a higher probability than one that did not, ties
counting half (Mann and Whitney 1947). It is never pooled over folds: folds differ in level, so a
model that is a constant in each fold would score away from 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.evaluation.bootstrap import LARGE_FOLD_ROWS

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
        if self.is_large:
            return self._by_pairs(weights)
        before = np.empty((len(self.down_groups) + 1, weights.shape[1]))
        before[0] = 0.0
        np.cumsum(weights[self.down_groups], axis=0, out=before[1:])
        ups = weights[self.up_groups]
        won = np.einsum("ij,ij->j", ups, before[self.below])
        tied = not np.array_equal(self.below, self.up_to)
        upper = np.einsum("ij,ij->j", ups, before[self.up_to]) if tied else won
        pairs = 2 * ups.sum(axis=0) * before[-1]
        return np.where(pairs > 0, (won + upper) / np.maximum(pairs, 1), np.nan)

    @property
    def is_large(self) -> bool:
        """Whether pairs of groups are counted once instead of rows for every resample."""
        return len(self.below) + len(self.down_groups) > LARGE_FOLD_ROWS

    def _by_pairs(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what :meth:`auc` returns: a resample's AUC is a quadratic form in its weights."""
        first, pairs = self.pairs
        held = weights[first : first + len(pairs)]
        won = np.einsum("gs,gs->s", held, pairs @ held)
        ups, downs = (
            np.bincount(groups - first, minlength=len(pairs)).astype(np.float64)
            for groups in (self.up_groups, self.down_groups)
        )
        both = 2 * (ups @ held) * (downs @ held)
        return np.where(both > 0, won / np.maximum(both, 1), np.nan)

    @cached_property
    def pairs(self) -> tuple[int, NDArray[np.float64]]:
        """The fold's first group, and by groups from there on how often an up row wins against a down row.

        Shape (groups, groups); a win counts twice and a tie once. Whole numbers far below 2**53: exact in
        whatever order they are added.
        """
        present = np.concatenate([self.up_groups, self.down_groups])
        first, groups = int(present.min()), int(present.max() - present.min()) + 1
        ups, downs = self.up_groups - first, self.down_groups - first
        tied = not np.array_equal(self.below, self.up_to)
        lower = group_pairs(ups, downs, self.below, groups)
        upper = group_pairs(ups, downs, self.up_to, groups) if tied else lower
        return first, lower + upper


_BLOCK = 32
_BLOCKS_AT_ONCE = 2_048


def group_pairs(
    ups: NDArray[np.int64], downs: NDArray[np.int64], limit: NDArray[np.int64], groups: int
) -> NDArray[np.float64]:
    """Return how many pairs of an up row and one of the first ``limit`` down rows there are by group.

    Parameters
    ----------
    ups, downs : ndarray of int
        Group of each up row and of each down row, both by rising score.
    limit : ndarray of int, shape (ups,)
        Rising: how many of the down rows count for each up row.
    groups : int
        Number of groups.

    Returns
    -------
    ndarray of float, shape (groups, groups)
        Up rows' group down, down rows' group across.

    Examples
    --------
    >>> group_pairs(np.array([0, 1]), np.array([0, 1, 1]), np.array([1, 3]), 2).tolist()
    [[1.0, 0.0], [1.0, 2.0]]
    """
    found, before = np.zeros((groups, groups)), np.zeros(groups)
    step = _BLOCK * _BLOCKS_AT_ONCE
    for start in range(0, len(downs) + 1, step):
        here = slice(*np.searchsorted(limit, (start, start + step)).tolist())
        part = downs[start : start + step]
        own, inside = ups[here], limit[here] - start
        blocks = len(part) // _BLOCK + 1
        block, rest = inside // _BLOCK, inside % _BLOCK
        by_block = np.bincount(np.arange(len(part)) // _BLOCK * groups + part, minlength=blocks * groups)
        reached = np.zeros((blocks, groups))
        np.cumsum(by_block.reshape(-1, groups)[: blocks - 1], axis=0, out=reached[1:])
        reached += before
        # whole blocks below each up row, then the few rows between its block's start and itself
        by_up = np.bincount(block * groups + own, minlength=blocks * groups).reshape(blocks, groups)
        found += by_up.T.astype(np.float64) @ reached
        row = np.repeat(np.arange(len(own)), rest)
        place = np.arange(len(row)) - np.repeat(np.cumsum(rest) - rest, rest) + (block * _BLOCK)[row]
        near = np.bincount(own[row] * groups + part[place], minlength=groups * groups)
        found += near.reshape(groups, groups)
        before += np.bincount(part, minlength=groups)
    return found


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
