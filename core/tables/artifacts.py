"""What a stage makes, in memory: tables, documents and texts, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.fingerprint import sha256, sha256_file
from core.tables.stored import StoredRows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of one kind with header fields. A table is its parts, each of whole tickers; a small one has one part.

    Parameters
    ----------
    kind : str
        The name without ending, such as ``prices_raw``.
    content : pandas.DataFrame or StoredRows
        One row per (date, ticker): in memory (default index; missing values are NaN, NaT or None), or in a
        Parquet file.
    header : mapping
        Further JSON fields that stand before the columns.
    """

    kind: str
    content: pd.DataFrame | StoredRows
    header: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def stored_at(cls, path: Path) -> Table:
        """Return the table in a Parquet file; its rows stay there.

        Raises
        ------
        DataError
            If the file is no table of this pipeline.
        """
        rows = StoredRows(path)
        return cls(rows.kind, rows, rows.header)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.content.rows if isinstance(self.content, StoredRows) else len(self.content)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(map(str, self.content.columns))

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return self.content.parts if isinstance(self.content, StoredRows) else 1

    @property
    def stored(self) -> Path | None:
        """The Parquet file that holds the table already, None for a table in memory."""
        return self.content.path if isinstance(self.content, StoredRows) else None

    @property
    def frame(self) -> pd.DataFrame:
        """All rows, by date and ticker where they are stored: as much memory as they take."""
        return self.content.frame if isinstance(self.content, StoredRows) else self.content

    def part(self, number: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows of some whole tickers, all columns or those named.

        In memory: all rows in their order. Stored: by ticker and date, with text as categories. A function of
        parts therefore depends neither on the order of rows nor on how text is held.
        """
        if isinstance(self.content, StoredRows):
            return self.content.part(number, columns)
        return self.content if columns is None else self.content[list(columns)]

    def __getitem__(self, name: str) -> pd.Series:
        """Return one column: in the order of :attr:`content` in memory, else part after part, tickers as categories."""
        return self.content.column(name) if isinstance(self.content, StoredRows) else self.content[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a column of that name."""
        return name in self.columns

    def each(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the parts in order."""
        for number in range(self.parts):
            yield self.part(number, columns)


@dataclass(frozen=True)
class Document:
    """One JSON object; ``body`` excludes ``format`` and ``kind``."""

    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """A text file such as ``report.txt``."""

    kind: str
    text: str
    suffix: str = ".txt"


Artifact = Table | Document | Text
"""What a stage makes."""


@dataclass(frozen=True)
class Encoded:
    """An artifact as bytes: file name, format (``json``, ``parquet``, ``txt``, ``html``), rows or None.

    A large table's bytes are in the file ``path`` instead of in ``data``.
    """

    filename: str
    kind: str
    format: str
    data: bytes
    rows: int | None
    path: Path | None = None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, wherever they are."""
        return sha256_file(self.path) if self.path else sha256(self.data)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self.path.stat().st_size if self.path else len(self.data)
