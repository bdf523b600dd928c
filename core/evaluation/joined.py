"""What features say of the rows of a table of predictions, joined part by part: returns, and a model's chances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError
from core.features.definitions import own_of
from core.features.members import after_absence
from core.label import Label
from core.measures.information import forward_returns
from core.measures.judged_rows import numbers, ticker_order
from core.measures.trading import next_open_returns
from core.models.document import Model
from core.models.loader import load_model, require_features, require_label
from core.models.model_rows import rows_of
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEXT_RETURN = "next_return"

_SPAN = 10_000_000
"""More days than any calendar has: ticker and day as one whole number."""


def with_returns(
    predictions: pd.DataFrame,
    features: Table,
    *,
    also: Sequence[str] = (),
    workplace: Workplace | None = None,
) -> pd.DataFrame:
    """Return ``predictions`` with the ticker's ``return`` of that date and ``next_return``.

    Parameters
    ----------
    predictions : pandas.DataFrame
        One row per (date, ticker), in any order.
    features : Table
        Columns ``date``, ``ticker`` and ``return`` (simple return, a share), any order.
    also : sequence of str
        Further columns to bring along; those that ``features`` lacks are left out.
    workplace : Workplace, optional
        Who works on the parts of large features.

    Returns
    -------
    pandas.DataFrame
        The same rows in the same order. ``next_return`` is the return of the ticker's next row in
        ``features``; null on its last row. Both are null where ``features`` lacks the row.

    Raises
    ------
    DataError
        If ``features`` has a (date, ticker) twice.
    """
    more = tuple(name for name in also if name in features)
    work, names = partial(_returns_of_part, features, more), (col.RETURN, NEXT_RETURN, *more)
    joined = _joined(predictions, features, names, work, workplace or Workplace())
    # none is copied: the columns of a large table take a tenth of the memory each
    columns: dict[str, Any] = {str(name): predictions[name] for name in predictions}
    return pd.DataFrame(columns | joined, copy=False)


def returns_over(
    sessions: int, frame: pd.DataFrame, features: Table, workplace: Workplace
) -> NDArray[np.float64]:
    """Return each row's compound return over its ticker's next rows, shape (rows,).

    Parameters
    ----------
    sessions : int
        How many rows, at least 1.
    frame : pandas.DataFrame
        With ``date`` and ``ticker``.
    features : Table
        Columns ``date``, ``ticker`` and ``return``, any order.
    workplace : Workplace
        Who works on the parts of large features.

    Returns
    -------
    ndarray of float
        NaN where the ticker has fewer rows left, or ``features`` lacks the row or, of days on which the ticker did not
        belong to the universe, one of the next.
    """
    work = partial(_later_returns_of_part, features, sessions)
    return _joined(frame, features, (col.RETURN,), work, workplace)[col.RETURN]


def open_returns(frame: pd.DataFrame, prices: Table, workplace: Workplace) -> NDArray[np.float64]:
    """Return what each row's call earns that is filled at the ticker's next open, and held to the one after.

    Parameters
    ----------
    frame : pandas.DataFrame
        With ``date`` and ``ticker``.
    prices : Table
        Columns ``date``, ``ticker``, ``open``, ``close`` and ``adj_close``, any order: opens are adjusted as
        the close of their day is.
    workplace : Workplace
        Who works on the parts of large prices.

    Returns
    -------
    ndarray of float, shape (rows,)
        NaN on a ticker's last two rows, where an open is missing, and where ``prices`` lacks the row.
    """
    work = partial(_open_returns_of_part, prices)
    return _joined(frame, prices, ("open_return",), work, workplace)["open_return"]


def chances(
    model: Document, features: Table, frame: pd.DataFrame, *, workplace: Workplace | None = None
) -> NDArray[np.float64]:
    """Return a model's probability of each row of ``frame``, shape (rows,).

    NaN on rows dated up to the model's training end, on rows that ``features`` lacks or that lack a
    feature.

    Parameters
    ----------
    model : Document
        As the train stage wrote it.
    features : Table
        As the features stage wrote it.
    frame : pandas.DataFrame
        With ``date`` and ``ticker``.

    Raises
    ------
    ModelError
        If the model is damaged, or was trained on features defined otherwise or on another label.
    """
    loaded = load_model(model)
    require_label(loaded, Label.of(features.header))
    require_features(loaded, own_of(features.header))
    work = partial(_chances_of_part, features, loaded)
    return _joined(frame, features, (col.PROBABILITY,), work, workplace or Workplace())[col.PROBABILITY]


@dataclass(frozen=True)
class _PartValues:
    """Values of one part's rows, which stand by ticker and date.

    Parameters
    ----------
    tickers : Index of str, shape (tickers,)
        Rising.
    counts : int array, shape (tickers,)
        Rows of each.
    days : int64 array, shape (rows,)
        Whole days, not negative.
    values : list of float64 array, shape (rows,)
    """

    tickers: pd.Index
    counts: NDArray[np.int64]
    days: NDArray[np.int64]
    values: list[NDArray[np.float64]]


def _joined(
    frame: pd.DataFrame,
    features: Table,
    names: Sequence[str],
    work: Callable[[int], _PartValues],
    workplace: Workplace,
) -> dict[str, NDArray[np.float64]]:
    """Return the values of ``frame``'s rows by name, in the order of its rows; NaN where features lack the row.

    Rows are found by one whole number of ticker and day: a search in sorted numbers costs neither the memory
    nor the time of an index of pairs. A part is joined to the rows of its tickers, whose numbers alone are in memory.
    """
    codes, tickers = _coded(frame[col.TICKER])
    dates = frame[col.DATE].to_numpy()
    order = None if _stand_by(codes, dates) else ticker_order(codes, dates).astype(np.uint32)
    owners = codes if order is None else codes[order]
    values = {name: np.full(len(frame), np.nan) for name in names}
    for part in workplace.engine.each(work, range(features.parts)):
        owner = np.repeat(tickers.get_indexer(part.tickers), part.counts)
        in_frame = owner >= 0
        if not in_frame.any():
            continue
        owner = owner[in_frame]
        theirs = owner * _SPAN + part.days[in_frame]
        first, last = owner[[0, -1]].astype(
            owners.dtype
        )  # of another type, all would be copied to be searched
        within = slice(np.searchsorted(owners, first), np.searchsorted(owners, last, side="right"))
        rows = within if order is None else order[within]
        keys = owners[within].astype(np.int64) * _SPAN + _whole_days(dates[rows])
        place = np.minimum(np.searchsorted(theirs, keys), len(theirs) - 1)
        there = theirs[place] == keys
        for name, column in zip(names, part.values, strict=True):
            values[name][rows] = np.where(there, column[in_frame][place], values[name][rows])
    return values


def _coded(tickers: pd.Series) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the number of each row's ticker, in as few bytes as they have, and the tickers, rising."""
    if isinstance(tickers.dtype, pd.CategoricalDtype) and tickers.cat.categories.is_monotonic_increasing:
        return tickers.cat.codes.to_numpy(), tickers.cat.categories
    codes, names = pd.factorize(tickers, sort=True)
    return codes.astype(np.int32), pd.Index(names)


