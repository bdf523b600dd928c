"""A CSV's bytes as a table under our names: long, wide, stacked, or one ticker named by its file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.bytestream import as_utf8, refuse_text
from core.sources.tabular.columns import Header, header_of
from core.sources.tabular.dates import iso_dates, kind_of
from core.sources.tabular.layout import Layout, layout_of
from core.sources.tabular.norows import NoRow, shortened, without_no_rows
from core.sources.tabular.numbers import dressed
from core.sources.tabular.options import (
    AUTO,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_WIDE_COLUMNS,
    MOST_LEFT_OUT,
    Facts,
    LeftOut,
    Options,
    TableRead,
    too_many,
)
from core.sources.tabular.shapes import (
    flattened_header,
    from_stacked,
    from_wide,
    stacked_header,
    ticker_of_file,
)
from core.sources.tabular.tickercells import refuse_further_key, refuse_unnamed_ticker, unguarded

MISSING = [
    "", "NA", "N/A", "#N/A", "#N/A N/A", "#N/A Field Not Applicable", "NaN", "nan", "-nan", "-NaN", "null", "NULL",
    "None", "-", "--", "n/a", "N/D", "n.a.", "<NA>", ".", "\u2014", "\u2013",
]  # fmt: skip
"""Cells that mean "no value" in a numeric column; in the ticker column NA is a ticker."""

NUMBERS = (*col.PRICE_VALUES, col.VOLUME)


def read_text_table(data: bytes, name: str, options: Options) -> TableRead:
    """Return a text table's rows under our column names; dates ISO, tickers as text, numbers exact.

    Raises
    ------
    SourceError
        Naming the file, the line where there is one, what came and what was expected.
    """
    text, encoding = as_utf8(data, name, options.encoding)
    if not text.strip():
        # a table without rows and columns: the gate says what is missing
        return TableRead(pd.DataFrame({col.TICKER: pd.Series([], dtype=object)}))
    lines = text.count(b"\n")
    if lines > MAX_ROWS:
        raise too_many(name, "lines", lines, MAX_ROWS)
    layout = layout_of(text, name, options.delimiter)
    above = layout.above - len(layout.preamble)
    left_out = tuple(
        LeftOut(above + number, "above the header", shortened(line))
        for number, line in enumerate(layout.preamble, 1)
    )
    facts = Facts(delimiter=layout.delimiter, encoding=encoding, left_out=left_out)
    if stacked := stacked_header(layout.rows):
        return _stacked(layout, name, options, facts, stacked)
    if flat := flattened_header(layout.rows[0]):
        return _flattened(layout, name, options, facts, place=flat[0], columns=flat[1])
    header = _header(layout, name)
    recognised = {*header.names} & {col.DATE, *NUMBERS}
    if not recognised and header.unnamed is None and len(header.names) <= MAX_COLUMNS:
        refuse_text(text, name)
    if _is_wide(header):
        return _wide(layout, header, name, options, facts)
    return _long(layout, header, name, options, facts)


def _header(layout: Layout, name: str) -> Header:
    header = header_of(layout.rows[0], name)
    place = header.unnamed
    if col.DATE not in header.names and place is not None:
        cells = [row[place] for row in layout.rows[1:] if len(row) > place]
        if cells and all(kind_of(cell) for cell in cells):
            return header.with_date(place)
    return header


def _is_wide(header: Header) -> bool:
    return col.DATE in header.names and not header.is_long and not header.has_values and len(header.names) > 1


def _long(layout: Layout, header: Header, name: str, options: Options, facts: Facts) -> TableRead:
    if len(header.names) > MAX_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_COLUMNS)
    names, filler = _with_filler(layout, header.names)
    frame, decimal, left_out = _numbers(layout, names, NUMBERS, name, options)
    frame = frame.drop(columns=filler)
    frame, dates = _dates(frame, name, options, layout.above + 2)
    shape = "long"
    if col.TICKER in frame:
        frame[col.TICKER] = unguarded(frame[col.TICKER])
    else:
        ticker = next(iter({line.ticker for line in left_out if line.ticker}), "")
        refuse_unnamed_ticker(frame, name)
        frame.insert(0, col.TICKER, ticker or options.ticker or ticker_of_file(name))
        shape = "one ticker"
    refuse_further_key(frame, name)
    facts = replace(facts, left_out=(*facts.left_out, *(line.line for line in left_out))[:MOST_LEFT_OUT])
    return TableRead(frame, replace(facts, shape=shape, dates=dates, decimal=decimal))


def _with_filler(layout: Layout, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names with one more for an empty cell that ends each row but not the header, and that one."""
    width = len(names)
    rows = layout.rows[1:]
    if rows and all(len(row) == width + 1 and not row[-1] for row in rows):
        filler = f"column_{width + 1}"
        return [*names, filler], [filler]
    return list(names), []


