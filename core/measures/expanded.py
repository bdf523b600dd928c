"""Percentile intervals made as wide as few blocks require.

The percentile interval of a mean is too narrow twice over: its spread is that of n draws around their own
mean (a factor of the root of (n - 1) / n), and its quantiles are those of a normal distribution where n
observations have Student's. Hesterberg (2015), What Teachers Should Know about the Bootstrap, The American
Statistician 69(4), 371-386, widens the tails so that both are made up for. Here the unit that is drawn is a
block of dates and every fold is drawn around its own mean, so n is the number of blocks and a fold costs
one degree of freedom. Where labels overlap, blocks of a few horizons show only a part of the variance
(:func:`core.measures.bootstrap.visible_variance`); the tails are widened for the rest, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.bootstrap import block_length, visible_variance

if TYPE_CHECKING:
    from core.measures.bootstrap import Resampling
    from core.measures.judged_rows import JudgedRows


@dataclass(frozen=True)
class Blocks:
    """How many blocks of dates there are, and how many folds they are drawn in.

    Parameters
    ----------
    blocks : float
        Dates of each fold over its block length, added up; a part of a block is a part of one.
    folds : int
        Folds that the blocks are drawn in.
    visible : float
        Share of the variance that the blocks show: 1 where labels do not overlap.
    """

    blocks: float
    folds: int
    visible: float = 1.0

    @property
    def freedom(self) -> float:
        """Degrees of freedom of a spread around each fold's own mean, at least 1."""
        return max(1.0, self.blocks - self.folds)


def blocks_of(rows: JudgedRows, how: Resampling) -> Blocks:
    """Return the blocks that resamples of ``rows`` are made of."""
    sizes = np.bincount(rows.group_fold, minlength=len(rows.folds)).tolist()
    horizon = rows.horizon_sessions
    lengths = [block_length(size, how.block_sessions, horizon) for size in sizes]
    blocks = sum(size / length for size, length in zip(sizes, lengths, strict=True))
    visible = visible_variance(sum(sizes) / blocks, horizon) if horizon > 1 and blocks else 1.0
    return Blocks(blocks, len(sizes), visible)


def tail(confidence: float, blocks: Blocks) -> float:
    """Return the share of resamples to leave out at either end for this coverage.

    >>> round(tail(0.95, Blocks(1e9, 1)), 4), round(tail(0.95, Blocks(25.0, 1)), 4)
    (0.025, 0.0176)
    """
    from scipy.special import ndtr, stdtrit

    student = float(stdtrit(blocks.freedom, (1 - confidence) / 2))
    return float(ndtr(student * np.sqrt(blocks.blocks / blocks.freedom / blocks.visible)))


def coverage_of(rows: JudgedRows, how: Resampling) -> float:
    """Return the share of the resamples of ``rows`` that the expanded interval of ``how.confidence`` holds."""
    return coverage(how.confidence, blocks_of(rows, how))


def coverage(confidence: float, blocks: Blocks) -> float:
    """Return the same of resamples that are made of these blocks.

    NaN where no fold has a second block: its resamples are all the same rows, and an interval would be a point.

    >>> round(coverage(0.95, Blocks(25.0, 1)), 3), coverage(0.95, Blocks(1.0, 1))
    (0.965, nan)
    """
    return 1 - 2 * tail(confidence, blocks) if blocks.blocks > blocks.folds else float("nan")


def stretch(confidence: float, blocks: Blocks) -> float:
    """Return how many times farther out the expanded interval's tail lies, in standard deviations.

    For a use of the resamples other than an interval: deviations times this are as wide as few blocks
    require.

    >>> round(stretch(0.95, Blocks(25.0, 1)), 3)
    1.075
    """
    from scipy.special import ndtri

    return float(ndtri(tail(confidence, blocks)) / ndtri((1 - confidence) / 2))
