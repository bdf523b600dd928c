"""One large Parquet file as ``prices_raw``: a few tickers at a time, whatever order its rows stand in.

The file is read twice. First the tickers and dates alone: who has how many rows in which row group, and
which days there are. Then the rows, shard by shard. Where a row group holds many tickers (a file by date),
several shards are made from one reading.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.sources.table import arranged, finite, lacks_tickers, needed_values, nothing_between
from core.sources.tabular.arrowbounds import judge_kinds
from core.sources.tabular.columns import parse_header
from core.sources.tabular.members import refuse_two_spellings
from core.sources.tabular.options import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_STREAMED_ROWS,
    MAX_TICKERS,
    Options,
    ReadFacts,
    too_many,
)
from core.sources.tabular.parquetbatches import (
    LargeFile,
    batches,
    by_number,
    identity_of,
    plain_texts,
    row_groups_of,
)
from core.sources.tabular.parquetfile import iso_days, plain_types
from core.tables import limits
from core.tables.artifacts import Table
from core.tables.parquet import part_ends
from core.tables.writer import TableWriter

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from core.sources.context import Context
    from core.sources.ingest_settings import SessionSettings

_AT_ONCE = 8
"""Shards made from one reading of a file by date: 2M rows are 150 MB."""

_UNNAMED_INDEX = "__index_level_"
"""What pandas calls an index without a name: a count of rows and no column."""


@dataclass(frozen=True)
class _Part:
    """Shards that are made together: the tickers of each, the row groups they stand in, the days wanted."""

    shards: tuple[tuple[str, ...], ...]
    groups: tuple[int, ...]
    days: pd.Series
    start: str
    end: str


def large_file(path: Path, stream: IO[bytes], options: Options) -> LargeFile | None:
    """Return the file if it is one that must be read in pieces, None for any other.

    Parameters
    ----------
    stream : file
        The file at ``path``, open and judged.

    Raises
    ------
    SourceError
        If it has too many rows or columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(by_number(stream))
    except (pa.ArrowException, OSError, NotImplementedError):
        return None  # not Parquet, or damaged: said where whole files are read
    if footer.num_rows <= limits.PARQUET_ABOVE_ROWS or footer.num_columns > MAX_COLUMNS:
        return None
    names = [name for name in footer.schema.to_arrow_schema().names if not name.startswith(_UNNAMED_INDEX)]
    header = parse_header(names, path.name, options.mapping)
    priced = any(name in header.names for name in col.PRICE_VALUES)
    if not header.is_long or col.DATE not in header.names or not priced:
        return None
    judge_kinds(footer.schema.to_arrow_schema(), path.name)
    if footer.num_rows > MAX_STREAMED_ROWS:
        raise too_many(path.name, "rows", footer.num_rows, MAX_STREAMED_ROWS)
    return LargeFile(path, identity_of(stream), header, options)


Telling = Callable[[str, Mapping[str, Any], ReadFacts], Mapping[str, Any]]
"""Makes the header of what was read."""


def ingest(
    file: LargeFile, tickers: Sequence[str], span: tuple[str, str], context: Context, header: Telling
) -> Table:
    """Return the rows of ``tickers`` (all, when empty) within ``span`` (ISO, empty: open) as a large table.

    Parameters
    ----------
    header : callable
        From where the adjusted close is from, rows and ranges by ticker, and how the file was read, to
        the header.

    Raises
    ------
    SourceError
        If the file lacks a ticker, or has no row in the span.
    """
    rows, groups, days = _scanned(file)
    iso, how = iso_days(days, file.path.name, file.options)
    chosen = _chosen(rows, tickers, file.path.name)
    parts = list(_parts(chosen, rows, groups, pd.Series(iso.to_numpy(), index=days.to_numpy()), span))
    spans: dict[str, Any] = {}
    adjusted, done = "source", 0
    with TableWriter(context.scratch, "prices_raw") as writer:
        for tables in context.engine.each(partial(_read, file), parts):
            for table, ranges, origin in tables:
                writer.add(table)
                spans |= ranges
                adjusted = origin
            done += 1
            context.progress(done, len(parts))
        if not spans:
            raise nothing_between(file.path.name, span, (str(iso.min()), str(iso.max())))
        total = sum(entry["rows"] for entry in spans.values())
        facts = ReadFacts(shape="long", dates=how, delimiter="", decimal="", encoding="parquet")
        counted = {"rows": total, "tickers": dict(sorted(spans.items()))}
        return writer.done(header(adjusted, counted, facts))


