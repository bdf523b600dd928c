"""A form of the true table (``benchmarks/file_table.py``) as a file's bytes."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from file_table import DATES, DIGITS, HEADERS, MARKS, MISSING_ROW, NUMBERS, Form, Row, table_of
from pyarrow import feather


def written(form: Form) -> bytes:
    """Return the file's bytes."""
    if form.layout in ("parquet", "feather"):
        return _arrow(form)
    if form.layout == "xlsx":
        return _workbook(form)
    lines = _lines(form)
    text = _with_lines_around(lines, form)
    data = form.line_end.join(text).encode(form.encoding)
    return _packed(
        data + form.line_end.encode(form.encoding.removesuffix("-sig")).removeprefix(b"\xff\xfe"), form
    )


def _packed(data: bytes, form: Form) -> bytes:
    pack = {"gzip": lambda d: gzip.compress(d, mtime=0), "bzip2": bz2.compress}
    if form.packing == "zstd":
        return _zstd(data)
    return pack[form.packing](data) if form.packing else data


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def _number(value: float, form: Form, *, whole: bool) -> str:
    thousands, mark = NUMBERS[form.number]
    text = f"{value:,.0f}" if whole else f"{value:,.{DIGITS[form.level]}f}"
    if form.number == "lakh":
        text = _lakh(text)
    text = text.translate({ord(","): "\0", ord("."): "\1"}).replace("\0", thousands).replace("\1", mark)
    return {"dollar": f"${text}", "euro": f"{text} €"}.get(form.number, text) if not whole else text


def _lakh(text: str) -> str:
    whole, point, rest = text.replace(",", "").partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(i - 2, 0) : i] for i in range(len(head), 0, -2)][::-1]
    return ",".join([*groups, tail]) + point + rest


def _volume(value: float, form: Form) -> str:
    if form.volume == "millions":
        return f"{value / 1e6:.2f}".replace(".", NUMBERS[form.number][1]) + "M"
    return _number(value, form, whole=True) if form.volume == "grouped" else f"{value:.0f}"


def _cells(form: Form, place: int, row: Row) -> list[str]:
    prices = [_number(value, form, whole=False) for value in row.values[:4]]
    blank = place == MISSING_ROW and form.missing
    return [*prices, form.missing if blank else _volume(row.values[4], form)]


def _lines(form: Form) -> list[str]:
    names = [
        name.replace("_", " ") if "_" in name and form.header != "nse" else name
        for name in HEADERS[form.header].split()
    ]
    rows = [(row, _cells(form, place, row)) for place, row in enumerate(table_of(form))]
    day = DATES[form.date]
    if form.layout in ("long", "one", "index"):
        kept = [0, *range(2, 7)] if form.layout != "long" else list(range(7))
        body = [[day(row.day), row.ticker, *cells] for row, cells in rows]
        table = [[line[i] for i in kept] for line in (names, *body)]
        if form.layout == "index":
            table = [[str(n - 1) if n else "", *line] for n, line in enumerate(table)]
    else:
        table = _side_by_side(form, names, rows, day)
    head, body = table[: _head_lines(form)], table[_head_lines(form) :]
    body = body[::-1] if form.order == "down" and form.layout != "index" else body
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if form.quoting == "all" else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=MARKS[form.delimiter], quoting=quoting, lineterminator="\n").writerows(
        [*head, *body]
    )
    return out.getvalue().splitlines()


def _head_lines(form: Form) -> int:
    return 3 if form.layout == "stacked" else 1


