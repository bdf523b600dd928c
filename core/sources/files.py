"""Tables of prices in files: one CSV or Parquet, gzipped or not, or a folder of them.

Cells are taken as they are: what is not a number stays text and is judged by the gate, with its
value, rather than turned into a missing value here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import ParameterError, SourceError, listed
from core.fingerprint import sha256, sha256_stream
from core.paths import Allowed, bytes_of, opened
from core.sources import Resolved
from core.sources.context import ALONE, Context
from core.sources.filefacts import lines_of_rows, with_facts
from core.sources.ingest_settings import IngestSettings, SessionSettings
from core.sources.table import lacks_tickers, nothing_between, prices_header, prices_table, usable_days
from core.sources.tabular.bytestream import is_feather, is_parquet, packing_of, unpacked
from core.sources.tabular.columns import columns_mapping, value_for
from core.sources.tabular.growth import LEAST_BYTES, grown_later, growth_of, is_plain
from core.sources.tabular.inventory import Inventory, inventory_of, partitions_of, stem_of
from core.sources.tabular.members import (
    refuse_no_prices,
    refuse_shared_names,
    refuse_two_spellings,
    refuse_unrecognised,
    with_partition,
)
from core.sources.tabular.options import MAX_BYTES, MAX_ROWS, Options, ReadFacts, TableRead, too_many
from core.sources.tabular.rowlines import MOST_BYTES_ON_RECORD, lines_on_record
from core.tables.artifacts import Table

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from core.sources.tabular.parquetbatches import LargeFile

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def label_of(name: str) -> str:
    """Return a file's stem as a short, safe label.

    >>> label_of("my prices (1).csv.gz")
    'my-prices-1'
    """
    return _UNSAFE.sub("-", stem_of(name)).strip("-.")[:40] or "file"


class FilesSource:
    """A file, or a folder of files, that a person names with ``--path``."""

    def resolve(self, settings: IngestSettings, tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return the bytes' digest and name; tickers and dates are known when they are read."""
        del now  # a file does not move; rows from the future are for the gate
        columns_mapping(settings.columns)
        inventory = _inventory(settings)
        return Resolved(
            tickers,
            settings.start or None,
            settings.end or None,
            inventory.digest(),
            inventory.name,
            settings.end or label_of(inventory.name),
        )

    def read(self, settings: IngestSettings, tickers: tuple[str, ...], context: Context = ALONE) -> Table:
        """Return the rows of ``tickers`` (all, when empty) from start to end."""
        inventory = _inventory(settings)
        large = _large(inventory, settings, context.allowed)
        if large is not None:
            return _in_pieces(large, inventory, settings, tickers, context)
        contents = {
            inventory.name_of(file): bytes_of(file, MAX_BYTES, allowed=context.allowed)
            for file in inventory.files
        }
        digests = {name: sha256(data) for name, data in contents.items()}
        digest = inventory.digest_over(digests)
        _check_digest(digest, inventory, settings.input_digest)
        options, tables = options_of(settings), {}
        sizes = [len(data) for data in contents.values()]
        if grown := _grown(contents, inventory, settings, tickers, context):
            return grown
        if len(tickers) == 1 and not inventory.is_folder:
            options = replace(options, ticker=tickers[0])
        lines = {}
        for number, name in enumerate(list(contents), start=1):
            data = contents.pop(name)
            tables[name] = _read_of(inventory, data, name, options)
            if len(data) >= LEAST_BYTES and not inventory.is_folder and is_plain(data, tables[name]):
                context.notes.update(grown_later(data))
            lines[name] = lines_on_record(data, name, tables[name].frame, options)
            context.progress(number, len(inventory.files))
        refuse_shared_names(tables, inventory.name)
        rows = _chosen(_joined(tables, inventory.name), settings, tickers, inventory.name)
        small = sum(sizes) <= MOST_BYTES_ON_RECORD
        places = lines_of_rows(rows, tables) if small else {}
        uri = f"file:{inventory.name}{'/' if inventory.is_folder else ''}"
        table = prices_table(rows, name="files", uri=uri, digest=digest, price_basis="unknown")
        return with_facts(table, inventory, tables, digests, in_question=lines, places=places)

    def sessions(
        self,
        settings: SessionSettings,
        tickers: tuple[str, ...],
        span: tuple[str, str],
        context: Context = ALONE,
    ) -> frozenset[str]:
        """Return the days of ``span`` on which the files have a row of ``tickers`` (empty: all) that can be kept."""
        inventory = _inventory(settings)
        large = _large(inventory, settings, context.allowed)
        if large is not None:
            from core.sources.tabular.streaming import usable_days_of

            days = usable_days_of(large, tickers, settings)
        else:
            frame = self.read(replace(settings, start="", end=""), tickers, context).frame
            if col.DATE not in frame:
                raise SourceError(f"{inventory.name} has no column of dates", expected="a column date")
            days = usable_days(frame, settings, whole=True)
        return frozenset(day for day in days if span[0] <= day <= span[1])


def _grown(
    contents: Mapping[str, bytes],
    inventory: Inventory,
    settings: IngestSettings,
    tickers: tuple[str, ...],
    context: Context,
) -> Table | None:
    """Return the table of a file that grew at its end, of which only the new lines were read; None for any other."""
    if inventory.is_folder or tickers or settings.start or settings.end:
        return None
    ((name, data),) = contents.items()

    def read(content: bytes) -> TableRead:
        return read_file(content, name, options_of(settings))

    if (growth := growth_of(data, context.files(), read)) is None:
        return None
    refuse_two_spellings(growth.tickers, inventory.name)
    source = {"name": "files", "uri": f"file:{inventory.name}", "sha256": settings.input_digest}
    counted = {**source, "rows": len(growth.frame)}
    context.notes.update({**grown_later(data), "tail": growth.record()})
    context.tell("tail_read", **growth.record())
    return Table(
        "prices_raw", growth.frame, prices_header(counted, growth.tickers, "unknown", growth.adjusted)
    )


