"""Price rows as an audit cuts them: some of the rows, and windows laid side by side as tickers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core import columns as col
from core.features import members
from core.features.market import COLUMNS, MarketPanel
from core.features.panel import Panel, Vector
from core.features.price_checks import check_rows, check_types, day

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from core.universe import Membership

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
    names : tuple of str
        The tickers as texts.
    name_codes : int64 array, shape (n,), optional
        The place of each row's ticker among them; default: its number.
    cut_session : datetime64[D] array, shape (n,), optional
        What an audit cuts by: the session whose label rests on this row at the latest; default: the row's own.
    """

    codes: NDArray[np.int64]
    session: NDArray[np.datetime64]
    columns: Mapping[str, Vector]
    names: tuple[str, ...] = ()
    name_codes: NDArray[np.int64] | None = None
    cut_session: NDArray[np.datetime64] | None = None
    member: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Rows) -> Prices:
        """Return some of the rows."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        codes = self.codes if self.name_codes is None else self.name_codes
        cut_session = None if self.cut_session is None else self.cut_session[rows]
        member = None if self.member is None else self.member[rows]
        return Prices(
            self.codes[rows], self.session[rows], columns, self.names, codes[rows], cut_session, member
        )

    def of_columns(self, columns: Mapping[str, Vector]) -> Prices:
        """Return the rows with other prices."""
        return replace(self, columns=columns)

    @property
    def cut_by(self) -> NDArray[np.datetime64]:
        """The session up to which a row counts."""
        return self.session if self.cut_session is None else self.cut_session

    def ahead(self, sessions: int) -> Prices:
        """Return the rows as the audit of a label of so many sessions cuts them: with as many rows after each session.

        A ticker's first rows, which no label rests on as its last, count from days before its first.
        """
        rows, first = np.arange(len(self)), self.position < sessions
        cut_session = self.session[np.where(first, rows - self.position, rows - sessions)]
        days = np.where(first, sessions - self.position, 0).astype("timedelta64[D]")
        return replace(self, cut_session=cut_session - days)

    def panel(self, codes: NDArray[np.int64] | None = None) -> Panel:
        """Return the panel of the rows, under other ticker numbers where given."""
        codes = self.codes if codes is None else codes
        if len(self.columns) == len(COLUMNS):
            places = self.codes if self.name_codes is None else self.name_codes
            return MarketPanel.of_rows(
                codes, self.session, self.columns, self.names, name_codes=places, member=self.member
            )
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


def in_disjoint_years(prices: Prices, groups: Rows) -> Prices:
    """Return rows with each group moved into years of its own, by multiples of 400: there the calendar repeats.

    Weekday, month and day stay, and no session of one group is one of another: what joins rows by their session finds
    none of another group.

    >>> days = np.array(["2024-02-29", "2024-02-29"], "datetime64[D]")
    >>> moved = in_disjoint_years(Prices(np.array([0, 1]), days, {}), np.array([0, 1]))
    >>> moved.session.astype(str).tolist()
    ['2424-02-29', '2824-02-29']
    """
    return replace(prices, session=prices.session + (groups + 1) * _CALENDAR_DAYS)


class SortedRows(NamedTuple):
    """Price rows by (ticker, date)."""

    codes: NDArray[np.int64]
    names: pd.Index
    dates: NDArray[np.datetime64]
    columns: dict[str, Vector]

    @property
    def adj_close(self) -> Vector:
        return self.columns[col.ADJ_CLOSE]

    def of_members(self, membership: Membership) -> NDArray[np.bool_] | None:
        """Return which rows are of a ticker that belongs on its day; None where there is no membership."""
        return members.belongs(membership, self.codes, self.names, self.dates) if membership else None

    def prices(self, membership: Membership) -> Prices:
        """Return what features and their audit are computed from."""
        days, names = self.dates.astype("datetime64[D]"), tuple(map(str, self.names))
        return Prices(self.codes, days, self.columns, names, member=self.of_members(membership))

    def place(self, row: int) -> str:
        """Return ticker and day of a row."""
        return f"{self.names[self.codes[row]]} on {day(self.dates[row])}"


def sorted_rows(frame: pd.DataFrame) -> SortedRows:
    """Return the rows by ticker and date, after a look at each.

    Raises
    ------
    DataError
        As :func:`core.features.engineering.engineer`.
    """
    import pandas as pd

    check_types(frame)
    codes, names = pd.factorize(frame[col.TICKER], sort=True)
    codes, dates = codes.astype("int64"), frame[col.DATE].to_numpy("datetime64[s]")
    values = {name: frame[name].to_numpy("float64") for name in COLUMNS if name in frame}
    if not _sorted(codes, dates):
        order = np.lexsort((dates, codes))
        codes, dates = codes[order], dates[order]
        values = {name: column[order] for name, column in values.items()}
    check_rows(codes, dates, values[col.ADJ_CLOSE], names)
    return SortedRows(codes, pd.Index(names), dates, values)


def _sorted(codes: NDArray[np.int64], dates: NDArray[np.datetime64]) -> bool:
    later, same = codes[1:] > codes[:-1], codes[1:] == codes[:-1]
    return bool((later | (same & (dates[1:] >= dates[:-1]))).all())