def _side_by_side(
    form: Form, names: list[str], rows: list[tuple[Row, list[str]]], day: Callable[[date], str]
) -> list[list[str]]:
    """Return one line per day: closes (wide), or every field of every ticker."""
    tickers = list(dict.fromkeys(row.ticker for row, _ in rows))
    days = list(dict.fromkeys(row.day for row, _ in rows))
    cells = {(row.day, row.ticker): values for row, values in rows}
    if form.layout == "wide":
        return [[names[0], *tickers], *([day(d), *(cells[d, t][3] for t in tickers)] for d in days)]
    pairs = [(i, t) for i in range(5) for t in tickers]
    body = [[day(d), *(cells[d, t][i] for i, t in pairs)] for d in days]
    if form.layout == "stacked":
        blank = [""] * len(pairs)
        return [
            ["Price", *(names[2 + i] for i, _ in pairs)],
            ["Ticker", *(t for _, t in pairs)],
            ["Date", *blank],
            *body,
        ]
    joined = {"Close_X": "{f}_{t}", "X.Close": "{t}.{f}", "tuple": "('{f}', '{t}')"}[form.layout]
    return [[names[0], *(joined.format(f=names[2 + i], t=t) for i, t in pairs)], *body]


def _with_lines_around(lines: list[str], form: Form) -> list[str]:
    mark, head = MARKS[form.delimiter], _head_lines(form)
    width = len(next(csv.reader([lines[0]], delimiter=mark)))
    above = {
        "blank": ["", ""],
        "comment": ["# from a terminal"],
        "text": ["Historical prices", "As of the close, all prices as traded", ""],
        "values": [f"Currency{mark}USD", f"Price{mark}as traded", ""],
    }
    below = {
        "blank": [mark * (width - 1)] * 3,
        "footnote": ["", '"Data is delayed; no warranty"'],
        "count": [str(len(lines) - head)],
        "header": lines[:1],
        "dividend": [mark.join([lines[head].split(mark)[0], *["0.22 Dividend"] * (width - 1)])],
    }
    body = [f"{line}{mark}" for line in lines] if form.below == "delimiter" else list(lines)
    if form.below == "header":
        middle = head + (len(body) - head) // 2
        body[middle:middle] = below["header"]
    elif form.below == "dividend" and form.quoting == "minimal":
        body[head + 1 : head + 1] = below["dividend"]
    elif form.below in ("blank", "footnote", "count"):
        body += below[form.below]
    return [*above.get(form.above, []), *body]


def _arrow(form: Form) -> bytes:
    names = HEADERS[form.header].split()
    rows = table_of(form)
    days: list[Any] = [row.day for row in rows]
    if form.date not in ("iso", "midnight", "utc", "tokyo in utc"):
        days = [DATES[form.date](row.day) for row in rows]
    columns = [pa.array(days), pa.array([row.ticker for row in rows]).dictionary_encode()]
    columns += [pa.array([row.values[i] for row in rows]) for i in range(5)]
    if form.number == "lakh":
        columns[2:6] = [column.cast(pa.decimal128(18, 4)) for column in columns[2:6]]
    table, out = pa.table(dict(zip(names, columns, strict=True))), io.BytesIO()
    if form.layout == "parquet":
        pq.write_table(table, out)
    else:
        feather.write_feather(table, out)
    return out.getvalue()


def _workbook(form: Form) -> bytes:
    import xlsxwriter

    names = [name for i, name in enumerate(HEADERS[form.header].split()) if i != 1]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet, style = book.add_worksheet("prices"), book.add_format({"num_format": "yyyy-mm-dd"})
    start = {"": 0, "blank": 2, "text": 3}.get(form.above, 1)
    if start == 3:
        sheet.write(0, 0, "Historical prices")
    sheet.write_row(start, 0, names)
    for number, row in enumerate(table_of(form), start=start + 1):
        if form.date == "excel":
            sheet.write(number, 0, (row.day - date(1899, 12, 30)).days)
        elif form.date in ("iso", "midnight", "utc", "tokyo in utc"):
            sheet.write_datetime(number, 0, datetime(row.day.year, row.day.month, row.day.day), style)  # noqa: DTZ001 - a day of no zone
        else:
            sheet.write_string(number, 0, DATES[form.date](row.day))
        sheet.write_row(number, 1, row.values)
    book.close()
    return out.getvalue()
