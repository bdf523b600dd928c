"""AUC over folds, each with the weight of its judged rows, and paired differences weighted alike.

The plain mean gives a fold of 20 sessions the weight of a year: on simulated panels that doubles the
variance of the figure, and the short fold, cut into few blocks, makes its interval too narrow. A fold of
one outcome has no AUC; it is left out of the sum and of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.ranking import PairedFold, RankedFold, RankedScore

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows


def weighted_mean(within: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over folds (the first axis) weighted by rows, NaN left out of sum and weights.

    Parameters
    ----------
    within : ndarray of float, shape (folds, ...)
        AUC of each fold; NaN where it has one outcome only.
    rows : ndarray of float, shape (folds,) or that of ``within``
        JudgedRows rows of each fold.

    Returns
    -------
    ndarray of float, shape ``within.shape[1:]``
        NaN where no fold has both outcomes.

    Examples
    --------
    >>> float(weighted_mean(np.array([0.5, np.nan, 0.7]), np.array([300.0, 50.0, 100.0])))
    0.55
    """
    weight = rows.reshape(rows.shape + (1,) * (within.ndim - rows.ndim)) * ~np.isnan(within)
    total = weight.sum(axis=0)
    return np.where(total > 0, np.nansum(within * weight, axis=0) / np.where(total > 0, total, 1), np.nan)


@dataclass(frozen=True, eq=False)
class WeightedScore:
    """A score over the judged rows, ranked within folds that count by their rows.

    Parameters
    ----------
    ranked : RankedScore
        The score, sorted once per fold.
    rows : ndarray of float, shape (folds,)
        Rows of each fold that have the score. A resample keeps each fold's number of dates and these
        weights: what is resampled is the skill within folds, not their length.
    """

    ranked: RankedScore
    rows: NDArray[np.float64]

    @classmethod
    def of(cls, rows: JudgedRows, score: NDArray[np.float64]) -> WeightedScore:
        """Return ``score`` (shape (rows,), NaN: row left out) sorted within each fold of ``rows``."""
        ranked = RankedScore.of(rows, score)
        return cls(ranked, np.array([_size(fold) for fold in ranked.folds], dtype=np.float64))

    @property
    def point(self) -> float:
        """The weighted mean of the within-fold AUCs; NaN when no fold has both outcomes."""
        within = np.array([fold.point() for fold in self.ranked.folds], dtype=np.float64)
        return float(weighted_mean(within, self.rows)) if len(within) else np.nan

    def points(self) -> dict[str, float]:
        """The value itself, by metric name."""
        return {"auc": self.point}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the AUC of each resample; ``weights`` has shape (groups, resamples)."""
        if not self.ranked.folds:
            return {"auc": np.full(weights.shape[1], np.nan)}
        within = np.stack([fold.auc(weights) for fold in self.ranked.folds])
        return {"auc": weighted_mean(within, self.rows)}


def _size(fold: RankedFold | PairedFold) -> int:
    if isinstance(fold, PairedFold):
        return int(fold.ups.sum() + fold.downs.sum())
    return len(fold.up_groups) + len(fold.down_groups)
