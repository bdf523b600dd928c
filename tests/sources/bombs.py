"""Small files that stand for very large tables: each is refused in one message, in bounded memory and time."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

MEGABYTE = 1 << 20
SHEETS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _coded(text, rows):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "i4")), pa.array([text]))


def _prices(rows):
    return {
        "date": _coded("2022-01-03", rows),
        "ticker": _coded("A", rows),
        "close": pa.array(np.full(rows, 1.5)),
    }


def _columns(count, rows):
    same = pa.array(np.full(rows, 1.5))
    return {f"column {i}": same for i in range(count)}


def _parquet(columns, **options):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd", **options)
    return buffer.getvalue()


def _feather(columns):
    buffer = io.BytesIO()
    feather.write_feather(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def _gzipped(head, block, times):
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as stream:
        stream.write(head)
        for _ in range(times):
            stream.write(block)
    return buffer.getvalue()


def _lines(head, line, count):
    """A line as often as said, in some hundred blocks."""
    at_once = max(1, MEGABYTE // len(line))
    return _gzipped(head, line * at_once, count // at_once)


def _workbook(**parts):
    """A workbook of one row with parts of it replaced (``sheet``, ``texts``)."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "texts": "xl/sharedStrings.xml"}
    replaced = {names[part]: content for part, content in parts.items()}
    plain, buffer = io.BytesIO(), io.BytesIO()
    pd.DataFrame({"date": ["2022-01-03"], "ticker": ["A"], "close": [1.5]}).to_excel(plain, index=False)
    source = zipfile.ZipFile(plain)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in {**dict.fromkeys(source.namelist()), **replaced}:
            archive.writestr(name, replaced[name] if name in replaced else source.read(name))
    return buffer.getvalue()


def _sheet(rows):
    return b"<worksheet " + SHEETS + b"><sheetData>" + rows + b"</sheetData></worksheet>"


def _texts(texts):
    return b"<sst " + SHEETS + b">" + texts + b"</sst>"


