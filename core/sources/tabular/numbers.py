"""Numbers as files write them: decimal commas, thousands, currency signs, 45.3M shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.options import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable

DECIMALS = (AUTO, "point", "comma")

_DRESSING = re.compile("[$\u20ac\u00a3\u00a5\u00a0\u202f' ]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SCALED = re.compile(r"(.*\d)([KMB])")
_HUGE = 2**1023
_SCALES = {"K": 1e3, "M": 1e6, "B": 1e9}
_UNDECIDED = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_POINT = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+\.\d*|[-+]?\d{1,3}(?:,\d{3}){2,}")
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+|[-+]?\d{1,3}(?:\.\d{3}){2,}")


def text_columns(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of ``names`` in which a cell is no plain number."""
    return [name for name in names if name in frame and frame[name].dtype.kind not in "iufb"]


def decimal_mark(frame: pd.DataFrame, names: Sequence[str], file: str, decimal: str = AUTO) -> str:
    """Return whether a comma in the numbers of ``names`` is the decimal mark or parts thousands.

    ``12,5`` leaves no choice, nor does ``1,234.5``; ``1,234`` alone does. A number with a plain point in
    another column decides for the point.

    Raises
    ------
    SourceError
        If nothing decides, with both readings.
    """
    if decimal != AUTO:
        return decimal
    undecided = None
    comma = point = False
    for name in text_columns(frame, names):
        for cell in pd.unique(frame[name].dropna()).tolist():
            text = _DRESSING.sub("", str(cell)).rstrip("KMB")
            if _UNDECIDED.fullmatch(text):
                undecided = undecided or (name, str(cell))
            elif _POINT.fullmatch(text):
                point = True
            elif _COMMA.fullmatch(text):
                comma = True
            elif "." in text and _NUMBER.fullmatch(text) and len(text.split(".")[1]) not in (0, 3):
                point = True
    if comma:
        return "comma"
    if undecided and not point and not _plain_points(frame, names):
        raise _undecided(*undecided, file)
    return "point"


def _plain_points(frame: pd.DataFrame, names: Sequence[str]) -> bool:
    """Return whether a column of plain numbers has one with one or two decimals."""
    for name in names:
        if name in frame and frame[name].dtype.kind == "f":
            values = frame[name].to_numpy(dtype="float64")
            values = values[np.isfinite(values)]
            if (np.round(values, 2) == values).any() and (values != np.floor(values)).any():
                return True
    return False


def _undecided(name: str, cell: str, file: str) -> SourceError:
    whole = cell.replace(",", "")
    return SourceError(
        f"{file}: {cell} in column {name} can be read as {whole} (the comma parts thousands) and as "
        f"{cell.replace(',', '.')} (the comma is the decimal mark), and no other number decides",
        expected="numbers of which at least one decides",
        remedy="Say which: --decimal point or --decimal comma.",
    )


def _points_may_part_thousands(frame: pd.DataFrame, names: Sequence[str]) -> bool:
    """Return whether a volume has fractions, all whole thousandths: shares are no fractions, 114.509 may be many."""
    if col.VOLUME not in names or col.VOLUME not in frame or frame[col.VOLUME].dtype.kind != "f":
        return False
    values = frame[col.VOLUME].to_numpy("float64")
    values = values[np.isfinite(values)]
    fractions = values != np.floor(values)
    return bool(fractions.any() and (np.abs(np.round(values * 1000) - values * 1000) < 1e-6).all())


def _refuse_points(texts: pd.DataFrame, names: Sequence[str], file: str) -> None:
    """Refuse numbers in which every point has three digits behind it and at most three before, volume included.

    Raises
    ------
    SourceError
        With both readings.
    """
    pointed = [
        (name, str(cell))
        for name in names
        if name in texts
        for cell in pd.unique(texts[name].dropna()).tolist()
        if "." in str(cell)
    ]
    if not pointed or not all(_GROUPED.fullmatch(cell) for _, cell in pointed):
        return
    name, cell = next((pair for pair in pointed if pair[0] == col.VOLUME), pointed[0])
    raise SourceError(
        f"{file}: {cell} in column {name} can be read as {cell.replace('.', '')} (the point parts thousands) and as "
        f"{cell} (the point is the decimal mark); every number with a point has three digits after it",
        expected="numbers of which at least one decides",
        remedy="Say which: --decimal comma (points part thousands) or --decimal point.",
    )


_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+")


def plain_numbers(cells: pd.Series, decimal: str, *, scaled: bool) -> pd.Series:
    """Return a column with every cell that writes a number as that number; the others stay as they are.

    Parameters
    ----------
    cells : Series
        Texts, numbers and missing values.
    decimal : {'point', 'comma'}
    scaled : bool
        Whether ``45.3M`` is 45,300,000, as it is in a volume.

    Examples
    --------
    >>> plain_numbers(pd.Series(["$1,234.50", "n.a.", None]), "point", scaled=False).tolist()
    [1234.5, 'n.a.', None]
    """
    codes, distinct = pd.factorize(cells.astype(object))
    read = [_number(cell, decimal, scaled=scaled) for cell in distinct]
    if all(isinstance(value, int | float) for value in read):
        return pd.Series(np.array([*read, np.nan], dtype="float64")[codes], index=cells.index)
    values = np.empty(len(read) + 1, dtype=object)
    values[:-1] = read
    return pd.Series(values[codes], index=cells.index, dtype=object)


def _number(cell: Any, decimal: str, *, scaled: bool) -> Any:
    if not isinstance(cell, str):
        # an integer that no float can hold stays for the gate, as text
        return str(cell) if isinstance(cell, int) and abs(cell) >= _HUGE else cell
    text, scale = _DRESSING.sub("", cell), 1.0
    if scaled and (match := _SCALED.fullmatch(text)):
        text, scale = match[1], _SCALES[match[2]]
    thousands, mark = (",", ".") if decimal == "point" else (".", ",")
    if thousands in text:
        grouped = re.fullmatch(rf"([-+]?\d{{1,3}}(?:\{thousands}\d{{3}})+)((?:\{mark}\d*)?)", text)
        if grouped is None:
            return cell
        text = grouped[1].replace(thousands, "") + grouped[2]
    text = text.replace(mark, ".")
    if not _NUMBER.fullmatch(text) or abs(float(text)) == float("inf"):
        return cell
    return float(text) if scale == 1.0 else float(round(float(text) * scale, 6))


def dressed(
    frame: pd.DataFrame, names: Sequence[str], file: str, mark: str, reread: Callable[[], pd.DataFrame]
) -> tuple[pd.DataFrame, str]:
    """Return a table whose numbers are plain, and the decimal mark that was found.

    Parameters
    ----------
    frame : DataFrame
        As read with a decimal point.
    names : sequence of str
        Columns of numbers.
    file, mark : str
        As in :func:`decimal_mark`.
    reread : callable
        Gives the same table with every cell as text: with a decimal comma ``1.234`` is no 1.234.
    """
    if mark == AUTO and not text_columns(frame, names) and _points_may_part_thousands(frame, names):
        _refuse_points(reread(), names, file)
    if not text_columns(frame, names) and mark != "comma":
        return frame, "point"
    decimal = decimal_mark(frame, names, file, mark)
    if decimal == "comma":
        frame = reread()
    numbers = {
        n: plain_numbers(frame[n], decimal, scaled=n == col.VOLUME) for n in text_columns(frame, names)
    }
    return frame.assign(**numbers), decimal
