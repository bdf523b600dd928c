"""A text file that grew at its end: lines read before come from the earlier checkpoint, the new ones are read.

The result has the same bytes as reading all of it. That rests on what is proved of each part: the reader attests
that nothing of a file was decided by its rows together (:func:`is_plain`), the digest that the bytes before the new
lines are those which were read, and the new lines, read under the same header, show nothing else. Whatever is in
doubt gives None, and all is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import AftercloseError
from core.fingerprint import sha256
from core.sources.context import EarlierFile
from core.sources.table import arranged, finite
from core.sources.tabular.layout import names_date_and_prices
from core.sources.tabular.options import CANONICAL, MAX_ROWS, TableRead
from core.sources.tabular.rowlines import MOST_BYTES_ON_RECORD

if TYPE_CHECKING:
    import pandas as pd

LEAST_BYTES = MOST_BYTES_ON_RECORD + 1
"""Smaller files are read in a second, and their lines go on record; what samples rows sees the first of larger ones."""

MOST_NEW_SHARE = 0.25
"""With more new bytes than this share of all, reading all of them costs little more."""

_EXACT = 2.0**53
"""Below it a whole number is the same number whether it is read as an integer or not."""

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ODD_SIGNS = b'"#\0'
_HEADER_BYTES = 4096


def header_line(data: bytes) -> bytes | None:
    r"""Return the first line with its end, None where the table does not begin with a plain header of prices.

    >>> header_line(b"date,ticker,close\n2024-07-01,ZQX,5\n")
    b'date,ticker,close\n'
    """
    end = data.find(b"\n", 0, _HEADER_BYTES) + 1
    line = data[:end]
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not end or "\r" in text.removesuffix("\r\n"):
        return None
    cells = next(csv.reader([text]), [])
    wrapped = text.startswith('"') and text.count('"') == 2
    return line if len(cells) > 1 and not wrapped and names_date_and_prices(cells) else None


def is_plain(data: bytes, read: TableRead) -> bool:
    """Return whether each row was read by itself, so that rows behind it change none of its values.

    Parameters
    ----------
    data : bytes
        The file's.
    read : TableRead
        What was read of it; ``by_row`` says that its numbers were plain ones in every cell.
    """
    return (
        read.by_row
        and read.facts == CANONICAL
        and data.endswith(b"\n")
        and not data[-3:].removesuffix(b"\n").removesuffix(b"\r")[-1:].isspace()
        and header_line(data) is not None
        and set(read.frame.columns) <= set(col.PRICES)
        and {col.DATE, col.TICKER} <= set(read.frame.columns)
        and all(_is_exact(read.frame[name]) for name in read.frame if name not in (col.DATE, col.TICKER))
    )


def _is_exact(values: pd.Series) -> bool:
    numbers = finite(values)
    return numbers is not None and not (np.abs(numbers.to_numpy()) >= _EXACT).any()


@dataclass(frozen=True)
class Growth:
    """All rows of a file that grew, by date and ticker.

    Parameters
    ----------
    frame : pandas.DataFrame
        Dates and tickers as text, numbers as float64.
    tickers : mapping
        Rows, first and last date and outcome by ticker.
    adjusted : str
        Where the adjusted close is from.
    new_lines : int
        Rows that were read now.
    earlier : EarlierFile
        Whence the others are.
    """

    frame: pd.DataFrame
    tickers: Mapping[str, Any]
    adjusted: str
    new_lines: int
    earlier: EarlierFile

    def record(self) -> dict[str, Any]:
        """Return what was read and what was copied, as JSON values."""
        return {"new_lines": self.new_lines, "earlier_rows": self.earlier.rows, "earlier": self.earlier.key}


def grown_later(data: bytes) -> dict[str, Any]:
    """Return what the meta says of a plain file, so that it is known again when it has grown."""
    return {"plain_bytes": len(data)}


def growth_of(data: bytes, files: Iterable[EarlierFile], read: Callable[[bytes], TableRead]) -> Growth | None:
    """Return the rows of a file that grew, None if none of ``files`` is its beginning or anything is in doubt.

    Parameters
    ----------
    data : bytes
        The file's, unpacked or not: a packed one has no line of a header.
    files : iterable of EarlierFile
        Read with the same settings.
    read : callable
        Reads bytes as a table.
    """
    if len(data) < LEAST_BYTES or header_line(data) is None:
        return None
    for file in files:
        new = len(data) - file.size
        if not 0 < new <= MOST_NEW_SHARE * len(data) or sha256(data[: file.size]) != file.sha256:
            continue
        rows = new_rows(data, file.size, read)
        return None if rows is None else joined(file, rows)
    return None


def new_rows(data: bytes, size: int, read: Callable[[bytes], TableRead]) -> pd.DataFrame | None:
    """Return the rows behind the first ``size`` bytes, dates as ISO text; None if all must be read together."""
    head, tail = header_line(data), data[size:]
    if head is None or data[size - 1 : size] != b"\n" or any(sign in tail for sign in _ODD_SIGNS):
        return None
    content = head + tail
    try:
        table = read(content)
    except AftercloseError:
        return None  # said of the whole file, with its lines
    marks = head.count(b",")
    even = all(line.count(b",") == marks for line in tail.splitlines())
    if not even or b"\r" in tail.replace(b"\r\n", b"") or not is_plain(content, table):
        return None
    days = table.frame[col.DATE]
    if not all(isinstance(day, str) and _ISO_DAY.fullmatch(day) for day in days.unique()):
        return None
    tickers = table.frame[col.TICKER].unique()
    return table.frame if all(isinstance(ticker, str) and ticker for ticker in tickers) else None


def joined(file: EarlierFile, rows: pd.DataFrame) -> Growth | None:
    """Return the rows of the checkpoint and the new ones, None if they do not fit each other or it is damaged.

    Rows of one date and ticker keep the file's order: those of the checkpoint come first.

    Parameters
    ----------
    rows : pandas.DataFrame
        The new ones.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.tables.parquet import metadata_header

    frame, adjusted = arranged(rows)
    try:
        path = file.table()
        before = pq.read_table(
            path, read_dictionary=[col.DATE, col.TICKER], use_threads=False, memory_map=False
        )
        _, header = metadata_header(before.schema.metadata, path.name)
    except (AftercloseError, pa.ArrowException, OSError):
        return None  # a damaged checkpoint is nothing to copy from
    numbers = [name for name in frame.columns if name not in (col.DATE, col.TICKER)]
    fits = (
        before.column_names == list(frame.columns)
        and header.get("adjusted_close") == adjusted
        and before.num_rows == file.rows
        and file.rows + len(frame) < MAX_ROWS
        and all(pa.types.is_float64(before.schema.field(name).type) for name in numbers)
    )
    if not fits:
        return None
    days, day = _codes(before, frame, col.DATE)
    tickers, ticker = _codes(before, frame, col.TICKER)
    if not all(isinstance(text, str) and _ISO_DAY.fullmatch(text) for text in days):
        return None
    order = np.argsort(day * len(tickers) + ticker, kind="stable")
    day, ticker = day[order], ticker[order]
    columns: dict[str, Any] = {col.DATE: pd.Series(days[day], dtype=object)}
    columns[col.TICKER] = pd.Series(tickers[ticker], dtype=object)
    for name in numbers:
        old, new = before.column(name).to_numpy(), frame[name].to_numpy("float64")
        columns[name] = np.concatenate([old, new])[order]
    whole = pd.DataFrame(columns, columns=frame.columns, copy=False)
    return Growth(whole, _ranges(day, ticker, days, tickers), adjusted, len(frame), file)


