"""What an Arrow table may come to in memory: a few kilobytes of a file can stand for terabytes of cells.

A dictionary, a run of equal values, a prefix that is shared, views of one text, a list in a cell: each lets one stored
value stand for millions. So the kinds of columns are judged before anything is read, and texts by their summed length
before they are written out.
"""

from __future__ import annotations

from typing import Any

from core.errors import SourceError
from core.sources.tabular.options import too_many

MOST_WIDE = 64
"""Bytes of a cell of fixed width: decimals take 32, an identifier 16."""


def judge_kinds(schema: Any, name: str) -> None:
    """Refuse a schema with columns whose cells are lists, structures, maps or unions, or wide blocks of bytes.

    Raises
    ------
    SourceError
        Naming the column.
    """
    import pyarrow as pa

    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        wide = pa.types.is_fixed_size_binary(kind) and kind.byte_width > MOST_WIDE
        if pa.types.is_nested(kind) or pa.types.is_run_end_encoded(kind) or wide:
            raise SourceError(
                f"{name} has the column {field.name[:60]} of {str(field.type)[:60]}, which is no column of a table",
                expected="numbers, texts, dates or truth values in every column",
                remedy="Leave the column out, or write its values as columns of their own.",
            )


def text_columns(schema: Any) -> list[str]:
    """Return the names of the columns of texts, which are read as codes until their length is known."""
    import pyarrow as pa

    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return [field.name for field in schema if any(is_kind(field.type) for is_kind in kinds)]


def judge_table(table: Any, name: str, most: int) -> Any:
    """Return an Arrow table (or batch) that is sound, and whose texts written out take at most ``most`` bytes.

    Raises
    ------
    SourceError
        If they take more.
    pyarrow.ArrowInvalid
        If lengths or offsets point outside, or a text is no UTF-8.
    """
    table.validate(full=True)
    total = sum(
        _text_bytes(chunk) for column in table.columns for chunk in getattr(column, "chunks", [column])
    )
    if total > most:
        raise too_many(name, "bytes of text when unpacked", total, most)
    return table


def damaged(name: str, kind: str, error: Exception) -> SourceError:
    """Return the refusal of a file that the library cannot read, in its words as far as there is room."""
    return SourceError(
        f"{name} is a damaged {kind} file ({' '.join(str(error).split())[:200]})",
        expected="a whole one",
        remedy="Write or fetch it again.",
    )


def _text_bytes(chunk: Any) -> int:
    """Return the bytes of an array's texts, each counted as often as it stands; 0 for other kinds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = pa.types.is_dictionary(chunk.type)
    values = chunk.dictionary if coded else chunk
    if pa.types.is_string_view(values.type) or pa.types.is_binary_view(values.type):
        return int(sum(len(text.as_buffer()) for text in values if text.is_valid))
    if not (
        pa.types.is_string(values.type)
        or pa.types.is_large_string(values.type)
        or pa.types.is_binary(values.type)
        or pa.types.is_large_binary(values.type)
    ):
        return 0
    lengths = pc.cast(pc.binary_length(values), pa.int64())
    return int(pc.sum(pc.take(lengths, chunk.indices) if coded else lengths).as_py() or 0)
