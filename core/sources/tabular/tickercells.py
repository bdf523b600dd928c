"""Which series a row belongs to: cells of the ticker column, and columns that would have to be one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core import columns as col
from core.errors import SourceError, listed
from core.tickers import is_legal

if TYPE_CHECKING:
    import pandas as pd

_GUARD = re.compile(r'="?([^"]*)"?')
"""Excel's guards that keep a text a text: ``="ZQX"`` and ``'ZQX``."""

MOST_VALUES = 20_000
_LARGEST_SHARE_OF_DUPLICATES = 0.2
"""With more rows than this that repeat a ticker's date, something else tells them apart."""


def unguarded(tickers: pd.Series) -> pd.Series:
    """Return tickers without blanks around them and without a spreadsheet's text guard.

    >>> import pandas as pd
    >>> unguarded(pd.Series(['="ZQX"', "YRW  ", None])).tolist()
    ['ZQX', 'YRW', None]
    """
    distinct = {value: _unguarded(value) for value in tickers.dropna().unique()}
    return tickers.map(lambda value: distinct.get(value, value)).astype(object).where(tickers.notna(), None)


def _unguarded(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    guarded = _GUARD.fullmatch(text) if text.startswith("=") else None
    return guarded[1].strip() if guarded else text.removeprefix("'")


def _text_columns(frame: pd.DataFrame) -> list[str]:
    prices = {*col.PRICES}
    return [
        str(name)
        for name in frame.columns
        if name not in prices and frame[name].dtype.kind in "OUT" and 1 < frame[name].nunique() <= MOST_VALUES
    ]


def refuse_unnamed_ticker(frame: pd.DataFrame, file: str) -> None:
    """Refuse a table without a ticker column in which dates repeat and a column of texts tells the rows apart.

    Raises
    ------
    SourceError
        Naming the column and what to call it.
    """
    if col.DATE not in frame or not frame[col.DATE].duplicated().any():
        return
    for name in _text_columns(frame):
        values = frame[name].dropna().astype(str)
        if not frame.duplicated([col.DATE, name]).any() and values.map(is_legal).all():
            raise SourceError(
                f"{file} has several rows of one date and no ticker column; its column {name} "
                f"({listed(sorted(values.unique().tolist()))}) would tell them apart",
                expected="a column named ticker (or symbol, ts_code, stock_code)",
                remedy=f"If {name} is the ticker, name it ticker.",
            )


def refuse_further_key(frame: pd.DataFrame, file: str) -> None:
    """Refuse a table in which a ticker has several rows on its dates that a further column tells apart.

    Raises
    ------
    SourceError
        Naming the column: one of its values is to be chosen.
    """
    if col.DATE not in frame or col.TICKER not in frame or not len(frame):
        return
    keys = [col.DATE, col.TICKER]
    if frame.duplicated(keys, keep=False).mean() <= _LARGEST_SHARE_OF_DUPLICATES:
        return
    for name in _text_columns(frame):
        if frame[name].nunique() <= MOST_VALUES and not frame.duplicated([*keys, name]).any():
            raise SourceError(
                f"{file} has several rows of one ticker and date, which differ in the column {name} "
                f"({listed(sorted(frame[name].dropna().astype(str).unique().tolist()))})",
                expected="one row per ticker and date",
                remedy=f"Keep the rows of one {name}, or make it part of the ticker.",
            )
