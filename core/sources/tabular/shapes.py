"""Tables that are not long made long: tickers side by side, two header lines, a ticker in a file's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError, listed
from core.sources.tabular.columns import SPELLINGS, header_of, known_spellings, plain_name
from core.sources.tabular.inventory import stem_of
from core.sources.tabular.options import MAX_ROWS, too_many
from core.tickers import is_legal

_FIELD_CORNERS = frozenset({"price", "attributes", ""})
_TICKER_CORNERS = frozenset({"ticker", "tickers", "symbol", "symbols", ""})
_VALUES = frozenset((*col.PRICE_VALUES, col.VOLUME))


def ticker_of_file(name: str) -> str:
    """Return the ticker that a file's name is, in capitals.

    Raises
    ------
    SourceError
        If the name cannot be a ticker.

    >>> ticker_of_file("brk-b.csv.gz")
    'BRK-B'
    """
    # Some systems write file names decomposed: the same name must be the same ticker everywhere.
    ticker = unicodedata.normalize("NFC", stem_of(name)).strip().upper()
    if not is_legal(ticker):
        raise SourceError(
            f"{name} has no ticker column, and its name cannot be a ticker",
            expected="a column named ticker, or a file named like AAPL.csv (at most 20 characters)",
            remedy="Say the ticker of its one series (--tickers AAPL), rename the file, or add the column.",
        )
    return ticker


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
    fields = [name for name in tickers if _names_field(name)]
    if fields:
        raise SourceError(
            f"{file} has a date and columns such as {listed(fields)}, which name fields (open, high, low, volume) and no tickers",
            expected="columns named open, high, low, close and volume, or field and ticker in one name (Close_AAPL) throughout",
            remedy="Name the columns so; this is no table of closes, and --close-only does not help.",
        )
    wrong = [repr(ticker) for ticker in tickers if not is_legal(ticker)]
    if wrong:
        raise SourceError(
            f"{file} is read as a wide table of closes, and its columns {listed(wrong)} cannot be tickers",
            expected="a date column and tickers, or columns named open, high, low, close and volume",
            remedy="Name the columns by their tickers.",
        )
    if len(frame) * len(tickers) > MAX_ROWS:
        raise too_many(file, "cells", len(frame) * len(tickers), MAX_ROWS)
    parts = [_listed_part(frame, ticker) for ticker in tickers]
    return pd.concat(parts, ignore_index=True)


def _listed_part(frame: pd.DataFrame, ticker: str) -> pd.DataFrame:
    filled = np.flatnonzero(frame[ticker].notna().to_numpy())
    rows = slice(int(filled[0]), int(filled[-1]) + 1) if len(filled) else slice(0, 0)
    part = {col.DATE: frame[col.DATE].iloc[rows], col.TICKER: ticker, col.CLOSE: frame[ticker].iloc[rows]}
    return pd.DataFrame(part)


def stacked_header(rows: Sequence[Sequence[str]]) -> tuple[int, list[tuple[str, str]]] | None:
    """Return lines of a two-line header and (field, ticker) of each column, None if there is no such.

    ``yfinance.download(...).to_csv()`` writes it: fields in the first line, tickers in the second, and
    the index's name in a third. The two lines may be swapped.
    """
    if len(rows) < 2 or len(rows[0]) < 2 or len(rows[0]) != len(rows[1]):
        return None
    first, second = list(rows[0]), list(rows[1])
    if plain_name(first[0]) not in _FIELD_CORNERS or _fields(first[1:]) is None:
        first, second = second, first
    fields = _fields(first[1:])
    corners = plain_name(first[0]) in _FIELD_CORNERS and plain_name(second[0]) in _TICKER_CORNERS
    if fields is None or not corners or not all(is_legal(ticker) for ticker in second[1:]):
        return None
    third = len(rows) > 2 and not any(rows[2][1:]) and plain_name(rows[2][0]) in ("date", "datetime", "")
    return 3 if third else 2, list(zip(fields, second[1:], strict=True))


_NOT_CLOSE = frozenset({"open", "high", "low", "volume", "vol"})


def _names_field(name: str) -> bool:
    """Return whether a column's name holds a field of prices other than the close beside something else."""
    words = re.split(r"[\W_]+", name.lower())
    return len(words) > 1 and any(word in _NOT_CLOSE for word in words)


