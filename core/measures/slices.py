"""Figures of parts of the judged rows, each with an interval: folds, years, tickers, states of the market.

Resampling thousands of tickers a thousand times is not affordable. An AUC is nearly a mean of placements: for a row
that rose the share of falls with a lower score, for one that fell the share of rises with a higher one (DeLong,
DeLong and Clarke-Pearson 1988, Biometrics 44(3), 837-845). Here placements are added up over blocks of consecutive
dates, all tickers together, and the spread of these sums gives the interval: what moves together within a block
counts as one, as in :mod:`core.measures.bootstrap` (Politis, Romano and Wolf 1999, Subsampling, chapter 3). The other
metrics are ratios of sums, and a row adds to one by (what it adds above - ratio * what it adds below) / sum below (the
delta method; Cochran 1977, Sampling Techniques, section 6.3): their intervals come from the same blocks.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.measures import metrics
from core.measures.bootstrap import block_length
from core.measures.expanded import blocks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling
    from core.measures.judged_rows import JudgedRows

MIN_ROWS, MIN_FREEDOM = 60, 5
"""Rows, and blocks beyond the first of each fold, below which a figure has no interval: it would not cover. The rows
are those that the figure is a share of: of the precision the rows called up, of the recall those that rose."""


@dataclass(frozen=True, eq=False)
class SlicedFigure:
    """A figure of each slice and its interval; all of shape (slices,), NaN where undefined."""

    value: NDArray[np.float64]
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
    rank : ndarray of int, shape (rows,)
        Number of each row's score, rising; equal scores share theirs.
    rose : ndarray of bool, shape (rows,)
        Whether the outcome was up.
    """

    rows: NDArray[np.uint32]
    block: NDArray[np.int32]
    rank: NDArray[np.int32]
    rose: NDArray[np.bool_]


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
        self._score, self._folds = rows.probability, []
        self._visible = blocks_of(rows, how).visible
        self._block, self._bounds = _blocks_of_groups(rows, how)
        for part in rows.parts:
            order = part.start + np.argsort(self._score[part], kind="stable")
            # in half the bytes of what numpy gives: they are in memory while every slice is looked at
            score = self._score[order]
            rank = np.cumsum(np.append(False, score[1:] != score[:-1])[: len(score)], dtype=np.int32)
            block = self._block[rows.group[order]]
            self._folds.append(_Fold(order.astype(np.uint32), block, rank, rows.up[order] > 0))

    def ratios(self, number: NDArray[np.integer], slices: int) -> dict[str, SlicedFigure]:
        """Return every metric of :data:`core.measures.metrics.RATIOS` of each slice, over all its rows.

        Parameters
        ----------
        number, slices
            As in :meth:`auc`.

        Notes
        -----
        The interval is symmetric, with Student's quantiles, around sums over blocks; every fold is taken around its own
        mean and loses a degree of freedom, as in :func:`core.measures.bootstrap.weights`. A figure that no block
        differs in has none.
        """
        blocks, group = int(self._bounds[-1]), self._rows.group

        def cell_of(part: slice) -> NDArray[np.integer]:
            own = number[part].astype(np.int64)
            return np.where(own >= 0, own * blocks + self._block[group[part]], -1)

        flat = metrics.totals_by(cell_of, slices * blocks, self._score, self._rows.up)
        sums = metrics.Sums(*(field.reshape(slices, blocks) for field in astuple(flat)))
        return {name: self._ratio(name, sums) for name in metrics.RATIOS}

    def _ratio(self, name: str, sums: metrics.Sums) -> SlicedFigure:
        """Return a metric by slice; sums are of shape (slices, blocks)."""
        above, below = metrics.parts_of(name, sums)
        ratio, influence = _added(above, below)
        counted, total = below, below.sum(axis=1)
        if name == "recall":
            # of the calls as they were made: see core.measures.performance.PooledScore.draws
            influence, counted = influence - _added(sums.up_calls, sums.rows)[1], sums.rows
        spread, freedom = np.zeros(len(total)), np.zeros(len(total))
        for first, last in pairwise(self._bounds.tolist()):
            has_rows = counted[:, first:last] > 0
            own = np.where(has_rows, influence[:, first:last], 0.0)
            count = has_rows.sum(axis=1)
            deviation = np.where(has_rows, own - (own.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
            spread += (deviation**2).sum(axis=1) * _of_blocks(count)
            freedom += np.maximum(count - 1, 0)
        return self._figure(ratio, np.sqrt(spread / self._visible), total, freedom)

    def _figure(
        self,
        value: NDArray[np.float64],
        error: NDArray[np.float64],
        rows: NDArray[np.float64],
        freedom: NDArray[np.float64],
    ) -> SlicedFigure:
        enough = (rows >= MIN_ROWS) & (freedom >= MIN_FREEDOM) & (error > 0)
        reach = np.where(enough, _student(self._confidence, np.maximum(freedom, 1)) * error, np.nan)
        return SlicedFigure(value, np.maximum(value - reach, 0), np.minimum(value + reach, 1))

    def auc(self, number: NDArray[np.integer], slices: int) -> SlicedFigure:
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
            part = _placed(fold, number, slices)
            weight += part.rows
            total += part.rows * part.auc
            variance, blocks = part.spread(slices, int(self._bounds[-1]))
            spread += variance * part.rows**2
            freedom += np.maximum(blocks - 1, 0)
            counted += part.rows
        with np.errstate(divide="ignore", invalid="ignore"):
            auc, error = total / weight, np.sqrt(spread / self._visible) / weight
        return self._figure(auc, error, counted, freedom)


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
        return (sums**2).sum(axis=1) * _of_blocks(has_rows), has_rows.astype(np.float64)


def _added(
    above: NDArray[np.float64], below: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ratio of two sums by slice, and what each block adds to it; both of shape (slices, blocks)."""
    total = below.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.sum(axis=1) / total
        return ratio, (above - ratio[:, None] * below) / total[:, None]


def _of_blocks(count: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return by how much the squares of that many blocks fall short, taken around their own mean; 0 of one block."""
    return np.where(count > 1, count / np.maximum(count - 1, 1), 0.0)


def _blocks_of_groups(rows: JudgedRows, how: Resampling) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the block of dates of each group, counted over all folds, and where each fold's blocks begin and end."""
    sizes = np.bincount(rows.group_fold, minlength=len(rows.folds)).tolist()
    lengths = [block_length(dates, how.block_sessions, rows.horizon_sessions) for dates in sizes]
    bounds = np.cumsum([0, *(-(-dates // length) for dates, length in zip(sizes, lengths, strict=True))])
    of_folds = [
        first + np.arange(dates) // length
        for first, dates, length in zip(bounds[:-1].tolist(), sizes, lengths, strict=True)
    ]
    return np.concatenate([np.empty(0, np.int64), *of_folds]).astype(np.int32), bounds


def _placed(fold: _Fold, number: NDArray[np.integer], slices: int) -> _Placed:
    mine, p, rose, block = number[fold.rows], fold.rank, fold.rose, fold.block
    if mine.min(initial=0) < 0 or (mine[1:] != mine[:-1]).any():
        inside = np.flatnonzero(mine >= 0)
        # by score already: a stable sort by slice keeps that order within each; small numbers sort by radix
        small = mine[inside].astype(np.min_scalar_type(max(slices - 1, 0)))
        order = inside[np.argsort(small, kind="stable")]
        mine, p, rose, block = mine[order], p[order], rose[order], block[order]
    mine = mine.astype(np.int64)
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
