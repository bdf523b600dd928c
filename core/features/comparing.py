"""How the values of tickers compare within a session: ranks and means, of all rows or of groups such as sectors."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.features.panel import Vector

Mask = NDArray[np.bool_]

Groups = Any
"""An array of numbers or texts, shape (n,): rows of one session that share one are compared."""


class Across(Protocol):
    """Returns the rank, or the mean, of values among the rows of the same session and group."""

    def __call__(self, what: str, values: Vector, within: Groups = None) -> Vector: ...


def within_sessions(session: NDArray[np.int64], member: Mask | None = None) -> Across:
    """Return how values compare among rows with the same number in ``session``.

    Where a universe has members of the day, values of members alone count. A row of another ticker is placed among
    them as if it came in that day; where no member has a value, all rows count, so that windows have no holes.

    Parameters
    ----------
    session : int64 array, shape (rows,)
    member : bool array, shape (rows,), or None
        Which rows are of members; None: all.

    Examples
    --------
    >>> across = within_sessions(np.array([1, 1, 1, 2]))
    >>> across("rank", np.array([3.0, 3.0, 1.0, 9.0])).tolist()
    [0.75, 0.75, 0.0, 0.5]
    >>> across("mean_across", np.array([3.0, np.nan, 1.0, 9.0])).tolist()
    [2.0, 2.0, 2.0, 9.0]
    >>> of_members = within_sessions(np.array([1, 1, 1]), np.array([True, True, False]))
    >>> of_members("rank", np.array([3.0, 1.0, 2.0])).tolist()
    [1.0, 0.0, 0.5]
    >>> of_members("mean_across", np.array([3.0, 1.0, 50.0])).tolist()
    [2.0, 2.0, 2.0]
    >>> across("rank", np.array([3.0, 2.0, 1.0, 9.0]), np.array(["a", "a", "b", "a"])).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    of_session = _numbered_days(session)

    def counted(values: Vector, group: NDArray[np.int64], groups: int) -> Mask:
        present = ~np.isnan(values)
        if member is None:
            return present
        without = np.bincount(group[present & member], minlength=groups) == 0
        chosen: Mask = present & (member | without[group])
        return chosen

    def mean_across(values: Vector, group: NDArray[np.int64]) -> Vector:
        groups = int(group.max(initial=-1)) + 1
        chosen = counted(values, group, groups)
        total = np.bincount(group[chosen], values[chosen], groups)
        count = np.bincount(group[chosen], minlength=groups)
        with np.errstate(invalid="ignore"):
            return (total / np.where(count, count, np.nan))[group]

    def rank(values: Vector, group: NDArray[np.int64]) -> Vector:
        result = np.full(len(values), np.nan)
        chosen = counted(values, group, int(group.max(initial=-1)) + 1)
        rows = np.flatnonzero(chosen)
        rows = rows[_order(values[rows], group[rows])]
        if len(rows):
            result[rows] = _ranks(values[rows], group[rows])
        others = np.flatnonzero(~np.isnan(values) & ~chosen)
        if len(others):
            result[others] = _places(values, group, rows, others)
        return result

    forms = {"rank": rank, "mean_across": mean_across}

    def across(what: str, values: Vector, within: Groups = None) -> Vector:
        if within is None:
            return forms[what](values, of_session)
        of_group = _numbered(within)
        return forms[what](values, of_session * (of_group.max(initial=0) + 1) + of_group)

    return across


def _numbered_days(session: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number from 0 on for each session, the same for equal ones; of days close together without a sort."""
    if len(session):
        distance: NDArray[np.int64] = session - session.min()
        if distance.max() <= 4 * len(session):
            return distance
    numbers: NDArray[np.int64] = np.unique(session, return_inverse=True)[1].reshape(-1)
    return numbers


def _order(values: Vector, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by (group, value); of equal values in any order, since ties have one rank."""
    order = np.argsort(values)
    # two bytes are sorted by their digits, eight by comparing them
    keys = group.astype("uint16") if group.max(initial=0) < 2**16 else group
    by_group: NDArray[np.int64] = order[np.argsort(keys[order], kind="stable")]
    return by_group


def _numbered(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each value, the same for equal ones; rows of a ticker are mostly of one group."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    of_run = np.unique(values[first], return_inverse=True)[1].reshape(-1)
    numbers: NDArray[np.int64] = of_run[np.cumsum(first) - 1].astype("int64")
    return numbers


def _places(
    values: Vector, group: NDArray[np.int64], ranked: NDArray[np.int64], others: NDArray[np.int64]
) -> Vector:
    """Return the rank that each of ``others`` would have beside the rows that are ranked, which it does not move."""
    distinct, code = np.unique(values[np.r_[ranked, others]], return_inverse=True)
    key = group[np.r_[ranked, others]] * len(distinct) + code
    theirs, own = key[: len(ranked)], key[len(ranked) :]
    start, end = (np.searchsorted(group[ranked], group[others], side) for side in ("left", "right"))
    below, not_above = (np.searchsorted(theirs, own, side) for side in ("left", "right"))
    return ((below + not_above) / 2 - start) / (end - start)


def _ranks(values: Vector, group: NDArray[np.int64]) -> Vector:
    """Return ranks of values sorted by (group, value), from 0 to 1 within each group."""
    place = np.arange(len(values))
    new_group = np.r_[True, group[1:] != group[:-1]]
    new_value = new_group | np.r_[True, values[1:] != values[:-1]]
    start = np.maximum.accumulate(np.where(new_group, place, 0))
    size = np.bincount(np.cumsum(new_group) - 1)[np.cumsum(new_group) - 1]
    tie = np.cumsum(new_value) - 1
    average = (np.bincount(tie, place - start) / np.bincount(tie))[tie]
    return np.where(size > 1, average / np.maximum(size - 1, 1), 0.5)
