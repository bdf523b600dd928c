"""Price rows as an audit cuts them: some of the rows, and windows laid side by side as tickers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.features.market import COLUMNS, MarketPanel
from core.features.panel import Panel, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


_CALENDAR_DAYS = np.timedelta64(146_097, "D")
"""Days of 400 years; a whole number of weeks, too."""


@dataclass(frozen=True)
class Prices:
    """Rows sorted by (ticker, date).

    Parameters
    ----------
    codes : int64 array, shape (n,)
        Number of the row's ticker.
    session : datetime64[D] array, shape (n,)
    columns : mapping of str to float64 array
        ``adj_close`` alone where all features are built in, else every price column.
    member : bool array, shape (n,), or None
        Which rows are of a ticker that belongs to the universe on its day; None where all do.
    """

    codes: NDArray[np.int64]
    session: NDArray[np.datetime64]
    columns: Mapping[str, Vector]
    member: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Rows) -> Prices:
        """Return some of the rows."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        member = None if self.member is None else self.member[rows]
        return Prices(self.codes[rows], self.session[rows], columns, member)

    def of_columns(self, columns: Mapping[str, Vector]) -> Prices:
        """Return the rows with other prices."""
        return replace(self, columns=columns)

    def panel(self, codes: NDArray[np.int64] | None = None) -> Panel:
        """Return the panel of the rows, under other ticker numbers where given."""
        codes = self.codes if codes is None else codes
        if len(self.columns) == len(COLUMNS):
            return MarketPanel.of_rows(codes, self.session, self.columns, self.member)
        return Panel.of(codes, self.columns[col.ADJ_CLOSE])

    @cached_property
    def position(self) -> NDArray[np.int64]:
        """The row's number within its ticker."""
        return Panel.of(self.codes, self.columns[col.ADJ_CLOSE]).position


def ranges(starts: Rows, sizes: Rows) -> tuple[Rows, Rows]:
    """Return the numbers of all ranges one after the other, and of which range each is.

    >>> [x.tolist() for x in ranges(np.array([5, 2]), np.array([2, 3]))]
    [[5, 6, 2, 3, 4], [0, 0, 1, 1, 1]]
    """
    owner = np.repeat(np.arange(len(starts)), sizes)
    before = np.cumsum(sizes) - sizes
    return starts[owner] + np.arange(int(sizes.sum())) - before[owner], owner


def in_years_of_their_own(prices: Prices, groups: Rows) -> Prices:
    """Return rows with each group's sessions moved by another multiple of 400 years, after which the calendar repeats.

    Weekday, month and day stay, and no session of one group is one of another: what joins rows by their session finds
    none of another group.

    >>> days = np.array(["2024-02-29", "2024-02-29"], "datetime64[D]")
    >>> moved = in_years_of_their_own(Prices(np.array([0, 1]), days, {}), np.array([0, 1]))
    >>> moved.session.astype(str).tolist()
    ['2424-02-29', '2824-02-29']
    """
    return replace(prices, session=prices.session + (groups + 1) * _CALENDAR_DAYS)
