"""Tables that are not long made long: tickers side by side, two header lines, a ticker in a file's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError, listed
from core.sources.tabular.columns import is_unnamed, known_spellings, plain_name, spelling_of
from core.sources.tabular.header_units import VOLUME_UNITS
from core.sources.tabular.inventory import stem_of
from core.sources.tabular.options import MAX_ROWS, too_many
from core.sources.tabular.spellings import LONE, SPELLINGS
from core.tickers import from_file_name, is_legal

_FIELD_CORNERS = frozenset({"price", "attributes", ""})
_TICKER_CORNERS = frozenset({"ticker", "tickers", "symbol", "symbols", ""})


def ticker_of_file(name: str) -> str:
    """Return the ticker that a file's name is, in capitals.

    Raises
    ------
    SourceError
        If the name cannot be a ticker.

    >>> ticker_of_file("brk-b.csv.gz"), ticker_of_file("BTC%2FUSD.csv")
    ('BRK-B', 'BTC/USD')
    """
    # Some systems write file names decomposed: the same name must be the same ticker everywhere.
    ticker = from_file_name(unicodedata.normalize("NFC", stem_of(name))).strip().upper()
    if not (is_legal(ticker) and _FROM_NAME.fullmatch(ticker)):
        raise SourceError(
            f"{name} has no ticker column, and its name cannot be a ticker",
            expected="a column named ticker, or a file named like AAPL.csv (at most 20 characters)",
            remedy="Say the ticker of its one series (--tickers AAPL), rename the file, or add the column.",
        )
    return ticker


_FROM_NAME = re.compile(r"[\w^$][\w.\-=^&+*/:$@!]*")
"""What a name of a file or a column of a wide table may be called as a ticker: ``prices (1)`` is none."""


def from_wide(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return a wide table (dates down, tickers across, closes inside) as a long one.

    A ticker's blank cells before its first and after its last close are no rows: it was not listed. A
    blank in between is a row without a close, for the gate to count.

    Parameters
    ----------
    frame : DataFrame
        ``date`` and one column per ticker.

    Raises
    ------
    SourceError
        If a column's name cannot be a ticker, or there are too many cells.
    """
    tickers = [str(name) for name in frame.columns if name != col.DATE]
    fields = [name for name in tickers if _names_field(name) or plain_name(name) in _NO_TICKERS]
    if fields:
        raise SourceError(
            f"{file} has a date and columns such as {listed(fields)}, which name fields (open, high, low, volume) or sums and no tickers",
            expected="columns named open, high, low, close and volume, or field and ticker in one name (Close_AAPL) throughout",
            remedy="Say which column is which (--columns open=...,close=...), or name them so; this is no table of closes, and "
            "to take it for one does not help.",
        )
    wrong = [repr(ticker) for ticker in tickers if not _may_head(ticker)]
    if wrong:
        raise SourceError(
            f"{file} is read as a wide table of closes, and its columns {listed(wrong)} cannot be tickers",
            expected="a date column and tickers, or columns named open, high, low, close and volume",
            remedy="Name the columns by their tickers, or say which column is which: --columns date=...,close=...",
        )
    if len(frame) * len(tickers) > MAX_ROWS:
        raise too_many(file, "cells", len(frame) * len(tickers), MAX_ROWS)
    parts = [_listed_part(frame, ticker) for ticker in tickers]
    return pd.concat(parts, ignore_index=True)


_NO_TICKERS = frozenset(
    [
        "settle",
        "settlement",
        "vwap",
        "turnover",
        "amount",
        "trades",
        "open_interest",
        "total",
        "average",
        "mean",
        "sum",
    ]
)
"""What stands beside prices, and at the end of a table of several tickers."""


def _listed_part(frame: pd.DataFrame, ticker: str) -> pd.DataFrame:
    filled = np.flatnonzero(frame[ticker].notna().to_numpy())
    rows = slice(int(filled[0]), int(filled[-1]) + 1) if len(filled) else slice(0, 0)
    part = {col.DATE: frame[col.DATE].iloc[rows], col.TICKER: ticker, col.CLOSE: frame[ticker].iloc[rows]}
    return pd.DataFrame(part)


def _may_head(ticker: str) -> bool:
    """Return whether a column of a wide table may be called so: blanks between words too (``ZQX US Equity``)."""
    return is_legal(ticker) and all(_FROM_NAME.fullmatch(word) for word in ticker.split(" "))


