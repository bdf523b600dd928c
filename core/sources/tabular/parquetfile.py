"""A Parquet file's bytes as a table under our names; its caps are judged by its footer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.arrowbounds import damaged, judge_kinds, judge_table, text_columns
from core.sources.tabular.columns import is_unnamed, parse_header
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.options import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    MAX_WIDE_COLUMNS,
    Options,
    ReadFacts,
    TableRead,
    too_many,
)
from core.sources.tabular.shapes import (
    Flattened,
    flattened_header,
    from_stacked,
    from_wide,
    stacked_header,
)
from core.sources.tabular.tickercells import with_tickers


def read_parquet(data: bytes, name: str, options: Options) -> TableRead:
    """Return a Parquet table's rows under our column names; dates ISO, numbers as stored.

    Raises
    ------
    SourceError
        If the file is damaged, has too many rows or columns, or names one column twice.
    """
    frame = _frame(data, name, options)
    if frame.columns.nlevels == 2:
        return _stacked(frame, name, options)
    cells = [str(c) for c in frame.columns]
    if not options.columns and (flat := flattened_header(cells)):
        return _flattened(frame, name, options, flat)
    header = parse_header(cells, name, options.mapping)
    if col.DATE not in header.names and header.unnamed is not None:
        header = header.with_date(header.unnamed)
    wide = header.is_wide
    if not wide and len(header.names) > MAX_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_COLUMNS)
    place = header.names.index(col.DATE) if col.DATE in header.names else None
    names = [col.DATE if i == place else g for i, g in enumerate(header.cells)] if wide else header.names
    frame.columns = pd.Index(list(names))
    _judge_texts(frame, name, names if wide else col.PRICES)
    dates = ""
    if place is not None:
        frame[col.DATE], dates = _dates(frame[col.DATE], name, options)
    if wide:
        unnamed = [cell for i, cell in enumerate(header.cells) if i != place and is_unnamed(cell)]
        return TableRead(from_wide(frame.drop(columns=unnamed), name), _facts("wide", dates))
    frame, shape, origin = with_tickers(frame, name, option=options.ticker)
    return TableRead(frame, replace(_facts(shape, dates), ticker_from=origin))


def _judge_texts(frame: pd.DataFrame, name: str, columns: Iterable[str]) -> None:
    """Refuse a column of bytes that are no text, where it is one that is read; many programs store texts as bytes."""
    read = frozenset(columns)
    for column, cells in frame.items():
        try:
            for cell in cells.unique() if column in read and cells.dtype == object else ():
                if isinstance(cell, bytes):
                    cell.decode()
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{name} has bytes in column {str(column)[:60]} that are no text ({error.object[:12]!r})",
                expected="texts in UTF-8, numbers or dates",
                remedy="Write the column as texts.",
            ) from error


def _flattened(frame: pd.DataFrame, name: str, options: Options, flat: Flattened) -> TableRead:
    days, form = _dates(frame.iloc[:, flat.place], name, options)
    columns = [(field, ticker, frame.iloc[:, i]) for i, field, ticker in flat.columns]
    return TableRead(from_stacked(days, columns), _facts("flattened", form))


def _facts(shape: str, dates: str) -> ReadFacts:
    return ReadFacts(shape=shape, dates=dates, delimiter="", decimal="", encoding="parquet")


def _frame(data: bytes, name: str, options: Options) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows > MAX_ROWS:
            raise too_many(name, "rows", rows, MAX_ROWS)
        if columns > MAX_WIDE_COLUMNS:
            raise too_many(name, "columns", columns, MAX_WIDE_COLUMNS)
        judge_kinds(file.schema_arrow, name)
        _refuse_unpacked(file.metadata, name)
        _refuse_wide(file.schema_arrow.names, rows, name, options)
        file = pq.ParquetFile(io.BytesIO(data), read_dictionary=text_columns(file.schema_arrow))
        frame: pd.DataFrame = plain_types(judge_table(file.read(), name, MAX_TEXT)).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise damaged(name, "Parquet", error) from error
    index_has_data = any(
        level is not None for level in frame.index.names
    ) or frame.index.inferred_type.startswith("date")
    return _with_index(frame, name) if index_has_data else frame.reset_index(drop=True)


def _with_index(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the table with its index as columns; a level that a column repeats stands once.

    Raises
    ------
    SourceError
        If a level and a column have one name and other values.
    """
    columns = frame.columns.tolist()  # of two header levels each is a pair, and no level is called so
    for level in [level for level in frame.index.names if level is not None and level in columns]:
        if not frame.index.get_level_values(level).equals(pd.Index(frame[level])):
            raise SourceError(
                f"{name} has an index and a column that are both called {level}, and they differ",
                expected="each column once",
                remedy="Save the frame after reset_index(drop=True), or with another name for one of them.",
            )
        frame = frame.drop(columns=level)
    return frame.reset_index()


