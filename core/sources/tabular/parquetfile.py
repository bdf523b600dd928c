"""A Parquet file's bytes as a table under our names; its caps are judged by its footer."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.columns import header_of
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.options import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_WIDE_COLUMNS,
    Facts,
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


def read_parquet(data: bytes, name: str, options: Options) -> TableRead:
    """Return a Parquet table's rows under our column names; dates ISO, numbers as stored.

    Raises
    ------
    SourceError
        If the file is damaged, has too many rows or columns, or names one column twice.
    """
    frame = _frame(data, name)
    if frame.columns.nlevels == 2:
        return _stacked(frame, name, options)
    if flat := flattened_header([str(c) for c in frame.columns]):
        return _flattened(frame, name, options, *flat)
    header = header_of([str(c) for c in frame.columns], name)
    if col.DATE not in header.names and header.unnamed is not None:
        header = header.with_date(header.unnamed)
    wide = col.DATE in header.names and not header.is_long and not header.has_values and len(header.names) > 1
    if not wide and len(header.names) > MAX_COLUMNS:
        raise too_many(name, "columns", len(header.names), MAX_COLUMNS)
    place = header.names.index(col.DATE) if col.DATE in header.names else None
    names = [col.DATE if i == place else g for i, g in enumerate(header.cells)] if wide else header.names
    frame.columns = pd.Index(list(names))
    dates = ""
    if place is not None:
        frame[col.DATE], dates = _dates(frame[col.DATE], name, options)
    if wide:
        return TableRead(from_wide(frame, name), _facts("wide", dates))
    if header.is_long:
        return TableRead(frame, _facts("long", dates))
    frame.insert(0, col.TICKER, options.ticker or ticker_of_file(name))
    return TableRead(frame, _facts("one ticker", dates))


def _flattened(
    frame: pd.DataFrame, name: str, options: Options, place: int, columns: list[tuple[str, str]]
) -> TableRead:
    days, form = _dates(frame.iloc[:, place], name, options)
    others = [i for i in range(frame.shape[1]) if i != place]
    pairs = [(*pair, frame.iloc[:, i]) for pair, i in zip(columns, others, strict=True)]
    return TableRead(from_stacked(days, pairs), _facts("flattened", form))


def _facts(shape: str, dates: str) -> Facts:
    return Facts(shape=shape, dates=dates, delimiter="", decimal="", encoding="parquet")


def _frame(data: bytes, name: str) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows > MAX_ROWS:
            raise too_many(name, "rows", rows, MAX_ROWS)
        if columns > MAX_WIDE_COLUMNS:
            raise too_many(name, "columns", columns, MAX_WIDE_COLUMNS)
        frame: pd.DataFrame = _plain_types(file.read()).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise SourceError(
            f"{name} is a damaged Parquet file ({' '.join(str(error).split())[:200]})",
            expected="a whole one",
            remedy="Write or fetch it again.",
        ) from error
    index_has_data = any(
        level is not None for level in frame.index.names
    ) or frame.index.inferred_type.startswith("date")
    return frame.reset_index() if index_has_data else frame.reset_index(drop=True)


def _plain_types(table: Any) -> Any:
    """Return an Arrow table with decimals as float64 and dictionaries as their values."""
    import pyarrow as pa

    def plain_field(field: Any) -> Any:
        if pa.types.is_decimal(field.type):
            return field.with_type(pa.float64())
        return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field

    return table.cast(pa.schema([plain_field(field) for field in table.schema], table.schema.metadata))


def as_parquet(data: bytes, name: str) -> bytes:
    """Return a Feather file's bytes as Parquet's.

    Raises
    ------
    SourceError
        If the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    buffer = io.BytesIO()
    try:
        pq.write_table(feather.read_table(io.BytesIO(data)), buffer)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"{name} is a damaged Feather file ({' '.join(str(error).split())[:200]})",
            expected="a whole one",
            remedy="Write or fetch it again.",
        ) from error
    return buffer.getvalue()


def iso_days(cells: pd.Series, name: str, options: Options) -> tuple[pd.Series, str]:
    """Return dates as ISO text, missing ones as None, and how they were found.

    Parameters
    ----------
    cells : Series
        Timestamps, texts or whole numbers; all rows of a column or its distinct values.
    """
    return _dates(cells, name, options)


def _dates(cells: pd.Series, name: str, options: Options) -> tuple[pd.Series, str]:
    if cells.dtype.kind == "M":
        stamps = cells.dt.tz_localize(None) if cells.dt.tz is not None else cells
        midnight = bool((stamps.dropna() == stamps.dropna().dt.normalize()).all())
        written = stamps.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M:%S")
        return written.astype(object).where(stamps.notna(), None), "stored as dates"
    texts = cells.map(_text).astype(object)
    return iso_dates(texts.where(cells.notna(), None), name, options.date_format, first_line=1)


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
    columns = [(*pair, frame.iloc[:, i + 1]) for i, pair in enumerate(stacked[1])]
    return TableRead(from_stacked(dates, columns), _facts("stacked", form))
