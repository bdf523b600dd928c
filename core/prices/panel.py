"""Prices as sorted arrays: what the row rules work on, a million rows in a few passes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.prices.findings import MOST_DATES, Finding, Sessions
from core.prices.row_order import arrange, follows, live_rows

if TYPE_CHECKING:
    from core.prices.row_order import Arranged, Days, Flags, Floats, Whole
    from core.prices.schema import Reading


@dataclass(frozen=True)
class PricePanel:
    """Rows sorted by (ticker, date, content), as arrays of shape (n_rows,).

    Parameters
    ----------
    tickers : tuple of str
        What the codes count.
    codes : ndarray of int64
        Number of the ticker; -1 where malformed.
    days : ndarray of datetime64[D]
        NaT where malformed.
    cells : mapping of str to ndarray of float64
        Open to volume; NaN where missing, wrong or without the column. Without an adjusted close the
        close stands in for it.
    incomplete : ndarray of bool
        A cell is null in a column that is there (a wrong cell is another matter).
    timed : ndarray of bool
        A time of day stood in the date.
    copy, conflict : ndarray of bool
        See :class:`core.prices.row_order.Arranged`; a live row of the last day counts as a copy.
    live : ndarray of bool
        See :func:`core.prices.row_order.live_rows`.
    rows : ndarray of int64
        The row's number in the whole panel.
    absent : frozenset of str
        Columns that are not there and need not be (a table of closes).
    """

    tickers: tuple[str, ...]
    codes: Whole
    days: Days
    cells: dict[str, Floats]
    incomplete: Flags
    timed: Flags
    copy: Flags
    conflict: Flags
    live: Flags
    rows: Whole
    absent: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def keyed(self) -> Flags:
        """Rows with a sound ticker and a sound date."""
        return (self.codes >= 0) & ~np.isnat(self.days)

    @cached_property
    def follows(self) -> Flags:
        """Rows whose row before is of the same ticker."""
        return follows(self.codes)

    def take(self, rows: Flags) -> PricePanel:
        """Return the panel of the flagged rows only."""
        return PricePanel(
            self.tickers,
            self.codes[rows],
            self.days[rows],
            {name: values[rows] for name, values in self.cells.items()},
            self.incomplete[rows],
            self.timed[rows],
            self.copy[rows],
            self.conflict[rows],
            self.live[rows],
            self.rows[rows],
            self.absent,
        )

    def complete(self) -> Flags:
        """Return the rows with every price above 0 and a volume, absent columns aside."""
        prices = [self.cells[name] > 0 for name in col.PRICE_VALUES if name not in self.absent]
        volume: Floats = self.cells[col.VOLUME]
        flags: Flags = np.logical_and.reduce(prices)
        return flags if col.VOLUME in self.absent else flags & ~np.isnan(volume)

    def per_ticker(self, flags: Flags) -> Whole:
        """Return how many rows of each ticker are flagged, shape (n_tickers,)."""
        return np.bincount(self.codes[flags & (self.codes >= 0)], minlength=len(self.tickers))

    def name(self, row: int) -> tuple[str | None, str | None]:
        """Return ticker and ISO date of a row, None where malformed."""
        code, day = int(self.codes[row]), str(self.days[row])
        return (self.tickers[code] if code >= 0 else None), (None if day == "NaT" else day)

    def each(self, rule: str, flags: Flags, values: Floats | None = None, **words: str) -> list[Finding]:
        """Return one finding per flagged row, with that row's value (null without ``values``)."""
        return [
            self.finding(rule, row, None if values is None else figure(values[row]), **words)
            for row in np.flatnonzero(flags).tolist()
        ]

    def finding(self, rule: str, row: int, value: Any = None, **words: str) -> Finding:
        """Return a finding about one row."""
        sessions = sessions_of(self.days[row : row + 1])
        return Finding(rule, *self.name(row), value, **words, rows=(int(self.rows[row]),), sessions=sessions)

    def grouped(self, rule: str, flags: Flags, **words: str) -> list[Finding]:
        """Return one finding per ticker with flagged rows: how many (value) and the first date."""
        rows = np.flatnonzero(flags & (self.codes >= 0))
        codes, first, count = np.unique(self.codes[rows], return_index=True, return_counts=True)
        return [
            Finding(
                rule,
                *self.name(int(rows[start])),
                number,
                **words,
                rows=self.rows[rows[start : start + number]].tolist(),
                sessions=sessions_of(self.days[rows[start : start + number]]),
            )
            for _, start, number in zip(codes, first.tolist(), count.tolist(), strict=True)
        ]


def sessions_of(days: Days) -> Sessions:
    """Return the distinct sound days, ascending: of more than 1,000 the first 999 and the last.

    The last is kept because it says whether a ticker's newest row is in doubt.
    """
    distinct = np.unique(days[~np.isnat(days)])
    count = len(distinct)
    return Sessions(distinct if count <= MOST_DATES else distinct[[*range(MOST_DATES - 1), -1]], count)


def figure(value: Any) -> int | float | None:
    """Return a number as a JSON value with at most ten significant digits, so that it reads well."""
    number = float(value)
    if math.isnan(number):
        return None
    short = float(f"{number:.10g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def panel_of(reading: Reading, *, absent: frozenset[str] = frozenset()) -> tuple[PricePanel, Arranged]:
    """Return the panel of a table, and the order that was made of the table's rows.

    Parameters
    ----------
    reading : Reading
    absent : frozenset of str
        Columns that need not be there and hold nothing (see :func:`absent_columns`).
    """
    content = reading.frame.drop(columns=[n for n in _NO_CONTENT if n in reading.frame])
    arranged = arrange(reading.codes, reading.dates.days, content)
    order = arranged.order
    blank = np.full(len(order), np.nan)
    values = {n: reading.numbers[n].floats if n in reading.numbers else blank for n in col.NUMBERS}
    if col.ADJ_CLOSE not in reading.numbers:
        values[col.ADJ_CLOSE] = values[col.CLOSE]
    cells = {name: column[order] for name, column in values.items()}
    live, pair = live_rows(reading.codes[order], reading.dates.days[order], arranged.conflict, cells)
    panel = PricePanel(
        reading.tickers,
        reading.codes[order],
        reading.dates.days[order],
        cells,
        _incomplete(reading, absent)[order],
        reading.dates.timed[order],
        arranged.copy | live,
        arranged.conflict & ~pair,
        live,
        np.arange(len(order)),
        absent,
    )
    return panel, arranged


_NO_CONTENT = (col.DATE, col.TICKER, *col.ENRICHMENT, col.ROW_FLAGS)


def absent_columns(reading: Reading) -> frozenset[str]:
    """Return the columns besides the close that are not there, or hold nothing at all."""
    empty = {
        n
        for n, numbers in reading.numbers.items()
        if np.isnan(numbers.floats).all() and not numbers.wrong.any()
    }
    return frozenset(n for n in _BESIDE_CLOSE if n in empty or n not in reading.numbers)


_BESIDE_CLOSE = (col.OPEN, col.HIGH, col.LOW, col.VOLUME)


def _incomplete(reading: Reading, absent: frozenset[str]) -> Flags:
    present = {name: numbers for name, numbers in reading.numbers.items() if name not in absent}
    null = [np.isnan(numbers.floats) & ~numbers.wrong for numbers in present.values()]
    flags: Flags = np.logical_or.reduce([np.zeros(len(reading.codes), bool), *null])
    return flags
