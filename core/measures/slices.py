"""The AUC of parts of the judged rows, each with an interval: folds, years, tickers, states of the market.

Resampling thousands of tickers a thousand times is not affordable. An AUC is nearly a mean of placements: for a row
that rose the share of falls with a lower score, for one that fell the share of rises with a higher one (DeLong,
DeLong and Clarke-Pearson 1988, Biometrics 44(3), 837-845). Here placements are added up over blocks of consecutive
dates, all tickers together, and the spread of these sums gives the interval: what moves together within a block
counts as one, as in :mod:`core.measures.bootstrap` (Politis, Romano and Wolf 1999, Subsampling, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.bootstrap import block_length
from core.measures.expanded import blocks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling
    from core.measures.rows import JudgedRows

MIN_ROWS, MIN_FREEDOM = 60, 5
"""Rows, and blocks beyond the first of each fold, below which an AUC has no interval: it would not cover."""


@dataclass(frozen=True, eq=False)
class SlicedAuc:
    """The AUC of each slice and its interval; all of shape (slices,), NaN where undefined."""

    auc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Fold:
    """A fold's rows by rising score.

    Parameters
    ----------
    rows : ndarray of int, shape (rows,)
        Numbers of the rows.
    block : ndarray of int, shape (rows,)
        Number of each row's block of dates, counted over all folds.
    """

    rows: NDArray[np.uint32]
    block: NDArray[np.int32]


class RankedRows:
    """The judged rows sorted once by score, ready for any slices.

    Parameters
    ----------
    rows : JudgedRows
        With the probability that is judged.
    how : Resampling
        Its block length and coverage are used.
    """

    def __init__(self, rows: JudgedRows, how: Resampling) -> None:
        self._rows, self._confidence = rows, how.confidence
        self._score, self._folds, first, self._blocks = rows.probability, [], 0, 0
        sizes = np.bincount(rows.group_fold, minlength=len(rows.folds)).tolist()
        self._visible = blocks_of(rows, how).visible
        for part, dates in zip(rows.parts, sizes, strict=True):
            length = block_length(dates, how.block_sessions, rows.horizon_sessions)
            order = part.start + np.argsort(self._score[part], kind="stable")
            block = self._blocks + (rows.group[order] - first) // length
            # in half the bytes of what numpy gives: they are in memory while every slice is looked at
            self._folds.append(_Fold(order.astype(np.uint32), block.astype(np.int32)))
            first, self._blocks = first + dates, self._blocks + -(-dates // length)

    def sliced(self, number: NDArray[np.integer], slices: int) -> SlicedAuc:
        """Return the AUC of each slice: the mean of its AUCs within folds weighted by its rows, with an interval.

        Parameters
        ----------
        number : ndarray of int, shape (rows,)
            Slice of each row, 0 to ``slices`` - 1; -1: the row is in none.
        slices : int

        Notes
        -----
        A fold in which a slice has one outcome only is left out of its sum and weights. The interval is symmetric,
        with Student's quantiles; a degree of freedom is lost for each fold.
        """
        weight, total = np.zeros(slices), np.zeros(slices)
        spread, freedom, counted = np.zeros(slices), np.zeros(slices), np.zeros(slices)
        for fold in self._folds:
            part = _placed(fold, number, slices, self._score, self._rows.up)
            weight += part.rows
            total += part.rows * part.auc
            variance, blocks = part.spread(slices, self._blocks)
            spread += variance * part.rows**2
            freedom += np.maximum(blocks - 1, 0)
            counted += part.rows
        with np.errstate(divide="ignore", invalid="ignore"):
            auc, error = total / weight, np.sqrt(spread / self._visible) / weight
        enough = (counted >= MIN_ROWS) & (freedom >= MIN_FREEDOM)
        reach = np.where(enough, _student(self._confidence, np.maximum(freedom, 1)) * error, np.nan)
        return SlicedAuc(auc, np.maximum(auc - reach, 0), np.minimum(auc + reach, 1))


@dataclass(frozen=True, eq=False)
class _Placed:
    """One fold's slices: rows (0 where it has one outcome only) and AUC, and what each row adds to it."""

    rows: NDArray[np.float64]
    auc: NDArray[np.float64]
    slice_of: NDArray[np.int64]
    block: NDArray[np.int32]
    influence: NDArray[np.float64]

    def spread(self, slices: int, blocks: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return by slice the variance of the AUC from sums over blocks, and how many blocks have rows."""
        first = int(self.block.min(initial=blocks))
        width = int(self.block.max(initial=first)) - first + 1
        cell = self.slice_of * width + (self.block - first)
        sums = np.bincount(cell, weights=self.influence, minlength=slices * width).reshape(slices, width)
        has_rows = (np.bincount(cell, minlength=slices * width) > 0).reshape(slices, width).sum(axis=1)
        more = np.where(has_rows > 1, has_rows / np.maximum(has_rows - 1, 1), 0.0)
        return (sums**2).sum(axis=1) * more, has_rows.astype(np.float64)


def _placed(
    fold: _Fold,
    number: NDArray[np.integer],
    slices: int,
    score: NDArray[np.float64],
    up: NDArray[np.float64],
) -> _Placed:
    mine = number[fold.rows].astype(np.int64)
    inside = np.flatnonzero(mine >= 0)
    # by score already: a stable sort by slice keeps that order within each; small numbers sort by radix
    small = mine[inside].astype(np.uint16 if slices <= np.iinfo(np.uint16).max else np.int64)
    order = inside[np.argsort(small, kind="stable")]
    mine, rows, block = mine[order], fold.rows[order], fold.block[order]
    rose, p = up[rows] > 0, score[rows]
    size = np.bincount(mine, minlength=slices)
    ups = np.bincount(mine, weights=rose, minlength=slices)
    falls = size - ups
    begins = np.ones(len(p), dtype=bool)
    begins[1:] = (p[1:] != p[:-1]) | (mine[1:] != mine[:-1])
    run = np.cumsum(begins) - 1
    bounds = np.append(np.flatnonzero(begins), len(p))
    before = np.concatenate(([0.0], np.cumsum(rose)))
    start = (np.cumsum(size) - size)[mine]
    # ups and all rows below each row in its slice, equal scores counting half
    below = (before[bounds[:-1]] + before[bounds[1:]])[run] / 2 - before[start]
    every = (bounds[:-1] + bounds[1:])[run] / 2 - start
    both = (ups > 0) & (falls > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        placement = np.where(rose, (every - below) / falls[mine], (ups[mine] - below) / ups[mine])
        auc = np.bincount(mine, weights=np.where(rose, placement, 0.0), minlength=slices) / ups
        influence = (placement - auc[mine]) / np.where(rose, ups[mine], falls[mine])
    usable = both[mine]
    return _Placed(
        np.where(both, size, 0).astype(np.float64), np.where(both, auc, 0.0), mine[usable], block[usable],
        influence[usable],
    )  # fmt: skip


def _student(confidence: float, freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom, 1 - (1 - confidence) / 2), dtype=np.float64)
