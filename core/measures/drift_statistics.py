"""Distances between two samples: Kolmogorov-Smirnov, PSI, Wasserstein, Jensen-Shannon.

All four come from one sorted column and the marks of two samples in it, so that a column is sorted
once for all its windows. Where many windows are only set beside one of them, a window costs its own rows alone
(:meth:`SortedColumn.beside`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

PSI_BINS = 10
EPSILON = 1e-4
"""Least share of a bin in PSI, so that an empty bin costs much but not infinitely."""

_ROWS_AT_ONCE = 32_768
"""Rows of 8 bytes each, twice, that stay within a processor's cache."""

_CLOSE, _ROUNDING = 1e-7, 16 * float(np.finfo(np.float64).eps)
"""How near to a number a sum in another order may lie without telling on which side the exact one is: as a share of it,
and of the largest running sum it is made of. Rounding adds up to far less."""


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
    return SortedColumn.of(values[order]).distances([np.flatnonzero(order >= len(a))])[0]


@dataclass(frozen=True, eq=False)
class SortedColumn:
    """A column sorted once, of which any rows can be compared with all others.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Rising, no NaN.
    steps : ndarray of float, shape (n,)
        What each value is below the next; 0 for the last.
    closing : ndarray of bool, shape (n,)
        Whether a value is the last of equal ones: only there are distribution functions complete.
    tied : bool
        Whether there are equal values.
    mean : float
        Of the values.
    squares : float
        Sum of the squares of the values less their mean.
    """

    values: NDArray[np.float64]
    steps: NDArray[np.float64]
    closing: NDArray[np.bool_]
    tied: bool
    mean: float
    squares: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> SortedColumn:
        """Return the column of sorted ``values``, at least one."""
        steps = np.zeros(len(values))
        np.subtract(values[1:], values[:-1], out=steps[:-1])
        closing = steps > 0
        closing[-1] = True
        mean = values.mean()
        centred = values - mean
        return cls(
            values, steps, closing, not closing.all(), mean, float(np.einsum("i,i->", centred, centred))
        )

    def distances(self, windows: Sequence[NDArray[np.integer]]) -> list[Distances]:
        """Return for each window how far its rows are from all others.

        Parameters
        ----------
        windows : sequence of ndarray of int
            Places of each window's rows, rising; neither empty nor all.
        """
        # one array for all windows: to ask for so much memory anew each time costs more than the sums
        room = np.empty(len(self.values))
        return self._distances(windows, (self._window_distances(places, room) for places in windows))

    def beside(self, windows: Sequence[NDArray[np.integer]], wasserstein: float) -> list[Distances]:
        """Return the same, for a comparison with a distance: a window costs its own rows, not all of the column.

        Parameters
        ----------
        windows : sequence of ndarray of int
            As in :meth:`distances`.
        wasserstein : float
            The scaled Wasserstein distance that those of the windows are compared with.

        Returns
        -------
        list of Distances
            Those of :meth:`distances` to the last digit, but for the Wasserstein distance: added in another order, it
            may differ by rounding, and is the exact one where that could decide which of the two is larger.
        """
        sums = np.zeros(len(self.values) + 1)
        np.cumsum(self.values - self.mean, out=sums[1:])
        rounding = _ROUNDING * float(max(sums.max(), -sums.min()))
        return self._distances(
            windows, (self._distances_by_rows(p, sums, wasserstein, rounding) for p in windows)
        )

    def _distances(
        self, windows: Sequence[NDArray[np.integer]], distances: Iterable[tuple[float, float]]
    ) -> list[Distances]:
        """Return the figures of windows whose KS statistics and Wasserstein distances are ``distances``."""
        if not windows:
            return []
        shares = [self._shares(places) for places in windows]
        before, now = (np.stack(side) for side in zip(*shares, strict=True))
        figures = zip(distances, psi(before, now), jensen_shannon(before, now), strict=True)
        return [Distances(ks, float(p), moved, float(js)) for (ks, moved), p, js in figures]

    def _distances_by_rows(
        self, places: NDArray[np.integer], sums: NDArray[np.float64], wasserstein: float, rounding: float
    ) -> tuple[float, float]:
        """Return :meth:`_window_distances` from the window's rows; ``sums`` are running sums of values less their mean.

        Between two rows of the window the difference of the distribution functions falls in a straight line, row by
        row: it is widest beside one of them, and the sum of its sizes follows from running sums of the values.
        """
        total, now = len(self.values), len(places)
        before, scale = total - now, now * (total - now)
        bounds = np.concatenate(([-1], places, [total - 1])).astype(np.int64, copy=False)
        moved, highest, lowest = 0.0, 0, scale
        for first in range(0, now + 1, _ROWS_AT_ONCE // 4):
            piece = bounds[first : first + _ROWS_AT_ONCE // 4 + 1]
            starts = np.arange(first, first + len(piece) - 1) * total - (piece[:-1] + 1) * now
            after = starts if first else starts[1:]
            highest, lowest = int(after.max(initial=highest)), int(after.min(initial=lowest))
            moved += self._moved(piece, starts.astype(np.float64), now, sums)
        widest = self._widest(places) if self.tied else float(max(highest, before - lowest))
        spread = self._spread_without(places)
        if not spread > 0:
            return widest / scale, np.nan
        scaled = moved / scale / spread
        if abs(scaled - wasserstein) <= rounding * (total / before) / spread + _CLOSE * max(
            scaled, wasserstein
        ):
            scaled = self._window_distances(places, np.empty(total))[1]
        return widest / scale, scaled

    def _moved(
        self,
        bounds: NDArray[np.int64],
        starts: NDArray[np.float64],
        now: int,
        sums: NDArray[np.float64],
    ) -> float:
        """Return the sum over rows of the size of the difference times the step to the next value.

        Parameters
        ----------
        bounds : ndarray of int, shape (pieces + 1,)
            Rows of the window: from each on up to the next the difference falls by ``now`` a row.
        starts : ndarray of float, shape (pieces,)
            What it is at the first row of each.
        """
        ends = bounds[1:]
        value, total = self.values[np.maximum(bounds, 0)] - self.mean, sums[np.maximum(bounds, 0)]
        inside = total[1:] - total[:-1] - value[:-1]
        if bounds[0] < 0:  # before the window's first row: that piece begins with the column, not with a row
            starts[0], inside[0] = -now, total[1] - value[0]
        lengths = ends - np.maximum(bounds[:-1], 0)
        signed = starts * (value[1:] - value[:-1]) - now * ((lengths - 1) * value[1:] - inside)
        turns = np.flatnonzero((starts > 0) & (starts < (lengths - 1) * float(now)))
        # where its sign changes within a piece: twice what lies before that, less all of it
        begin, start = bounds[turns], starts[turns]
        rows = np.minimum((start // now).astype(np.int64) + 1, lengths[turns])
        reached = self.values[begin + rows] - self.mean
        passed = sums[begin + rows] - total[turns] - value[turns]
        above = start * (reached - value[turns]) - now * ((rows - 1) * reached - passed)
        turned = 2 * above - signed[turns]
        signed[turns] = 0.0
        return float(np.abs(signed, out=signed).sum() + turned.sum())

    def _widest(self, places: NDArray[np.integer]) -> float:
        """Return the largest difference of the distribution functions, times the rows of both, among equal values."""
        total, now, values = len(self.values), len(places), self.values[places]
        changes = np.flatnonzero(values[1:] != values[:-1])
        last, first = np.append(changes, now - 1), np.append(0, changes + 1)
        # of equal values all count at once: up to the last of them in the column, from the first of them on
        end, begin = places[last].astype(np.int64), places[first].astype(np.int64)
        more = ~self.closing[end]
        end[more] = np.searchsorted(self.values, values[last][more], side="right") - 1
        more = (begin > 0) & ~self.closing[begin - 1]
        begin[more] = np.searchsorted(self.values, values[first][more], side="left")
        return float(max(((last + 1) * total - (end + 1) * now).max(), (begin * now - first * total).max()))

    def _window_distances(
        self, places: NDArray[np.integer], gaps: NDArray[np.float64]
    ) -> tuple[float, float]:
        """Return the KS statistic and the scaled Wasserstein distance of one window; ``gaps`` is overwritten."""
        total, now = len(self.values), len(places)
        before = total - now
        # With c of the first i rows current, c/now - (i-c)/before = (c*total - i*now)/(now*before).
        # Each row adds -now, a current one total as well: whole numbers, so the running sum is exact. It is made
        # of whole numbers of 64 bits, which add without waiting as floats do, in blocks that stay in the cache.
        block, running, widest = np.empty(_ROWS_AT_ONCE, dtype=np.int64), 0, 0.0
        starts = range(0, total, _ROWS_AT_ONCE)
        bounds = np.searchsorted(places, (*starts, total))
        for number, start in enumerate(starts):
            here = slice(start, start + _ROWS_AT_ONCE)
            difference = gaps[here]
            sums = block[: len(difference)]
            sums.fill(-now)
            sums[places[bounds[number] : bounds[number + 1]] - start] += total
            sums[0] += running
            np.cumsum(sums, out=sums)
            running = int(sums[-1])
            np.abs(sums, out=difference)
            if self.tied:
                # a step of 0 follows: what counts for nothing in the sum below cannot be the widest either
                difference *= self.closing[here]
            widest = max(widest, float(difference.max()))
        moved = float(np.einsum("i,i->", gaps, self.steps)) / (now * before)
        spread = self._spread_without(places)
        return widest / (now * before), moved / spread if spread > 0 else np.nan

    def _spread_without(self, places: NDArray[np.integer]) -> float:
        """Return the standard deviation (ddof 0) of all rows but those at ``places``."""
        others = len(self.values) - len(places)
        first, last = self.values[_among_others(places, np.array([0, others - 1]))]
        if first == last:
            return 0.0
        removed = self.values[places] - self.mean
        mean = float(removed.sum()) / others
        squares = self.squares - float(np.einsum("i,i->", removed, removed))
        return math.sqrt(max(0.0, squares / others - mean**2))

    def _shares(self, places: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shares per bin of the other rows and of those at ``places``.

        Bins are bounded by the deciles of the others; a value equal to a decile is in the bin above it
        (``side="right"``).
        """
        others = len(self.values) - len(places)
        lower, upper, part = _decile_places(others)
        a, b = (self.values[_among_others(places, which)] for which in (lower, upper))
        cuts = np.searchsorted(self.values, a + (b - a) * part, side="left")
        inner = np.searchsorted(places, cuts, side="left")
        return _between(cuts - inner, others), _between(inner, len(places))


def _between(bounds: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    """Return the shares of ``total`` rows that lie between ``bounds``."""
    counts = np.empty(len(bounds) + 1)
    counts[0], counts[1:-1], counts[-1] = bounds[0], bounds[1:] - bounds[:-1], total - bounds[-1]
    return counts / total


def _among_others(places: NDArray[np.integer], which: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the rows numbered ``which`` among those not at ``places`` stand in the column."""
    passed = np.searchsorted(places - np.arange(len(places)), which, side="right")
    where: NDArray[np.int64] = which + passed
    return where


def _decile_places(rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return between which sorted rows the nine inner deciles lie, and how far (Hyndman and Fan 7).

    >>> [array.tolist()[:2] for array in _decile_places(12)]
    [[1, 2], [2, 3], [0.1, 0.2]]
    """
    place = np.arange(1, PSI_BINS) * (rows - 1) / PSI_BINS
    lower = np.floor(place).astype(np.int64)
    return lower, np.minimum(lower + 1, rows - 1), np.round(place - lower, 12)


def psi(reference: ArrayLike, current: ArrayLike) -> NDArray[np.float64]:
    """Return the population stability index of shares along the last axis: sum (r - c) ln(r / c).

    Shares below :data:`EPSILON` count as that. Symmetric; 0 for equal shares.

    >>> round(float(psi([0.5, 0.5], [0.25, 0.75])), 6)
    0.274653
    """
    r, c = (np.maximum(np.asarray(shares, dtype=np.float64), EPSILON) for shares in (reference, current))
    return np.asarray(np.sum((r - c) * np.log(r / c), axis=-1))


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> NDArray[np.float64]:
    """Return the Jensen-Shannon distance of shares along the last axis, natural log: 0 to sqrt(ln 2).

    ``sqrt(KL(r | m) / 2 + KL(c | m) / 2)`` with m their mean (Endres and Schindelin 2003).

    >>> round(float(jensen_shannon([1.0, 0.0], [0.0, 1.0])), 6)
    0.832555
    """
    r, c = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    middle = (r + c) / 2
    return np.sqrt(np.maximum(0.0, (_divergence(r, middle) + _divergence(c, middle)) / 2))


def _divergence(shares: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    positive = shares > 0
    ratio = np.divide(shares, middle, out=np.ones_like(shares), where=positive)
    return np.asarray(np.sum(shares * np.log(ratio), axis=-1))
