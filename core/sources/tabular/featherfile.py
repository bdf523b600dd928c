"""A Feather (Arrow) file's bytes as Parquet's, which are read in one way; what it would unpack to is judged first."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from core.sources.tabular.arrowbounds import damaged, judge_kinds, judge_table
from core.sources.tabular.options import MAX_BYTES, MAX_CELLS, MAX_TEXT, MAX_WIDE_COLUMNS, too_many

_MAGIC_BYTES = 8
"""``ARROW1`` and two zeros; a stream of messages follows."""

_HEADER, _BATCH_OF_DICTIONARY, _BUFFERS, _COMPRESSION = 2, 1, 2, 3
"""Places of fields in Arrow's tables Message, DictionaryBatch and RecordBatch (format/Message.fbs)."""


def as_parquet(data: bytes, name: str) -> bytes:
    """Return a Feather file's bytes as Parquet's.

    Raises
    ------
    SourceError
        If the file is damaged, or larger than the cap when unpacked.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    buffer = io.BytesIO()
    try:
        size = sum(_sizes(data)) if data.startswith(b"ARROW1") else len(data)
        if size > MAX_BYTES:
            raise too_many(name, "bytes when unpacked", size, MAX_BYTES)
        schema = _schema(data)
        if len(schema) > MAX_WIDE_COLUMNS:
            raise too_many(name, "columns", len(schema), MAX_WIDE_COLUMNS)
        judge_kinds(schema, name)
        table = feather.read_table(io.BytesIO(data))
        # lengths and offsets are taken as the file says them; one that points outside would end the process
        if table.num_rows * table.num_columns > MAX_CELLS:  # a column of nulls has no bytes in the file
            raise too_many(name, "cells", table.num_rows * table.num_columns, MAX_CELLS)
        pq.write_table(judge_table(table, name, MAX_TEXT), buffer)
    except (pa.ArrowException, OSError, ValueError, struct.error, IndexError) as error:
        raise damaged(name, "Feather", error) from error
    return buffer.getvalue()


def _schema(data: bytes) -> Any:
    import pyarrow as pa
    from pyarrow import feather

    if data.startswith(b"ARROW1"):
        return pa.ipc.open_file(pa.py_buffer(data)).schema
    return feather.read_table(io.BytesIO(data), columns=[]).schema  # its first version has no nested columns


def _sizes(data: bytes) -> Iterator[int]:
    """Yield the bytes of each buffer when unpacked, as its first eight bytes say; nothing is unpacked."""
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(pa.py_buffer(data)[_MAGIC_BYTES:]):
        if message.type not in ("record batch", "dictionary batch"):
            continue
        table = _Table(message.metadata.to_pybytes())
        batch = table.child(_HEADER)
        batch = batch.child(_BATCH_OF_DICTIONARY) if message.type == "dictionary batch" else batch
        body: Any = message.body
        for offset, length in batch.pairs(_BUFFERS):
            packed = length > 8 and batch.has(_COMPRESSION)
            yield (
                max(struct.unpack("<q", body[offset : offset + 8].to_pybytes())[0], length)
                if packed
                else length
            )


class _Table:
    """A table of a flat buffer: fields are found through its list of offsets."""

    def __init__(self, data: bytes, place: int | None = None) -> None:
        self._data = data
        self._place = self._number("<I", 0) if place is None else place

    def _number(self, form: str, at: int) -> int:
        number: int = struct.unpack_from(form, self._data, at)[0]
        return number

    def _field(self, number: int) -> int:
        """Return where what a field points to begins."""
        offsets = self._place - self._number("<i", self._place)
        at = self._place + self._number("<H", offsets + 4 + 2 * number)
        return at + self._number("<I", at)

    def has(self, number: int) -> bool:
        """Return whether a field is there."""
        offsets = self._place - self._number("<i", self._place)
        length = self._number("<H", offsets)
        return length > 4 + 2 * number and self._number("<H", offsets + 4 + 2 * number) != 0

    def child(self, number: int) -> _Table:
        """Return the table in a field."""
        return _Table(self._data, self._field(number))

    def pairs(self, number: int) -> Iterator[tuple[int, int]]:
        """Yield the pairs of 64-bit numbers in a field."""
        at = self._field(number)
        for i in range(self._number("<I", at)):
            yield self._number("<q", at + 4 + 16 * i), self._number("<q", at + 12 + 16 * i)
