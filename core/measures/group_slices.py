"""Rows of whole groups at a time: a figure of one group needs no memory for the rows of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ROWS_AT_ONCE = 1_000_000
"""Rows of whole sessions that are worked on together."""


@dataclass(frozen=True)
class RowSlice:
    """Rows of whole groups: where they stand, the number of the first group and how many there are."""

    rows: slice
    first: int
    groups: int


def slices_of(group: NDArray[np.integer], groups: int) -> Iterator[RowSlice]:
    """Yield slices of some :data:`ROWS_AT_ONCE` rows; all at once if rows do not stand by group.

    Every figure here is one of a group, so what is worked on together changes none.
    """
    rows = len(group)
    if rows <= ROWS_AT_ONCE or (group[1:] < group[:-1]).any():
        yield RowSlice(slice(0, rows), 0, groups)
        return
    start = 0
    while start < rows:
        last = int(group[min(start + ROWS_AT_ONCE, rows) - 1])
        stop = int(np.searchsorted(group, group.dtype.type(last), side="right"))
        first = int(group[start])
        yield RowSlice(slice(start, stop), first, last - first + 1)
        start = stop


def in_slices(
    function: Callable[..., NDArray[np.float64]],
    group: NDArray[np.integer],
    groups: int,
    *values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what a function of values, groups and their number gives for each group, NaN for one without rows."""
    result = np.full(groups, np.nan)
    for part in slices_of(group, groups):
        own = group[part.rows] - group.dtype.type(part.first)
        figures = function(*(value[part.rows] for value in values), own, part.groups)
        result[part.first : part.first + part.groups] = figures
    return result
