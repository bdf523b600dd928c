"""Numbers as files write them: decimal commas, thousands, currency signs, 45.3M shares."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError, listed
from core.sources.tabular.columns import unguarded_text
from core.sources.tabular.grouped_points import (
    GROUPED,
    NUMBER,
    may_be_grouped,
    points_may_part_thousands,
    refuse_points,
    undecided_points,
)
from core.sources.tabular.options import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable

_DRESSING = re.compile(
    "[$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd\u20ba\u0e3f\u00a0\u202f\u2009'\u2019 ]|R(?=\\$)"
)
_GROUPS = re.compile("(?<=\\d)['\u2019\u00a0\u202f\u2009 ](?=\\d{3}(?!\\d))")
"""Blanks and apostrophes that part thousands."""
_WITHIN = re.compile("\\d['\u2019\u00a0\u202f\u2009 ]+\\d")
_CURRENCY = re.compile(
    r"^(?:[A-Z]{3}|Rs\.?|kr\.?|Fr\.?)(?=[-+\d.])|(?<=\d)(?:[A-Z]{3}|z\u0142|kr\.?|K\u010d|p|\u5143|\u5186|\uc6d0)$"
)
"""A currency before or behind a number, blanks taken away: ``USD51.29``, ``51,29EUR``."""
_MONEY = re.compile(
    "[$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd\u20ba\u0e3f]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|z\u0142|K\u010d|(?<=\\d)p$"
)
"""What says a currency."""
_SCALED = re.compile(
    r"(.*\d)([KMBkmb]|Tsd\.?|Mio\.?|Mrd\.?|mln|bn|\u4e07|\u842c|\ub9cc|\u4ebf|\u5104|\uc5b5)"
)
_HUGE = 2**1023
_SCALES = {
    "k": 1e3, "tsd": 1e3, "m": 1e6, "mio": 1e6, "mln": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9,
    "\u4e07": 1e4, "\u842c": 1e4, "\ub9cc": 1e4, "\u4ebf": 1e8, "\u5104": 1e8, "\uc5b5": 1e8,
}  # fmt: skip
"""Thousands, millions, milliards; in East Asia ten thousands and hundred millions. ``mil`` is a thousand in Spanish and Portuguese
and a million elsewhere: it stays a text."""
_UNDECIDED = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_POINT = re.compile(
    r"[-+]?\d{1,3}(?:,\d{3})+\.\d*|[-+]?\d{1,3}(?:,\d{3}){2,}|[-+]?\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?"
)
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
    evidence = _evidence(frame, names)
    if evidence.comma:
        return "comma"
    if evidence.grouped:
        pointed = evidence.pointed or _first_fraction(frame, names)
        if evidence.point or pointed:
            raise _both_points(*(pointed or (names[0], "")), file)
        return "comma"
    undecided = evidence.undecided or evidence.pointed
    if undecided and not evidence.point and not _plain_points(frame, names):
        raise _undecided(*undecided, file) if "," in undecided[1] else undecided_points(*undecided, file)
    return "point"


@dataclass
class _Evidence:
    """What the cells that are no plain numbers show of the decimal mark.

    Parameters
    ----------
    comma, point : bool
        A cell leaves no choice: ``12,5`` and ``1.234,5``, or ``1,234.5`` and ``12.5K``.
    grouped : bool
        ``1.234.567``: points part thousands, and no cell has a decimal comma.
    undecided, pointed : (str, str) or None
        Column and cell of the first ``1,234`` and of the first ``1.234`` beside them.
    """

    comma: bool = False
    point: bool = False
    grouped: bool = False
    undecided: tuple[str, str] | None = None
    pointed: tuple[str, str] | None = None

    def take(self, name: str, cell: str) -> None:
        """Take notice of a cell."""
        text = _undressed(cell)
        text = match[1] if (match := _SCALED.fullmatch(text)) else text
        if _UNDECIDED.fullmatch(text):
            self.undecided = self.undecided or (name, cell)
        elif _COMMA.fullmatch(text):
            self.comma |= "," in text
            self.grouped |= "," not in text
        elif GROUPED.fullmatch(text):
            self.pointed = self.pointed or (name, cell)
        elif _POINT.fullmatch(text) or (
            "." in text and NUMBER.fullmatch(text) and len(text.split(".")[1]) not in (0, 3)
        ):
            self.point = True


def _evidence(frame: pd.DataFrame, names: Sequence[str]) -> _Evidence:
    evidence = _Evidence()
    for name in text_columns(frame, names):
        for cell in pd.unique(frame[name].dropna()).tolist():
            evidence.take(name, str(cell))
    return evidence


def _first_fraction(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, str] | None:
    """Return a number with a fraction in a column that reads as plain numbers, None if there is none."""
    for name in names:
        if name in frame and frame[name].dtype.kind == "f":
            values = frame[name].dropna()
            fractions = values[values != np.floor(values)]
            if len(fractions):
                return name, repr(float(fractions.iloc[0]))
    return None


def _both_points(name: str, cell: str, file: str) -> SourceError:
    return SourceError(
        f"{file}: a point parts thousands in one column (1.827.710), and {cell or 'numbers'} in column {name} can be read with a "
        "decimal point or without",
        expected="one decimal mark in all numbers",
        remedy="Say which: --decimal comma (points part thousands) or --decimal point; the gate then names the other cells.",
    )


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


def _undressed(cell: str) -> str:
    """Return a number's text without blanks, currency and the marks that stand for a minus.

    >>> [_undressed(text) for text in ("$1,234.50", "51,29 EUR", "R$ 51,29", "\u22125", "1'059'335", "51'16")]
    ['1,234.50', '51,29', '51,29', '-5', '1059335', "51'16"]
    """
    text = _GROUPS.sub("", unguarded_text(cell).replace("\u2212", "-"))
    if _WITHIN.search(text):
        return text  # 51'16 is 51 and 16 of something, and no 5,116
    return _CURRENCY.sub("", _DRESSING.sub("", text))


def _number(cell: Any, decimal: str, *, scaled: bool) -> Any:
    if not isinstance(cell, str):
        # an integer that no float can hold stays for the gate, as text
        return str(cell) if isinstance(cell, int) and abs(cell) >= _HUGE else cell
    text, scale = _undressed(cell), 1.0
    if scaled and (match := _SCALED.fullmatch(text)):
        text, scale = match[1], _SCALES[match[2].rstrip(".").lower()]
    thousands, mark = (",", ".") if decimal == "point" else (".", ",")
    if thousands in text:
        grouped = re.fullmatch(
            rf"([-+]?(?:\d{{1,3}}(?:\{thousands}\d{{3}})+|\d{{1,2}}(?:\{thousands}\d{{2}})+\{thousands}\d{{3}}))((?:\{mark}\d*)?)",
            text,
        )
        if grouped is None:
            return cell
        text = grouped[1].replace(thousands, "") + grouped[2]
    text = text.replace(mark, ".")
    if not NUMBER.fullmatch(text) or abs(float(text)) == float("inf"):
        return cell
    return float(text) if scale == 1.0 else float(round(float(text) * scale, 6))


def _refuse_currencies(frame: pd.DataFrame, names: Sequence[str], file: str) -> None:
    """Refuse prices of which some are in one currency and some in another: they would stand in one column as alike."""
    examples: dict[str, str] = {}
    for name in names:
        for cell in frame[name].unique():
            if not isinstance(cell, str) or cell.startswith("#") or not any(map(str.isdigit, cell)):
                continue
            if mark := _MONEY.search(cell):
                examples.setdefault(mark.group(), cell.strip())
    if len(examples) > 1:
        raise SourceError(
            f"{file} has prices in several currencies: {listed(list(examples.values()))}",
            expected="prices of one currency",
            remedy="Keep the rows of one, or convert them.",
        )


_BESIDE_PRICES = (
    "Say --decimal point if they are fractions; if the points part thousands, --decimal comma where the prices have decimal "
    "commas, else write the volumes without points."
)


def dressed(
    frame: pd.DataFrame,
    names: Sequence[str],
    file: str,
    mark: str,
    reread: Callable[[], pd.DataFrame],
    *,
    sample: Sequence[str] = (),
    volumes: Collection[str] = (col.VOLUME,),
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
    sample : sequence of str
        Cells of the first rows, as written: what they show need not be looked for in all.
    volumes : collection of str
        Columns that count shares: 45.3M is a number there.
    """
    texts = text_columns(frame, names)
    if mark == AUTO and not texts and points_may_part_thousands(frame, names, sample):
        refuse_points(reread(), names, file)
    decimal = "comma" if mark == "comma" else "point"
    if texts:
        _refuse_currencies(frame, [name for name in texts if name not in volumes], file)
        decimal = decimal_mark(frame, names, file, mark)
    if mark == AUTO and decimal == "point":
        doubtful = [name for name in names if name in volumes and may_be_grouped(frame, name)]
        as_written = reread() if doubtful else frame
        for name in doubtful:
            refuse_points(as_written, [name], file, remedy=_BESIDE_PRICES)
    if not texts and decimal == "point":
        return frame, "point"
    if decimal == "comma":
        frame = reread()
    numbers = {n: plain_numbers(frame[n], decimal, scaled=n in volumes) for n in text_columns(frame, names)}
    return frame.assign(**numbers), decimal
