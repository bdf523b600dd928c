"""A CSV's bytes as a table under our names: long, wide, stacked, or one ticker named by its file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.bytestream import as_utf8
from core.sources.tabular.columns import Header, is_unnamed, parse_header
from core.sources.tabular.date_forms import kind_of
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.grouped_points import points_decide
from core.sources.tabular.kinds import refuse_text
from core.sources.tabular.layout import Layout, layout_of
from core.sources.tabular.linenumbers import Lines, lines_of_rows, row_lines
from core.sources.tabular.norows import OTHER_HEADER, NoRow, refuse_scaled_volume, shortened, without_no_rows
from core.sources.tabular.numbers import dressed, text_columns
from core.sources.tabular.options import (
    AUTO,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_TEXT,
    MAX_WIDE_COLUMNS,
    PLAIN_CELL,
    LeftOut,
    Options,
    ReadFacts,
    TableRead,
    too_many,
)
from core.sources.tabular.shapes import (
    Flattened,
    Stacked,
    flattened_header,
    from_stacked,
    from_wide,
    stacked_header,
)
from core.sources.tabular.tickercells import with_tickers
from core.sources.tabular.workbook import is_workbook, sheet_as_text

_MISSING_TEXTS = (
    "", "NA", "N/A", "#N/A", "#N/A N/A", "#N/A Field Not Applicable", "NaN", "nan", "-nan", "-NaN", "null", "NULL",
    "None", "-", "--", "n/a", "N/D", "n.a.", "<NA>", ".", "\u2014", "\u2013",
)  # fmt: skip
"""Cells that mean "no value" in a further column; in the ticker column NA is a ticker."""

MISSING = (
    *_MISSING_TEXTS,
    "#NA", "#N/A Requesting Data...", "#N/A Invalid Security", "#N/A Sec", "#N/A Real Time", "#N/A Hist", "#NV", "#N/V",
    "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!", "#WERT!", "NAN", "NaT", "Null", "<null>", "(null)", "\\N", "none",
    "NONE", "nil", "---", "----", "N.A.", "n.a", "na", "n/d", "n.d.", "N.D.", "s/d", "S/D", "n.v.", "n/v", "k.A.", "<na>", "..",
    "...", "?", "undefined", "missing", "\u2212", "\uff0d", "\u7121",
)  # fmt: skip
"""The same in a column of numbers: as databases, spreadsheets in several languages and terminals write it."""


def read_text_table(data: bytes, name: str, options: Options) -> TableRead:
    """Return a text table's rows under our column names; dates ISO, tickers as text, numbers exact.

    Raises
    ------
    SourceError
        Naming the file, the line where there is one, what came and what was expected.
    """
    if is_workbook(data):
        sheet = read_text_table(
            sheet_as_text(data, name, options.decimal),
            name,
            replace(options, encoding=AUTO, delimiter="comma"),
        )
        return replace(sheet, facts=replace(sheet.facts, encoding="xlsx", delimiter=""))
    text, encoding = as_utf8(data, name, options.encoding)
    if not text or text.isspace():
        # a table without rows and columns, which whoever reads the file or the folder refuses by its name
        return TableRead(pd.DataFrame({col.TICKER: pd.Series([], dtype=object)}))
    layout = layout_of(text, name, options.delimiter, options.mapping)
    _judge_cells(layout, name)
    left_out = tuple(LeftOut(number, "above the header", shortened(line)) for number, line in layout.preamble)
    refuse_scaled_volume(left_out, name)
    facts = ReadFacts(delimiter=layout.delimiter, encoding=encoding, left_out=left_out)
    if not options.columns:
        if stacked := stacked_header(layout.rows):
            return _stacked(layout, name, options, facts, stacked)
        if flat := flattened_header(layout.rows[0]):
            return _flattened(layout, name, options, facts, flat)
    header = _header(layout, name, options)
    recognised = {*header.names} & {col.DATE, *col.NUMBERS}
    if not recognised and header.unnamed is None and len(header.names) <= MAX_COLUMNS:
        refuse_text(text, name)
    if header.is_wide:
        return _wide(layout, header, name, options, facts)
    return _long(layout, header, name, options, facts)


def _judge_cells(layout: Layout, name: str) -> None:
    """Refuse a text with more cells, or longer ones, than any table has, before it is cut into them.

    Raises
    ------
    SourceError
        With the count.
    """
    cells = layout.body.count(layout.mark.encode()) + layout.body.count(b"\n")
    if cells > MAX_CELLS:
        raise too_many(name, "cells", cells, MAX_CELLS)
    texts = len(layout.body) - cells * PLAIN_CELL
    if texts > MAX_TEXT:
        raise too_many(name, f"bytes beyond {PLAIN_CELL} a cell", texts, MAX_TEXT)


def _header(layout: Layout, name: str, options: Options) -> Header:
    header = parse_header(layout.rows[0], name, options.mapping)
    place = header.unnamed
    if col.DATE not in header.names and place is not None:
        cells = [row[place] for row in layout.rows[1:] if len(row) > place and row[place]]
        if cells and all(kind_of(cell) for cell in cells):
            return header.with_date(place)
    return header


def _long(layout: Layout, header: Header, name: str, options: Options, facts: ReadFacts) -> TableRead:
    if len(header.names) > MAX_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_COLUMNS)
    parsed = _numbers(layout, header.names, col.NUMBERS, name, options)
    frame, dates = _dates(parsed.frame, name, options, parsed.lines)
    in_file = next((line.ticker for line in parsed.left_out if line.ticker), "")
    frame, shape, origin = with_tickers(frame, name, in_file=in_file, option=options.ticker)
    facts = replace(facts, shape=shape, dates=dates, decimal=parsed.decimal, ticker_from=origin)
    return TableRead(frame, _with_lines(facts, parsed.left_out), parsed.by_row, parsed.numbered)


def _with_filler(layout: Layout, names: Sequence[str], skipped: int) -> tuple[list[str], list[str]]:
    """Return the names with one more for an empty cell that ends rows but not the header, and that one."""
    width = len(names)
    rows = layout.rows[skipped:]
    longer = [row for row in rows if len(row) > width]
    if len(longer) * 2 > len(rows) and all(len(row) == width + 1 and not row[-1] for row in longer):
        filler = f"column_{width + 1}"
        return [*names, filler], [filler]
    return list(names), []


def _flattened(layout: Layout, name: str, options: Options, facts: ReadFacts, flat: Flattened) -> TableRead:
    """Return a table whose columns hold field and ticker in one name."""
    names = [f"{i}" for i in range(len(layout.rows[0]))]
    names[flat.place] = col.DATE
    values = [names[i] for i, _, _ in flat.columns]
    volumes = {names[i] for i, field, _ in flat.columns if field == col.VOLUME}
    parsed = _numbers(layout, names, values, name, options, volumes=volumes)
    frame, dates = _dates(parsed.frame, name, options, parsed.lines)
    columns = [(field, ticker, frame[names[i]]) for i, field, ticker in flat.columns]
    facts = replace(facts, shape="flattened", dates=dates, decimal=parsed.decimal)
    return _reshaped(
        from_stacked(frame[col.DATE], columns), _with_lines(facts, parsed.left_out), frame, parsed
    )


def _with_lines(facts: ReadFacts, left_out: Sequence[NoRow]) -> ReadFacts:
    """Return the facts with further lines that are no rows."""
    return replace(facts, left_out=(*facts.left_out, *(line.line for line in left_out)))


def _reshaped(rows: pd.DataFrame, facts: ReadFacts, dates: pd.DataFrame, parsed: _Parsed) -> TableRead:
    """Return rows of a table with tickers side by side, each on the line of its date."""
    days, lines = dates[col.DATE], parsed.numbered
    if lines is not None:
        lines = None if days.duplicated().any() else rows[col.DATE].map(pd.Series(lines, days)).to_numpy()
    return TableRead(rows, facts, lines=lines)


def _wide(layout: Layout, header: Header, name: str, options: Options, facts: ReadFacts) -> TableRead:
    if len(header.names) > MAX_WIDE_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_WIDE_COLUMNS)
    place = header.names.index(col.DATE)
    dropped = [i for i, cell in enumerate(header.cells) if i != place and is_unnamed(cell)]
    names = [
        col.DATE if i == place else f"column_{i + 1}" if i in dropped else cell
        for i, cell in enumerate(header.cells)
    ]
    tickers = [cell for i, cell in enumerate(names) if i != place and i not in dropped]
    parsed = _numbers(layout, names, tickers, name, options)
    frame = parsed.frame.drop(columns=[names[i] for i in dropped])
    frame, dates = _dates(frame, name, options, parsed.lines)
    facts = replace(facts, shape="wide", dates=dates, decimal=parsed.decimal)
    return _reshaped(from_wide(frame, name), _with_lines(facts, parsed.left_out), frame, parsed)


def _stacked(layout: Layout, name: str, options: Options, facts: ReadFacts, stacked: Stacked) -> TableRead:
    names = [f"{i}" for i in range(len(layout.rows[0]))]
    names[stacked.place] = col.DATE
    values = [names[i] for i, _, _ in stacked.columns]
    volumes = {names[i] for i, field, _ in stacked.columns if field == col.VOLUME}
    parsed = _numbers(layout, names, values, name, options, skipped=stacked.lines, volumes=volumes)
    frame, dates = _dates(parsed.frame, name, options, parsed.lines)
    columns = [(field, ticker, frame[names[i]]) for i, field, ticker in stacked.columns]
    facts = replace(facts, shape="stacked", dates=dates, decimal=parsed.decimal)
    return _reshaped(
        from_stacked(frame[col.DATE], columns), _with_lines(facts, parsed.left_out), frame, parsed
    )


class _Parsed(NamedTuple):
    """Rows with their numbers read, and how: ``lines`` is where each stands, ``numbered`` the same if that is sure."""

    frame: pd.DataFrame
    decimal: str
    left_out: list[NoRow]
    by_row: bool
    lines: Lines
    numbered: Lines | None


def _numbers(
    layout: Layout,
    names: Sequence[str],
    numeric: Sequence[str],
    file: str,
    options: Options,
    *,
    skipped: int = 1,
    volumes: Collection[str] = (col.VOLUME,),
) -> _Parsed:
    filled, filler = _with_filler(layout, names, skipped)
    standing = row_lines(layout.body, layout.above + 1, layout.mark)

    def read(*, as_text: bool) -> tuple[pd.DataFrame, list[NoRow], Lines, bool]:
        frame = _parsed(layout, filled, file, numeric, skipped=skipped, texts=numeric if as_text else ())
        if filler and frame[filler].notna().to_numpy().any():
            raise _unreadable(layout, len(names), file, "a row has more cells than the header")
        frame = frame.drop(columns=filler)
        lines = lines_of_rows(standing, len(frame), skipped)
        supposed = np.arange(len(frame)) + layout.above + skipped + 1 if lines is None else lines
        rows, no_rows, places = without_no_rows(frame, layout.rows[0], numeric, supposed)
        _refuse_other_header(no_rows, file)
        return rows, no_rows, places, lines is not None

    frame, no_rows, lines, sure = read(as_text=False)
    places = [i for i, name in enumerate(names) if name in numeric]
    sample = [row[i] for row in layout.rows[skipped:] for i in places if i < len(row)]
    by_row = not filler and not text_columns(frame, numeric) and points_decide(sample)
    frame, decimal = dressed(
        frame, numeric, file, options.decimal, lambda: read(as_text=True)[0], sample=sample, volumes=volumes
    )
    blank = [NoRow(LeftOut(line, "blank", "")) for line in standing.blank.tolist()] if sure else []
    left_out = sorted([*no_rows, *blank], key=lambda no_row: no_row.line.line)
    refuse_scaled_volume([no_row.line for no_row in no_rows], file)
    return _Parsed(frame, decimal, left_out, by_row, lines, lines if sure else None)


def _refuse_other_header(no_rows: Sequence[NoRow], file: str) -> None:
    """Refuse files that were joined although their columns stand in different orders.

    Raises
    ------
    SourceError
        With the line from which on the columns are others.
    """
    for line in (no_row.line for no_row in no_rows if no_row.line.why == OTHER_HEADER):
        raise SourceError(
            f"{file}, line {line.line} is a header again, with its columns in another order: {line.text}",
            expected="one order of columns in all rows",
            remedy="Split the file before that line, and name the folder that holds the parts.",
        )


def _parsed(
    layout: Layout,
    names: Sequence[str],
    file: str,
    numeric: Sequence[str],
    *,
    skipped: int,
    texts: Sequence[str],
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
                na_values={
                    name: list(MISSING if name in numeric else _MISSING_TEXTS)
                    for name in names
                    if name not in keys
                },
                low_memory=False,
                skipinitialspace=True,
            )
            return _without_huge(frame, [*keys, *col.NUMBERS])
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


def _dates(frame: pd.DataFrame, name: str, options: Options, lines: Lines) -> tuple[pd.DataFrame, str]:
    if col.DATE not in frame:
        return frame, ""
    dates, form = iso_dates(frame[col.DATE], name, options.date_format, lines=lines)
    return frame.assign(**{col.DATE: dates}), form if options.date_format == AUTO else options.date_format
