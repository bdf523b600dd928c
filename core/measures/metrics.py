"""Classification metrics, each a function of sums over rows.

Every metric but AUC and the Brier skill (:mod:`core.measures.skill`) is a ratio of sums over rows. Written
that way one formula serves the value itself, a fold, a ticker and a thousand resamples at once: only the
sums differ. Where a metric is undefined the result is NaN; :mod:`core.measures.performance` writes null and
the reason.

A row is called up when its probability is at least :data:`THRESHOLD`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

THRESHOLD = 0.5
"""From here a row is called up; the same as the direction of a signal."""

CLIP = float(np.finfo(np.float64).eps)
"""Log loss takes probabilities no nearer to 0 or 1 than this, as scikit-learn does for float64."""


ROWS_AT_ONCE = 1_000_000
"""Rows whose contributions are in memory together."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over rows; each field is an array of one shape (a number, per fold, per resample...).

    Parameters
    ----------
    rows : ndarray
        Number of rows.
    up : ndarray
        Rows that went up.
    up_calls : ndarray
        Rows called up.
    rightly_up : ndarray
        Rows called up that went up.
    right : ndarray
        Rows whose direction was called rightly.
    squared_error : ndarray
        Sum of (probability - outcome) squared.
    log_loss : ndarray
        Sum of minus the log of the probability given to what happened.
    """

    rows: NDArray[np.float64]
    up: NDArray[np.float64]
    up_calls: NDArray[np.float64]
    rightly_up: NDArray[np.float64]
    right: NDArray[np.float64]
    squared_error: NDArray[np.float64]
    log_loss: NDArray[np.float64]

    def stacked(self) -> NDArray[np.float64]:
        """The seven fields in order, shape (7, ...)."""
        return np.stack(astuple(self))


def contributions(probability: ArrayLike, up: ArrayLike) -> NDArray[np.float64]:
    """Return what each row adds to the fields of :class:`Sums`, shape (7, rows).

    Parameters
    ----------
    probability : array of float, shape (rows,)
        Probability of an up move, 0 to 1, no NaN.
    up : array, shape (rows,)
        Outcome, 1 or 0, no NaN.
    """
    return np.stack(list(_contributed(probability, up)))


def _contributed(probability: ArrayLike, up: ArrayLike) -> Iterator[NDArray[np.float64]]:
    """Yield the fields one after the other: of a large table no two need be held."""
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(up, dtype=np.float64)
    call = (p >= THRESHOLD).astype(np.float64)
    yield np.ones_like(p)
    yield y
    yield call
    yield call * y
    yield (call == y).astype(np.float64)
    yield (p - y) ** 2
    yield -np.log(np.clip(np.where(y > 0, p, 1 - p), CLIP, 1 - CLIP))


def totals(probability: ArrayLike, up: ArrayLike) -> Sums:
    """Return the sums over all rows; arguments as in :func:`contributions`."""
    return Sums(*contributions(probability, up).sum(axis=1))


def totals_by(
    group: NDArray[np.integer] | Callable[[slice], NDArray[np.integer]],
    groups: int,
    probability: ArrayLike,
    up: ArrayLike,
) -> Sums:
    """Return the sums per group, each of shape (groups,).

    Parameters
    ----------
    group : ndarray of int, shape (rows,), or callable
        Each row's number from 0, -1 for none; or what gives the numbers of a slice of the rows.
    groups : int
    probability, up : array, shape (rows,)
        As in :func:`contributions`.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(up, dtype=np.float64)
    numbers_of = group if callable(group) else group.__getitem__

    def values_of(part: slice) -> Iterator[NDArray[np.float64]]:
        inside = numbers_of(part) >= 0
        return _contributed(p[part][inside], y[part][inside])

    def inside_of(part: slice) -> NDArray[np.integer]:
        own = numbers_of(part)
        return own[own >= 0]

    return Sums(*sums_by(inside_of, groups, values_of, len(p)))


