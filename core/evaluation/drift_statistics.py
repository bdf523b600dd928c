"""How far two samples are apart: Kolmogorov-Smirnov, PSI, Wasserstein, Jensen-Shannon.

All four come from one sorted column and the marks of two samples in it, so that a column is sorted
once for all its windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

PSI_BINS = 10
EPSILON = 1e-4
"""Least share of a bin in PSI, so that an empty bin costs much but not infinitely."""

_SERIES_TERMS = 100
_CERTAIN_BELOW = 0.2
"""Below this the Kolmogorov distribution's tail is 1 to 12 digits and its series converges slowly."""


@dataclass(frozen=True)
class Distances:
    """How far a current sample is from a reference; NaN where undefined."""

    ks: float
    psi: float
    wasserstein: float
    js: float


def distances(reference: ArrayLike, current: ArrayLike) -> Distances:
    """Return all four statistics of two samples (arrays of float, no NaN, any order, not empty).

    >>> found = distances([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0])
    >>> found.ks, round(found.wasserstein, 4)
    (0.5, 1.7889)
    """
    a, b = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    values = np.concatenate([a, b])
    order = np.argsort(values, kind="stable")
    return SortedColumn.of(values[order]).distances(order >= len(a))


@dataclass(frozen=True, eq=False)
class SortedColumn:
    """A column sorted once, in which any rows can be set against all others.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Rising, no NaN.
    steps : ndarray of float, shape (n - 1,)
        Differences of neighbours.
    closing : ndarray of int
        Places of the last of equal values: only there are distribution functions complete.
    """

    values: NDArray[np.float64]
    steps: NDArray[np.float64]
    closing: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> SortedColumn:
        """Return the column of sorted ``values``."""
        steps = np.diff(values)
        return cls(values, steps, np.append(np.flatnonzero(steps > 0), len(values) - 1))

    def distances(self, current: NDArray[np.bool_]) -> Distances:
        """Return how far the rows marked ``current`` are from the others; both must be there."""
        places = np.flatnonzero(current)
        total, now = len(self.values), len(places)
        gaps = np.diff(places, prepend=0, append=total)
        below_now = np.repeat(np.arange(now + 1), gaps)
        below_before = np.arange(1, total + 1) - below_now
        apart = np.abs(below_now / now - below_before / (total - now))
        held = self.values[~current]
        cuts = np.searchsorted(self.values, deciles(held), side="left")
        shares = [_bin_shares(below, cuts) for below in (below_before, below_now)]
        spread, moved = float(held.std()), float((apart[:-1] * self.steps).sum())
        return Distances(
            ks=float(apart[self.closing].max()),
            psi=psi(*shares),
            wasserstein=moved / spread if spread > 0 else np.nan,
            js=jensen_shannon(*shares),
        )


def deciles(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nine inner deciles of a sorted sample, by linear interpolation (Hyndman and Fan 7).

    >>> deciles(np.arange(11.0)).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    """
    place = np.arange(1, PSI_BINS) * (len(ordered) - 1) / PSI_BINS
    lower = np.floor(place).astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    cut: NDArray[np.float64] = ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)
    return cut


def _bin_shares(below: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share per bin; a value equal to a decile is in the bin above it (``side="right"``).

    ``below`` counts a sample's rows up to each place, ``cuts`` are the first places of the bins.
    """
    bounded = np.zeros(len(cuts) + 2)
    bounded[1:-1] = np.where(cuts > 0, below[cuts - 1], 0)
    bounded[-1] = below[-1]
    shares: NDArray[np.float64] = (bounded[1:] - bounded[:-1]) / below[-1]
    return shares


def psi(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the population stability index of two lists of shares: sum (r - c) ln(r / c).

    Shares below :data:`EPSILON` count as that. Symmetric; 0 for equal shares.

    >>> round(psi([0.5, 0.5], [0.25, 0.75]), 6)
    0.274653
    """
    r, c = (np.maximum(np.asarray(shares, dtype=np.float64), EPSILON) for shares in (reference, current))
    return float(np.sum((r - c) * np.log(r / c)))


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the Jensen-Shannon distance of two lists of shares, natural log: 0 to sqrt(ln 2).

    ``sqrt(KL(r | m) / 2 + KL(c | m) / 2)`` with m their mean (Endres and Schindelin 2003).

    >>> round(jensen_shannon([1.0, 0.0], [0.0, 1.0]), 6)
    0.832555
    """
    r, c = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    middle = (r + c) / 2
    return float(np.sqrt(max(0.0, (_divergence(r, middle) + _divergence(c, middle)) / 2)))


def _divergence(shares: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    held = shares > 0
    return float(np.sum(shares[held] * np.log(shares[held] / middle[held])))


def ks_p(statistic: float, reference_rows: int, current_rows: int) -> float:
    """Return the chance of so large a KS statistic when both samples come from one distribution.

    Asymptotic with Stephens' (1970) correction for small samples, within about 3 % of the exact value
    where p is above 0.001. It takes rows as independent, which prices never are: it is evidence for
    a reader, and no severity rests on it.

    >>> round(ks_p(0.2, 300, 62), 3)
    0.028
    """
    root = np.sqrt(reference_rows * current_rows / (reference_rows + current_rows))
    x = (root + 0.12 + 0.11 / root) * statistic
    if x < _CERTAIN_BELOW:
        return 1.0
    k = np.arange(1, _SERIES_TERMS + 1)
    tail = 2 * np.sum((-1.0) ** (k - 1) * np.exp(-2 * k**2 * x**2))
    return float(min(1.0, max(0.0, tail)))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979), in the order they came.

    >>> [round(value, 6) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return [float(value) for value in adjusted]