def _named(count):
    """A ZIP archive with an entry, and a list of many more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    data = buffer.getvalue()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = data[start:end] * count
    sizes = [min(count, 0xFFFF).to_bytes(2, "little")] * 2 + [len(entries).to_bytes(4, "little")]
    return data[:start] + entries + data[end : end + 8] + b"".join(sizes) + data[end + 16 :]


def _zipped(content, depth, copies):
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(copies):
                archive.writestr(f"{i}.zip", content)
        content = buffer.getvalue()
    return content


_LONG = "x" * MEGABYTE
_WIDE, _NOTE = "\N{GRINNING FACE}", b"x" * 230
_SHARED = b'<row r="1">' + b'<c t="s"><v>0</v></c>' * 20 + b"</row>"

BOMBS = {
    "text of a dictionary.parquet": (
        lambda: _parquet({**_prices(2000), "note": _coded(_LONG, 2000)}), "bytes of text",
    ),
    "text of a dictionary, streamed.parquet": (
        lambda: _parquet({**_prices(300_000), "note": _coded(_LONG, 300_000)}), "bytes of text",
    ),
    "rows of a run.parquet": (
        lambda: _parquet({**_prices(2_000_000), **_columns(117, 2_000_000)}), "2,000,000 rows of A",
    ),
    "columns of one value.parquet": (
        lambda: _parquet({f"c{i}": [1] for i in range(6_000)}), "6,000 columns",
    ),
    "closes side by side.parquet": (
        lambda: _parquet({"date": _coded("2022-01-03", 40_000), **_columns(2_400, 40_000)}), "96,000,000 cells",
    ),
    "list.parquet": (lambda: _parquet({**_prices(1), "x": [np.zeros(10_000_000)]}), "the column x of list"),
    "shared beginnings.parquet": (
        lambda: _parquet(
            {**_prices(2000), "note": [_LONG[:100_000] + str(i) for i in range(2000)]},
            use_dictionary=["date", "ticker"],
            column_encoding={"note": "DELTA_BYTE_ARRAY"},
        ),
        "DeltaByteArray",
    ),
    "nothing in every cell.feather": (
        lambda: _feather({"date": pa.nulls(1 << 31), "close": pa.nulls(1 << 31)}), "4,294,967,296 cells",
    ),
    "text of a dictionary.feather": (
        lambda: _feather({**_prices(1_000_000), "note": _coded(_LONG, 1_000_000)}), "bytes of text",
    ),
    "list.feather": (lambda: _feather({**_prices(1), "x": [[1.5] * 10]}), "the column x of list"),
    "one line.csv.gz": (lambda: _gzipped(b"date,ticker,close", b"," * MEGABYTE, 200), "line 1 has more than"),
    "one cell.csv.gz": (
        lambda: _gzipped(b'date,ticker,close\n2022-01-03,A,"', b"x" * MEGABYTE, 200), "line 2 has more than",
    ),
    "no lines.csv.gz": (lambda: _gzipped(b"date,ticker,close\n", b"\n" * MEGABYTE, 200), "209,715,201 lines"),
    "a million tickers.csv": (
        lambda: b"date," + b",".join(b"T%d" % i for i in range(1_000_000)) + b"\n", "line 1 has more than",
    ),
    "zip in zip.zip": (lambda: _zipped(b"\0" * 50 * MEGABYTE, 4, 8), "is a ZIP archive"),
    "many names.xlsx.gz": (lambda: gzip.compress(_named(10_000_000), 1), "is a ZIP archive"),
    "last corner.xlsx": (
        lambda: _workbook(sheet=_sheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        "17,179,869,184 cells",
    ),
    "cells without a place.xlsx": (
        lambda: _workbook(sheet=_sheet(b"<row>" + b"<c/>" * 21_000_000 + b"</row>")), "21,000,000 cells",
    ),
    "one text in many cells.xlsx": (
        lambda: _workbook(
            sheet=_sheet(_SHARED * 10_000), texts=_texts(b"<si><t>" + b"x" * MEGABYTE + b"</t></si>")
        ),
        "bytes of text when written out",
    ),
    "text of a dictionary below the cap of pages.parquet": (
        lambda: _parquet({**_prices(1000), "note": _coded(_LONG, 1000)}), "bytes of text",
    ),
    "text of a dictionary below the cap of pages.feather": (
        lambda: _feather({**_prices(1000), "note": _coded(_LONG, 1000)}), "bytes of text",
    ),
    "words without a table.csv.gz": (
        lambda: _lines(b"x y z\n", b"a " * 127 + b"a\n", 4_000_000), "bytes beyond 40 a cell",
    ),
    "words under a header of blanks.csv.gz": (
        lambda: _lines(b"date open close\n", b"a " * 127 + b"a\n", 4_000_000), "bytes beyond 40 a cell",
    ),
    "words below the cap of texts.csv.gz": (
        lambda: _lines(b"x y z\n", b"a " * 63 + b"a\n", 2_000_000), "is no table of prices",
    ),
    "words below it under a header of blanks.csv.gz": (
        lambda: _lines(b"date open close\n", b"a " * 63 + b"a\n", 2_000_000), "is no table of prices",
    ),
    "one wide letter.csv.gz": (
        lambda: _lines(f"date,ticker,close,{_WIDE}\n".encode(), b"2022-01-03,A,1.5," + _NOTE + b"\n", 4_000_000),
        "bytes beyond 40 a cell",
    ),
    "long cells.csv.gz": (
        lambda: _lines(b"date,ticker,close,note\n", b"2022-01-03,A,1.5," + b"x" * 200_000 + b"\n", 5_000),
        "bytes beyond 40 a cell",
    ),
    "more cells than a text can have.csv.gz": (
        lambda: _lines(b"date,ticker,close\n", b"1," * 100 + b"1\n", 4_900_000), "cells",
    ),
    "bytes of no encoding.csv.gz": (
        lambda: _lines("Datum,Er\xf6ffnung\n".encode("cp1252"), b"2022-01-03,\xe9" + _NOTE + b"\n", 4_000_000),
        "bytes beyond 40 a cell",
    ),
    "json.csv.gz": (lambda: _lines(b"[", b'{"a": 1}, \n', 4_000_000), "holds JSON"),
    "more texts than fit.xlsx": (
        lambda: _workbook(texts=_texts(b"<si><t>x</t></si>" * 35_000_000)), "bytes when unpacked",
    ),
}  # fmt: skip
"""By name: how the file is made, and what its refusal says."""
