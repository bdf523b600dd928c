"""What a file must be to be read as prices, by itself or as one of a folder; and what its folders say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core import columns as col
from core.errors import SourceError, listed
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.inventory import Inventory
from core.sources.tabular.options import TableRead

if TYPE_CHECKING:
    import pandas as pd


def with_partition(read: TableRead, name: str, *, ticker: str, day: str) -> TableRead:
    """Return a file of a folder with what the folders ``key=value`` say of it.

    Raises
    ------
    SourceError
        If the file's own column of tickers says something else.
    """
    import pandas as pd

    frame, facts = read.frame, read.facts
    if facts.ticker_from == "option":
        facts = replace(facts, ticker_from="folder name")
    elif ticker and (others := sorted(set(frame[col.TICKER].astype(str)) - {ticker})):
        raise SourceError(
            f"{name} has rows of {listed(others)} in a folder that says {ticker}",
            expected="the ticker of the folder in each row",
            remedy="Look which is right, and move the file or correct it.",
        )
    if day and col.DATE not in frame:
        frame = frame.assign(**{col.DATE: iso_dates(pd.Series([day], dtype=object), name)[0].iloc[0]})
    return replace(read, frame=frame, facts=facts)


def refuse_shared_names(tables: Mapping[str, TableRead], folder: str) -> None:
    """Refuse files whose names alone are their tickers and are the same: two companies would be one series.

    Raises
    ------
    SourceError
        Naming both files.
    """
    by_ticker: dict[str, str] = {}
    for name, read in tables.items():
        if read.facts.ticker_from != "file name":
            continue
        ticker = str(read.frame[col.TICKER].iloc[0]) if len(read.frame) else name
        other = by_ticker.setdefault(ticker, name)
        if other != name:
            raise SourceError(
                f"{other} and {name} in {folder} have no column of tickers, and both would be {ticker} by their names",
                expected="a column named ticker, or names that differ",
                remedy="Name the folders ticker=..., add the column, or rename the files.",
            )


def refuse_two_spellings(tickers: Iterable[object], name: str) -> None:
    """Refuse tickers that differ in capitals alone: one company would be two series, each with a part of its days.

    Raises
    ------
    SourceError
        Naming both.
    """
    by_word: dict[str, str] = {}
    for ticker in sorted({str(ticker).strip() for ticker in tickers}):
        other = by_word.setdefault(ticker.casefold(), ticker)
        if other != ticker:
            raise SourceError(
                f"{name} has rows of {other} and rows of {ticker}, which differ in capitals alone",
                expected="one spelling of each ticker",
                remedy=f"Write them alike; if both are meant, or one of them, name them: --tickers {other},{ticker}",
            )


def refuse_unrecognised(frame: pd.DataFrame, name: str) -> None:
    """Refuse a file in which no column of prices has a number: whatever it is, it must not become an artifact.

    A table with prices and other faults goes to the gate, which names them. Nothing of the file is quoted.

    Raises
    ------
    SourceError
        Naming the file.
    """
    import pandas as pd

    columns = [column for column in (*col.PRICE_VALUES, col.VOLUME) if column in frame]
    if not len(frame) and set(map(str, frame.columns)) <= {col.TICKER}:
        raise SourceError(
            f"{name} is empty",
            expected="a header line, and a row for each date and ticker",
            remedy="Fetch it again; nothing of it was kept.",
        )
    headed = not len(frame) and col.DATE in frame and len(columns) > 1
    if headed or any(pd.to_numeric(frame[column], errors="coerce").notna().any() for column in columns):
        return
    raise SourceError(
        f"{name} was not recognised as a table of prices: no column of prices holds a number",
        expected="a date and open, high, low, close and volume",
        remedy="Take the file that holds the prices; nothing of this one was kept.",
    )


def refuse_no_prices(frame: pd.DataFrame, name: str, inventory: Inventory) -> None:
    """Refuse a file of a folder that is no table of prices: it would vanish, or stop the gate without a name.

    Raises
    ------
    SourceError
        Naming the file, and the folders beside it that were not read.
    """
    prices = [column for column in col.PRICE_VALUES if column in frame]
    if len(frame) and col.DATE in frame and prices:
        return
    what = (
        f"has the columns {listed([str(c) for c in frame.columns])}"
        if len(frame.columns) > 1 and len(frame)
        else "is empty"
    )
    folders = inventory.folders()
    beside = f" The folders in it ({listed(folders)}) are not read: name one of them." if folders else ""
    raise SourceError(
        f"{name} in the folder {inventory.name} is no table of prices: it {what}",
        expected="a date and prices in every file of the folder",
        remedy=f"Take it out of the folder, or fetch it again.{beside}",
    )
