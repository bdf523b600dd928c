"""Which series a row belongs to: cells of the ticker column, and columns that would have to be one."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError, listed
from core.sources.tabular.columns import plain_name, unguarded_text
from core.sources.tabular.shapes import ticker_of_file
from core.tickers import is_legal

MOST_VALUES = 20_000
_LARGEST_SHARE_OF_DUPLICATES = 0.2
"""With more rows than this that repeat a ticker's date, something else tells them apart."""


def with_tickers(
    frame: pd.DataFrame, file: str, *, in_file: str = "", option: str = ""
) -> tuple[pd.DataFrame, str, str]:
    """Return a long table with each row's ticker, its shape, and what says the ticker of a file of one.

    Parameters
    ----------
    frame : DataFrame
        Under our names, dates read.
    file : str
        Its name, which is the ticker where nothing else says it.
    in_file : str
        The ticker that a second header line of the file says.
    option : str
        The one ticker that was asked for.

    Raises
    ------
    SourceError
        If another column tells the rows of one date apart, or those of one ticker and date; or if the file's name
        would have to be the ticker and cannot.
    """
    shape, origin = "long", ""
    refuse_intraday(frame, file)
    if col.TICKER in frame:
        frame = frame.assign(**{col.TICKER: unguarded(frame[col.TICKER])})
    else:
        refuse_unnamed_ticker(frame, file)
        shape, origin = "one ticker", "" if in_file else "option" if option else "file name"
        frame = frame.copy(deep=False)
        frame.insert(0, col.TICKER, in_file or option or ticker_of_file(file))
    refuse_further_key(frame, file)
    refuse_currencies(frame, file)
    return frame, shape, origin


def unguarded(tickers: pd.Series) -> pd.Series:
    """Return tickers without blanks around them and without a spreadsheet's text guard.

    >>> import pandas as pd
    >>> unguarded(pd.Series(['="ZQX"', "YRW  ", None])).tolist()
    ['ZQX', 'YRW', None]
    """
    codes, distinct = pd.factorize(tickers)
    texts = np.array([*_without_point([_unguarded(value) for value in distinct]), None], dtype=object)
    return pd.Series(texts[codes], index=tickers.index, name=tickers.name, dtype=object)


def _without_point(tickers: list[object]) -> list[object]:
    """Return tickers that are numbers without the decimal that a column of numbers was saved with (``700.0``)."""
    if tickers and all(isinstance(ticker, str) and _NUMBER.fullmatch(ticker) for ticker in tickers):
        return [str(ticker)[:-2] for ticker in tickers]
    return tickers


_NUMBER = re.compile(r"[1-9]\d*\.0")


def _unguarded(value: object) -> object:
    if not isinstance(value, str):
        return (
            str(int(value)) if isinstance(value, int | float | np.integer) and value == int(value) else value
        )
    return unguarded_text(value)


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
                remedy=f"If {name} is the ticker, say so: --columns ticker={name}",
            )


def refuse_intraday(frame: pd.DataFrame, file: str) -> None:
    """Refuse bars of minutes or hours: several rows of one ticker and day, each with its time of day.

    Raises
    ------
    SourceError
        Saying how rows of a day are made from them.
    """
    if col.DATE not in frame or not len(frame):
        return
    by = [col.TICKER] if col.TICKER in frame else []
    first = frame[col.DATE].iloc[:_SAMPLE_ROWS].astype(str)
    if first.str.contains("T", regex=False).any():
        keys = frame[by].assign(day=frame[col.DATE].astype(str).str.slice(0, 10))
        if keys.duplicated().mean() > _LARGEST_SHARE_OF_DUPLICATES:
            raise _intraday(file, sorted({time for time in first.str.slice(11, 16) if time}))
    times = [name for name in frame.columns if name not in col.PRICES and plain_name(str(name)) in _TIMES]
    if not times or frame.duplicated([*by, col.DATE]).mean() <= _LARGEST_SHARE_OF_DUPLICATES:
        return
    if not frame.duplicated([*by, col.DATE, times[0]]).any():
        raise _intraday(file, frame[times[0]].iloc[:_SAMPLE_ROWS].astype(str).unique().tolist())


def _intraday(file: str, times: list[str]) -> SourceError:
    return SourceError(
        f"{file} is intraday: several rows of one ticker and day, which differ in the time of day ({listed(times)})",
        expected="daily rows: one per ticker and session",
        remedy="Get the daily file, or make each day one row: its open, high, low, close and all volume.",
    )


_SAMPLE_ROWS = 200
_TIMES = frozenset(
    {"time", "hour", "minute", "bar_time", "timestamp", "time_utc", "zeit", "hora", "heure", "\u65f6\u95f4"}
)
"""Columns beside a date that hold a time of day."""


def refuse_currencies(frame: pd.DataFrame, file: str) -> None:
    """Refuse a table whose own column says that a ticker's rows are in several currencies: one series would be two.

    Raises
    ------
    SourceError
        Naming the column, the ticker and the currencies.
    """
    for name in (n for n in frame.columns if n not in col.PRICES and plain_name(str(n)) in _CURRENCIES):
        stated = frame[name].notna() & (frame[name].astype(str).str.strip() != "")
        words = frame.loc[stated, name].astype(str).str.strip()
        counts = words.groupby(frame.loc[stated, col.TICKER]).nunique()
        if len(counts) and counts.max() > 1:
            ticker = counts[counts > 1].index[0]
            mixed = sorted(words[frame.loc[stated, col.TICKER] == ticker].unique().tolist())
            raise SourceError(
                f"{file} has rows of {ticker} in several currencies: its column {name} says {listed(mixed)}",
                expected="prices of one currency for each ticker",
                remedy="Keep the rows of one, convert them, or make the currency part of the ticker.",
            )


_CURRENCIES = frozenset(
    [
        "currency",
        "currency_code",
        "price_currency",
        "ccy",
        "cur",
        "curr",
        "waehrung",
        "wahrung",
        "devise",
        "divisa",
        "moneda",
        "moeda",
        "valuta",
        "货币",
        "通貨",
    ]
)
"""Columns that say what money prices are in."""


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
