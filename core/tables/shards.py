"""A table in a Parquet file, read shard by shard; and the writer that makes one."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from core import columns as col
from core.errors import DataError
from core.tables.artifacts import PARQUET_ABOVE_ROWS, Artifact, Table
from core.tables.parquet import KEY, by_date, frame_of, head, header_of, layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa


class Sharded(Table):
    """A table whose rows stay on disk.

    Parameters
    ----------
    path : Path
        A file that :class:`ShardWriter` or the encoder of large tables made.

    Raises
    ------
    DataError
        If the file is no table of this pipeline.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            footer = pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{path.name} is not a readable table of this pipeline ({type(error).__name__})",
                expected="Parquet with the header under 'afterclose'",
            ) from error
        kind, header = header_of(footer.metadata, path.name)
        for name, value in (("kind", kind), ("header", header), ("path", path), ("_rows", footer.num_rows)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "shards", footer.num_row_groups)
        schema = footer.schema.to_arrow_schema()
        object.__setattr__(self, "columns", tuple(schema.names))
        texts = frozenset(field.name for field in schema if pa.types.is_string(field.type))
        object.__setattr__(self, "_texts", texts)

    path: Path
    shards: int
    columns: tuple[str, ...]
    _rows: int
    _texts: frozenset[str]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    @property
    def stored(self) -> Path:
        """The Parquet file."""
        return self.path

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows by date and ticker: as much memory as they take."""
        return by_date(frame_of(self._file().read(use_threads=False)))

    def shard(self, number: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows of one shard by ticker and date, all columns or those named; texts as categories."""
        return frame_of(self.arrow(number, columns))

    def arrow(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one shard as it is stored."""
        texts = [name for name in (col.DATE, col.TICKER) if name in self._texts]
        file = self._file(texts)
        return file.read_row_group(number, columns=columns, use_threads=False)

    def each(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the shards in order."""
        for number in range(self.shards):
            yield self.shard(number, columns)

    def _file(self, texts: Sequence[str] = ()) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path, memory_map=False, pre_buffer=False, read_dictionary=list(texts))

    def moved(self, path: Path) -> Sharded:
        """Return the same table where its file stands now."""
        return Sharded(path)


class ShardWriter:
    """Writes shards into one file; its bytes depend on the shards and the header alone.

    Parameters
    ----------
    path : Path
        A file that is not there.
    kind : str
        What the table is.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def add(self, rows: pa.Table) -> None:
        """Append one shard; a column without any value so far takes the first shard's type.

        Raises
        ------
        DataError
            If a column's type is not that of the shards before.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        plain = rows.replace_schema_metadata(None)
        if self._writer is None:
            self._schema = pa.schema([_stored(field) for field in plain.schema])
            self._writer = pq.ParquetWriter(self._path, self._schema, **layout(self._schema))
        try:
            self._writer.write_table(plain.cast(self._schema), row_group_size=max(1, len(plain)))
        except (pa.ArrowException, ValueError) as error:
            raise DataError(
                f"{self._kind} has a column of several types ({' '.join(str(error).split())[:200]})",
                expected="one type in each column, and the same columns for all tickers",
                remedy="Correct the column at the source.",
            ) from error

    def done(self, header: Mapping[str, Any]) -> Sharded:
        """Return the finished table under ``header``."""
        if self._writer is None:
            raise DataError(f"{self._kind} has no rows", expected="at least one")
        self._writer.add_key_value_metadata({KEY: head(self._kind, header)})
        self.__exit__()
        return Sharded(self._path)


def _stored(field: pa.Field) -> pa.Field:
    import pyarrow as pa

    text = pa.types.is_null(field.type) or pa.types.is_large_string(field.type)
    return field.with_type(pa.string()) if text or pa.types.is_dictionary(field.type) else field


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow rows without its index."""
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)


def with_header(table: Sharded, header: Mapping[str, Any], path: Path) -> Sharded:
    """Return the same rows under another header, in another file."""
    with ShardWriter(path, table.kind) as writer:
        for number in range(table.shards):
            writer.add(table.arrow(number))
        return writer.done(header)


class Scratch:
    """A folder for files on their way, made when the first is asked for and removed at the end.

    Parameters
    ----------
    home : Path or None
        Where it is made; None: the system's place for temporary files.
    prefix : str
        Beginning of its name.
    """

    def __init__(self, home: Path | None = None, prefix: str = "afterclose-") -> None:
        self._home, self._prefix = home, prefix
        self._folder: Path | None = None

    def path(self, name: str) -> Path:
        """Return a path of that name in the folder."""
        if self._folder is None:
            if self._home is not None:
                self._home.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._home))
        return self._folder / name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


@dataclass(frozen=True)
class Recent:
    """Artifacts by the SHA-256 of their bytes."""

    _held: dict[str, Artifact] = field(default_factory=dict)

    def keep(self, digest: str, artifact: Artifact) -> None:
        """Remember what the bytes with this digest say."""
        if not isinstance(artifact, Table) or artifact.rows <= PARQUET_ABOVE_ROWS:
            self._held[digest] = artifact

    def get(self, digest: str) -> Artifact | None:
        """Return the artifact of these bytes if this process made it."""
        return self._held.get(digest)
