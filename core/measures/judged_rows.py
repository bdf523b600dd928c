"""The rows that are judged: out-of-sample predictions whose outcome is known, by fold and date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_AT_ONCE = 1 << 20
"""Rows whose former ones are looked for together: of a large table's all, each array beside the answer is 36 MB."""

NO_FOLD = 0
"""Fold number of rows that carry none (scoring has one window and no folds)."""


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """Labelled predictions, sorted by (fold, date, ticker).

    A *group* is one date within one fold. It is the unit that is resampled, because the tickers of a
    date move together.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows with default index; no null in ``probability`` and ``up_next``.
    up : ndarray of float, shape (rows,)
        1 where the label says so (a rise over the next session, unless it was set otherwise), else 0.
    group : ndarray of int32, shape (rows,)
        Number of the row's group, rising from 0.
    group_fold : ndarray of int, shape (groups,)
        Code of each group's fold.
    folds : tuple of int
        The fold number of each code.
    horizon_sessions : int
        How many sessions the label looks ahead: so many rows of a ticker share an outcome in part, and a rule that
        follows the calls holds as long.
    """

    frame: pd.DataFrame
    up: NDArray[np.float64]
    group: NDArray[np.int32]
    group_fold: NDArray[np.int64]
    folds: tuple[int, ...]
    horizon_sessions: int = 1

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability of an up move by the model that is judged, shape (rows,)."""
        return numbers(self.frame, col.PROBABILITY)

    @property
    def fold(self) -> NDArray[np.int64]:
        """Code of each row's fold, rising from 0, shape (rows,)."""
        return self.group_fold[self.group]

    @property
    def begins(self) -> NDArray[np.int64]:
        """Where each group's first row stands, shape (groups,)."""
        return np.searchsorted(self.group, np.arange(len(self.group_fold), dtype=self.group.dtype))

    @cached_property
    def by_ticker(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Number of each row's ticker, and the order of the rows by ticker and date.

        In half the bytes of what numpy gives: both are held while a large table is judged.
        """
        ticker = pd.factorize(self.frame[col.TICKER])[0].astype(np.int32)
        return ticker, ticker_order(ticker, self.frame[col.DATE].to_numpy()).astype(np.int32)

    def former(self, present: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return where the row of the same ticker before each row stands among those that are present, shape (rows,).

        -1 where there is none, and for rows that are not present. The answer is kept for the next one who asks with
        the same rows: every rule and model does.
        """
        if self._former and np.array_equal(self._former[0][0], present):
            return self._former[0][1]
        self._former.clear()  # what was asked for before is not in memory beside the answer
        ticker, order = self.by_ticker
        former = np.full(len(self), -1, dtype=np.int32)
        last = order[:0]
        for start in range(0, len(order), _ROWS_AT_ONCE):
            some = order[start : start + _ROWS_AT_ONCE]
            some = np.concatenate((last, some[present[some]]))
            here, before = some[1:], some[:-1]
            former[here] = np.where(ticker[here] == ticker[before], before, -1)
            last = some[-1:]
        self._former.append((present.copy(), former))
        return former

    @cached_property
    def _former(self) -> list[tuple[NDArray[np.bool_], NDArray[np.int32]]]:
        return []

    @cached_property
    def parts(self) -> tuple[slice, ...]:
        """Where the rows of each fold stand, by its code: no figure of a fold needs memory for all rows."""
        sizes = np.bincount(self.group, minlength=len(self.group_fold))
        in_fold = np.bincount(self.group_fold, weights=sizes, minlength=len(self.folds))
        ends = np.cumsum(in_fold.astype(np.int64)).tolist()
        return tuple(slice(start, end) for start, end in zip([0, *ends][: len(ends)], ends, strict=True))

    def only(self, chosen: NDArray[np.bool_]) -> JudgedRows:
        """Return the rows that are chosen (bool, shape (rows,)), each in its fold, with or without that column.

        >>> import pandas as pd
        >>> days = pd.to_datetime(["2020-01-02", "2020-01-03"])
        >>> rows = labelled_rows(pd.DataFrame({"date": days, "ticker": "A", "probability": 0.5,
        ...     "up_next": 1.0, "fold": [1, 2]}))
        >>> rows.only(np.array([False, True])).folds
        (2,)
        """
        fold = np.asarray(self.folds, dtype=np.int32)[self.fold[chosen]]
        return _rows_of_folds(self.frame[chosen].reset_index(drop=True), fold, self.horizon_sessions)

    def with_probability(self, probability: NDArray[np.float64]) -> JudgedRows:
        """Return the same rows as another model or a rule judges them; shape (rows,), without NaN."""
        return replace(self, frame=self.frame.assign(**{col.PROBABILITY: probability}))

    def __len__(self) -> int:
        return len(self.up)


def labelled_rows(
    predictions: pd.DataFrame, *, horizon_sessions: int = 1, consume: bool = False
) -> JudgedRows:
    """Return the labelled rows of ``predictions``: those with a probability and a known outcome, checked and sorted.

    Parameters
    ----------
    predictions : pandas.DataFrame
        At least ``date``, ``ticker``, ``probability``, ``up_next`` (1, 0 or null) and ``fold`` (whole
        number; null: no fold). Further columns are kept. Any order; it is not changed.
    horizon_sessions : int
        How many sessions the label looks ahead.
    consume : bool
        Whether the columns of ``predictions`` are taken out of it one by one, so that no row is in memory twice.

    Raises
    ------
    DataError
        If a probability lies outside 0 to 1, or a label is neither 0 nor 1.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = labelled_rows(pd.DataFrame({"date": pd.to_datetime(["2020-01-03", "2020-01-02"]), "ticker": "A",
    ...     "probability": [0.6, 0.4], "up_next": [None, 1.0], "fold": [1, 1]}))
    >>> len(rows), rows.folds
    (1, (1,))
    """
    frame = _in_their_order(predictions if consume else predictions.copy(deep=False))
    return _rows_of_folds(frame, _fold_numbers(frame), horizon_sessions)


def _rows_of_folds(frame: pd.DataFrame, fold: NDArray[np.int32], horizon_sessions: int) -> JudgedRows:
    """Return rows in their order, each with the number of its fold."""
    begins = _begins(fold)
    folds = tuple(fold[begins].tolist())
    starts = begins | _begins(frame[col.DATE].to_numpy())
    group_fold = np.cumsum(begins[starts]) - 1
    group = np.cumsum(starts, dtype=np.int32) - np.int32(1)
    return JudgedRows(frame, numbers(frame, col.UP_NEXT), group, group_fold, folds, horizon_sessions)


def _in_their_order(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are judged, in their order; ``predictions`` may be used up."""
    complete = _complete(predictions)
    rows = None if complete.all() else np.flatnonzero(complete)
    order = _judged_order(predictions, rows)
    if rows is None:
        rows = order
    elif order is not None:
        rows = rows[order]
    return predictions.reset_index(drop=True) if rows is None else _reordered(predictions, rows)


def _complete(predictions: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows have a probability and an outcome, both of them legal."""
    probability, up = numbers(predictions, col.PROBABILITY), numbers(predictions, col.UP_NEXT)
    complete: NDArray[np.bool_] = ~np.isnan(probability) & ~np.isnan(up)
    _check(probability, up, complete)
    return complete


def _begins(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value differs from the one before; the first always does."""
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = values[1:] != values[:-1]
    return begins


def numbers(frame: col.Columns, column: str) -> NDArray[np.float64]:
    """Return a column as float64, null as NaN, shape (rows,)."""
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _fold_numbers(frame: pd.DataFrame) -> NDArray[np.int32]:
    fold = numbers(frame, col.FOLD)
    whole = np.full(len(fold), NO_FOLD, dtype=np.int32)
    np.copyto(
        whole, fold, where=~np.isnan(fold), casting="unsafe"
    )  # whole numbers all; without a copy of the column
    return whole


def ticker_order(ticker: NDArray[np.integer], dates: NDArray[Any]) -> NDArray[np.intp]:
    """Return the order of rows by ticker and date; rows of both alike keep theirs.

    Rows that stand by date need a stable sort of their tickers' numbers alone, which for numbers of 16 bits counts
    instead of comparing: a twentieth of the time.

    Parameters
    ----------
    ticker : ndarray of int, shape (rows,)
        Number of each row's ticker, not negative.
    dates : ndarray, shape (rows,)
        Anything that rises with time.

    Examples
    --------
    >>> ticker_order(np.array([1, 0, 1]), np.array([5, 5, 6])).tolist()
    [1, 0, 2]
    """
    if (dates[1:] < dates[:-1]).any():
        return np.lexsort((dates, ticker))
    if int(ticker.max(initial=0)) <= np.iinfo(np.uint16).max:
        ticker = ticker.astype(np.uint16)
    return np.argsort(ticker, kind="stable")


def _reordered(frame: pd.DataFrame, rows: NDArray[np.intp]) -> pd.DataFrame:
    """Return the rows in this order; the columns of ``frame`` are taken out of it on the way."""
    columns = {name: frame.pop(name).array.take(rows) for name in list(frame.columns)}
    return pd.DataFrame(columns, copy=False)


def _judged_order(frame: pd.DataFrame, rows: NDArray[np.intp] | None) -> NDArray[np.intp] | None:
    """Return the order of these rows (None: all) by fold, date and ticker; None where they are sorted already."""
    tickers = pd.factorize(frame[col.TICKER], sort=True)[0].astype(np.int32)
    keys = (tickers, frame[col.DATE].to_numpy(), _fold_numbers(frame))
    if rows is not None:
        keys = (tickers[rows], keys[1][rows], keys[2][rows])
    return None if _rising(keys) else np.lexsort(keys)


def _rising(keys: tuple[NDArray[Any], ...]) -> bool:
    """Return whether rows are sorted by the last key, then by the one before it, and so on."""
    undecided = np.ones(max(0, len(keys[0]) - 1), dtype=bool)
    for key in reversed(keys):
        if (undecided & (key[1:] < key[:-1])).any():
            return False
        undecided &= key[1:] == key[:-1]
    return True


def _check(probability: NDArray[np.float64], up: NDArray[np.float64], complete: NDArray[np.bool_]) -> None:
    bad: dict[str, Any] = {
        col.PROBABILITY: probability[complete & ((probability < 0) | (probability > 1))],
        col.UP_NEXT: up[complete & (up != 0) & (up != 1)],
    }
    expected = {col.PROBABILITY: "probabilities from 0 to 1", col.UP_NEXT: "labels 1, 0 or null"}
    for column, values in bad.items():
        if len(values):
            raise DataError(
                f"predictions.{column} holds {values[0]:g}",
                expected=expected[column],
                remedy="Make the predictions again with the stage train_or_score.",
            )
