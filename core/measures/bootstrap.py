"""Intervals by resampling blocks of consecutive dates, the tickers of a date kept together.

Rows of one date are not independent and neither are neighbouring dates, so the unit drawn is a block
of dates (circular block bootstrap, Politis and Romano 1992) within a fold. A resample is a whole
number of times that each date counts; every statistic is computed from those weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

PAIRED_FROM = 16
"""Rows of a date from which pairs of dates cost less than all rows (measured for 20 to 1,200 dates)."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

MIN_BLOCKS = 5
"""A fold is cut into at least so many blocks: with one or two, all resamples are nearly the same rows
and the interval would be far too narrow. Short folds therefore use shorter blocks."""

CHUNK_CELLS = 500_000
"""Rows times resamples worked on at once (4 MB of float64): bounds memory whatever the size."""


class Quantity(Protocol):
    """Something with values for the rows themselves and for weights of their groups."""

    def points(self) -> dict[str, float]:
        """Return the value of each statistic; NaN where undefined."""

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return each statistic per resample; ``weights`` has shape (groups, resamples)."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and what the resamples gave in its place, shape (resamples,); NaN where undefined."""

    value: float
    draws: NDArray[np.float64]

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the percentile interval; None when over half the resamples are undefined, or the coverage is.

        >>> Estimate(2.0, np.array([1.0, 2.0, 3.0, np.nan])).interval(0.5)
        (1.5, 2.5)
        """
        draws = self.draws[~np.isnan(self.draws)]
        if np.isnan([self.value, confidence]).any() or 2 * len(draws) <= len(self.draws):
            return None
        tail = (1 - confidence) / 2
        low, high = np.quantile(draws, (tail, 1 - tail))
        return float(low), float(high)


@dataclass(frozen=True)
class Resampling:
    """How intervals are made: number of resamples, block length in sessions, coverage, seed."""

    samples: int
    block_sessions: int
    confidence: float
    seed: int


def block_length(dates: int, block_sessions: int, horizon_sessions: int = 1) -> int:
    """Return the block length used in a fold of ``dates`` dates.

    Labels that look ``horizon_sessions`` ahead move together over as many dates: a block then holds two horizons, or
    half of the fold where that is less, and one horizon at least.

    >>> block_length(252, 10), block_length(20, 10)
    (10, 4)
    >>> [block_length(dates, 10, 20) for dates in (252, 50, 30)]
    [40, 25, 20]
    """
    if horizon_sessions > 1:
        length = max(block_sessions, 2 * horizon_sessions)
        return max(min(length, dates // 2), min(horizon_sessions, dates), 1)
    return max(1, min(block_sessions, dates // MIN_BLOCKS))


def visible_variance(block: float, horizon_sessions: int) -> float:
    """Return the share of a mean's variance that blocks of this length show where labels overlap.

    Outcomes over H sessions that begin k sessions apart share 1 - k / H of their time, and blocks of b dates see
    1 - k / b of what neighbours k apart have in common (Künsch 1989, section 3.2).

    >>> visible_variance(10, 1), round(visible_variance(40, 20), 4)
    (1.0, 0.8337)
    """
    lags = np.arange(1, horizon_sessions)
    shared, visible = 1 - lags / horizon_sessions, np.maximum(1 - lags / block, 0)
    return float((1 + 2 * (shared * visible).sum()) / (1 + 2 * shared.sum()))


def weights(rows: JudgedRows, how: Resampling) -> Iterator[NDArray[np.float64]]:
    """Yield how often each group counts, in chunks of shape (groups, resamples of the chunk).

    Each fold keeps its number of dates in every resample and has its own generator, seeded by
    ``how.seed`` and the fold's place, so the draws depend neither on the chunks nor on other folds.
    """
    sizes = np.bincount(rows.group_fold, minlength=len(rows.folds)).tolist()
    generators = [np.random.default_rng((how.seed, place)) for place in range(len(sizes))]
    in_folds = [part.stop - part.start for part in rows.parts]
    by_rows = (n for n, dates in zip(in_folds, sizes, strict=True) if not by_pairs(n, dates))
    chunk = max(1, CHUNK_CELLS // max(1, len(rows.group_fold), *by_rows))
    for start in range(0, how.samples, chunk):
        count = min(chunk, how.samples - start)
        parts = [
            _fold_weights(
                generator, size, block_length(size, how.block_sessions, rows.horizon_sessions), count
            )
            for generator, size in zip(generators, sizes, strict=True)
        ]
        yield np.concatenate(parts) if parts else np.zeros((0, count))


def by_pairs(rows: int, dates: int) -> bool:
    """Return whether the AUC of a fold is taken from pairs of its dates (see :mod:`core.measures.ranking`).

    Its rows are then not gone through for every resample.
    """
    return rows > PAIRED_FROM * dates


def _fold_weights(
    generator: np.random.Generator, dates: int, block: int, samples: int
) -> NDArray[np.float64]:
    """Return counts of dates drawn in circular blocks, the last one cut, shape (dates, samples).

    Each block adds a step up at its first date and a step down after its last; running sums of the
    steps are the counts, and what runs past the end is added at the beginning.
    """
    blocks = -(-dates // block)
    starts = generator.integers(0, dates, size=(samples, blocks))
    ends = starts + block
    ends[:, -1] -= blocks * block - dates
    cells, column = (dates + block) * samples, np.arange(samples)[:, None]
    up, down = (np.bincount((at * samples + column).ravel(), minlength=cells) for at in (starts, ends))
    counts = np.cumsum((up - down).reshape(-1, samples), axis=0)
    counts[:block] += counts[dates:]
    return counts[:dates].astype(np.float64)


def weighted_sums(values: NDArray[np.float64], group_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values @ group_weights``, added in the order of the groups.

    The linear algebra library is not used: it adds in another order with another number of threads,
    and the last digits of an artifact would follow the machine.

    Parameters
    ----------
    values : ndarray of float, shape (statistics, groups)
    group_weights : ndarray of float, shape (groups, resamples)

    Returns
    -------
    ndarray of float, shape (statistics, resamples)

    Examples
    --------
    >>> weighted_sums(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [1.0, 2.0]])).tolist()
    [[3.0, 4.0]]
    """
    sums: NDArray[np.float64] = np.einsum("mg,gs->ms", values, group_weights)
    return sums


def estimate(
    quantities: Mapping[str, Quantity], rows: JudgedRows, how: Resampling
) -> dict[str, dict[str, Estimate]]:
    """Return the value and the draws of every statistic of every quantity, on the same resamples."""
    drawn: dict[str, list[dict[str, NDArray[np.float64]]]] = {name: [] for name in quantities}
    for chunk in weights(rows, how):
        for name, quantity in quantities.items():
            drawn[name].append(quantity.draws(chunk))
    return {name: _joined(quantity.points(), drawn[name]) for name, quantity in quantities.items()}


def _joined(points: Mapping[str, float], chunks: list[dict[str, NDArray[np.float64]]]) -> dict[str, Estimate]:
    return {
        name: Estimate(value, np.concatenate([chunk[name] for chunk in chunks]))
        for name, value in points.items()
    }