def sums_by(
    group_of: Callable[[slice], NDArray[np.integer]],
    groups: int,
    values_of: Callable[[slice], Iterable[NDArray[np.float64]]],
    rows: int,
) -> list[NDArray[np.float64]]:
    """Return sums per group of several values, each of shape (groups,), without holding a value of every row.

    Parameters
    ----------
    group_of : callable
        Gives the group of each row of a slice, from 0.
    groups : int
        Number of groups.
    values_of : callable
        Gives the values of a slice's rows, always as many arrays.
    rows : int
        Number of rows.
    """
    sums: list[NDArray[np.float64]] = []
    for start in range(0, max(rows, 1), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        own = group_of(part)
        for place, values in enumerate(values_of(part)):
            if start == 0:
                sums.append(np.bincount(own, weights=values, minlength=groups).astype(np.float64))
            else:
                # one row after the other, as one pass over all rows adds them: where slices begin changes nothing
                np.add.at(sums[place], own, values)
    return sums


RATIOS = {
    "precision": ("rightly_up", "up_calls"),
    "recall": ("rightly_up", "up"),
    "hit_rate": ("right", "rows"),
    "brier": ("squared_error", "rows"),
    "log_loss": ("log_loss", "rows"),
}
"""The fields of :class:`Sums` that each metric is the ratio of."""


def parts_of(metric: str, sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a metric of :data:`RATIOS` is the ratio of."""
    above, below = RATIOS[metric]
    return getattr(sums, above), getattr(sums, below)


def up_call_share(sums: Sums) -> NDArray[np.float64]:
    """Return the share of rows called up; NaN without rows.

    >>> float(up_call_share(totals([0.7, 0.6, 0.4, 0.1], [1, 0, 1, 0])))
    0.5
    """
    return _ratio(sums.up_calls, sums.rows)


def precision(sums: Sums) -> NDArray[np.float64]:
    """Return the share of rows called up that went up; NaN when none is called up.

    >>> float(precision(totals([0.7, 0.6, 0.4], [1, 0, 1])))
    0.5
    """
    return _ratio(*parts_of("precision", sums))


def recall(sums: Sums) -> NDArray[np.float64]:
    """Return the share of rows that went up that were called up; NaN when none went up.

    >>> float(recall(totals([0.7, 0.6, 0.4, 0.9], [1, 0, 1, 1]))).__round__(4)
    0.6667
    """
    return _ratio(*parts_of("recall", sums))


def hit_rate(sums: Sums) -> NDArray[np.float64]:
    """Return the share of rows whose direction was called rightly (accuracy); NaN without rows.

    >>> float(hit_rate(totals([0.7, 0.6, 0.4, 0.1], [1, 0, 1, 0])))
    0.5
    """
    return _ratio(*parts_of("hit_rate", sums))


def brier(sums: Sums) -> NDArray[np.float64]:
    """Return the mean squared error of the probability (Brier 1950); lower is better, NaN without rows.

    >>> float(brier(totals([0.5, 1.0], [1, 1])))
    0.125
    """
    return _ratio(*parts_of("brier", sums))


def log_loss(sums: Sums) -> NDArray[np.float64]:
    """Return the mean of minus the natural log of the probability given to what happened.

    Probabilities are kept :data:`CLIP` away from 0 and 1. NaN without rows.

    >>> round(float(log_loss(totals([0.5, 0.25], [1, 0]))), 6)
    0.490415
    """
    return _ratio(*parts_of("log_loss", sums))


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, np.divide(above, below), np.nan)


POOLED: dict[str, Callable[[Sums], NDArray[np.float64]]] = {
    "precision": precision,
    "recall": recall,
    "hit_rate": hit_rate,
    "brier": brier,
    "log_loss": log_loss,
}
"""Metrics taken over all judged rows together."""


def pooled(sums: Sums) -> dict[str, NDArray[np.float64]]:
    """Return every metric of :data:`POOLED`, each with the shape of the sums."""
    return {name: metric(sums) for name, metric in POOLED.items()}
