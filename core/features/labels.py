"""The label of each row, made of the ticker's later rows: the only column that looks ahead, and never an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.features.definitions import up_next
from core.label import DIRECTION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from core.features.panel import Panel, Vector
    from core.label import Label

    Days = NDArray[np.datetime64]
    Whole = NDArray[np.int64]

_UNIT = 2.0**40
"""Returns are added up as whole numbers of 2**-40 (1e-12): such a sum is the same in any order and in any parts.
Returns closer to their mean than that count as equal to it: two quotients of prices may differ by rounding alone."""

_LARGEST = 2.0**10
"""A return of 102,400 % and more counts as so much: sums of whole numbers stay within 64 bits."""


def later(panel: Panel, values: Vector, sessions: int) -> Vector:
    """Return each row's value ``sessions`` rows later in its ticker; NaN where there is none.

    >>> from core.features.panel import Panel
    >>> later(Panel.of(np.array([0, 0, 0, 1]), np.ones(4)), np.array([1.0, 2.0, 3.0, 9.0]), 2).tolist()
    [3.0, nan, nan, nan]
    """
    result = np.full(len(values), np.nan)
    # rows of a ticker are numbered: only one of the same ticker has a number that is so much higher
    rows = max(len(values) - sessions, 0)
    same = panel.position[sessions:] == panel.position[:rows] + sessions
    result[:rows][same] = values[sessions:][same]
    return result


def direction(panel: Panel, sessions: int) -> Vector:
    """Return 1.0 if the adjusted close ``sessions`` rows later is higher, else 0.0; NaN on the last ``sessions`` rows.

    >>> from core.features.panel import Panel
    >>> direction(Panel.of(np.zeros(4, dtype=np.int64), np.array([10.0, 9.0, 11.0, 9.0])), 2).tolist()
    [1.0, 0.0, nan, nan]
    """
    if sessions == 1:
        return up_next(panel)
    after = later(panel, panel.adj_close, sessions)
    return np.where(np.isnan(after), np.nan, (after > panel.adj_close).astype("float64"))


class ReturnSums(NamedTuple):
    """Returns of some tickers added up by session, in units of 2**-40."""

    days: Days
    sums: Whole
    counts: Whole


def return_sums(
    panel: Panel, days: Days, sessions: int, member: NDArray[np.bool_] | None = None
) -> ReturnSums:
    """Return by session the sum of the returns over the next ``sessions`` rows, and how many tickers have one.

    Parameters
    ----------
    member : bool array, shape (rows,), optional
        Rows that count; default: all.
    """
    units, has_return = _units(panel, sessions)
    has_return = has_return if member is None else has_return & member
    unique, place = np.unique(days[has_return], return_inverse=True)
    sums = np.zeros(len(unique), dtype=np.int64)
    np.add.at(sums, place, units[has_return])
    return ReturnSums(unique, sums, np.bincount(place, minlength=len(unique)))


@dataclass(frozen=True, eq=False)
class SessionMeans:
    """The mean return of all tickers by session, rounded down to whole units of 2**-40.

    Parameters
    ----------
    days : datetime64 array, shape (sessions,)
        Rising.
    units : int64 array, shape (sessions,)
        A whole number of units is above the mean if it is above the mean rounded down.
    """

    days: Days
    units: Whole

    @classmethod
    def of(cls, parts: Iterable[ReturnSums]) -> SessionMeans:
        """Return the means over the tickers of all parts, the same in whatever order and parts they come."""
        days, sums, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        unique, place = np.unique(days, return_inverse=True)
        total, number = np.zeros((2, len(unique)), dtype=np.int64)
        np.add.at(total, place, sums)
        np.add.at(number, place, counts)
        return cls(unique, total // number)


def excess(panel: Panel, days: Days, sessions: int, means: SessionMeans) -> Vector:
    """Return 1.0 if the return over the next ``sessions`` rows is above its session's mean, else 0.0; NaN without one.

    Parameters
    ----------
    days : datetime64 array, shape (rows,)
        Session of each row.
    means : SessionMeans
        Of all tickers, those of other parts included.
    """
    units, has_return = _units(panel, sessions)
    label = np.full(len(units), np.nan)
    has_return &= np.isin(days, means.days)  # a session without any member has no mean
    place = np.searchsorted(means.days, days[has_return])
    label[has_return] = units[has_return] > means.units[place]
    return label


def label_of(panel: Panel, days: Days, label: Label, means: SessionMeans | None) -> Vector:
    """Return the column ``up_next``: 1.0, 0.0, or NaN on a ticker's last rows."""
    if label.label == DIRECTION or means is None:
        return direction(panel, label.horizon_sessions)
    return excess(panel, days, label.horizon_sessions, means)


def _units(panel: Panel, sessions: int) -> tuple[Whole, NDArray[np.bool_]]:
    """Return each row's return over its next rows in whole units, and where there is one."""
    gained = later(panel, panel.adj_close, sessions) / panel.adj_close - 1.0
    has_return = ~np.isnan(gained)
    bounded = np.clip(np.where(has_return, gained, 0.0), -_LARGEST, _LARGEST)
    return np.rint(bounded * _UNIT).astype(np.int64), has_return