def _read_of(inventory: Inventory, data: bytes, name: str, options: Options) -> TableRead:
    """Return a file read; one of a folder must be a table of prices."""
    if not inventory.is_folder:
        read = read_file(data, name, options)
        refuse_unrecognised(read.frame, name)
        return read
    partitions = partitions_of(name)
    ticker, day = value_for(partitions, col.TICKER), value_for(partitions, col.DATE)
    try:
        read = read_file(data, name, replace(options, ticker=ticker))
    except SourceError as error:
        if folders := inventory.folders():
            error.remedy += (
                f" The folders in {inventory.name} ({listed(folders)}) are not read: name one of them."
            )
        raise
    read = with_partition(read, name, ticker=ticker, day=day)
    refuse_no_prices(read.frame, name, inventory)
    return read


def _check_digest(digest: str, inventory: Inventory, expected: str) -> None:
    if digest != expected:
        raise SourceError(
            f"{inventory.name} changed while the run was starting",
            expected=f"SHA-256 {expected}",
            remedy="Run again when nobody is writing to it.",
        )


def _large(inventory: Inventory, settings: IngestSettings, allowed: Allowed) -> LargeFile | None:
    """Return the one file if it is too large to be read whole."""
    if inventory.is_folder:
        return None
    with opened(inventory.path, allowed=allowed) as stream:
        if not is_parquet(stream.read(4)):
            return None
        from core.sources.tabular.streaming import large_file

        return large_file(inventory.path, stream, options_of(settings))


def _in_pieces(
    large: LargeFile,
    inventory: Inventory,
    settings: IngestSettings,
    tickers: tuple[str, ...],
    context: Context,
) -> Table:
    """Return a large file's rows as a table on disk; the bytes that were hashed are those that were read."""
    from core.sources.tabular.streaming import ingest

    with large.opened() as stream:
        digest = sha256_stream(stream)
    _check_digest(digest, inventory, settings.input_digest)
    span = (settings.start, settings.end)

    def header(adjusted: str, counted: Mapping[str, Any], facts: ReadFacts) -> dict[str, Any]:
        entry = {"name": inventory.path.name, "sha256": digest, "rows": counted["rows"], **facts.record()}
        about = {
            "name": "files",
            "uri": f"file:{inventory.name}",
            "sha256": digest,
            **counted,
            "files": [entry],
        }
        return {"price_basis": "unknown", "adjusted_close": adjusted, "source": about}

    table = ingest(large, tickers, span, context, header)
    with large.opened():  # raises where another file, or other bytes, stand there by now
        return table


def options_of(settings: IngestSettings) -> Options:
    """Return how files are read, as far as the settings say it."""
    return Options(
        settings.date_format, settings.delimiter, settings.decimal, settings.encoding, settings.columns
    )


def _inventory(settings: IngestSettings) -> Inventory:
    if not settings.path:
        raise ParameterError(
            "--source files came without --path",
            expected="--path FILE_OR_FOLDER",
            remedy="Name a CSV or Parquet file, or a folder of them.",
            parameter="path",
        )
    return inventory_of(settings.path)


def read_file(data: bytes, name: str, options: Options) -> TableRead:
    """Return one file's rows under our column names, and how they were read.

    Raises
    ------
    SourceError
        Naming the file, what came and what was expected.
    """
    content = unpacked(data, name)
    if is_feather(content):
        from core.sources.tabular.featherfile import as_parquet

        content = as_parquet(content, name)
    if is_parquet(content):
        from core.sources.tabular.parquetfile import read_parquet

        read = read_parquet(content, name, options)
    else:
        from core.sources.tabular.csvfile import read_text_table

        read = read_text_table(content, name, options)
    return replace(read, facts=replace(read.facts, packed=packing_of(data)))


def _joined(tables: Mapping[str, TableRead], name: str) -> pd.DataFrame:
    import pandas as pd

    frames = [read.frame.reset_index(drop=True) for read in tables.values()]
    rows = sum(len(frame) for frame in frames)
    if rows > MAX_ROWS:
        raise too_many(name, "rows", rows, MAX_ROWS)
    if len(frames) == 1:
        return frames[0]
    # a column that holds nothing in one file must not decide the type of the others
    return pd.concat([frame.astype(object) for frame in frames], ignore_index=True)


def _chosen(
    frame: pd.DataFrame, settings: IngestSettings, tickers: tuple[str, ...], name: str
) -> pd.DataFrame:
    have = sorted({str(ticker).strip() for ticker in frame[col.TICKER].unique()})
    absent = [t for t in tickers if t not in have]
    if absent:
        raise lacks_tickers(name, absent, have)
    if not tickers:
        refuse_two_spellings(have, name)
    else:
        frame = frame[frame[col.TICKER].astype(str).str.strip().isin(tickers)]
    start, end = settings.start, settings.end
    if not len(frame) or col.DATE not in frame or not (start or end):
        return frame
    days = frame[col.DATE].astype(str).str.slice(0, 10)
    rows = frame[((days >= start) | (not start)) & ((days <= end) | (not end))]
    if not len(rows):
        raise nothing_between(name, (start, end), (days.min(), days.max()))
    return rows


SOURCE = FilesSource()
