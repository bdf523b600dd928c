"""A long Parquet file's rows, some tens of thousands at a time, each batch bounded and sound before it is used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from core.errors import SourceError
from core.paths import opened
from core.sources.tabular.arrowbounds import damaged, judge_table, text_columns
from core.sources.tabular.columns import Header, unguarded_text
from core.sources.tabular.options import Options

if TYPE_CHECKING:
    from pathlib import Path

_BATCH_ROWS = 1 << 16

_MOST_TEXT = 128 << 20
"""Bytes of the texts of one batch: 2,000 a row."""


@dataclass(frozen=True)
class LargeFile:
    """A long Parquet file above the limit of tables in memory.

    Parameters
    ----------
    path : Path
    identity : tuple of int
        Of the file that was judged, by :func:`identity_of`: a name may lead to another one later.
    header : Header
        Our names of its columns.
    options : Options
        What a person said of its dates.
    """

    path: Path
    identity: tuple[int, ...]
    header: Header
    options: Options

    @property
    def our_names(self) -> dict[str, str]:
        """Our name of each of the file's columns."""
        return dict(zip(self.header.cells, self.header.names, strict=True))

    def name_in_file(self, name: str) -> str:
        """Return what the file calls one of our columns."""
        return self.header.cells[self.header.names.index(name)]

    def opened(self) -> IO[bytes]:
        """Return a stream over the very file that was judged.

        Raises
        ------
        SourceError
            If another one, or other bytes, stand in its place by now.
        """
        stream = opened(self.path)
        if identity_of(stream) == self.identity:
            return stream
        stream.close()
        raise SourceError(
            f"{self.path.name} changed while it was read",
            expected="a file that stands still",
            remedy="Run again when nobody is writing to it.",
        )


def identity_of(stream: IO[bytes]) -> tuple[int, ...]:
    """Return size, times and inode of an open file: they change whenever it is written, and no other has them."""
    about = os.fstat(stream.fileno())
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


def by_number(stream: IO[bytes]) -> str:
    """Return a path by which libraries in C open the very file that a stream is of."""
    return f"/proc/self/fd/{stream.fileno()}"


def row_groups_of(file: LargeFile) -> int:
    """Return how many row groups the file has."""
    return int(_open(file, ()).num_row_groups)


def _open(file: LargeFile, texts: Sequence[str]) -> Any:
    import pyarrow.parquet as pq

    with file.opened() as stream:
        return pq.ParquetFile(by_number(stream), pre_buffer=False, read_dictionary=list(texts))


def batches(file: LargeFile, groups: Sequence[int], columns: Sequence[str] | None) -> Iterator[Any]:
    """Yield the rows of some row groups, at most 65,536 at a time; texts as texts.

    Raises
    ------
    SourceError
        If the file is damaged, or its texts take more than they may.
    """
    import pyarrow as pa

    texts = [
        name for name in text_columns(_open(file, ()).schema_arrow) if columns is None or name in columns
    ]
    try:
        read = _open(file, texts)
        for batch in read.iter_batches(_BATCH_ROWS, row_groups=groups, columns=columns, use_threads=False):
            yield _written_out(judge_table(batch, file.path.name, _MOST_TEXT), texts)
    except (pa.ArrowException, OSError) as error:
        raise damaged(file.path.name, "Parquet", error) from error


def _written_out(batch: Any, texts: Sequence[str]) -> Any:
    """Return the batch with the columns that were read as codes as texts."""
    for name in texts:
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, name, batch.column(place).dictionary_decode())
    return batch


def plain_texts(column: Any) -> Any:
    """Return tickers as text without blanks and guards around them, null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    try:
        texts = pc.cast(texts, pa.string())
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"a ticker is no text ({error})", expected="texts in UTF-8", remedy="Write the column as texts."
        ) from error
    distinct = pc.unique(texts).to_pylist()
    tickers = [text if text is None else unguarded_text(text) for text in distinct]
    if tickers == distinct:
        return texts
    return pc.take(pa.array(tickers, pa.string()), pc.index_in(texts, pa.array(distinct, pa.string())))
