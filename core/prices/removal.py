"""Rows that clean takes away or fills, each with a record of what was there before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.prices.cells import json_value
from core.prices.row_order import follows

if TYPE_CHECKING:
    import pandas as pd

    from core.prices.row_order import Flags, Whole


@dataclass
class Trail:
    """What was done to a part of a table, in order: one record per removed row and one per filled cell.

    ``steps`` holds the number of the step that each record belongs to. Every part goes through the same steps,
    so the records of all parts in the order of their steps are those of the table in one part.
    """

    repairs: list[dict[str, Any]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    _step: int = 0

    def _next_step(self) -> None:
        self._step += 1

    def _record(self, repair: dict[str, Any]) -> None:
        self.repairs.append(repair)
        self.steps.append(self._step)

    def remove(
        self, frame: pd.DataFrame, rule: str, flags: Flags, columns: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Return the rows that are not flagged; each flagged one is on record.

        Parameters
        ----------
        frame : DataFrame, n_rows
        rule : str
            Why.
        flags : ndarray of bool, shape (n_rows,)
        columns : ndarray of str, shape (n_rows,), optional
            The column that was the reason.
        """
        self._next_step()
        if not flags.any():
            return frame
        place = np.flatnonzero(flags)
        for number, values in zip(place.tolist(), frame.iloc[place].to_dict("records"), strict=True):
            self._record(
                {
                    "rule": rule,
                    "ticker": values.pop(col.TICKER),
                    "date": values.pop(col.DATE).strftime("%Y-%m-%d"),
                    "column": None if columns is None else str(columns[number]),
                    "before": {str(name): json_value(value) for name, value in values.items()},
                    "after": None,
                }
            )
        return frame[~flags].reset_index(drop=True)

    def filled(self, frame: pd.DataFrame, column: str, flags: Flags, after: np.ndarray) -> None:
        """Put each flagged cell of ``column`` on record: null before, a number after."""
        self._next_step()
        days = frame[col.DATE].dt.strftime("%Y-%m-%d").to_numpy()
        for row in np.flatnonzero(flags).tolist():
            self._record(
                {
                    "rule": FILL,
                    "ticker": frame[col.TICKER].iloc[row],
                    "date": str(days[row]),
                    "column": column,
                    "before": None,
                    "after": json_value(after[row]),
                }
            )


FILL = "forward_fill"


def fill_forward(
    frame: pd.DataFrame, codes: Whole, names: Sequence[str], trail: Trail
) -> tuple[pd.DataFrame, Flags]:
    """Return the table with missing cells taken from the ticker's row before, and the rows so changed.

    Each column by itself, over as many rows as lack it; a ticker's first rows have nothing before them
    and stay. An adjusted close keeps the adjustment factor of the row before where there is a close: a
    dividend between two rows must not turn into a move. No row is made for a session that has none.

    Parameters
    ----------
    frame : DataFrame, n_rows
        Sorted by (ticker, date), each once.
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker.
    names : sequence of str
        Columns to fill.
    trail : Trail
        Takes the record.
    """
    changed = np.zeros(len(frame), bool)
    first = ~follows(codes)
    filled = frame.copy()
    for name in [n for n in names if n != col.ADJ_CLOSE]:
        filled[name] = _carried(filled[name].to_numpy(), first)
    if col.ADJ_CLOSE in names:
        adjusted = frame[col.ADJ_CLOSE].to_numpy()
        factor = _carried(adjusted / frame[col.CLOSE].to_numpy(), first)
        blank = np.isnan(adjusted)
        filled[col.ADJ_CLOSE] = np.where(blank, filled[col.CLOSE].to_numpy() * factor, adjusted)
    for name in names:
        after = filled[name].to_numpy()
        flags = np.isnan(frame[name].to_numpy()) & ~np.isnan(after)
        trail.filled(frame, name, flags, after)
        changed |= flags
    return filled, changed


def _carried(values: np.ndarray, first: Flags) -> np.ndarray:
    """Return values with each gap holding the last one of the same ticker, NaN where there is none."""
    position = np.arange(len(values))
    start = np.maximum.accumulate(np.where(first, position, 0))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, position))
    carried: np.ndarray = np.where(last >= start, values[np.maximum(last, 0)], np.nan)
    return carried


def merged(trails: Iterable[Trail]) -> list[dict[str, Any]]:
    """Return the records of all parts, given in the order of their tickers, as those of one table.

    >>> one, two = Trail([{"rule": "a"}, {"rule": "b"}], [1, 2]), Trail([{"rule": "c"}], [1])
    >>> [record["rule"] for record in merged([one, two])]
    ['a', 'c', 'b']
    """
    entries = [entry for trail in trails for entry in zip(trail.steps, trail.repairs, strict=True)]
    return [repair for _, repair in sorted(entries, key=lambda entry: entry[0])]
