"""One true table of daily prices, written as the files that desks meet: every choice is a dimension of :data:`FORMS`.

A choice changes how the table is written and never what it says; a volume that is written in millions says what is left
of it, and :func:`truth_of` says the same.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

FIRST, SESSIONS = date(2022, 1, 3), 24
VALUES = ("open", "high", "low", "close", "volume")
MONTHS = ("January", "February", "March", "April", "May")
GERMAN = ("Januar", "Februar", "März", "April", "Mai")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@dataclass(frozen=True)
class Row:
    """One row of the true table."""

    day: date
    ticker: str
    values: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Form:
    """How the table is written: one choice of each dimension."""

    level: str
    layout: str
    header: str
    delimiter: str
    number: str
    date: str
    encoding: str
    packing: str
    above: str
    below: str
    line_end: str
    order: str
    volume: str
    missing: str
    quoting: str
    options: str


HEADERS = {
    "plain": "date ticker open high low close volume",
    "yahoo": "Date Symbol Open High Low Close* Volume",
    "stooq": "<DATE> <TICKER> <OPEN> <HIGH> <LOW> <CLOSE> <VOL>",
    "german": "Datum Symbol Eröffnung Hoch Tief Schluss Volumen",
    "investing_de": "Datum Symbol Eröffn. Hoch Tief Zuletzt Vol.",
    "french": "Date Symbole Ouv. Plus_Haut Plus_Bas Dernier Vol.",
    "spanish": "Fecha Símbolo Apertura Máximo Mínimo Último Vol.",
    "italian": "Data Simbolo Apertura Massimo Minimo Ultimo Vol.",
    "portuguese": "Data Símbolo Abertura Máxima Mínima Último Vol.",
    "chinese": "日期 股票代码 开盘 最高 最低 收盘 成交量",
    "traditional": "日期 證券代號 開盤價 最高價 最低價 收盤價 成交股數",
    "japanese": "日付 銘柄コード 始値 高値 安値 終値 出来高",
    "korean": "날짜 종목코드 시가 고가 저가 종가 거래량",
    "crsp": "date TICKER OPENPRC ASKHI BIDLO PRC VOL",
    "udiff": "TradDt TckrSymb OpnPric HghPric LwPric ClsPric TtlTradgVol",
    "nse": "TIMESTAMP SYMBOL OPEN HIGH LOW CLOSE TOTTRDQTY",
    "bse": "TRADING_DATE SC_NAME Open_Price High_Price Low_Price Close_Price No.of_Shares",
    "euronext": "Date Symbol Open High Low Close Number_of_Shares",
    "tushare": "trade_date ts_code open high low close vol",
    "bloomberg": "Date Ticker PX_OPEN PX_HIGH PX_LOW PX_LAST PX_VOLUME",
    "refinitiv": "Date Instrument Price_Open Price_High Price_Low Price_Close Volume",
    "units": "Date Ticker Open_(USD) High_(USD) Low_(USD) Close_(USD) Volume_(shares)",
    "unknown": "Tag Papier Anfang Spitze Boden Ende Menge",
}
COLUMNS = "date=Tag,ticker=Papier,open=Anfang,high=Spitze,low=Boden,close=Ende,volume=Menge"
"""What a person says of the header ``unknown``."""

DATES: dict[str, Callable[[date], str]] = {
    "iso": date.isoformat,
    "compact": lambda d: f"{d:%Y%m%d}",
    "float": lambda d: f"{d:%Y%m%d}.0",
    "year/month/day": lambda d: f"{d.year}/{d.month}/{d.day}",
    "us": lambda d: f"{d.month}/{d.day}/{d.year}",
    "us time": lambda d: f"{d:%m/%d/%Y} 12:00:00 AM",
    "eu": lambda d: f"{d:%d/%m/%Y}",
    "dots": lambda d: f"{d:%d.%m.%Y}",
    "us short": lambda d: f"{d:%m/%d/%y}",
    "dots short": lambda d: f"{d:%d.%m.%y}",
    "six digits": lambda d: f"{d:%y%m%d}",
    "named": lambda d: f"{d.day}-{MONTHS[d.month - 1][:3]}-{d:%y}",
    "sas": lambda d: f"{d.day:02}{MONTHS[d.month - 1][:3].upper()}{d.year}",
    "long": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "weekday": lambda d: f"{DAYS[d.weekday()]}, {MONTHS[d.month - 1]} {d.day}, {d.year}",
    "german": lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}",
    "han": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "minguo": lambda d: f"{d.year - 1911}/{d:%m/%d}",
    "excel": lambda d: str((d - date(1899, 12, 30)).days),
    "seconds": lambda d: str(_seconds(d)),
    "milliseconds": lambda d: f"{_seconds(d)}000",
    "nanoseconds": lambda d: f"{_seconds(d)}000000000",
    "midnight": lambda d: f"{d.isoformat()} 00:00:00",
    "utc": lambda d: f"{d.isoformat()}T00:00:00.000Z",
    "tokyo in utc": lambda d: f"{(d - timedelta(days=1)).isoformat()}T15:00:00Z",
}


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


NUMBERS: dict[str, tuple[str, str]] = {
    "point": ("", "."),
    "comma": ("", ","),
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
    "1 234,5": ("\u00a0", ","),
    "1'234.5": ("'", "."),
    "dollar": (",", "."),
    "euro": (".", ","),
    "lakh": (",", "."),
}
LEVELS = {
    "penny": 0.125,
    "share": 51.29,
    "thousand": 996.4,
    "index": 4995.0,
    "three": 51.291,
    "million": 1234567.25,
}
DIGITS = {"penny": 4, "share": 2, "thousand": 2, "index": 0, "three": 3, "million": 2}
MARKS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030", "big5", "cp932", "cp949")

FORMS: dict[str, tuple[str, ...]] = {
    "level": tuple(LEVELS),
    "layout": (
        "long",
        "one",
        "wide",
        "stacked",
        "Close_X",
        "X.Close",
        "tuple",
        "index",
        "parquet",
        "feather",
        "xlsx",
    ),
    "header": tuple(HEADERS),
    "delimiter": tuple(MARKS),
    "number": tuple(NUMBERS),
    "date": tuple(DATES),
    "encoding": ENCODINGS,
    "packing": ("", "", "", "gzip", "bzip2", "zstd"),
    "above": ("", "", "blank", "comment", "text", "values"),
    "below": ("", "", "blank", "footnote", "count", "header", "dividend", "delimiter"),
    "line_end": ("\n", "\n", "\r\n", "\r"),
    "order": ("up", "down"),
    "volume": ("whole", "whole", "millions", "grouped"),
    "missing": ("", "", "", "-", "N/A", "#N/A", ".", "null"),
    "quoting": ("minimal", "minimal", "all"),
    "options": ("none", "none", "told"),
}
"""Every dimension and its choices; a choice that stands several times is drawn as often."""


def table_of(form: Form) -> list[Row]:
    """Return the true rows: sessions of three weeks and more, of two tickers where the layout holds two."""
    rows = []
    tickers = ("ZQX",) if form.layout in ("one", "index", "xlsx") else ("ZQX", "BRK/B")
    for step in range(SESSIONS):
        day = FIRST + timedelta(days=step // 5 * 7 + step % 5)
        for number, ticker in enumerate(tickers):
            base = (
                LEVELS[form.level] * (1 + 0.011 * ((step * 7 + number * 3) % 11))
                + number * LEVELS[form.level]
            )
            digits = DIGITS[form.level]
            prices = (base, base * 1.02, base * 0.98, base * 1.01)
            volume = float(1_827_710 + 10_007 * ((step * 5 + number) % 13))
            values = tuple(round(p, digits) for p in prices)
            rows.append(Row(day, ticker, (*values, volume)))  # type: ignore[arg-type] # five numbers
    return rows


def truth_of(form: Form) -> dict[tuple[str, str], list[float | None]]:
    """Return what a reader must give back: values by day and ticker, None where nothing is written."""
    truth = {}
    for place, row in enumerate(table_of(form)):
        values: list[float | None] = list(row.values)
        if form.volume == "millions" and not stored(form):
            values[4] = round(row.values[4] / 1e6, 2) * 1e6
        if form.layout == "wide":
            values = [None, None, None, values[3], None]
        elif place == MISSING_ROW and form.missing and not stored(form):
            values[4] = None
        truth[row.day.isoformat(), row.ticker] = values
    return truth


MISSING_ROW = 6
"""The row whose volume is written as missing."""


def stored(form: Form) -> bool:
    """Return whether numbers are stored as numbers and not as text."""
    return form.layout in ("parquet", "feather", "xlsx")


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
            sheet.write_datetime(number, 0, datetime(row.day.year, row.day.month, row.day.day), style)  # noqa: DTZ001 - a day
        else:
            sheet.write_string(number, 0, DATES[form.date](row.day))
        sheet.write_row(number, 1, row.values)
    book.close()
    return out.getvalue()


def form_of(choices: dict[str, str]) -> Form:
    """Return a form from its choices by dimension."""
    return Form(**{field.name: choices[field.name] for field in fields(Form)})