def usable_days_of(file: LargeFile, tickers: Sequence[str], settings: SessionSettings) -> set[str]:
    """Return the days (ISO) on which the file has a row of any of ``tickers`` (all, when empty) that cleaning can keep.

    Tickers, dates and what a row needs a value in are read; dates are read as :func:`ingest` reads them.

    Raises
    ------
    SourceError
        If the file lacks a ticker.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, groups, days = _scanned(file)
    iso, _ = iso_days(days, file.path.name, file.options)
    chosen = _chosen(rows, tickers, file.path.name)
    numbers = sorted({n for ticker in chosen for n in groups[ticker]})
    ticker, date = file.name_in_file(col.TICKER), file.name_in_file(col.DATE)
    needed = _needed(file, numbers, settings)
    parts: list[Any] = []
    for batch in batches(file, numbers, [ticker, date, *needed]):
        texts = pc.fill_null(plain_texts(batch.column(ticker)), "")
        mask = pc.is_in(texts, value_set=pa.array(chosen, pa.string()))
        for name in needed:
            mask = pc.and_(mask, _there(batch.column(name)))
        parts.append(pc.unique(batch.column(date).filter(mask)))
    priced = (
        pd.Index(days).get_indexer(pd.Index(pc.unique(pa.chunked_array(parts)).to_pandas())) if parts else []
    )
    return {str(iso.iloc[place])[:10] for place in priced if place >= 0 and iso.iloc[place] is not None}


def _needed(file: LargeFile, groups: Sequence[int], settings: SessionSettings) -> list[str]:
    """Return the file's columns that a row needs a value in; one that holds nothing is for the gate to judge."""
    import pyarrow.compute as pc

    needed = []
    for name in needed_values(settings):
        column = file.name_in_file(name) if name in file.header.names else ""
        holds = (pc.any(_there(batch.column(0))).as_py() for batch in batches(file, groups, [column]))
        if column and (name == col.CLOSE or any(holds)):
            needed.append(column)
    return needed


