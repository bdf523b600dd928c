"""The one writer of tables that are made part by part: in memory while they are small, else in a Parquet file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from core.errors import DataError
from core.tables import limits
from core.tables.artifacts import Table
from core.tables.parquet import KEY, by_date, head, layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa


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


class TableWriter:
    """Takes a table part by part; its bytes depend on the parts and the header alone.

    A single part that was not packed stays in memory as it is: a small table is written as one that was never
    cut. From the second part on, parts go to a file.

    Parameters
    ----------
    scratch : Scratch
        Where the file is made.
    kind : str
        What the table is.
    name : str
        Of the file, without ending; empty: the kind.
    """

    def __init__(self, scratch: Scratch, kind: str, name: str = "") -> None:
        self._scratch, self._kind, self._name = scratch, kind, name or kind
        self._alone: pd.DataFrame | None = None
        self._file: Any = None
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, rows: pd.DataFrame | pa.Table) -> None:
        """Append one part by ticker and date; a column without any value takes the first part's type.

        Parameters
        ----------
        rows : pandas.DataFrame or pyarrow.Table
            Packed (see :func:`packed`) where the table has several parts.

        Raises
        ------
        DataError
            If a column's type is not that of the parts before.
        """
        self._rows += len(rows)
        if self._file is None and self._alone is None and not _is_packed(rows):
            self._alone = rows
            return
        if self._alone is not None:
            alone, self._alone = self._alone, None
            self._append(arrow_of(alone))
        self._append(rows if _is_packed(rows) else arrow_of(rows))

    def _append(self, rows: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        bare = rows.replace_schema_metadata(None)
        if self._file is None:
            self._schema = pa.schema([_stored(field) for field in bare.schema])
            self._file = pq.ParquetWriter(self._path, self._schema, **layout(self._schema))
        try:
            self._file.write_table(bare.cast(self._schema), row_group_size=max(1, len(bare)))
        except (pa.ArrowException, ValueError) as error:
            raise DataError(
                f"{self._kind} has a column of several types ({' '.join(str(error).split())[:200]})",
                expected="one type in each column, and the same columns for all tickers",
                remedy="Correct the column at the source.",
            ) from error

    @property
    def _path(self) -> Path:
        return self._scratch.path(f"{self._name}.parquet")

    def done(self, header: Mapping[str, Any]) -> Table:
        """Return the finished table under ``header``, its rows by date and ticker where they are in memory.

        Raises
        ------
        DataError
            If no part came.
        """
        if self._alone is not None:
            return Table(self._kind, by_date(self._alone), dict(header))
        table = self.stored(header)
        small = self._rows <= limits.PARQUET_ABOVE_ROWS
        return Table(self._kind, table.frame, table.header) if small else table

    def stored(self, header: Mapping[str, Any]) -> Table:
        """Return the table of the parts in the file, however few rows they have.

        Raises
        ------
        DataError
            If no part is there.
        """
        if self._file is None:
            raise DataError(f"{self._kind} has no rows", expected="at least one")
        self._file.add_key_value_metadata({KEY: head(self._kind, header)})
        self.__exit__()
        return Table.stored_at(self._path)


def _is_packed(rows: pd.DataFrame | pa.Table) -> bool:
    return hasattr(rows, "replace_schema_metadata")


def _stored(field: pa.Field) -> pa.Field:
    import pyarrow as pa

    text = pa.types.is_null(field.type) or pa.types.is_large_string(field.type)
    return field.with_type(pa.string()) if text or pa.types.is_dictionary(field.type) else field


def packed(frame: pd.DataFrame, table: Table) -> pd.DataFrame | pa.Table:
    """Return rows made from a part of ``table`` as they travel to the writer: packed if there are other parts."""
    return frame if table.parts == 1 else arrow_of(frame)


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow rows without its index."""
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)


def with_header(table: Table, header: Mapping[str, Any], scratch: Scratch) -> Table:
    """Return the same rows under another header; stored ones in another file."""
    if table.stored is None:
        return Table(table.kind, table.frame, header)
    with TableWriter(scratch, table.kind, "with_header") as writer:
        for part in table.each():
            writer.add(arrow_of(part))
        return writer.done(header)
