"""Area under the ROC curve within folds, for the rows themselves and for all resamples at once.

AUC is the chance that a row that went up has a higher probability than one that did not, ties
counting half (Mann and Whitney 1947). It is never pooled over folds: folds differ in level, so a
model that is a constant in each fold would score away from 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.measures.bootstrap import by_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def auc_of(probability: NDArray[np.float64], up: NDArray[np.float64]) -> float:
    """Return the AUC of rows of one group, ties counting half; NaN with one outcome only.

    Parameters
    ----------
    probability : ndarray of float, shape (rows,)
        Scores; only their order matters. No NaN.
    up : ndarray of float, shape (rows,)
        1 or 0, no NaN.

    Examples
    --------
    >>> auc_of(np.array([0.4, 0.4, 0.5]), np.array([1.0, 0.0, 1.0]))
    0.75
    """
    rose = up > 0
    ups, downs = np.sort(probability[rose]), np.sort(probability[~rose])
    pairs = 2 * len(ups) * len(downs)
    won = sum(int(np.searchsorted(downs, ups, side).sum()) for side in _SIDES)
    return won / pairs if pairs else np.nan


def mean_auc(within: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over folds (the first axis), those with one outcome (NaN) left out.

    NaN where no fold has both outcomes.

    >>> float(mean_auc(np.array([0.5, np.nan, 0.7])))
    0.6
    """
    defined = ~np.isnan(within)
    count = defined.sum(axis=0)
    total = np.where(defined, within, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, eq=False)