def _stand_by(codes: NDArray[np.integer], days: NDArray[Any]) -> bool:
    """Return whether rows are sorted by ticker and day."""
    return bool(((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (days[1:] >= days[:-1]))).all())


def _whole_days(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    days: NDArray[np.int64] = dates.astype("datetime64[D]").astype(np.int64, copy=False)
    return days + _SPAN // 2


def _returns_of_part(features: Table, also: Sequence[str], number: int) -> _PartValues:
    """Return each row's return, its ticker's next one and further columns."""
    tickers, codes, days, (gained, *more) = _sorted_columns(features, number, (col.RETURN, *also))
    # after a ticker's last row comes another ticker's first, whose return is not its own
    following = np.full(len(gained), np.nan)
    following[:-1] = np.where(codes[1:] == codes[:-1], gained[1:], np.nan)
    return _PartValues(tickers, np.bincount(codes, minlength=len(tickers)), days, [gained, following, *more])


def _later_returns_of_part(features: Table, sessions: int, number: int) -> _PartValues:
    """Return each row's compound return over its ticker's next rows, NaN where a membership leaves some of them out."""
    also = (col.MEMBER,) if col.MEMBER in features else ()
    tickers, codes, days, (gained, *member) = _sorted_columns(features, number, (col.RETURN, *also))
    if member:
        horizon = Label.of(features.header).horizon_sessions
        gained = np.where(after_absence(member[0] == 1, codes, horizon), np.nan, gained)
    later = forward_returns(gained, codes, sessions)
    return _PartValues(tickers, np.bincount(codes, minlength=len(tickers)), days, [later])


def _sorted_columns(
    table: Table, number: int, columns: Sequence[str]
) -> tuple[pd.Index, NDArray[np.int64], NDArray[np.int64], list[NDArray[np.float64]]]:
    """Return a part's tickers, and by ticker and date the number of each row's ticker, its day and its columns."""
    frame = table.part(number, (col.DATE, col.TICKER, *columns))
    codes, tickers = pd.factorize(frame[col.TICKER], sort=True)
    days = _whole_days(frame[col.DATE].to_numpy())
    columns_of = [numbers(frame, name) for name in columns]
    same = codes[1:] == codes[:-1]
    if ((codes[1:] > codes[:-1]) | (same & (days[1:] > days[:-1]))).all():  # as parts of large tables stand
        return pd.Index(tickers), codes, days, columns_of
    order = np.lexsort((days, codes))
    codes, days = codes[order], days[order]
    if ((codes[1:] == codes[:-1]) & (days[1:] == days[:-1])).any():
        raise DataError(
            f"{table.kind} has a date of a ticker twice",
            expected="one row per date and ticker",
            remedy="Make the features again with the stage feature_engineer.",
        )
    return pd.Index(tickers), codes, days, [column[order] for column in columns_of]


def _open_returns_of_part(prices: Table, number: int) -> _PartValues:
    """Return each row's return from the ticker's next open to the one after."""
    columns = (col.OPEN, col.CLOSE, col.ADJ_CLOSE)
    tickers, codes, days, (opened, close, adjusted) = _sorted_columns(prices, number, columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(close > 0, adjusted / close, np.nan)
    values = [next_open_returns(opened, factor, codes)]
    return _PartValues(tickers, np.bincount(codes, minlength=len(tickers)), days, values)


def _chances_of_part(features: Table, model: Model, number: int) -> _PartValues:
    """Return a model's probability of each row, NaN up to its training's end."""
    rows = rows_of(features, number, model.own)
    usable = rows.complete & (rows.dates > np.datetime64(model.no_test_to, "D"))
    probability = np.full(len(usable), np.nan)
    probability[usable] = model.probability(rows.inputs[usable])
    codes, tickers = pd.factorize(rows.tickers, sort=True)
    order = np.argsort(codes, kind="stable")  # rows stand by date: within a ticker they keep that order
    days = _whole_days(rows.dates[order])
    counts = np.bincount(codes, minlength=len(tickers))
    return _PartValues(pd.Index(tickers), counts, days, [probability[order]])