def _flattened(
    layout: Layout, name: str, options: Options, facts: Facts, *, place: int, columns: list[tuple[str, str]]
) -> TableRead:
    """Return a table whose columns hold field and ticker in one name."""
    width = len(columns) + 1
    names = [f"{i}" for i in range(width)]
    names[place] = col.DATE
    values = [n for n in names if n != col.DATE]
    frame, decimal, left_out = _numbers(layout, names, values, name, options)
    frame, dates = _dates(frame, name, options, layout.above + 2)
    table = from_stacked(frame[col.DATE], [(*c, frame[n]) for c, n in zip(columns, values, strict=True)])
    lines = (*facts.left_out, *(line.line for line in left_out))[:MOST_LEFT_OUT]
    return TableRead(table, replace(facts, shape="flattened", dates=dates, decimal=decimal, left_out=lines))


def _wide(layout: Layout, header: Header, name: str, options: Options, facts: Facts) -> TableRead:
    if len(header.names) > MAX_WIDE_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_WIDE_COLUMNS)
    place = header.names.index(col.DATE)
    names = [col.DATE if i == place else cell for i, cell in enumerate(header.cells)]
    tickers = [cell for i, cell in enumerate(names) if i != place]
    frame, decimal, _ = _numbers(layout, names, tickers, name, options)
    frame, dates = _dates(frame, name, options, layout.above + 2)
    return TableRead(from_wide(frame, name), replace(facts, shape="wide", dates=dates, decimal=decimal))


def _stacked(
    layout: Layout, name: str, options: Options, facts: Facts, stacked: tuple[int, list[Any]]
) -> TableRead:
    lines, columns = stacked
    names = [col.DATE, *(f"{i}" for i in range(len(columns)))]
    frame, decimal, _ = _numbers(layout, names, names[1:], name, options, skipped=lines)
    frame, dates = _dates(frame, name, options, layout.above + lines + 1)
    table = from_stacked(frame[col.DATE], [(*c, frame[n]) for c, n in zip(columns, names[1:], strict=True)])
    return TableRead(table, replace(facts, shape="stacked", dates=dates, decimal=decimal))


def _numbers(
    layout: Layout,
    names: Sequence[str],
    numeric: Sequence[str],
    file: str,
    options: Options,
    *,
    skipped: int = 1,
) -> tuple[pd.DataFrame, str, list[NoRow]]:
    def read(*, as_text: bool) -> tuple[pd.DataFrame, list[NoRow]]:
        frame = _parsed(layout, names, file, skipped=skipped, texts=numeric if as_text else ())
        return without_no_rows(frame, layout.rows[0], numeric, layout.above + skipped + 1)

    frame, no_rows = read(as_text=False)
    frame, decimal = dressed(frame, numeric, file, options.decimal, lambda: read(as_text=True)[0])
    return frame, decimal, no_rows


def _parsed(
    layout: Layout, names: Sequence[str], file: str, *, skipped: int, texts: Sequence[str]
) -> pd.DataFrame:
    keys = [name for name in (col.DATE, col.TICKER) if name in names]
    try:
        with warnings.catch_warnings():
            # more cells than names: pandas would drop them with a warning
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.BytesIO(layout.body),
                sep=layout.mark,
                encoding="utf-8",
                header=None,
                skiprows=skipped,
                names=list(names),
                index_col=False,
                dtype=dict.fromkeys([*keys, *texts], str),
                keep_default_na=False,
                na_values={name: MISSING for name in names if name not in keys},
                low_memory=False,
                skipinitialspace=True,
            )
            return _without_huge(frame, [*keys, *NUMBERS])
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, ValueError) as error:
        raise _unreadable(layout, len(names), file, str(error)) from error


def _without_huge(frame: pd.DataFrame, numbers: Sequence[str]) -> pd.DataFrame:
    """Return the table with integers of further columns as text where they are beyond 64 bits."""
    mixed = [name for name in frame.columns if name not in numbers and frame[name].dtype == object]
    converted = {name: frame[name].map(lambda v: str(v) if isinstance(v, int) else v) for name in mixed}
    return frame.assign(**converted)


def _unreadable(layout: Layout, width: int, file: str, reason: str) -> SourceError:
    """Return the refusal of a table that does not parse, with the first line that is too long if there is one."""
    import csv

    lines = csv.reader(io.StringIO(layout.body.decode("utf-8", "replace"), newline=""), delimiter=layout.mark)
    try:
        for row in lines:
            if len(row) > width and any(row[width:]):
                return SourceError(
                    f"{file}, line {layout.above + lines.line_num} has {len(row)} cells, the header has {width}",
                    expected="as many cells in each row as there are columns",
                    remedy="Quote cells that hold the delimiter.",
                )
    except csv.Error:
        pass  # the parser's own words say it
    return SourceError(
        f"{file} is not a readable CSV table ({' '.join(reason.split())})",
        expected="a header line and one row per date and ticker",
    )


def _dates(frame: pd.DataFrame, name: str, options: Options, first_line: int) -> tuple[pd.DataFrame, str]:
    if col.DATE not in frame:
        return frame, ""
    dates, form = iso_dates(frame[col.DATE], name, options.date_format, first_line=first_line)
    return frame.assign(**{col.DATE: dates}), form if options.date_format == AUTO else options.date_format