def _ranges(day: np.ndarray, ticker: np.ndarray, days: np.ndarray, tickers: np.ndarray) -> dict[str, Any]:
    """Return rows, first and last date and outcome per ticker, as :func:`core.sources.table.ranges` does."""
    counts = np.bincount(ticker, minlength=len(tickers))
    first, last = np.zeros(len(tickers), dtype=int), np.zeros(len(tickers), dtype=int)
    last[ticker] = day  # the rows stand by date, and of several the last one stays
    first[ticker[::-1]] = day[::-1]
    return {
        str(tickers[n]): {
            "rows": int(counts[n]),
            "first": str(days[first[n]]),
            "last": str(days[last[n]]),
            "outcome": "ok",
        }
        for n in range(len(tickers))
    }


def _codes(before: Any, frame: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct texts of a column, ascending, and the place of each row's among them, -1 nowhere."""
    old = before.column(name).unify_dictionaries().combine_chunks()
    if hasattr(old, "chunks"):
        old = old.chunk(0)
    words = old.dictionary.to_numpy(zero_copy_only=False)
    new = frame[name].to_numpy(object)
    texts = np.array(sorted({*words.tolist(), *new.tolist()} - {None}), dtype=object)
    place = {text: number for number, text in enumerate(texts)}
    translated = np.array([place[word] for word in words], dtype=np.int64)
    if old.null_count:
        return np.array([None], dtype=object), np.zeros(len(old) + len(new), dtype=np.int64)
    codes = translated[old.indices.to_numpy(zero_copy_only=False)]
    return texts, np.concatenate([codes, np.array([place[text] for text in new], dtype=np.int64)])
