"""One true table of daily prices, and the forms in which files write it: every choice is a dimension of :data:`FORMS`.

A choice changes how the table is written and never what it says; a volume that is written in millions says what is left
of it, and :func:`truth_of` says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta

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


def form_of(choices: dict[str, str]) -> Form:
    """Return a form from its choices by dimension."""
    return Form(**{field.name: choices[field.name] for field in fields(Form)})
