"""Single cells as they came: what is a date, a number, a ticker, and what only looks like one."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from core.tickers import is_legal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_WITH_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ].+")


class Dates(NamedTuple):
    """A date column read: days (NaT where malformed), and where a time of day stood beside it."""

    days: npt.NDArray[np.datetime64]
    timed: npt.NDArray[np.bool_]


class Numbers(NamedTuple):
    """A numeric column read: floats (NaN where null or wrong), and where a cell was no number."""

    floats: npt.NDArray[np.float64]
    wrong: npt.NDArray[np.bool_]


def read_dates(column: pd.Series) -> Dates:
    """Return the days of a column of ISO texts or timestamps; the time of day is cut off, not rounded.

    A text of any other form (``03/01/2013``, ``20130301``, an impossible day) is NaT.
    """
    if column.dtype.kind == "M":
        stamps = column.dt.tz_localize(None) if column.dt.tz is not None else column
        days = stamps.to_numpy().astype("datetime64[D]")
        return Dates(days, (stamps.to_numpy() != days) & ~np.isnat(days))
    codes, distinct = _distinct_texts(column)
    read = [_read_date(text) for text in distinct] + [(None, False)]
    days = np.array([day for day, _ in read], dtype="datetime64[D]")
    return Dates(days[codes], np.array([timed for _, timed in read])[codes])


def _distinct_texts(column: pd.Series) -> tuple[npt.NDArray[np.int64], Sequence[str]]:
    """Return a code per cell (-1 where it is no date at all) and the texts that the codes count."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, np.int64), [str(text) for text in column.cat.categories]
    cells = column.tolist()
    texts = cells if set(map(type, cells)) == {str} else [_date_text(cell) for cell in cells]
    codes, distinct = pd.factorize(pd.Series(texts, dtype=object))
    return np.asarray(codes, np.int64), list(distinct)


def _date_text(cell: Any) -> str | None:
    if isinstance(cell, str):
        return cell
    return cell.isoformat() if isinstance(cell, date) and cell is not pd.NaT else None


def _read_date(text: str) -> tuple[date | None, bool]:
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text), False
        if _ISO_WITH_TIME.fullmatch(text):
            return datetime.fromisoformat(text).date(), True
    except ValueError:
        pass
    return None, False


def read_numbers(column: pd.Series) -> Numbers:
    """Return the numbers of a column; a text, a truth value or an infinity is wrong, null is NaN.

    Nothing is coerced: ``"12.5"`` is a text, and a source that writes texts must be corrected.
    """
    kind = column.dtype.kind
    if kind in "iuf":
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        infinite = np.isinf(values)
        return Numbers(np.where(infinite, np.nan, values), infinite)
    cells = column.tolist()
    wrong = np.fromiter((not _is_number_or_null(cell) for cell in cells), dtype=bool, count=len(cells))
    pairs = zip(cells, wrong, strict=True)
    numbers = (math.nan if bad or _is_null(cell) else float(cell) for cell, bad in pairs)
    return Numbers(np.fromiter(numbers, dtype="float64", count=len(cells)), wrong)


def _is_null(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _is_number_or_null(cell: Any) -> bool:
    if _is_null(cell):
        return True
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | float | np.number):
        return False
    try:
        return not math.isinf(float(cell))
    except (OverflowError, TypeError):
        return False


def read_tickers(column: pd.Series) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return a code per row (-1 where malformed) and the tickers that the codes count, in text order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _renumbered(np.asarray(column.cat.codes, np.int64), list(column.cat.categories))
    if column.dtype == "str":
        cells: Sequence[Any] = column.array
    else:
        cells = [cell if isinstance(cell, str) else None for cell in column.tolist()]
    codes, distinct = pd.factorize(pd.Series(cells, dtype=object))
    return _renumbered(np.asarray(codes, np.int64), list(distinct))


def _renumbered(
    codes: npt.NDArray[np.int64], distinct: Sequence[Any]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return codes that count the sound tickers in text order, each of which some row has."""
    in_use = np.zeros(len(distinct) + 1, bool)
    in_use[codes] = True
    distinct = [cell if there else None for cell, there in zip(distinct, in_use[:-1].tolist(), strict=True)]
    good = sorted(cell for cell in distinct if isinstance(cell, str) and is_legal(cell))
    place = {cell: number for number, cell in enumerate(good)}
    renumber = np.array([*(place.get(cell, -1) for cell in distinct), -1], dtype=np.int64)
    return renumber[codes], tuple(good)


def json_value(cell: Any) -> Any:
    """Return a cell as a JSON value for a finding: numbers stay, null is None, the rest is short text."""
    if _is_null(cell):
        return None
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    if isinstance(cell, int | float | np.number) and _is_number_or_null(cell):
        number = float(cell)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    text = str(cell).encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."


_LONGEST_TEXT = 80
"""Characters of an odd cell that a finding shows."""
