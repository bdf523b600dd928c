"""Which column is which: the usual spellings of vendors, and what is left when there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core import columns as col
from core.errors import SourceError

SPELLINGS = {
    col.DATE: (
        "date", "day", "session", "trade_date", "trading_date", "trading_day", "observation_date", "datadate", "datetime",
        "timestamp", "date_time", "time", "datum", "data", "fecha", "window_start", "trad_dt", "date1", "tradedate", "caldt",
        "\u65e5\u671f", "\u4ea4\u6613\u65e5\u671f",
    ),
    col.TICKER: (
        "ticker", "symbol", "ticker_symbol", "tic", "act_symbol", "tckrsymb", "ts_code", "stock_code", "stock_symbol", "tradingsymbol",
        "sc_code", "sc_name", "stock", "name", "code", "instrument", "ric", "\u80a1\u7968\u4ee3\u7801", "\u4ee3\u7801",
    ),
    col.OPEN: (
        "open", "open_price", "opening_price", "px_open", "o", "first", "prcod", "openprc", "opnpric", "er\u00f6ffnung", "eroeffnung",
        "er\u00f6ffn", "eroeffn", "erster", "ouv", "ouverture", "apertura", "abertura", "\u5f00\u76d8", "\u5f00\u76d8\u4ef7",
    ),
    col.HIGH: (
        "high", "high_price", "px_high", "h", "max", "prchd", "askhi", "hghpric", "hoch", "tageshoch", "plus_haut", "haut", "m\u00e1x",
        "m\u00e1ximo", "massimo", "m\u00e1xima", "maxima", "\u6700\u9ad8", "\u6700\u9ad8\u4ef7",
    ),
    col.LOW: (
        "low", "low_price", "px_low", "l", "min", "prcld", "bidlo", "lwpric", "tief", "tagestief", "plus_bas", "bas", "m\u00edn", "m\u00ednimo",
        "minimo", "m\u00ednima", "minima", "\u6700\u4f4e", "\u6700\u4f4e\u4ef7",
    ),
    col.CLOSE: (
        "close", "close_price", "closing_price", "close_last", "clspric", "last", "px_last", "last_price", "c", "price", "prc", "prccd",
        "schluss", "schlusskurs", "zuletzt", "dernier", "cl\u00f4ture", "cierre", "\u00faltimo", "ultimo", "chiusura", "fechamento",
        "\u6536\u76d8", "\u6536\u76d8\u4ef7",
    ),
    col.ADJ_CLOSE: (
        "adj_close", "adjclose", "adjusted_close", "close_adj", "adj_close_price", "adjusted", "adjusted_price", "closeadj",
    ),
    col.VOLUME: (
        "volume", "vol", "v", "px_volume", "shares_traded", "number_of_shares", "tottrdqty", "ttltradgvol", "total_traded_quantity",
        "no_of_shares", "total_volume", "cshtrd", "stuecke", "st\u00fccke", "volumen", "umsatz", "\u6210\u4ea4\u91cf",
    ),
}  # fmt: skip
"""Our columns and how vendors spell them, the plainest first: of two that fit, the earlier is taken."""

_LETTERS = frozenset("ohlc")
_LONE = _LETTERS | {"v"}
"""C, V and O are tickers as well: one letter names a column only where all of o, h, l, c stand together."""

_EXPLAINED = re.compile(r"^(close|adj_close)_(?:adjusted_)?close_price_adjusted_for_.*$")
"""A site's heads carry their explanation: "Close Close price adjusted for splits"."""

_UNNAMED = re.compile(r"(unnamed(:_?|_)\d+|index|level_0|)")


@cache
def known_spellings() -> frozenset[str]:
    """Return every spelling of every column."""
    return frozenset(spelling for of in SPELLINGS.values() for spelling in of)


def plain_name(text: str) -> str:
    """Return a header's cell in lower case, words joined by ``_``, without marks around it.

    >>> [plain_name(t) for t in (" Adj. Close**", "<VOL>", "Close/Last", "1. open", "Eröffnung")]
    ['adj_close', 'vol', 'close_last', 'open', 'eröffnung']
    """
    joined = re.sub(r"\W+", "_", text.strip().lower()).strip("_")
    return re.sub(r"^\d+_(?=[a-z])", "", _EXPLAINED.sub(r"\1", joined))


@dataclass(frozen=True)
class Header:
    """A header read.

    Parameters
    ----------
    cells : tuple of str
        The cells as written.
    names : tuple of str
        Our names where a spelling is known; the others in lower case with ``_`` for blanks.
    """

    cells: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_long(self) -> bool:
        """Whether a column names the ticker."""
        return col.TICKER in self.names

    @property
    def has_values(self) -> bool:
        """Whether a price or volume column is named."""
        return any(name in self.names for name in (*col.PRICE_VALUES, col.VOLUME))

    @property
    def unnamed(self) -> int | None:
        """The first column that has no name of its own, None if each has one."""
        places = (i for i, cell in enumerate(self.cells) if _UNNAMED.fullmatch(plain_name(cell)))
        return next(places, None)

    def with_date(self, position: int) -> Header:
        """Return the header with the column at ``position`` as the date."""
        names = [col.DATE if i == position else name for i, name in enumerate(self.names)]
        return Header(self.cells, tuple(names))


def header_of(cells: Sequence[str], file: str) -> Header:
    """Return our names for a header's cells.

    Raises
    ------
    SourceError
        If one name stands twice.
    """
    spelt = [plain_name(cell) for cell in cells]
    lone = set(spelt) >= _LETTERS
    chosen: dict[int, str] = {}
    for ours, spellings in SPELLINGS.items():
        usable = [s for s in spellings if lone or s not in _LONE]
        best = next((s for s in usable if s in spelt), None)
        if best is not None:
            chosen |= {i: ours for i, name in enumerate(spelt) if name == best}
    names = [
        chosen.get(i) or re.sub(r"\s+", "_", cell.strip().lower()) or f"column_{i + 1}"
        for i, cell in enumerate(cells)
    ]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise SourceError(
            f"{file} has more than one column for {', '.join(twice[:8])}", expected="each column once"
        )
    return Header(tuple(cells), tuple(names))
