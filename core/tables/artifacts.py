"""What a stage makes, in memory: tables, documents and texts, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.fingerprint import sha256, sha256_file

if TYPE_CHECKING:
    import pandas as pd


FORMAT = 1


PARQUET_ABOVE_ROWS = 250_000
"""Larger tables are Parquet: JSON of 1M rows takes 3 to 10 s, Parquet 0.5 s (measured)."""


@dataclass(frozen=True)
class Table:
    """Rows of one kind with header fields.

    Parameters
    ----------
    kind : str
        The name without ending, such as ``prices_raw``.
    frame : pandas.DataFrame
        One row per (date, ticker), default index. Missing values are NaN, NaT or None.
    header : mapping
        Further JSON fields that stand before the columns.
    """

    kind: str
    frame: pd.DataFrame
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    @property
    def stored(self) -> Path | None:
        """The Parquet file that holds the table already, None for a table in memory."""
        return None


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
