"""Predictions part by part: rows, each ticker's last row, and what is collected for the model's own record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.models.model_rows import Mask, Rows, Vector
from core.tables.artifacts import Table
from core.tables.parquet import joined_frame
from core.tables.writer import arrow_of

if TYPE_CHECKING:
    import pyarrow as pa

    from core.tables.writer import TableWriter


@dataclass(frozen=True)
class PredictedPart:
    """What came of one part.

    Parameters
    ----------
    rows : DataFrame or pyarrow.Table
        Predictions by ticker and date; packed if the features have other parts.
    last : Rows
        Each ticker's last row.
    by_fold : mapping of int to int
        Judged rows by number of the fold.
    sessions : tuple of date
        Sessions after the model's training.
    learnable : frozenset of str
        Tickers that have a row to learn from.
    """

    rows: pd.DataFrame | pa.Table
    last: Rows
    by_fold: Mapping[int, int] = field(default_factory=dict)
    sessions: tuple[Any, ...] = ()
    learnable: frozenset[str] = frozenset()


def predictions_frame(
    rows: Rows, chosen: Mask, probabilities: Mapping[str, Vector], fold: float = float("nan")
) -> pd.DataFrame:
    """Return the predictions table of the ``chosen`` rows.

    Parameters
    ----------
    rows : Rows
        All rows, sorted by (date, ticker).
    chosen : bool array, shape (n,)
        Those that are predicted.
    probabilities : mapping of str to float64 array
        By column name, ``probability`` first; one value per chosen row.
    fold : float
        Number of the fold, NaN for none.
    """
    frame = pd.DataFrame(
        {
            col.DATE: rows.dates[chosen].astype("datetime64[s]"),
            col.TICKER: pd.Series(rows.tickers[chosen], dtype="str"),
            col.PROBABILITY: probabilities[col.PROBABILITY],
            col.UP_NEXT: rows.label[chosen],
            col.FOLD: np.full(int(chosen.sum()), fold),
        }
    )
    return frame.assign(**{name: p for name, p in probabilities.items() if name != col.PROBABILITY})


def packed_by_ticker(frame: pd.DataFrame, features: Table) -> pd.DataFrame | pa.Table:
    """Return predictions as they travel to the writer: packed by ticker if the features have other parts."""
    if features.parts == 1:
        return frame
    import pyarrow as pa

    ordered = frame.sort_values([col.TICKER, col.DATE], kind="stable")
    rows = arrow_of(ordered.astype({col.TICKER: "category"}))
    place = rows.column_names.index(col.TICKER)
    # pandas counts categories in as few bytes as fit: those of all parts together need more
    coded = rows.column(place).cast(pa.dictionary(pa.int32(), pa.string()))
    return rows.set_column(place, col.TICKER, coded)


class Collected:
    """Takes predicted parts: their rows go to the writer, what is needed of them afterwards stays.

    Parameters
    ----------
    writer : TableWriter
    columns : sequence of str
        The columns of :meth:`frame`.
    """

    def __init__(self, writer: TableWriter, columns: Sequence[str]) -> None:
        self._writer, self._columns = writer, list(columns)
        self._parts: list[Any] = []
        self._last: list[Rows] = []
        self.by_fold: dict[int, int] = {}
        self.sessions: set[Any] = set()
        self.learnable: set[str] = set()

    def take(self, part: PredictedPart) -> None:
        """Take one part, in the order of the parts."""
        self._writer.add(part.rows)
        rows = part.rows
        self._parts.append(
            rows[self._columns] if isinstance(rows, pd.DataFrame) else rows.select(self._columns)
        )
        self._last.append(part.last)
        self.sessions |= set(part.sessions)
        self.learnable |= part.learnable
        for number, rows in part.by_fold.items():
            self.by_fold[number] = self.by_fold.get(number, 0) + rows

    def last_rows(self) -> Rows:
        """Return each ticker's last row, over all parts."""
        arrays = {name: np.concatenate([getattr(part, name) for part in self._last]) for name in _ARRAYS}
        return Rows(**arrays, own=self._last[0].own)

    def frame(self) -> pd.DataFrame:
        """Return the rows of all parts, once: they are not kept twice. Packed tickers come as categories."""
        parts, self._parts = self._parts, []
        first = parts[0]
        return first if isinstance(first, pd.DataFrame) else joined_frame(parts)


def last_rows(rows: Rows) -> Rows:
    """Return each ticker's last row."""
    last = rows.last
    return Rows(**{name: getattr(rows, name)[last] for name in _ARRAYS}, own=rows.own)


_ARRAYS = tuple(field.name for field in fields(Rows) if field.name != "own")
"""What each row has of its own."""
