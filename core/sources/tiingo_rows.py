"""From an answer of Tiingo to our rows, with what was left out."""

from __future__ import annotations

import math
import re
from typing import Any

from core import columns as col
from core.sources.live_errors import ServiceError
from core.sources.live_rows import AFTER, BEFORE, DIVIDENDS, STOCK_SPLITS, Received

_NAMES = {
    "open": col.OPEN, "high": col.HIGH, "low": col.LOW, "close": col.CLOSE, "adjClose": col.ADJ_CLOSE,
    "volume": col.VOLUME, "divCash": DIVIDENDS, "splitFactor": STOCK_SPLITS,
}  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")

NO_SPLIT = 1.0
"""Tiingo's factor on a day without a split."""


def received(rows: list[Any], ticker: str, start: str | None, end: str) -> Received:
    """Return Tiingo's rows as ours from ``start`` (None: the first) to ``end``, both inclusive, by day.

    A price that is not there stays empty: the gate names it.

    Parameters
    ----------
    rows : list
        The JSON array as it came.

    Raises
    ------
    ServiceError
        If a row is not of the documented form.
    """
    import pandas as pd

    by_day: dict[str, list[float]] = {}
    dropped: list[dict[str, str]] = []
    for row in rows:
        day, cells = _cells(row)
        reason = AFTER if day > end else BEFORE if start and day < start else ""
        if not reason and day in by_day:
            reason = "second row of the same day"
        if reason:
            dropped.append({"ticker": ticker, "date": day, "reason": reason})
        else:
            by_day[day] = cells
    days = sorted(by_day)
    frame = pd.DataFrame([by_day[day] for day in days], columns=[*_NAMES.values()], dtype="float64")
    frame[STOCK_SPLITS] = frame[STOCK_SPLITS].where(frame[STOCK_SPLITS] != NO_SPLIT, 0.0)
    frame.insert(0, col.TICKER, ticker)
    frame.insert(0, col.DATE, pd.Series(days, dtype="str"))
    return Received(frame, dropped)


def _cells(row: Any) -> tuple[str, list[float]]:
    """Return a row's day and numbers, in the order of our columns."""
    match = _DAY.match(str(row.get("date"))) if isinstance(row, dict) else None
    if match is None or not _NAMES.keys() <= row.keys():
        raise ServiceError("an answer in a form that is not known: a row without a date or a price's name")
    cells = [row[name] for name in _NAMES]
    if not all(_is_number(cell) for cell in cells):
        raise ServiceError("an answer in a form that is not known: a price that is no number")
    return match[0], [math.nan if cell is None else float(cell) for cell in cells]


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