@dataclass(frozen=True)
class Stacked:
    """A header of two lines, field over ticker.

    Parameters
    ----------
    lines : int
        Lines of the header, a third with the index's name among them.
    place : int
        The column of the dates; what stands before it is a count of rows.
    columns : list of (int, str, str)
        Place, our name of the field, and ticker of each column after it that has a name.
    """

    lines: int
    place: int
    columns: list[tuple[int, str, str]]


def stacked_header(rows: Sequence[Sequence[str]]) -> Stacked | None:
    """Return a two-line header, None if there is no such.

    ``yfinance.download(...).to_csv()`` writes it: fields in the first line, tickers in the second, and
    the index's name in a third. The two lines may be swapped. Read back as a plain table and saved again, the fields
    are numbered (``Close.1``) and a count of rows stands in front.
    """
    if len(rows) < 2 or len(rows[0]) < 2 or len(rows[0]) != len(rows[1]):
        return None
    if merged := merged_header(rows[0], rows[1]):
        return merged
    place = 0
    if len(rows[0]) > 2 and is_unnamed(rows[0][0]) and rows[1][0] == "0":
        place = 1
    first, second = list(rows[0][place:]), list(rows[1][place:])
    if plain_name(first[0]) not in _FIELD_CORNERS or _fields([cell for cell in first[1:] if cell]) is None:
        first, second = second, first
    places = [i for i in range(1, len(first)) if first[i] or second[i]]
    fields = _fields([first[i] for i in places])
    corners = plain_name(first[0]) in _FIELD_CORNERS and plain_name(second[0]) in _TICKER_CORNERS
    tickers = [
        _NUMBERED.sub("", ticker) if first[0] == rows[1][place] else ticker
        for ticker in (second[i] for i in places)
    ]
    if fields is None or not corners or not all(is_legal(ticker) for ticker in tickers):
        return None
    if any(ticker.lower() in VOLUME_UNITS for ticker in tickers):
        return None  # a line of units
    third = (
        len(rows) > 2
        and not any(rows[2][place + 1 :])
        and plain_name(rows[2][place]) in ("date", "datetime", "")
    )
    return Stacked(
        3 if third else 2,
        place,
        [(place + i, field, ticker) for i, field, ticker in zip(places, fields, tickers, strict=True)],
    )


def merged_header(first: Sequence[str], second: Sequence[str]) -> Stacked | None:
    """Return a header whose tickers stand above their fields, each once as merged cells are saved; None if it is no such.

    Each ticker has the same fields, and there are two at least, or the line of tickers names the date: words above a
    table (``Prices``) are no ticker.

    >>> merged_header(["Date", "ZQX", "", "YRW", ""], ["", "Close", "Volume", "Close", "Volume"]).columns
    [(1, 'close', 'ZQX'), (2, 'volume', 'ZQX'), (3, 'close', 'YRW'), (4, 'volume', 'YRW')]
    """
    corners = (plain_name(first[0]), plain_name(second[0]))
    fields = [_value_of(cell) for cell in second[1:]]
    dated = [corner in SPELLINGS[col.DATE] for corner in corners]
    if None in fields or not first[1] or not any(dated) or not (all(dated) or "" in corners):
        return None
    columns: list[tuple[int, str, str]] = []
    by_ticker: dict[str, list[str]] = {}
    for place, field in enumerate(fields, start=1):
        ticker = first[place] or columns[-1][2]
        columns.append((place, str(field), ticker))
        by_ticker.setdefault(ticker, []).append(str(field))
    alike = len({tuple(own) for own in by_ticker.values()}) == 1 and all(
        len({*own}) == len(own) for own in by_ticker.values()
    )
    tickers = all(is_legal(ticker) and plain_name(ticker) not in known_spellings() for ticker in by_ticker)
    return Stacked(2, 0, columns) if alike and tickers and (len(by_ticker) > 1 or dated[0]) else None


_NUMBERED = re.compile(r"\.\d+$")
"""What pandas adds to a name that stands again."""


@cache
def _not_close() -> frozenset[str]:
    """Return the spellings of fields of prices other than the close."""
    return frozenset(
        s for of in (col.OPEN, col.HIGH, col.LOW, col.VOLUME) for s in SPELLINGS[of] if len(s) > 2
    )


def _names_field(name: str) -> bool:
    """Return whether a column's name holds a field of prices other than the close beside something else."""
    words = [word for word in re.split(r"[\W_]+", plain_name(name)) if word]
    return len(words) > 1 and any(word in _not_close() for word in words)


