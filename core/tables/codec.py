"""Artifacts in memory and as bytes: tables, documents and texts, readable and exact.

Encoding is a pure function of the content: the same table gives the same bytes in every process,
locale and time zone. A float is written in its shortest exact form and reads back bit-equal; a
missing value is ``null``; an infinity is refused. pandas is imported only when a table is handled.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from core import columns as col
from core.errors import DataError
from core.tables import limits
from core.tables.artifacts import Artifact, Document, Encoded, Table, Text
from core.tables.parquet import ENVELOPE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


_ROWS_AT_ONCE = 8_192
"""Rows whose cells are objects in memory together: of a whole table they would take ten times its bytes."""

_BETWEEN = b"],["
"""Between two rows as they are written together."""

_AS_THEY_ARE = frozenset({str, date, type(None)})
"""Types whose values the encoder writes as they are, days by ISO."""


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking through millions of cells that are all still wanted."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_collection()
def encode(artifact: Artifact) -> Encoded:
    """Return ``artifact`` as bytes.

    Raises
    ------
    DataError
        If a value is infinite, or a document holds NaN.
    """
    if isinstance(artifact, Text):
        suffix = artifact.suffix
        return Encoded(artifact.kind + suffix, artifact.kind, suffix[1:], artifact.text.encode(), None)
    if isinstance(artifact, Document):
        return Encoded(f"{artifact.kind}.json", artifact.kind, "json", _document(artifact), None)
    rows = artifact.rows
    if artifact.stored is not None or rows > limits.PARQUET_ABOVE_ROWS:
        data = b"" if artifact.stored else _parquet(artifact)
        return Encoded(f"{artifact.kind}.parquet", artifact.kind, "parquet", data, rows, artifact.stored)
    return Encoded(f"{artifact.kind}.json", artifact.kind, "json", _json_table(artifact), rows)


def _parquet(table: Table) -> bytes:
    """Return a table in memory as the bytes of a Parquet file."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.tables.parquet import KEY, by_ticker, head, layout

    _refuse_non_finite(table.kind, table.header)
    frame, ends = by_ticker(table.frame)
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    rows = rows.replace_schema_metadata({KEY: head(table.kind, table.header)})
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, rows.schema, **layout(rows.schema)) as writer:
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            writer.write_table(rows.slice(start, end - start), row_group_size=max(1, end - start))
    return buffer.getvalue()


def _document(document: Document) -> bytes:
    _refuse_non_finite(document.kind, document.body)
    whole = {"format": limits.FORMAT, "kind": document.kind, **document.body}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _refuse_non_finite(kind: str, body: Mapping[str, Any]) -> None:
    # orjson would turn NaN into null without a word; the standard encoder can be told to refuse.
    try:
        json.dumps(body, allow_nan=False)
    except ValueError as error:
        raise DataError(
            f"{kind} holds NaN or an infinity", expected="finite numbers, or null with a reason"
        ) from error


def _json_table(table: Table) -> bytes:
    head = {"format": limits.FORMAT, "kind": table.kind, **table.header}
    head["columns"] = [str(name) for name in table.frame.columns]
    _refuse_non_finite(table.kind, head)
    columns = [_json_values(table, str(name)) for name in table.frame.columns]
    starts = range(0, len(table.frame), _ROWS_AT_ONCE)
    lines = [_lines([values(slice(n, n + _ROWS_AT_ONCE)) for values in columns]) for n in starts]
    opening = orjson.dumps(head)[:-1] + b',"rows":[\n'
    return b"".join((opening, b",\n".join(lines), b"\n" if lines else b"", b"]}\n"))


def _lines(columns: Sequence[list[Any]]) -> bytes:
    """Return rows as one array in a line each; at least one row."""
    rows = list(zip(*columns, strict=True))
    together = orjson.dumps(rows)[1:-1]
    if together.count(_BETWEEN) == len(rows) - 1:
        return together.replace(_BETWEEN, b"],\n[")
    return b",\n".join(map(orjson.dumps, rows))  # a text of the table's own has the same signs


def judge_cells(table: Table) -> None:
    """Raise whatever writing the texts of a table would: code of others may give cells of any kind."""
    for name in table.frame.columns:
        if table.frame[name].dtype.kind == "O":
            orjson.dumps(_json_values(table, str(name))(slice(None)))


def _json_values(table: Table, name: str) -> Callable[[slice], list[Any]]:
    """Return what gives the JSON values of a column's rows: ISO dates, floats with NaN (written null), ints, text."""
    import numpy as np

    values = table.frame[name]
    kind = values.dtype.kind
    if kind == "f":
        return _numbers(table.kind, name, values.to_numpy())
    if kind in "iub":
        whole = values.to_numpy()
        return lambda rows: whole[rows].tolist()
    days = values.to_numpy("datetime64[D]") if kind == "M" else None
    cells: list[Any] = (values if days is None else days).tolist()
    if set(map(type, cells)) <= _AS_THEY_ARE:
        return lambda rows: cells[rows]
    if days is not None:  # of years that no calendar has
        return lambda rows: [None if d == "NaT" else d for d in np.datetime_as_string(days[rows]).tolist()]
    return lambda rows: [_cell(table.kind, name, value) for value in cells[rows]]


def _numbers(kind: str, name: str, values: np.ndarray) -> Callable[[slice], list[Any]]:
    import numpy as np

    if np.isinf(values).any():
        raise DataError(f"{kind}.{name} holds an infinity", expected="finite numbers or null")
    present = values[~np.isnan(values)]
    fits = (present >= -(2.0**63)) & (present < 2.0**64)  # what the encoder writes as a whole number
    if name in col.WHOLE and (fits & (present == np.floor(present))).all():
        return lambda rows: [None if value != value else int(value) for value in values[rows].tolist()]
    return lambda rows: values[rows].tolist()


