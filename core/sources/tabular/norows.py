"""Lines of a text table that are no rows of prices: found, left out, and put on record with their line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.columns import known_spellings, plain_name
from core.sources.tabular.date_forms import kind_of, without_weekday
from core.sources.tabular.header_units import PRICE_UNITS, VOLUME_UNITS
from core.sources.tabular.linenumbers import Lines
from core.sources.tabular.options import LeftOut
from core.tickers import is_legal

if TYPE_CHECKING:
    import pandas as pd

MOST_AT_THE_END = 20
"""Lines at a table's end that may be footnotes or counts."""

OTHER_HEADER = "header in another order"
"""What a line is that has the header's names in other places: the rows below it are not to be read by the first."""

_EVENT = re.compile(r"dividend|split", re.IGNORECASE)
_LONGEST_TEXT = 80


@dataclass(frozen=True)
class NoRow:
    """A line that is left out; a second header line may name the ticker of the file."""

    line: LeftOut
    ticker: str = ""


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "\u2026"


def without_no_rows(
    frame: pd.DataFrame, header: Sequence[str], numeric: Sequence[str], lines: Lines
) -> tuple[pd.DataFrame, list[NoRow], Lines]:
    """Return a table without the lines that are no rows, those lines, and on which its other rows stand.

    Left out are blank lines, a header that stands again, a second header line or units below the first, rows that tell
    a dividend or a split instead of prices, and footnotes or counts at the end. A row with a date and a price stays.

    Parameters
    ----------
    frame : DataFrame, n_rows
        As parsed; dates as text.
    header : sequence of str
        The header's cells.
    numeric : sequence of str
        Columns of numbers.
    lines : array of int, n_rows
        Line of each row in the file.

    Notes
    -----
    A line with the header's names in other places is among those lines as :data:`OTHER_HEADER`.
    """
    names = [name for name in numeric if name in frame]
    if col.DATE not in frame or not names or not len(frame):
        return frame, [], lines
    texts = [name for name in names if frame[name].dtype.kind not in "iufb"]
    dates = frame[col.DATE].fillna("").str.strip()
    suspects = _suspects(frame, dates, texts)
    if not len(suspects):
        return frame, [], lines
    heads = [plain_name(cell) for cell in header]
    doomed: dict[int, NoRow] = {}
    for row in suspects.tolist():
        cells = [
            "" if value is None or value != value else str(value).strip()
            for value in frame.iloc[row].tolist()
        ]
        why, ticker = _why(cells, dates.iloc[row], heads, frame, row=row, names=names)
        if why:
            text = shortened(", ".join(cell for cell in cells if cell))
            doomed[row] = NoRow(LeftOut(int(lines[row]), why, text), ticker)
    if not doomed or len(doomed) == len(frame):
        return frame, [], lines  # nothing but such lines: the gate says that there is no row
    rows = frame.drop(index=frame.index[list(doomed)]).reset_index(drop=True)
    return rows, list(doomed.values()), np.delete(lines, list(doomed))


def _suspects(frame: pd.DataFrame, dates: pd.Series, texts: list[str]) -> np.ndarray:
    """Return the rows worth a look: without a date that is read, or with words where a number belongs."""
    distinct = {text: kind_of(without_weekday(text), loosely=True) is None for text in dates.unique()}
    undated = dates.map(distinct).to_numpy(bool)
    worded = np.zeros(len(frame), bool)
    for name in texts:
        worded |= frame[name].astype(str).str.contains(_EVENT, regex=True, na=False).to_numpy()
    return np.flatnonzero(undated | worded)


def _why(  # noqa: PLR0911 - one return per kind reads as a table
    cells: list[str], date: str, heads: list[str], frame: pd.DataFrame, *, row: int, names: list[str]
) -> tuple[str, str]:
    filled = [cell for cell in cells if cell]
    if not filled:
        return "blank", ""
    if {plain_name(cell) for cell in filled} <= set(heads) and len(filled) > 1:
        same = all(plain_name(cell) == head for cell, head in zip(cells, heads, strict=False) if cell)
        return "repeated header" if same else OTHER_HEADER, ""
    values = [
        str(value)
        for value in frame.iloc[row][names].tolist()
        if value == value and value is not None and str(value).strip()
    ]
    if any(_EVENT.search(cell) for cell in filled) and not _is_price_row(values):
        return "dividend or split", ""
    if row == 0 and not _is_price_row(values):
        tickers = set(values)
        if date == "" and _are_units(dict(zip(frame.columns, cells, strict=True)), names):
            return "units", ""
        ticker = next(iter(tickers), "")
        alone = date == "" and len(tickers) == 1 and len(values) == len(names)
        if alone and is_legal(ticker) and plain_name(ticker) not in known_spellings():
            return "second header", ticker
        if not values and plain_name(date) in ("date", "datetime", "ticker", "price"):
            return "second header", ""
    if (
        row >= len(frame) - MOST_AT_THE_END
        and len(values) <= 1
        and not _is_price_row(values)
        and _ends_here(frame, row, names)
    ):
        return "footnote", ""
    return "", ""


def refuse_scaled_volume(lines: Sequence[LeftOut], file: str) -> None:
    """Refuse a table of which a line that is left out says that volumes count thousands, lots or millions.

    Raises
    ------
    SourceError
        With the line and its words.
    """
    for line in lines:
        if line.why != "blank" and _SCALED_VOLUME.search(line.text):
            raise SourceError(
                f"{file}, line {line.line} says that volumes are not in shares: {line.text}",
                expected="a volume that counts shares",
                remedy="Multiply the volumes, and take that line out.",
            )


_SCALED_VOLUME = re.compile(
    r"\b(?:volumes?|vol|shares)\b.{0,20}?(?:\b(?:thousands?|hundreds?|millions?|lakhs?|lots|mn|mio|tsd)\b|\(?'?000'?s?\)?(?!\d))",
    re.IGNORECASE,
)


def _are_units(cells: dict[str, str], names: list[str]) -> bool:
    """Return whether a line below the header says the unit of each column: one of prices, and shares or nothing."""
    prices = {cells[name].lower() for name in names if name != col.VOLUME}
    volume = cells[col.VOLUME].lower() if col.VOLUME in names else ""
    return len(prices) == 1 and prices <= PRICE_UNITS and (not volume or volume in VOLUME_UNITS)


def _is_price_row(values: list[str]) -> bool:
    """Return whether most cells of numbers are numbers."""
    numbers = sum(
        re.fullmatch(r"[-+$\u20ac\u00a3]?[\d.,' ]*\d[\d.,' ]*[KMB%]?", value) is not None for value in values
    )
    return numbers > 1 and numbers >= len(values) / 2


def _ends_here(frame: pd.DataFrame, row: int, names: list[str]) -> bool:
    """Return whether no row of prices follows."""
    return bool(frame.iloc[row + 1 :][names].notna().sum(axis=1).le(1).all())
