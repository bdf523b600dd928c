"""One CSV file with prices, as a long table. EDGE.

Cells are taken as they are: what is not a number stays text and is judged by the gate, with its
value, rather than turned into a missing value here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core import columns as col
from core.errors import MissingFileError, ParameterError, SourceError, listed
from core.filedigest import digest_of_file
from core.fingerprint import sha256
from core.ingesting import ALONE, Context
from core.parameters import Value
from core.sources import Resolved
from core.sources.table import prices_table

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from core.artifacts import Table

MAX_BYTES = 2 * 1024**3
MAX_COLUMNS = 200
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-"]
"""Cells that mean "no value" in a numeric column; in the ticker column NA is a ticker."""

_SPELLINGS = {
    col.DATE: ("date", "day", "session", "timestamp", "datetime"),
    col.TICKER: ("ticker", "symbol", "name", "code", "instrument"),
    col.OPEN: ("open", "o"),
    col.HIGH: ("high", "h"),
    col.LOW: ("low", "l"),
    col.CLOSE: ("close", "c", "last"),
    col.ADJ_CLOSE: ("adj_close", "adjclose", "adjusted_close", "adj._close", "adjusted"),
    col.VOLUME: ("volume", "vol", "v"),
}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def label_of(name: str) -> str:
    """Return a file's stem as a short, safe label.

    >>> label_of("my prices (1).csv")
    'my-prices-1'
    """
    return _UNSAFE.sub("-", Path(name).stem).strip("-.")[:40] or "file"


class FilesSource:
    """A CSV file that a person names with ``--path``."""

    def resolve(self, request: Mapping[str, Value], tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return the file's digest and name; its tickers and dates are known when it is read."""
        del now  # a file does not move; rows from the future are for the gate
        path = _path(request)
        start, end = request.get("start"), request.get("end")
        return Resolved(
            tickers,
            str(start) if start else None,
            str(end) if end else None,
            digest_of_file(path),
            path.name,
            str(end) if end else label_of(path.name),
        )

    def read(
        self, parameters: Mapping[str, Value], tickers: tuple[str, ...], context: Context = ALONE
    ) -> Table:
        """Return the file's rows of ``tickers`` (all, when empty) from start to end."""
        del context  # read in one piece, and at once
        path = _path(parameters)
        data = path.read_bytes()
        digest = sha256(data)
        if digest != parameters["input_digest"]:
            raise SourceError(
                f"{path.name} changed while the run was starting",
                expected=f"SHA-256 {parameters['input_digest']}",
                remedy="Run again when nobody is writing to it.",
            )
        table = read_csv(data, path.name)
        kept = _chosen(table, parameters, tickers, path.name)
        return prices_table(kept, name="files", uri=f"file:{path.name}", digest=digest, price_basis="unknown")


def _path(request: Mapping[str, Value]) -> Path:
    given = request.get("path")
    if not given:
        raise ParameterError(
            "--source files came without --path", expected="--path FILE", remedy="Name the CSV file."
        )
    path = Path(str(given))
    if not path.is_file():
        raise MissingFileError.of(path, "price file")
    if path.stat().st_size > MAX_BYTES:
        raise ParameterError(
            f"{path.name} has {path.stat().st_size:,} bytes", expected=f"at most {MAX_BYTES:,}"
        )
    return path


def read_csv(data: bytes, name: str) -> pd.DataFrame:
    """Return a CSV's rows under our column names; dates and tickers as text, numbers exact.

    Raises
    ------
    SourceError
        If the bytes are not UTF-8, not a table, or name one column twice.
    """
    import pandas as pd

    try:
        header = data.split(b"\n", 1)[0].decode("utf-8-sig").strip("\r")
        names = _renamed(header.split(","), name)
        frame = pd.read_csv(
            io.BytesIO(data),
            encoding="utf-8-sig",
            header=0,
            names=names,
            index_col=False,
            dtype={col.DATE: str, col.TICKER: str},
            keep_default_na=False,
            na_values={c: MISSING for c in names if c not in (col.DATE, col.TICKER)},
            low_memory=False,
        )
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name} is not UTF-8 (byte {error.start})",
            expected="a UTF-8 text file",
            remedy="Save it as UTF-8.",
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise SourceError(
            f"{name} is not a readable CSV table ({' '.join(str(error).split())})",
            expected="a header line and one row per date and ticker, separated by commas",
        ) from error
    if col.TICKER not in frame:
        frame.insert(0, col.TICKER, Path(name).stem.upper())
    return frame


def _renamed(header: list[str], name: str) -> list[str]:
    """Return our names for a header's columns; unknown ones are lower-cased and kept."""
    if len(header) > MAX_COLUMNS:
        raise SourceError(f"{name} has {len(header):,} columns", expected=f"at most {MAX_COLUMNS}")
    ours = {spelling: column for column, all_of in _SPELLINGS.items() for spelling in all_of}
    plain = [re.sub(r"\s+", "_", column.strip().strip('"').lower()) for column in header]
    names = [ours.get(column, column or f"column_{i}") for i, column in enumerate(plain, start=1)]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise SourceError(
            f"{name} has more than one column for {', '.join(twice)}", expected="each column once"
        )
    return names


def _chosen(
    frame: pd.DataFrame, parameters: Mapping[str, Value], tickers: tuple[str, ...], name: str
) -> pd.DataFrame:
    have = sorted(set(frame[col.TICKER].astype(str).str.strip()))
    absent = [t for t in tickers if t not in have]
    if absent:
        raise SourceError(
            f"{name} has no rows of {listed(absent)}",
            expected=f"any of {listed(have)}",
            remedy="Check --tickers.",
        )
    if tickers:
        frame = frame[frame[col.TICKER].astype(str).str.strip().isin(tickers)]
    start, end = parameters.get("start"), parameters.get("end")
    if not len(frame) or col.DATE not in frame or not (start or end):
        return frame
    days = frame[col.DATE].astype(str).str.slice(0, 10)
    kept = frame[((days >= str(start)) | (not start)) & ((days <= str(end)) | (not end))]
    if not len(kept):
        raise SourceError(
            f"{name} has no rows from {start or 'its start'} to {end or 'its end'}",
            expected=f"a range that meets what it has: {days.min()} to {days.max()}",
            remedy="Widen --start and --end, or leave them out.",
        )
    return kept


SOURCE = FilesSource()
