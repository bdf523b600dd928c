"""Rules that look at one row at a time, at duplicates, and at how much of a ticker is missing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.errors import listed
from core.prices.findings import Finding
from core.prices.panel import figure, sessions_of

if TYPE_CHECKING:
    from datetime import date

    from core.prices.panel import PricePanel
    from core.prices.row_order import Flags, Floats, Whole


def duplicate_findings(panel: PricePanel) -> list[Finding]:
    """Return rows that stand twice: the same values are repairable, other values are not.

    A key with both (a copy and a contradiction) is reported as a contradiction only.
    """
    same = _same_key_as_before(panel)
    group = np.cumsum(~same) - 1
    rows = np.bincount(group, minlength=1)[group].astype(np.float64)
    second = np.zeros(len(panel), bool)
    second[1:] = same[1:] & ~same[:-1]
    return [
        *_contradicting(panel, group, second, rows),
        *panel.each("exact_duplicate", panel.copy & ~panel.live & second, rows - 1),
        *panel.each("live_row", panel.live, panel.cells[col.VOLUME]),
    ]


def _contradicting(panel: PricePanel, group: Whole, second: Flags, rows: Floats) -> list[Finding]:
    findings = []
    for row in np.flatnonzero(panel.conflict & second).tolist():
        of_key = np.arange(row - 1, row - 1 + int(rows[row]))  # sorted: the key's rows stand together
        assert (group[of_key] == group[row]).all(), "rows are counted by group"
        finding = panel.finding("conflicting_duplicate", row, figure(rows[row]), action=_both(panel, of_key))
        findings.append(replace(finding, rows=panel.rows[of_key].tolist()))
    return findings


def _both(panel: PricePanel, of_key: Whole) -> str:
    """Return what to do, with the values in which rows of one ticker and date differ, by content."""
    values = {
        name: [figure(cells[row]) for row in of_key[:MOST_ROWS_SHOWN]] for name, cells in panel.cells.items()
    }
    parts = [
        f"{name} {' or '.join('nothing' if value is None else str(value) for value in different)}"
        for name, different in values.items()
        if len(set(different)) > 1
    ]
    differ = f" They differ in {'; '.join(parts)}." if parts else ""
    return f"Decide which row is right; keep one.{differ}"


MOST_ROWS_SHOWN = 4
"""Rows of one ticker and date whose values are shown."""


def _same_key_as_before(panel: PricePanel) -> Flags:
    same = np.zeros(len(panel), bool)
    same[1:] = panel.follows[1:] & (panel.days[1:] == panel.days[:-1])
    return same


def row_findings(panel: PricePanel, *, tolerance: float, excused: Flags) -> list[Finding]:
    """Return rows whose own values are impossible.

    Parameters
    ----------
    panel : PricePanel
    tolerance : float
        Relative tolerance of the comparison of high and low with the other prices: sources round
        each price on its own.
    excused : ndarray of bool, shape (n_rows,)
        Rows already reported as a duplicate or as a spike.
    """
    excluded = excused | panel.copy | panel.conflict
    stack = np.vstack([panel.cells[name] for name in col.PRICE_VALUES])
    non_positive = stack <= 0
    bad_price = non_positive.any(axis=0) & ~excluded
    return [
        *_non_positive(panel, stack, non_positive, bad_price),
        *_inconsistent(panel, tolerance, excluded | bad_price),
        *panel.each("negative_volume", (panel.cells[col.VOLUME] < 0) & ~excluded, panel.cells[col.VOLUME]),
    ]


def _non_positive(panel: PricePanel, stack: np.ndarray, which: np.ndarray, flags: Flags) -> list[Finding]:
    return [
        panel.finding(
            "non_positive_price",
            row,
            figure(stack[number, row]),
            expected=f"{name} above 0",
            action=_BELOW_0 if stack[number, row] < 0 else "",
        )
        for row in np.flatnonzero(flags).tolist()
        for number, name in [_first(which[:, row])]
    ]


_BELOW_0 = (
    "CRSP writes the middle of bid and ask with a minus on days without a trade: write it without one, or leave the "
    "row out. A price that is truly below 0 (a future, a spread) has no return here: leave the ticker out."
)


def _first(which: Flags) -> tuple[int, str]:
    number = int(np.argmax(which))
    return number, col.PRICE_VALUES[number]


def _inconsistent(panel: PricePanel, tolerance: float, excluded: Flags) -> list[Finding]:
    opened, high, low, close = (panel.cells[name] for name in col.OHLC)
    # fmax and fmin ignore NaN; a comparison with NaN is False: a missing price is reported elsewhere.
    too_low = high < np.fmax(np.fmax(opened, close), low) * (1 - tolerance)
    too_high = low > np.fmin(opened, close) * (1 + tolerance)
    return [
        *panel.each(
            "inconsistent_ohlc", too_low & ~excluded, high, expected="high at or above open, low and close"
        ),
        *panel.each(
            "inconsistent_ohlc",
            too_high & ~too_low & ~excluded,
            low,
            expected="low at or below open and close",
        ),
    ]


def missing_findings(panel: PricePanel, *, largest_share: float) -> list[Finding]:
    """Return rows without a price or volume: each, or once per ticker where they are too many.

    The share is of the ticker's rows, copies not counted.
    """
    counted = panel.keyed & ~panel.copy & ~panel.conflict
    gaps = panel.incomplete & counted
    rows, missing = panel.per_ticker(counted), panel.per_ticker(gaps)
    too_many = missing > largest_share * rows
    findings = [
        Finding(
            "too_many_missing",
            panel.tickers[code],
            value=figure(missing[code] / rows[code]),
            expected=f"at most a share of {largest_share:g} of its {rows[code]} rows incomplete",
            action=_what_to_do(panel, gaps & (panel.codes == code), int(rows[code])),
            rows=panel.rows[gaps & (panel.codes == code)].tolist(),
            sessions=sessions_of(panel.days[gaps & (panel.codes == code)]),
        )
        for code in np.flatnonzero(too_many).tolist()
    ]
    few = np.flatnonzero(gaps & ~too_many[panel.codes] if len(panel.tickers) else gaps)
    return [*findings, *(panel.finding("missing_price", row, _blank(panel, row)) for row in few.tolist())]


def _what_to_do(panel: PricePanel, gaps: Flags, rows: int) -> str:
    """Return which columns of a ticker's incomplete rows are empty, on which days first, and the setting that helps."""
    count = int(gaps.sum())
    empty = {
        name: int(np.isnan(values[gaps]).sum())
        for name, values in panel.cells.items()
        if name not in panel.absent
    }
    blank = [name for name, number in empty.items() if number]
    throughout = [name for name in blank if empty[name] == rows and name not in (col.CLOSE, col.ADJ_CLOSE)]
    if throughout:
        words = f"Empty on every row: {', '.join(throughout)}."
        return f"{words} If this has closes and no more, say so: --close-only true; else get the columns."
    days = listed([str(day) for day in panel.days[gaps]], most=3)
    share = math.ceil(count / rows * 1000) / 1000
    return (
        f"Empty: {', '.join(blank)} on {days}. Get the rows again, leave the ticker out, or allow it: "
        f"--max-missing-share {share:g} (clean then removes the rows, on record)."
    )


def _blank(panel: PricePanel, row: int) -> str:
    cells = {name: values for name, values in panel.cells.items() if name not in panel.absent}
    return ", ".join(name for name, values in cells.items() if np.isnan(values[row]))


def date_findings(panel: PricePanel, *, today: date) -> list[Finding]:
    """Return rows after ``today``, and dates that came with a time of day (once per ticker)."""
    future = panel.days > np.datetime64(today, "D")
    return [*panel.each("future_row", future), *panel.grouped("time_of_day", panel.timed)]


def size_findings(panel: PricePanel, *, least: int) -> list[Finding]:
    """Return tickers with fewer than ``least`` rows, copies not counted."""
    rows = panel.per_ticker(~panel.copy)
    return [
        Finding(
            "few_rows",
            panel.tickers[code],
            value=int(rows[code]),
            expected=f"at least {least} rows",
            rows=panel.rows[panel.codes == code].tolist(),
            sessions=sessions_of(panel.days[panel.codes == code]),
        )
        for code in np.flatnonzero(rows < least).tolist()
    ]
