"""What prices must be before features are computed from them: columns, types, and each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import DataError, listed, nearest
from core.features.market import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from core.features.panel import Vector
    from core.tables.artifacts import Table

REMEDY = "Run validate and clean on the prices first; the findings name what is wrong with them."


def check_columns(prices: Table, needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in prices.columns]
    if missing:
        hint = nearest(missing[0], prices.columns)
        raise DataError(
            f"the prices lack {listed(missing)}",
            expected=f"columns {', '.join(needed)}",
            remedy=REMEDY + hint,
        )


def check_types(frame: pd.DataFrame) -> None:
    if not len(frame):
        raise DataError("the prices have no rows", expected="at least one price row", remedy=REMEDY)
    kinds = {col.DATE: ("M", "calendar dates"), **dict.fromkeys(COLUMNS, ("fiu", "numbers"))}
    for name, (kind, expected) in kinds.items():
        if name in frame and frame[name].dtype.kind not in kind:
            raise DataError(f"column {name} is of type {frame[name].dtype}", expected=expected, remedy=REMEDY)
    for name in (col.DATE, col.TICKER):
        if empty := int(frame[name].isna().sum()):
            raise DataError(f"{empty} price row(s) have no {name}", expected="none", remedy=REMEDY)


def check_rows(
    codes: NDArray[np.int64], dates: NDArray[np.datetime64], adj_close: Vector, names: pd.Index
) -> None:
    """Refuse rows that no feature can be computed from; rows stand sorted by (ticker, date)."""
    twice = np.flatnonzero((codes[1:] == codes[:-1]) & (dates[1:] == dates[:-1]))
    unusable = np.flatnonzero(~(np.isfinite(adj_close) & (adj_close > 0)))
    if len(twice):
        repeated = listed([f"{names[codes[row]]} {day(dates[row])}" for row in twice])
        raise DataError(f"rows come twice: {repeated}", expected="one row per (date, ticker)", remedy=REMEDY)
    if len(unusable):
        cells = [f"{names[codes[row]]} {day(dates[row])} {adj_close[row]}" for row in unusable]
        raise DataError(f"adj_close is unusable: {listed(cells)}", expected="a number above 0", remedy=REMEDY)


def day(moment: Any) -> str:
    return str(np.datetime_as_string(moment, unit="D"))