class RankedFold:
    """One fold sorted once: groups of the rows by outcome, and each up row's place among the others."""

    up_groups: NDArray[np.int64]
    down_groups: NDArray[np.int64]
    below: NDArray[np.int64]
    up_to: NDArray[np.int64]

    @classmethod
    def of(cls, p: NDArray[np.float64], up: NDArray[np.float64], group: NDArray[np.int64]) -> RankedFold:
        """Return the fold of rows with these scores, outcomes and groups."""
        order = np.argsort(
            p
        )  # all that follows counts whole numbers, in which order equal scores stand is no matter
        p, rose, group = p[order], up[order] > 0, group[order]
        lower = p[~rose]
        below, up_to = (np.searchsorted(lower, p[rose], side) for side in ("left", "right"))
        return cls(group[rose], group[~rose], below, up_to)

    def point(self) -> float:
        """Return the AUC of the rows themselves; NaN with one outcome only."""
        pairs = 2 * len(self.below) * len(self.down_groups)
        return (int(self.below.sum()) + int(self.up_to.sum())) / pairs if pairs else np.nan

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
class PairedFold:
    """A fold of many rows a group as pairs of its groups: what it holds does not grow with the tickers of a date.

    A resample's AUC is a quadratic form in its weights, so rows are gone through once.

    Parameters
    ----------
    first : int
        The fold's first group.
    won : ndarray of float, shape (groups, groups)
        From that group on, how often an up row (down) wins against a down row (across); a win counts twice
        and a tie once. Whole numbers far below 2**53: exact in whatever order they are added.
    ups, downs : ndarray of float, shape (groups,)
        Rows of either outcome by group.
    """

    first: int
    won: NDArray[np.float64]
    ups: NDArray[np.float64]
    downs: NDArray[np.float64]

    @classmethod
    def of(cls, rows: RankedFold) -> PairedFold:
        """Return the pairs of a fold that was sorted."""
        lowest = [int(side.min()) for side in (rows.up_groups, rows.down_groups) if len(side)]
        highest = [int(side.max()) for side in (rows.up_groups, rows.down_groups) if len(side)]
        first, groups = min(lowest), max(highest) - min(lowest) + 1
        ups, downs = rows.up_groups - first, rows.down_groups - first
        tied = not np.array_equal(rows.below, rows.up_to)
        lower = group_pairs(ups, downs, rows.below, groups)
        upper = group_pairs(ups, downs, rows.up_to, groups) if tied else lower
        counts = (np.bincount(side, minlength=groups).astype(np.float64) for side in (ups, downs))
        return cls(first, lower + upper, *counts)

    def point(self) -> float:
        """Return the AUC of the rows themselves; NaN with one outcome only."""
        pairs = 2 * float(self.ups.sum()) * float(self.downs.sum())
        return float(self.won.sum()) / pairs if pairs else np.nan

    def auc(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted AUC of each resample, exactly as a :class:`RankedFold` gives it."""
        own = weights[self.first : self.first + len(self.won)]
        won = np.einsum("gs,gs->s", own, self.won @ own)
        both = 2 * (self.ups @ own) * (self.downs @ own)
        return np.where(both > 0, won / np.maximum(both, 1), np.nan)


def fold_of(
    p: NDArray[np.float64], up: NDArray[np.float64], group: NDArray[np.int64]
) -> RankedFold | PairedFold:
    """Return one fold, ready for any resample's weights; one of many rows a group without its rows."""
    rows = RankedFold.of(p, up, group)
    return PairedFold.of(rows) if len(p) and by_pairs(len(p), int(np.ptp(group)) + 1) else rows


_FEW_LIMITS = 64
"""Up to so many different limits pairs are counted limit by limit: a rule knows few probabilities."""

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
    changes = np.flatnonzero(limit[1:] != limit[:-1]) + 1
    if len(changes) < _FEW_LIMITS:
        return _pairs_by_limit(ups, downs, limit, changes, groups)
    pairs, before = np.zeros((groups, groups)), np.zeros(groups)
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
        pairs += by_up.T.astype(np.float64) @ reached
        row = np.repeat(np.arange(len(own)), rest)
        place = np.arange(len(row)) - np.repeat(np.cumsum(rest) - rest, rest) + (block * _BLOCK)[row]
        near = np.bincount(own[row] * groups + part[place], minlength=groups * groups)
        pairs += near.reshape(groups, groups)
        before += np.bincount(part, minlength=groups)
    return pairs


def _pairs_by_limit(
    ups: NDArray[np.int64],
    downs: NDArray[np.int64],
    limit: NDArray[np.int64],
    changes: NDArray[np.int64],
    groups: int,
) -> NDArray[np.float64]:
    """Return what :func:`group_pairs` does where the limit changes at few of the up rows."""
    bounds, pairs = [0, *changes.tolist(), len(ups)], np.zeros((groups, groups))
    reached, before = np.zeros(groups), 0
    for start, end in pairwise(bounds if len(ups) else []):
        upto = int(limit[start])
        reached += np.bincount(downs[before:upto], minlength=groups)
        before = upto
        pairs += np.outer(np.bincount(ups[start:end], minlength=groups), reached)
    return pairs


@dataclass(frozen=True, eq=False)
class RankedScore:
    """A score over the judged rows, sorted once per fold, ready for any resample's weights."""

    folds: tuple[RankedFold | PairedFold, ...]

    @classmethod
    def of(cls, rows: JudgedRows, score: NDArray[np.float64]) -> RankedScore:
        """Return ``score`` (shape (rows,), NaN: row left out) sorted within each fold of ``rows``."""
        return cls(tuple(_fold(rows, score, part) for part in rows.parts))

    @property
    def point(self) -> float:
        """Mean of the within-fold AUCs; NaN when no fold has both outcomes."""
        return float(mean_auc(np.array([fold.point() for fold in self.folds])))

    def points(self) -> dict[str, float]:
        """The value itself, by metric name."""
        return {"auc": self.point}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the AUC of each resample; ``weights`` has shape (groups, resamples)."""
        if not self.folds:
            return {"auc": np.full(weights.shape[1], np.nan)}
        return {"auc": mean_auc(np.stack([fold.auc(weights) for fold in self.folds]))}


def _fold(rows: JudgedRows, score: NDArray[np.float64], part: slice) -> RankedFold | PairedFold:
    has_score = ~np.isnan(score[part])
    group = rows.group[part][has_score].astype(np.int64)
    return fold_of(score[part][has_score], rows.up[part][has_score], group)
