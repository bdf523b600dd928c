"""Rows in a Parquet file that :class:`core.tables.writer.TableWriter` made, read part by part."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.tables.parquet import by_date, frame_of, joined_frame, metadata_header, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray


class StoredRows:
    """The rows of a table that stays on disk.

    A column of flags without any flag is no column: parts are written before the last of them is known.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    kind, header
        As the file's metadata have them.
    rows, parts : int
    columns : tuple of str

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
            raise unreadable(path.name, error) from error
        self.path = path
        self.kind, self.header = metadata_header(footer.metadata, path.name)
        self.rows, self.parts = footer.num_rows, footer.num_row_groups
        schema = footer.schema.to_arrow_schema()
        empty = (
            {col.ROW_FLAGS} if col.ROW_FLAGS in schema.names and _is_empty(footer, col.ROW_FLAGS) else set()
        )
        self.columns = tuple(name for name in schema.names if name not in empty)
        self._texts = [
            name for name in (col.DATE, col.TICKER) if name in schema.names and _is_text(schema, name)
        ]

        self._dtypes = {field.name: "float64" for field in schema if pa.types.is_float64(field.type)}
        if col.DATE in schema.names and pa.types.is_timestamp(schema.field(col.DATE).type):
            self._dtypes[col.DATE] = "datetime64[s]"

    def __reduce__(self) -> tuple[type[StoredRows], tuple[Path]]:
        """Travel to another process as the path alone."""
        return StoredRows, (self.path,)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows by date and ticker: as much memory as they take."""
        return by_date(frame_of(self._file().read(columns=list(self.columns), use_threads=False)))

    def column(self, name: str) -> pd.Series:
        """Return one column, part after part; tickers as categories."""
        import numpy as np

        file = self._file(self._texts)
        parts = (
            file.read_row_group(number, columns=[name], use_threads=False) for number in range(self.parts)
        )
        if name in self._dtypes:
            return _one_after_the_other(parts, name, np.empty(self.rows, dtype=self._dtypes[name]))
        return joined_frame(list(parts))[name]

    def part(self, number: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return one part by ticker and date; dates and tickers that are text as categories."""
        return frame_of(self.arrow(number, columns))

    def arrow(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one part as it is stored, texts of date and ticker as dictionaries."""
        file = self._file(self._texts)
        return file.read_row_group(number, columns=list(columns or self.columns), use_threads=False)

    def _file(self, texts: Sequence[str] = ()) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path, memory_map=False, pre_buffer=False, read_dictionary=list(texts))


def _one_after_the_other(parts: Iterable[pa.Table], name: str, values: NDArray[Any]) -> pd.Series:
    """Fill a column of numbers (null as NaN) or dates: no more than one part of it is in memory twice."""
    import pandas as pd

    start = 0
    for part in parts:
        own = part[name].to_numpy()
        values[start : start + len(own)] = own
        start += len(own)
    return pd.Series(values, name=name, copy=False)


def _is_text(schema: pa.Schema, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(schema.field(name).type))


def _is_empty(footer: Any, name: str) -> bool:
    """Return whether a column has no value, by the counts in the footer."""
    place = footer.schema.names.index(name)
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    return all(
        (statistics := group.column(place).statistics) is not None and statistics.null_count == group.num_rows
        for group in groups
    )
