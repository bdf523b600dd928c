"""The rows a model sees: one matrix in (date, ticker) order, with labels and when they became known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import columns as col
from core.errors import DataError, listed
from core.features import columns, definition_digest, model_features
from core.features.definitions import Own, own_of
from core.label import NEXT_SESSION, Label

if TYPE_CHECKING:
    from core.tables.artifacts import Table

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

_REMEDY = "Make the features again with the stage feature_engineer."


@dataclass(frozen=True)
class Rows:
    """All rows of a features table, sorted by (date, ticker).

    Parameters
    ----------
    dates : datetime64[D] array, shape (n,)
        Session of the row.
    tickers : object array of str, shape (n,)
        Its ticker.
    inputs : float64 array, shape (n, features)
        What a model sees, in the order of :func:`core.features.model_features`; NaN in warm-up.
    label : float64 array, shape (n,)
        1, 0 or NaN where the price that makes it is not known.
    label_dates : datetime64[D] array, shape (n,)
        The session from whose close on the label is known; NaT where it is not.
    last : bool array, shape (n,)
        Each ticker's last row.
    own : tuple of mapping
        The user-defined features among the inputs, as the header of features lists them.
    """

    dates: Dates
    tickers: NDArray[np.object_]
    inputs: Matrix
    label: Vector
    label_dates: Dates
    last: Mask
    own: Own = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return model_features(own=self.own)

    @cached_property
    def complete(self) -> Mask:
        """Rows on which every model feature has a value."""
        complete = np.ones(len(self.inputs), dtype=bool)
        # one at a time: the answer for every cell would take the memory of a column
        for column in self.inputs.T:
            complete &= ~np.isnan(column)
        return complete

    @cached_property
    def labelled(self) -> Mask:
        """Complete rows whose label is known: what a model is trained on and judged by."""
        return self.complete & ~np.isnan(self.label)

    def sessions(self) -> list[Any]:
        """Return the distinct dates that hold a label, ascending, as ``datetime.date``."""
        days: list[Any] = np.unique(self.dates[~np.isnan(self.label)]).tolist()
        return days


def needed(own: Own = ()) -> tuple[str, ...]:
    """Return the columns of features that a model is made from and judged by."""
    return (col.DATE, col.TICKER, *model_features(own=own), col.UP_NEXT)


def rows_of(features: Table, number: int = 0, own: Own | None = None) -> Rows:
    """Return the rows of a part of ``features``, whatever order they came in.

    Parameters
    ----------
    features : Table
    number : int
    own : tuple of mapping, optional
        The user-defined features that a model sees; default: all that the table has.

    Raises
    ------
    DataError
        If the table was made by another feature set, lacks a column, holds a (date, ticker) twice,
        a date or ticker is missing, a feature is no finite number or a label is neither 1, 0 nor null.
    """
    check_features(features)
    own = own_of(features.header) if own is None else own
    label = Label.of(features.header)
    if col.MEMBER not in features:
        return rows_from(features.part(number, needed(own)), label, own)
    frame = features.part(number, (*needed(own), col.MEMBER))
    inputs = list(model_features(own=own))
    # without inputs a row is neither learnt from nor judged nor signalled after; its date still ends a label
    return rows_from(frame.assign(**frame[inputs].where(frame[col.MEMBER] == 1)), label, own)


def rows_from(frame: pd.DataFrame, label: Label = NEXT_SESSION, own: Own = ()) -> Rows:
    """Return the rows of whole tickers, with the columns that are :func:`needed`, in any order.

    Parameters
    ----------
    label : Label
        What ``up_next`` says: it decides when a row's label is known.
    own : tuple of mapping
        The user-defined features that a model sees.

    Raises
    ------
    DataError
        As :func:`rows_of`.
    """
    names_of_inputs = model_features(own=own)
    _check_types(frame, names_of_inputs)
    dates = frame[col.DATE].to_numpy("datetime64[D]")
    codes, names = pd.factorize(frame[col.TICKER], sort=True)
    order = np.lexsort((codes, dates))
    dates, codes = dates[order], codes[order]
    inputs = frame[list(names_of_inputs)].to_numpy("float64")[order]
    values = frame[col.UP_NEXT].to_numpy("float64")[order]
    _check_values(inputs, values)
    following = _next_dates(dates, codes, names)
    label_dates = _known_dates(dates, codes, following, label)
    return Rows(
        dates, names.to_numpy(dtype=object)[codes], inputs, values, label_dates, np.isnat(following), own
    )


def _known_dates(dates: Dates, codes: NDArray[np.int64], following: Dates, label: Label) -> Dates:
    """Return the session from whose close on each row's label is known, NaT where it is not.

    An excess is known when the last ticker of its session has its return: one that trades again only after a hole
    holds up the mean, and with it the labels of all.
    """
    until = following
    if label.horizon_sessions > 1:
        until = _later_dates(dates, codes, label.horizon_sessions)
    if label.is_across:
        starts = np.flatnonzero(np.append(True, dates[1:] != dates[:-1])) if len(dates) else np.zeros(0, int)
        latest = np.fmax.reduceat(until, starts) if len(dates) else until
        sizes = np.diff(np.append(starts, len(dates)))
        until = np.where(np.isnat(until), until, np.repeat(latest, sizes))
    return until


def _later_dates(dates: Dates, codes: NDArray[np.int64], sessions: int) -> Dates:
    """Return the date of the row ``sessions`` later in each row's ticker, NaT where there is none."""
    order = np.argsort(codes, kind="stable")
    same = codes[order][sessions:] == codes[order][:-sessions]
    later = np.full(len(dates), np.datetime64("NaT"), dtype="datetime64[D]")
    later[order[:-sessions][same]] = dates[order[sessions:][same]]
    return later


