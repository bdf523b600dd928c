"""The lines of a text table that speak of a ticker and a date, for whoever has to correct them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from core import columns as col
from core.errors import AftercloseError
from core.prices.source_lines import MOST_LINES, Key
from core.sources.tabular.bytestream import as_utf8, is_feather, is_parquet, unpacked
from core.sources.tabular.columns import parse_header
from core.sources.tabular.date_forms import kind_of, without_weekday
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.layout import Layout, layout_of
from core.sources.tabular.norows import shortened
from core.sources.tabular.options import Options
from core.sources.tabular.shapes import flattened_header, stacked_header
from core.sources.tabular.tickercells import unguarded
from core.sources.tabular.workbook import is_workbook

MOST_BYTES = 64 * 1024**2
"""Larger files are not read again to say where a row stands."""

MOST_BYTES_ON_RECORD = 8 * 1024**2
"""The same where nobody waits for it: of a file of 150,000 rows the lines take a second."""

MOST_ROWS = 20
"""Tickers and dates of one file whose lines go on record."""


def in_question(frame: pd.DataFrame) -> list[Key]:
    """Return which rows of a file are there twice or lack a price, in their order, the first of each kind.

    Parameters
    ----------
    frame : pandas.DataFrame
        Under our names, dates as ISO text.
    """
    if col.DATE not in frame or col.TICKER not in frame:
        return []
    prices = [name for name in (*col.PRICE_VALUES, col.VOLUME) if name in frame]
    twice = frame.duplicated([col.DATE, col.TICKER], keep="first").to_numpy()
    lacking = frame[prices].isna().to_numpy().any(axis=1)
    keys: dict[Key, None] = {}
    for rows in (twice, lacking):
        first = frame[[col.TICKER, col.DATE]][rows].head(MOST_ROWS)
        keys |= dict.fromkeys((str(t).strip(), str(d)[:10]) for t, d in first.itertuples(index=False))
    return list(keys)


def lines_on_record(data: bytes, name: str, frame: pd.DataFrame, options: Options) -> list[dict[str, Any]]:
    """Return ticker, date and lines of the rows of a file that are in question.

    Parameters
    ----------
    data : bytes
        Of the file, as it lies there.
    frame : pandas.DataFrame
        What was read of it.
    """
    keys = in_question(frame) if len(data) <= MOST_BYTES_ON_RECORD else []
    if not keys:
        return []
    tickers = frame[col.TICKER].unique()
    own = str(tickers[0]).strip() if len(tickers) == 1 else ""
    texts: dict[Key, list[str]] = {}
    try:
        for key, text in lines_of(unpacked(data, name), name, keys, own, options):
            texts.setdefault(key, []).append(text)
    except (AftercloseError, csv.Error, UnicodeDecodeError):
        return []
    return [
        {col.TICKER: key[0], col.DATE: key[1], "lines": texts[key][:MOST_LINES]}
        for key in keys
        if key in texts
    ]


def lines_of(
    data: bytes, name: str, keys: Collection[Key], own: str, options: Options
) -> Iterator[tuple[Key, str]]:
    """Yield the lines of one file; ``own`` is its ticker where no column names one, empty for any."""
    if is_parquet(data) or is_feather(data) or is_workbook(data):
        return  # they have no lines
    layout = layout_of(as_utf8(data, name, options.encoding)[0], name, options.delimiter, options.mapping)
    date_place, ticker_place, is_long = _places(layout, name, options)
    if date_place is None:
        return
    reader = csv.reader(io.StringIO(layout.body.decode(), newline=""), delimiter=layout.mark)
    rows = [
        (layout.above + reader.line_num, row)
        for row in reader
        if len(row) > date_place and _is_day(row[date_place])
    ]
    if not rows:
        return
    dates = pd.Series([row[date_place].strip() for _, row in rows], dtype=object)
    days = iso_dates(dates, name, options.date_format)[0].astype(str).str.slice(0, 10).tolist()
    tickers = [own if is_long else ""] * len(rows)
    if ticker_place is not None:
        cells = [row[ticker_place] if len(row) > ticker_place else "" for _, row in rows]
        tickers = unguarded(pd.Series(cells, dtype=object)).astype(str).tolist()
    by_day: dict[str, list[Key]] = {}
    for key in sorted(keys):
        by_day.setdefault(key[1], []).append(key)
    for (number, row), day, ticker in zip(rows, days, tickers, strict=True):
        text = f"{name}, line {number:,}: {shortened(layout.mark.join(row))}"
        yield from ((key, text) for key in by_day.get(day, ()) if ticker in ("", key[0]))


def _is_day(cell: str) -> bool:
    return kind_of(without_weekday(cell.strip()), loosely=True) is not None


def _places(layout: Layout, name: str, options: Options) -> tuple[int | None, int | None, bool]:
    """Return where date and ticker stand in a line, and whether a line is one ticker's."""
    if not options.columns:
        if stacked := stacked_header(layout.rows):
            return stacked.place, None, False
        if flat := flattened_header(layout.rows[0]):
            return flat.place, None, False
    header = parse_header(layout.rows[0], name, options.mapping)
    names = list(header.names)
    if col.DATE in names:
        place = names.index(col.DATE)
        return place, names.index(col.TICKER) if header.is_long else None, not header.is_wide
    return header.unnamed, names.index(col.TICKER) if header.is_long else None, True
