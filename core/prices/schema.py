"""The schema of daily prices: which columns, of which type; and a table read as far as it can be.

A column is typed if each of its cells can be read. Otherwise it stays as it came, each offending value is named,
and every other rule still sees the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError
from core.prices.cells import Dates, Numbers, json_value, read_dates, read_numbers, read_tickers
from core.prices.findings import Finding

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Whole

NEEDED = (*col.REQUIRED, col.TICKER)


@dataclass(frozen=True)
class Reading:
    """A table of prices read as far as it can be.

    Parameters
    ----------
    frame : DataFrame
        The table with each column typed if every cell of it is sound, else as it came.
    dates : Dates
        Days, NaT where malformed or without the column.
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker, -1 where malformed or without the column.
    tickers : tuple of str
        What the codes count, in text order.
    numbers : mapping of str to Numbers
        Every numeric column that is there.
    """

    frame: pd.DataFrame
    dates: Dates
    codes: Whole
    tickers: tuple[str, ...]
    numbers: dict[str, Numbers]


def read(frame: pd.DataFrame) -> Reading:
    """Return ``frame`` read column by column; nothing is coerced, dropped or moved.

    Raises
    ------
    DataError
        If two columns have the same name.
    """
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise DataError(f"the table has several columns {', '.join(twice)}", expected="distinct column names")
    rows = len(frame)
    typed = frame.reset_index(drop=True)
    dates = Dates(np.full(rows, "NaT", dtype="datetime64[D]"), np.zeros(rows, bool))
    codes = np.full(rows, -1, dtype=np.int64)
    tickers: tuple[str, ...] = ()
    if col.DATE in typed:
        dates = read_dates(typed[col.DATE])
        if not np.isnat(dates.days).any():
            typed[col.DATE] = pd.Series(dates.days.astype("datetime64[s]"))
    if col.TICKER in typed:
        codes, tickers = read_tickers(typed[col.TICKER])
        if (codes >= 0).all():
            typed[col.TICKER] = typed[col.TICKER].astype("str")
    numbers = {name: read_numbers(typed[name]) for name in col.NUMBERS if name in typed}
    for name, read_column in numbers.items():
        if not read_column.wrong.any():
            typed[name] = read_column.floats
    return Reading(typed, dates, codes, tickers, numbers)


def schema_findings(reading: Reading) -> list[Finding]:
    """Return what is wrong with the table's shape: columns, types, dates and tickers."""
    columns = reading.frame.columns
    findings = [
        _missing_column(name, columns) for name in col.PRICES if name in NEEDED and name not in columns
    ]
    if not len(reading.frame):
        return [*findings, Finding("empty_table", value=0)]
    for name, (rule, hit) in _faulty_cells(reading).items():
        findings += _cells(reading, rule, name, hit & ~_copied(reading, name))
    return findings


def _copied(reading: Reading, name: str) -> Flags:
    """Return where the adjusted close is the close's own cell: what is wrong with it is said of the close."""
    frame = reading.frame
    if name != col.ADJ_CLOSE or col.CLOSE not in frame:
        return np.zeros(len(frame), dtype=bool)
    copied: Flags = frame[name].astype(str).to_numpy() == frame[col.CLOSE].astype(str).to_numpy()
    return copied


def _missing_column(name: str, present: Iterable[str]) -> Finding:
    action = f"Add it at the source, or say which column it is: --columns {name}=COLUMN."
    action += _CLOSES if name in (col.OPEN, col.HIGH, col.LOW, col.VOLUME) else ""
    action += _SHARES if name == col.VOLUME else ""
    # where a source has no adjusted close there is a copy of the close by now: nobody has to bring one
    others = [str(column) for column in present if column != col.ADJ_CLOSE]
    expected = f"a column named {name} beside {', '.join(others)}"
    return Finding("missing_column", value=name, expected=expected, action=action)


_CLOSES = " If there are closes and nothing else, say so: --close-only true."
_SHARES = " A volume counts shares; a turnover or amount in money is none."


def _faulty_cells(reading: Reading) -> dict[str, tuple[str, Flags]]:
    """Return, per column with faulty cells, the rule and the rows."""
    faults: dict[str, tuple[str, Flags]] = {}
    if col.DATE in reading.frame:
        faults[col.DATE] = ("malformed_date", np.isnat(reading.dates.days))
    if col.TICKER in reading.frame:
        faults[col.TICKER] = ("malformed_ticker", reading.codes < 0)
    faults |= {name: ("wrong_type", numbers.wrong) for name, numbers in reading.numbers.items()}
    return {name: (rule, hit) for name, (rule, hit) in faults.items() if hit.any()}


def _cells(reading: Reading, rule: str, column: str, hit: Flags) -> list[Finding]:
    rows = np.flatnonzero(hit)
    raw = reading.frame[column].iloc[rows].tolist()
    days = np.datetime_as_string(reading.dates.days[rows])
    tickers = [reading.tickers[code] if code >= 0 else None for code in reading.codes[rows].tolist()]
    expected = f"{column}: a finite number or nothing" if rule == "wrong_type" else ""
    return [
        Finding(rule, ticker, None if day == "NaT" else str(day), json_value(cell), expected)
        for ticker, day, cell in zip(tickers, days, raw, strict=True)
    ]