def _refuse_wide(names: Sequence[str], rows: int, file: str, options: Options) -> None:
    """Refuse a table with more closes side by side than a long one may have rows, before they are read."""
    if not options.columns and flattened_header(names):
        return
    try:
        is_wide = parse_header(names, file, options.mapping).is_wide
    except SourceError:
        return  # said of the whole table
    if is_wide and rows * (len(names) - 1) > MAX_ROWS:
        raise too_many(file, "cells", rows * (len(names) - 1), MAX_ROWS)


def _refuse_unpacked(metadata: Any, name: str) -> None:
    """Refuse a file whose pages, unpacked, or whose cells would take more than the caps, before a page is read."""
    unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if unpacked > MAX_BYTES:
        raise too_many(name, "bytes when unpacked", unpacked, MAX_BYTES)
    cells = metadata.num_rows * metadata.num_columns
    if cells > MAX_CELLS:
        raise too_many(name, "cells", cells, MAX_CELLS)


def plain_types(table: Any) -> Any:
    """Return an Arrow table with decimals as float64 and dictionaries as their values."""
    import pyarrow as pa

    def plain_field(field: Any) -> Any:
        if pa.types.is_decimal(field.type):
            return field.with_type(pa.float64())
        return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field

    return table.cast(pa.schema([plain_field(field) for field in table.schema], table.schema.metadata))


def iso_days(cells: pd.Series, name: str, options: Options) -> tuple[pd.Series, str]:
    """Return dates as ISO text, missing ones as None, and how they were found.

    Parameters
    ----------
    cells : Series
        Timestamps, texts or whole numbers; all rows of a column or its distinct values.
    """
    return _dates(cells, name, options)


def _dates(cells: pd.Series, name: str, options: Options) -> tuple[pd.Series, str]:
    lines = range(1, len(cells) + 1)
    if cells.dtype.kind == "M":
        zone = "Z" if str(cells.dt.tz) in _UTC else ""
        stamps = cells.dt.tz_localize(None) if cells.dt.tz is not None else cells
        written = stamps.dt.strftime(f"%Y-%m-%dT%H:%M:%S{zone}").astype(object).where(stamps.notna(), None)
        return iso_dates(written, name, "iso", lines=lines)[0], "stored as dates"
    texts = cells.map(_text).astype(object)
    return iso_dates(texts.where(cells.notna(), None), name, options.date_format, lines=lines)


_UTC = frozenset({"UTC", "GMT", "Etc/UTC", "+00:00"})


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _stacked(frame: pd.DataFrame, name: str, options: Options) -> TableRead:
    cells = [tuple(map(str, column)) for column in frame.columns]
    lines = [["", *(c[level] for c in cells[1:])] for level in (0, 1)]
    stacked = stacked_header(lines)
    if stacked is None:
        raise SourceError(
            f"{name} has two header levels that are not field and ticker", expected="one header, or those two"
        )
    dates, form = _dates(frame.iloc[:, 0], name, options)
    columns = [(field, ticker, frame.iloc[:, i]) for i, field, ticker in stacked.columns]
    return TableRead(from_stacked(dates, columns), _facts("stacked", form))
