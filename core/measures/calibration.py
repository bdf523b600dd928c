"""How far probabilities are from how often what they expect happens: bins, and the expected calibration error.

The error is the mean over bins of |mean probability - share that rose|, weighted by their rows (Naeini, Cooper and
Hauskrecht 2015, Obtaining well calibrated probabilities using Bayesian binning, AAAI). It is never below 0, so chance
alone makes it large where rows are few: beside it stands what probabilities that are true would show on the same
rows, from resamples of the bins' gaps around those that came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.measures.bootstrap import weighted_sums
from core.measures.metrics import ROWS_AT_ONCE, sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

BINS = 10
BINNING = "equally many rows"
"""Bins of equal width would be empty but for two or three: daily probabilities lie close to one half."""


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """The judged rows by probability.

    Parameters
    ----------
    edges : ndarray of float, shape (bins + 1,)
        Quantiles of the probability: ``low <= p < high``, the last bin closed.
    place : ndarray of int, shape (rows,)
        Bin of each row.
    rows, probability, up : ndarray of float, shape (bins,)
        Number of rows, and sums of probability and outcome.
    """

    edges: NDArray[np.float64]
    place: NDArray[np.int8]
    rows: NDArray[np.float64]
    probability: NDArray[np.float64]
    up: NDArray[np.float64]

    @classmethod
    def of(cls, rows: JudgedRows) -> CalibrationBins:
        """Return :data:`BINS` bins of equally many rows, fewer where probabilities are equal; at least one row."""
        p = rows.probability
        edges = np.unique(np.quantile(p, np.linspace(0, 1, BINS + 1)))
        bins = max(1, len(edges) - 1)
        place = np.empty(len(p), dtype=np.int8)
        for start in range(0, len(p), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            place[part] = np.clip(np.searchsorted(edges, p[part], side="right") - 1, 0, bins - 1)
        sums = sums_by(
            lambda part: place[part],
            bins,
            lambda part: (np.ones_like(p[part]), p[part], rows.up[part]),
            len(p),
        )
        return cls(edges, place, *sums)

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1."""
        return float(np.abs(self.probability - self.up).sum() / self.rows.sum())


@dataclass(frozen=True, eq=False)
class CalibrationChance:
    """What the expected calibration error of these rows would be, were the probabilities true.

    Parameters
    ----------
    gaps : ndarray of float, shape (bins, groups)
        Sum of probability less outcome of each bin's rows by date.
    rows : int
    """

    gaps: NDArray[np.float64]
    rows: int

    @classmethod
    def of(cls, rows: JudgedRows, bins: CalibrationBins) -> CalibrationChance:
        """Return the gaps of ``bins`` by date."""
        groups, count = len(rows.group_fold), len(bins.rows)
        (gaps,) = sums_by(
            lambda part: bins.place[part].astype(np.int64) * groups + rows.group[part],
            count * groups,
            lambda part: (rows.probability[part] - rows.up[part],),
            len(rows),
        )
        return cls(gaps.reshape(count, groups), len(rows))

    def points(self) -> dict[str, float]:
        """The error that came."""
        return {"calibration_error": float(np.abs(self.gaps.sum(axis=1)).sum() / self.rows)}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the error of each resample around the gaps that came; ``weights``: (groups, resamples)."""
        gap_sums = weighted_sums(self.gaps, weights - 1)
        return {"calibration_error": np.abs(gap_sums).sum(axis=0) / self.rows}
