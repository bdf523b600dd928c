"""Tables above the limit of JSON as Parquet: whole tickers in each row group, so that any few can be read.

Rows stand by ticker and date, and a row group holds as many whole tickers as fit :data:`core.tables.limits.PART_ROWS`:
a *part*. Where parts begin depends on the rows alone, never on how many processes worked on them. Reading a
whole table gives its rows by date and ticker, as every other table has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from core import columns as col
from core.errors import DataError
from core.tables import limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    import pyarrow as pa

KEY = b"afterclose"
"""Where a file's metadata hold the fields that a JSON table begins with."""

ENVELOPE = ("format", "kind", "columns", "rows")
"""Fields of a table that are no part of its header."""


def layout(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are written: numbers as byte planes, all else by dictionary.

    Measured on 250,000 rows of features: 0.08 s and 22 MB, with pyarrow's own choice and zstd 0.53 s and
    26 MB, because distinct numbers fill its dictionaries before they are given up.
    """
    import pyarrow as pa

    numbers = [field.name for field in schema if pa.types.is_float64(field.type)]
    others = [field.name for field in schema if field.name not in numbers]
    return {
        "compression": "lz4",
        "use_dictionary": others or False,
        "use_byte_stream_split": numbers or False,
    }


def head(kind: str, header: Mapping[str, Any]) -> bytes:
    """Return the fields that stand under :data:`KEY`."""
    return orjson.dumps({"format": limits.FORMAT, "kind": kind, **header})


def by_ticker(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """Return the rows by ticker, and where each part ends; a table without tickers is one part."""
    import numpy as np
    import pandas as pd

    if col.TICKER not in frame:
        return frame, [len(frame)]
    codes = pd.factorize(frame[col.TICKER], sort=True)[0]
    order = np.argsort(codes, kind="stable")  # within a ticker rows keep the order that they came in
    _, counts = np.unique(codes, return_counts=True)
    return frame.iloc[order].reset_index(drop=True), part_ends(counts)


def part_ends(rows: Sequence[int] | np.ndarray) -> list[int]:
    """Return where parts end, from the rows of each ticker in order.

    >>> part_ends([100_000, 100_000, 100_000, 300_000, 1])
    [200000, 300000, 600000, 600001]
    """
    ends, inside, total = [], 0, 0
    for count in (int(count) for count in rows):
        if inside and inside + count > limits.PART_ROWS:
            ends.append(total)
            inside = 0
        inside += count
        total += count
    return [*ends, total]


def metadata_header(metadata: Mapping[bytes, bytes] | None, name: str) -> tuple[str, dict[str, Any]]:
    """Return kind and header fields from a file's metadata.

    Raises
    ------
    DataError
        Naming the file, if they are not there or of another format.
    """
    try:
        fields = orjson.loads((metadata or {})[KEY])
    except (KeyError, orjson.JSONDecodeError) as error:
        raise unreadable(name, error) from error
    if fields.get("format") != limits.FORMAT or not isinstance(fields.get("kind"), str):
        raise DataError(
            f"{name} has format {fields.get('format')!r}", expected=f"format {limits.FORMAT} and a kind"
        )
    return fields["kind"], {k: v for k, v in fields.items() if k not in ENVELOPE}


def unreadable(name: str, error: Exception) -> DataError:
    return DataError(
        f"{name} is not a readable table of this pipeline ({type(error).__name__})",
        expected="Parquet with the header under 'afterclose'",
    )


def frame_of(arrow: pa.Table) -> pd.DataFrame:
    """Return rows as a frame, dates in seconds as everywhere."""
    frame: pd.DataFrame = arrow.to_pandas(use_threads=False)
    if col.DATE in frame and frame[col.DATE].dtype.kind == "M":
        frame[col.DATE] = frame[col.DATE].astype("datetime64[s]")
    return frame


def by_date(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by date and ticker; rows of one ticker and date keep their order."""
    import numpy as np
    import pandas as pd

    if col.DATE not in frame or col.TICKER not in frame:
        return frame
    days, tickers = (pd.factorize(frame[name], sort=True)[0] for name in (col.DATE, col.TICKER))
    return frame.iloc[np.lexsort((tickers, days))].reset_index(drop=True)


def joined_frame(parts: list[pa.Table]) -> pd.DataFrame:
    """Return packed parts as one frame, tickers as categories in text order.

    The list is emptied on the way, column by column: no more than one column is in memory twice.
    """
    import pandas as pd
    import pyarrow as pa

    columns = {}
    for name in parts[0].column_names:
        whole = pa.concat_tables([part.select([name]) for part in parts]).unify_dictionaries()
        parts[:] = [part.drop_columns([name]) for part in parts]
        # of numpy's memory: a column that is taken out later is free at once, of Arrow's it would not be
        columns[name] = whole.to_pandas(use_threads=False)[name].copy()
        del whole
        pa.default_memory_pool().release_unused()  # else what was copied from stays with Arrow for a while
    parts.clear()
    frame = pd.DataFrame(columns, copy=False)
    return frame.astype({col.DATE: "datetime64[s]"}) if col.DATE in frame else frame