def _next_dates(dates: Dates, codes: NDArray[np.int64], names: pd.Index) -> Dates:
    """Return the date of each row's successor in its ticker, NaT where there is none."""
    following = _later_dates(dates, codes, 1)
    if len(twice := np.flatnonzero(following == dates)):
        repeated = listed([f"{names[codes[row]]} {dates[row]}" for row in twice])
        raise DataError(f"rows come twice: {repeated}", expected="one row per (date, ticker)", remedy=_REMEDY)
    return following


def check_features(features: Table) -> None:
    """Refuse a table of features without the contract's columns, or of another feature set.

    Raises
    ------
    DataError
        Saying what is missing, or which definitions made it.
    """
    own = own_of(features.header)
    contract = (*columns(), *(entry["name"] for entry in own))
    missing = [name for name in contract if name not in features.columns]
    if missing:
        raise DataError(f"the features lack {listed(missing)}", expected=listed(contract, 99), remedy=_REMEDY)
    present = definition_digest(own=own)
    made_by = features.header.get("definition_digest", present)
    if made_by != present:
        raise DataError(
            f"the features were made by definitions {made_by}",
            expected=f"the present definitions {present}",
            remedy=_REMEDY,
        )


def _check_types(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    if frame[col.DATE].dtype.kind != "M" or frame[[col.DATE, col.TICKER]].isna().to_numpy().any():
        raise DataError(
            "a date or ticker is missing or malformed", expected="both on every row", remedy=_REMEDY
        )
    text = [name for name in (*names, col.UP_NEXT) if frame[name].dtype.kind not in "fiu"]
    if text:
        raise DataError(f"no numbers in {listed(text)}", expected="numbers or null", remedy=_REMEDY)


def _check_values(inputs: Matrix, label: Vector) -> None:
    if np.isinf(inputs).any():
        raise DataError("a feature is infinite", expected="finite numbers or null", remedy=_REMEDY)
    labels = label[~np.isnan(label)]
    if not np.isin(labels, (0.0, 1.0)).all():
        odd = labels[~np.isin(labels, (0.0, 1.0))][0]
        raise DataError(f"{col.UP_NEXT} holds {odd}", expected="1, 0 or null", remedy=_REMEDY)
