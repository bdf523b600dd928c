"""The rows that are judged: out-of-sample predictions whose outcome is known, by fold and date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_FOLD = 0
"""Fold number of rows that carry none (scoring has one window and no folds)."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Labelled predictions, sorted by (fold, date, ticker).

    A *group* is one date within one fold. It is the unit that is resampled, because the tickers of a
    date move together.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows with default index; no null in ``probability`` and ``up_next``.
    up : ndarray of float, shape (rows,)
        1 where the next session's return is above 0, else 0.
    group : ndarray of int, shape (rows,)
        Number of the row's group, rising from 0.
    fold : ndarray of int, shape (rows,)
        Code of the row's fold, rising from 0.
    group_fold : ndarray of int, shape (groups,)
        Code of each group's fold.
    folds : tuple of int
        The fold number of each code.
    """

    frame: pd.DataFrame
    up: NDArray[np.float64]
    group: NDArray[np.int64]
    fold: NDArray[np.int64]
    group_fold: NDArray[np.int64]
    folds: tuple[int, ...]

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability of an up move by the model that is judged, shape (rows,)."""
        return numbers(self.frame, col.PROBABILITY)

    @cached_property
    def by_ticker(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Number of each row's ticker, and the order of the rows by ticker and date."""
        ticker = pd.factorize(self.frame[col.TICKER])[0].astype(np.int64)
        return ticker, np.lexsort((self.frame[col.DATE].to_numpy(), ticker))

    def __len__(self) -> int:
        return len(self.up)


def judge(predictions: pd.DataFrame) -> Judged:
    """Return the rows of ``predictions`` that have a probability and a known outcome.

    Parameters
    ----------
    predictions : pandas.DataFrame
        At least ``date``, ``ticker``, ``probability``, ``up_next`` (1, 0 or null) and ``fold`` (whole
        number; null: no fold). Further columns are kept. Any order; it is not changed.

    Raises
    ------
    DataError
        If a probability lies outside 0 to 1, or a label is neither 0 nor 1.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = judge(pd.DataFrame({"date": pd.to_datetime(["2020-01-03", "2020-01-02"]), "ticker": "A",
    ...     "probability": [0.6, 0.4], "up_next": [None, 1.0], "fold": [1, 1]}))
    >>> len(rows), rows.folds
    (1, (1,))
    """
    probability, up = numbers(predictions, col.PROBABILITY), numbers(predictions, col.UP_NEXT)
    known = ~np.isnan(probability) & ~np.isnan(up)
    _check(probability[known], up[known])
    frame = predictions if known.all() else predictions.loc[known]
    frame = frame.take(_order(frame)).reset_index(drop=True)
    fold = _fold_numbers(frame)
    folds, code = np.unique(fold, return_inverse=True)
    days = frame[col.DATE].to_numpy()
    starts = np.ones(len(frame), dtype=bool)
    starts[1:] = (days[1:] != days[:-1]) | (code[1:] != code[:-1])
    return Judged(
        frame, numbers(frame, col.UP_NEXT), np.cumsum(starts) - 1, code, code[starts], tuple(folds.tolist())
    )


def numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as float64, null as NaN, shape (rows,)."""
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _fold_numbers(frame: pd.DataFrame) -> NDArray[np.int64]:
    fold = numbers(frame, col.FOLD)
    return np.where(np.isnan(fold), NO_FOLD, fold).astype(np.int64)


def _order(frame: pd.DataFrame) -> NDArray[np.intp]:
    tickers = pd.factorize(frame[col.TICKER], sort=True)[0]
    return np.lexsort((tickers, frame[col.DATE].to_numpy(), _fold_numbers(frame)))


def _check(probability: NDArray[np.float64], up: NDArray[np.float64]) -> None:
    bad: dict[str, Any] = {
        col.PROBABILITY: probability[(probability < 0) | (probability > 1)],
        col.UP_NEXT: up[(up != 0) & (up != 1)],
    }
    expected = {col.PROBABILITY: "probabilities from 0 to 1", col.UP_NEXT: "labels 1, 0 or null"}
    for column, values in bad.items():
        if len(values):
            raise DataError(
                f"predictions.{column} holds {values[0]:g}",
                expected=expected[column],
                remedy="Make the predictions again with the stage train_or_score.",
            )