@dataclass(frozen=True)
class Flattened:
    """A header whose names hold field and ticker.

    Parameters
    ----------
    place : int
        The column of the dates.
    columns : list of (int, str, str)
        Place, our name of the field, and ticker of each other column; a count of rows is none of them.
    """

    place: int
    columns: list[tuple[int, str, str]]


def flattened_header(cells: Sequence[str]) -> Flattened | None:
    """Return the header, None if names do not hold both.

    A frame with two levels of columns is saved as ``Close_ZQX``, ``ZQX.Close`` or ``('Close', 'ZQX')``.

    >>> flattened_header(["Date", "Close_ZQX", "Volume_ZQX"])
    Flattened(place=0, columns=[(1, 'close', 'ZQX'), (2, 'volume', 'ZQX')])
    """
    spelt = [spelling_of(cell) for cell in cells]
    unnamed = bool(cells) and is_unnamed(cells[0])
    place = next((i for i, name in enumerate(spelt) if name in SPELLINGS[col.DATE]), 0 if unnamed else None)
    if place is None or len(cells) < 2:
        return None
    others = [i for i, cell in enumerate(cells) if i != place and not is_unnamed(cell)]
    if not others or any(spelt[i] in known_spellings() for i in others):
        return None
    pairs = [_two_in_one(cells[i]) for i in others]
    columns = [(i, *pair) for i, pair in zip(others, pairs, strict=True) if pair is not None]
    distinct = {(field, ticker) for _, field, ticker in columns}
    if (
        len(columns) != len(others)
        or len(distinct) != len(columns)
        or all(f != col.CLOSE for f, _ in distinct)
    ):
        return None
    return Flattened(place, columns)


def _two_in_one(cell: str) -> tuple[str, str] | None:
    """Return field and ticker of a column's name, None if it does not hold both; the longest field counts."""
    text = cell.strip()
    match = _TUPLE.fullmatch(text) or _BRACKETS.fullmatch(text)
    cuts = [(match["a"], match["b"])] if match else []
    cuts += [(text[: m.start()], text[m.end() :]) for m in _CUT.finditer(text)]
    pairs = [(field.strip(), ticker.strip()) for cut in cuts for field, ticker in (cut, cut[::-1])]
    fits = [
        (plain_name(field), ours, ticker)
        for field, ticker in pairs
        if (ours := _value_of(field)) and is_legal(ticker) and plain_name(ticker) not in known_spellings()
    ]
    if not fits:
        return None
    _, ours, ticker = max(fits, key=lambda fit: len(fit[0]))
    return ours, ticker


def _value_of(field: str) -> str | None:
    """Return our name of a field of prices, None for any other word; a single letter is none."""
    word = spelling_of(field)
    return next((ours for ours in col.NUMBERS if word in SPELLINGS[ours]), None) if word not in LONE else None


_TUPLE = re.compile(r"\(\s*['\"](?P<a>[^'\"]*)['\"]\s*,\s*['\"](?P<b>[^'\"]*)['\"]\s*\)")
_BRACKETS = re.compile(r"(?P<a>[^()\[\]]+)[(\[](?P<b>[^()\[\]]+)[)\]]")
_CUT = re.compile(r"[_ .:|/-]+")


def _fields(cells: Sequence[str]) -> list[str] | None:
    """Return our names of repeated field names, None if one is no field of prices."""
    fields = [_value_of(cell) or _value_of(_NUMBERED.sub("", cell)) or "" for cell in cells]
    distinct = {field for field in fields if field}
    if not distinct or ("" in fields and len(distinct) < _FIELDS_THAT_PROVE):
        return None  # a line of tickers, of which one is called like a field
    return [field or re.sub(r"\s+", "_", cell.lower()) for field, cell in zip(fields, cells, strict=True)]


_FIELDS_THAT_PROVE = 3
"""With as many known fields beside it an unknown one (dividends) is a field too."""


def from_stacked(dates: pd.Series, columns: Sequence[tuple[str, str, pd.Series]]) -> pd.DataFrame:
    """Return columns of (field, ticker, values) as a long table; rows without any value are left out."""
    parts = []
    for ticker in dict.fromkeys(ticker for _, ticker, _ in columns):
        fields = {field: values for field, owner, values in columns if owner == ticker}
        part = pd.DataFrame({col.DATE: dates, col.TICKER: ticker, **fields})
        filled = np.flatnonzero(part[list(fields)].notna().to_numpy().any(axis=1))
        parts.append(part.iloc[int(filled[0]) : int(filled[-1]) + 1] if len(filled) else part.iloc[:0])
    return pd.concat(parts, ignore_index=True)
