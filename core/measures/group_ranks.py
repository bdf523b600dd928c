"""Ranks within groups, such as the tickers of a session, from one sort of the values.

Rows that stand by group are sorted group by group, which stays within the cache: a third of the time of sorting all of
them. Others are sorted by value, then stably by group, which for numbers of 16 bits counts instead of comparing: a
third of the time of pandas' ``groupby().rank()`` on a million rows. The order serves any subset of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GroupOrder:
    """Values in the order of group and value.

    Parameters
    ----------
    values : ndarray of float, shape (rows,)
        As they came; NaN has no place.
    group : ndarray of int, shape (rows,)
        Number of each row's group, not negative.
    order : ndarray of int, shape (present rows,)
        The rows that have a value, by group and value.
    """

    values: NDArray[np.float64]
    group: NDArray[np.integer]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, values: NDArray[np.float64], group: NDArray[np.integer]) -> GroupOrder:
        """Return the order of values that stand in any order."""
        sizes = np.bincount(group)
        if len(sizes) * int(sizes.max(initial=0)) <= 2 * len(group) and (group[1:] >= group[:-1]).all():
            return cls(values, group, _sorted_groups(values, sizes))
        rows = np.flatnonzero(~np.isnan(values))
        order = rows[np.argsort(values[rows])]
        number = group[order]
        if int(number.max(initial=0)) <= np.iinfo(np.uint16).max:
            number = number.astype(np.uint16)
        return cls(values, group, order[np.argsort(number, kind="stable")])

    def ranks(self, present: NDArray[np.bool_] | None = None, *, lowest: bool = False) -> NDArray[np.float64]:
        """Return ranks from 1 within each group, equal values sharing their mean rank; NaN stays NaN.

        Parameters
        ----------
        present : ndarray of bool, shape (rows,), optional
            Rows that are ranked; the others get NaN.
        lowest : bool
            Equal values share the lowest of their ranks instead.

        Examples
        --------
        >>> order = GroupOrder.of(np.array([0.2, 0.1, 0.2, 5.0]), np.array([0, 0, 0, 1]))
        >>> order.ranks().tolist(), order.ranks(lowest=True).tolist()
        ([2.5, 1.0, 2.5, 1.0], [2.0, 1.0, 2.0, 1.0])
        """
        order = self.order if present is None else self.order[present[self.order]]
        values, group = self.values[order], self.group[order]
        changes = np.ones(len(order), dtype=bool)
        changes[1:] = group[1:] != group[:-1]
        starts = np.flatnonzero(changes)
        begin = np.repeat(starts, np.diff(np.append(starts, len(order))))
        changes[1:] |= values[1:] != values[:-1]
        bounds = np.append(np.flatnonzero(changes), len(order))
        first, last = bounds[:-1], bounds[1:]
        rank = first + 1.0 if lowest else (first + last + 1) / 2
        result = np.full(len(self.values), np.nan)
        result[order] = np.repeat(rank, last - first) - begin
        return result


def _sorted_groups(values: NDArray[np.float64], sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that have a value by group and value, of groups of these sizes that stand one after the other."""
    column = np.arange(sizes.max(initial=0))
    inside = column < sizes[:, np.newaxis]
    table = np.full(inside.shape, np.nan)
    table[inside] = values
    present = np.count_nonzero(~np.isnan(table), axis=1)
    order = np.argsort(table, axis=1)  # NaN come last
    order += (np.cumsum(sizes) - sizes)[:, np.newaxis]
    with_value: NDArray[np.intp] = order[column < present[:, np.newaxis]]
    return with_value