def _cell(kind: str, name: str, value: Any) -> Any:
    """Return one value of an object column: numbers stay, missing is None, the rest is text."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise DataError(f"{kind}.{name} holds an infinity", expected="finite numbers or null")
    return value if isinstance(value, bool | int | float) else str(value)


@_without_collection()
def decode(data: bytes, name: str) -> Artifact:
    """Return the artifact in ``data``.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    name : str
        The file's name, for messages and for the format (``.parquet``, else JSON).

    Raises
    ------
    DataError
        Naming the file and what is wrong: not JSON, NaN, another format number, a table whose rows
        do not fit its columns, a value of the wrong type.
    """
    if name.endswith(".parquet") or data[:4] == b"PAR1":
        return _parquet_table(data, name)
    body = _json_object(data, name)
    kind = body.get("kind")
    if body.get("format") != limits.FORMAT or not isinstance(kind, str):
        raise DataError(
            f"{name} begins with format {body.get('format')!r} and kind {kind!r}",
            expected=f"format {limits.FORMAT} and a kind, as every artifact of this pipeline begins",
        )
    if "columns" not in body:
        return Document(kind, {k: v for k, v in body.items() if k not in ("format", "kind")})
    return _read_table(body, name)


def _parquet_table(data: bytes, name: str) -> Table:
    """Return the table in the bytes of a Parquet file, its rows by date and ticker."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.tables.parquet import by_date, frame_of, metadata_header, unreadable

    try:
        arrow = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise unreadable(name, error) from error
    kind, header = metadata_header(arrow.schema.metadata, name)
    frame = by_date(frame_of(arrow))
    if col.ROW_FLAGS in frame and frame[col.ROW_FLAGS].isna().all():
        frame = frame.drop(columns=col.ROW_FLAGS)  # as StoredRows has it
    return Table(kind, frame, header)


def _json_object(data: bytes, name: str) -> dict[str, Any]:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DataError(
            f"{name} is not readable JSON ({error})",
            expected="a complete JSON file without NaN or Infinity",
            remedy="Make it again with the stage that writes it.",
        ) from error
    if not isinstance(body, dict):
        raise DataError(f"{name} holds a {type(body).__name__}", expected="a JSON object")
    return body


def _read_table(body: dict[str, Any], name: str) -> Table:
    import pandas as pd

    names, rows = body.get("columns"), body.get("rows")
    if (
        not isinstance(names, list)
        or not all(isinstance(n, str) for n in names)
        or len(set(names)) != len(names)
    ):
        raise DataError(f"{name} has columns {names!r}", expected="a list of distinct column names")
    if not isinstance(rows, list):
        raise DataError(f"{name} has rows of type {type(rows).__name__}", expected="a list of row arrays")
    _check_widths(rows, len(names), name)
    lists = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    raw = body["kind"] == "prices_raw"
    frame = pd.DataFrame(
        {column: _series(column, values, name, raw=raw) for column, values in zip(names, lists, strict=True)},
        columns=names,
    )
    return Table(body["kind"], frame, {k: v for k, v in body.items() if k not in ENVELOPE})


def _check_widths(rows: Iterable[Any], width: int, name: str) -> None:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != width:
            content = f"{len(row)} values" if isinstance(row, list) else type(row).__name__
            raise DataError(f"{name}, row {number} has {content}", expected=f"{width} values, one per column")


def _series(column: str, values: tuple[Any, ...], name: str, *, raw: bool) -> pd.Series:
    """Return a column with its proper type; a raw table keeps what it has for the gate to judge."""
    import pandas as pd

    if raw:
        return raw_series(values, text=column in (col.DATE, col.TICKER))
    try:
        if column == col.DATE:
            return _date_series(values)
        if column in col.TEXT:
            return _text_series(values)
        if column in col.FLAGS:
            return pd.Series(values, dtype=bool)
        types = {type(value) for value in values} - {type(None)}
        if types <= {int, float}:
            return pd.Series(values, dtype="float64")
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{name}, column {column}: {str(error).partition('. You might')[0]}",
            expected="values of the column's type",
        ) from error
    if column in (*col.PRICES, *col.FEATURES, *col.PREDICTIONS):
        names = sorted(kind.__name__ for kind in types)
        raise DataError(f"{name}, column {column} holds {', '.join(names)}", expected="numbers or null")
    return pd.Series(values, dtype=object)


def _date_series(values: tuple[Any, ...]) -> pd.Series:
    import pandas as pd

    if not all(value is None or isinstance(value, str) for value in values):
        raise TypeError("a date is not text")
    return pd.Series(pd.to_datetime(list(values), format="%Y-%m-%d")).astype("datetime64[s]")


def _text_series(values: tuple[Any, ...]) -> pd.Series:
    import pandas as pd

    if not all(isinstance(value, str) for value in values):
        raise TypeError("a ticker is not text")
    return pd.Series(values, dtype="str")


def raw_series(values: Iterable[Any], *, text: bool) -> pd.Series:
    """Return a column as it came: float64 when every value is a number, else objects.

    Parameters
    ----------
    values : iterable
        JSON values.
    text : bool
        True for a column that is text by nature (date, ticker): never made a number.
    """
    import pandas as pd

    items = list(values)
    if not text and {type(value) for value in items} <= {int, float, type(None)}:
        return pd.Series(items, dtype="float64")
    return pd.Series(items, dtype=object)