def _there(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.invert(pc.is_null(column, nan_is_null=True))


def _scanned(file: LargeFile) -> tuple[Counter[str], dict[str, list[int]], pd.Series]:
    """Return rows by ticker, the row groups of each, and the distinct dates as the file has them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows: Counter[str] = Counter()
    groups: dict[str, list[int]] = {}
    days: list[Any] = []
    ticker, date = file.name_in_file(col.TICKER), file.name_in_file(col.DATE)
    for number in range(row_groups_of(file)):
        in_group: Counter[str] = Counter()
        for batch in batches(file, [number], [ticker, date]):
            counts = pc.value_counts(plain_texts(batch.column(ticker)))
            for entry in counts.to_pylist():
                in_group[entry["values"] or ""] += entry["counts"]
            days.append(pc.unique(batch.column(date)))
        rows.update(in_group)
        for name in in_group:
            groups.setdefault(name, []).append(number)
        if len(rows) > MAX_TICKERS:
            raise too_many(file.path.name, "or more tickers", len(rows), MAX_TICKERS)
    longest, count = max(rows.items(), key=lambda entry: entry[1], default=("", 0))
    if count * len(file.header.cells) > MAX_CELLS:  # the rows of a ticker are in memory together
        raise too_many(file.path.name, f"rows of {longest[:20]}", count, MAX_CELLS // len(file.header.cells))
    distinct = pc.unique(pa.chunked_array(days))
    if len(distinct) > MAX_ROWS:
        raise too_many(file.path.name, "dates that differ", len(distinct), MAX_ROWS)
    return rows, groups, distinct.to_pandas()


def _chosen(rows: Counter[str], tickers: Sequence[str], name: str) -> list[str]:
    """Return the file's spellings of the wanted tickers, in text order."""
    chosen = set(tickers)
    absent = [t for t in tickers if t not in {ticker.strip() for ticker in rows}]
    if absent:
        raise lacks_tickers(name, absent, sorted(rows))
    if not chosen:
        refuse_two_spellings(rows, name)
    return sorted(ticker for ticker in rows if not chosen or ticker.strip() in chosen)


def _parts(
    chosen: list[str],
    rows: Counter[str],
    groups: dict[str, list[int]],
    days: pd.Series,
    span: tuple[str, str],
) -> Iterator[_Part]:
    """Yield the work in order: single shards of a file by ticker, several at once of a file by date."""
    counts = [rows[ticker] for ticker in chosen]
    ends = np.searchsorted(np.cumsum(counts), part_ends(counts)) + 1
    shards = [tuple(chosen[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    spread = max((len(groups[ticker]) for ticker in chosen), default=0) > 2
    size = _AT_ONCE if spread else 1
    for start in range(0, len(shards), size):
        together = shards[start : start + size]
        needed = sorted({number for shard in together for ticker in shard for number in groups[ticker]})
        yield _Part(tuple(together), tuple(needed), days, *span)


def _read(file: LargeFile, part: _Part) -> list[tuple[pa.Table, dict[str, Any], str]]:
    """Return the shards of a part: rows, range by ticker, origin of the adjusted close; empty ones left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    value_sets = [pa.array(shard) for shard in part.shards]
    pieces: list[list[pa.RecordBatch]] = [[] for _ in value_sets]
    for batch in batches(file, part.groups, list(file.header.cells)):
        tickers = pc.fill_null(plain_texts(batch.column(file.name_in_file(col.TICKER))), "")
        for place, names in enumerate(value_sets):
            mask = pc.is_in(tickers, value_set=names)
            if pc.any(mask).as_py():
                pieces[place].append(batch.filter(mask))
    shards = []
    for place, parts in enumerate(pieces):
        table = pa.Table.from_batches(parts)
        pieces[place] = []
        if (typed := _typed(table, file, part)) is not None:
            shards.append(typed)
    return shards


def _typed(table: pa.Table, file: LargeFile, part: _Part) -> tuple[pa.Table, dict[str, Any], str] | None:
    """Return one shard by ticker and date, dates and tickers as text and numbers as float64."""
    import pyarrow as pa

    table = plain_types(table.rename_columns([file.our_names[name] for name in table.column_names]))
    day, days = _coded_days(table.column(col.DATE).to_pandas(), part.days)
    tickers, names = _coded(plain_texts(table.column(col.TICKER).combine_chunks()).to_pandas())
    texts = np.append(days.astype(str), "")
    inside = ((texts >= part.start) & ((texts <= part.end) if part.end else True))[day]
    if not inside.any():
        return None
    order = np.lexsort((day, tickers))
    order = order[inside[order]]
    frame, adjusted = arranged(table.drop_columns([col.DATE, col.TICKER]).to_pandas())
    values = {name: _numbers(frame[name])[order] for name in frame.columns}
    keys = {
        col.DATE: pa.DictionaryArray.from_arrays(_indices(day[order]), pa.array(days, pa.string())),
        col.TICKER: pa.DictionaryArray.from_arrays(_indices(tickers[order]), pa.array(names, pa.string())),
    }
    columns = {**keys, **{name: pa.array(value, from_pandas=True) for name, value in values.items()}}
    spans = _ranges(tickers[order], day[order], names, days)
    return pa.table(columns), spans, adjusted


def _coded_days(column: pd.Series, days: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a code per row (-1: no date) and the ISO texts that the codes count, ascending."""
    # Dates are read as texts once for the whole file, where a few thousand differ; a part then looks its
    # own up by value. Reading them part by part could take 03/04 for March in one part and for April in another,
    # because each part would see other evidence of the order of day and month.
    place = pd.Index(days.index).get_indexer(pd.Index(column))
    texts = days.to_numpy(dtype=object)
    factorized = pd.factorize(texts, sort=True)
    return np.append(factorized[0], -1)[place], factorized[1]


def _coded(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    codes, names = pd.factorize(column, sort=True)
    return codes, np.asarray(names, dtype=object)


def _indices(codes: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(codes.astype("int32"), mask=codes < 0)


def _numbers(values: pd.Series) -> np.ndarray:
    numbers = finite(values)
    return values.to_numpy(dtype=object) if numbers is None else numbers.to_numpy()


def _ranges(tickers: np.ndarray, day: np.ndarray, names: np.ndarray, days: np.ndarray) -> dict[str, Any]:
    """Return rows, first and last date and outcome of each ticker; rows stand sorted."""
    codes, first, count = np.unique(tickers, return_index=True, return_counts=True)
    texts = [*days.tolist(), None]
    runs = zip(codes.tolist(), first.tolist(), count.tolist(), strict=True)
    return {
        str(names[code]) if code >= 0 else "": {
            "rows": rows,
            "first": str(texts[day[start]]),
            "last": str(texts[day[start + rows - 1]]),
            "outcome": "ok",
        }
        for code, start, rows in runs
    }