def flattened_header(cells: Sequence[str]) -> tuple[int, list[tuple[str, str]]] | None:
    """Return the place of the date and (field, ticker) of each other column, None if names do not hold both.

    A frame with two levels of columns is saved as ``Close_ZQX``, ``ZQX.Close`` or ``('Close', 'ZQX')``.

    >>> flattened_header(["Date", "Close_ZQX", "Volume_ZQX"])
    (0, [('close', 'ZQX'), ('volume', 'ZQX')])
    """
    spelt = [plain_name(cell) for cell in cells]
    place = next(
        (i for i, name in enumerate(spelt) if name in SPELLINGS[col.DATE]),
        0 if spelt and not spelt[0] else None,
    )
    if place is None or len(cells) < 2:
        return None
    if any(name in known_spellings() for i, name in enumerate(spelt) if i != place):
        return None
    pairs = [_two_in_one(cell) for i, cell in enumerate(cells) if i != place]
    columns = [pair for pair in pairs if pair is not None]
    if (
        len(columns) != len(pairs)
        or len(set(columns)) != len(columns)
        or all(field != col.CLOSE for field, _ in columns)
    ):
        return None
    return place, columns


def _two_in_one(cell: str) -> tuple[str, str] | None:
    """Return field and ticker of a column's name, None if it does not hold both."""
    text = cell.strip()
    for pattern in (_TUPLE, _FIELD_FIRST, _FIELD_LAST):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        for field, ticker in ((match["a"], match["b"]), (match["b"], match["a"])):
            ours = next((o for o in _VALUES if plain_name(field) in SPELLINGS[o]), None)
            if (
                ours
                and len(plain_name(field)) > 1
                and is_legal(ticker.strip())
                and plain_name(ticker) not in known_spellings()
            ):
                return ours, ticker.strip()
    return None


_FIELD_WORD = r"(?:Adj(?:usted)?[ _.]?Close|[A-Za-z]+)"
_TUPLE = re.compile(r"\(\s*['\"](?P<a>[^'\"]+)['\"]\s*,\s*['\"](?P<b>[^'\"]+)['\"]\s*\)")
_FIELD_FIRST = re.compile(rf"(?P<a>{_FIELD_WORD})[_ .](?P<b>.+)", re.IGNORECASE)
_FIELD_LAST = re.compile(rf"(?P<b>.+)[_ .](?P<a>{_FIELD_WORD})", re.IGNORECASE)


def _fields(cells: Sequence[str]) -> list[str] | None:
    """Return our names of repeated field names, None if one is no field of prices."""
    distinct = list(dict.fromkeys(cells))
    try:
        ours = dict(zip(distinct, header_of(distinct, "").names, strict=True))
    except SourceError:
        return None
    prices = set(ours.values()) & _VALUES
    return [ours[cell] for cell in cells] if prices else None


def from_stacked(dates: pd.Series, columns: Sequence[tuple[str, str, pd.Series]]) -> pd.DataFrame:
    """Return columns of (field, ticker, values) as a long table; rows without any value are left out."""
    parts = []
    for ticker in dict.fromkeys(ticker for _, ticker, _ in columns):
        fields = {field: values for field, owner, values in columns if owner == ticker}
        part = pd.DataFrame({col.DATE: dates, col.TICKER: ticker, **fields})
        filled = np.flatnonzero(part[list(fields)].notna().to_numpy().any(axis=1))
        parts.append(part.iloc[int(filled[0]) : int(filled[-1]) + 1] if len(filled) else part.iloc[:0])
    return pd.concat(parts, ignore_index=True)
