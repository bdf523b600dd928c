"""Which column is which: as the user says, else by vendors' usual spellings; and the error where neither tells."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from core import columns as col
from core.errors import ParameterError, SourceError, listed, nearest
from core.sources.tabular.header_units import PRICE_UNITS, UNIT, VOLUME_UNITS, refuse_units
from core.sources.tabular.spellings import LETTERS, LONE, SPELLINGS

COLUMNS = "columns"
"""The parameter in which a person says which column is which."""

_EXPLAINED = re.compile(r"^(close|adj_close)_(?:adjusted_)?close_price_adjusted_for_.*$")
"""A site's heads carry their explanation: "Close Close price adjusted for splits"."""

_NUMBER_IN_FRONT = re.compile(r"^\d[ab]?_(?=[^\W\d])")
"""``1. open``, ``4a. close (USD)``; two digits are another thing: 52W High is no high of the day."""
_LATIN_MARKS = re.compile("[\u0300-\u036f]")

_UNNAMED = re.compile(r"(unnamed(:_?|_)\d+(_level_\d)?|index|level_0|)")


_LISTED_FIELDS = frozenset({"LOW", "MO"})
"""Lowe's and Altria: their tickers spell a low, and an open in Vietnamese."""

_TICKER = re.compile(r"[A-Z][A-Z.\-]{0,6}")


@cache
def known_spellings() -> frozenset[str]:
    """Return every spelling of every column."""
    return frozenset(spelling for of in SPELLINGS.values() for spelling in of) | frozenset(LONE)


def plain_name(text: str) -> str:
    """Return a header's cell in lower case without accents, words joined by ``_``, without marks around it.

    >>> [plain_name(t) for t in (" Adj. Close**", "<VOL>", "Close/Last", "1. open", "Eröffnung")]
    ['adj_close', 'vol', 'close_last', 'open', 'eroffnung']
    """
    folded = unicodedata.normalize("NFKD", text.strip().lower().replace("ø", "o").replace("ı", "i"))
    bare = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", folded))
    joined = re.sub(r"\W+", "_", bare).strip("_")
    return _NUMBER_IN_FRONT.sub("", _EXPLAINED.sub(r"\1", joined))


def unguarded_text(text: str) -> str:
    """Return a cell without blanks around it and without the guard that keeps it a text in a spreadsheet.

    >>> [unguarded_text(text) for text in ('="ZQX"', "'ZQX", "ZQX  ")]
    ['ZQX', 'ZQX', 'ZQX']
    """
    text = text.strip().replace("\u00a0", " ")
    guarded = _GUARD.fullmatch(text) if text.startswith("=") else None
    return guarded[1].strip() if guarded else text.removeprefix("'")


_GUARD = re.compile(r'="?([^"]*)"?')


def spelling_of(cell: str) -> str:
    """Return a header's cell as :func:`plain_name`; a unit behind it goes where the rest is then a known spelling.

    A volume in money or in thousands is another column than a volume in shares, and keeps its unit.

    >>> [spelling_of(t) for t in ("Close (USD)", "Volume (shares)", "Volume (EUR)", "收盘价(元)")]
    ['close', 'volume', 'volume_eur', '收盘价']
    """
    word = plain_name(cell)
    if word in known_spellings():
        return word
    match = UNIT.search(cell)
    if match is None:
        return word
    unit, rest = next(part for part in match.groups() if part is not None), plain_name(cell[: match.start()])
    is_volume = rest in SPELLINGS[col.VOLUME]
    fits = unit.strip().lower() in (VOLUME_UNITS if is_volume else PRICE_UNITS)
    return rest if fits and rest in known_spellings() else word


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
    def is_wide(self) -> bool:
        """Whether there are a date and named columns, and none of them names a ticker or a value: tickers stand side by side."""
        others = sum(
            not is_unnamed(cell)
            for cell, name in zip(self.cells, self.names, strict=True)
            if name != col.DATE
        )
        no_values = not self.has_values or self._tickers_like_fields()
        return col.DATE in self.names and not self.is_long and no_values and others > 0

    def _tickers_like_fields(self) -> bool:
        """Return whether all that looks like a field is a share that is called so, among at least two other tickers."""
        fields = [
            cell
            for cell, name in zip(self.cells, self.names, strict=True)
            if name in (*col.PRICE_VALUES, col.VOLUME)
        ]
        others = [
            cell for cell, name in zip(self.cells, self.names, strict=True) if name not in (*col.PRICES,)
        ]
        return set(fields) <= _LISTED_FIELDS and len(others) > 1 and all(_TICKER.fullmatch(c) for c in others)

    @property
    def unnamed(self) -> int | None:
        """The first column that has no name of its own, None if each has one."""
        places = (i for i, cell in enumerate(self.cells) if is_unnamed(cell))
        return next(places, None)

    def with_date(self, position: int) -> Header:
        """Return the header with the column at ``position`` as the date."""
        names = [col.DATE if i == position else name for i, name in enumerate(self.names)]
        return Header(self.cells, tuple(names))


def is_unnamed(cell: str) -> bool:
    """Return whether a header's cell names nothing: empty, or what pandas writes for an index."""
    return _UNNAMED.fullmatch(plain_name(cell)) is not None


def columns_mapping(text: str) -> dict[str, str]:
    """Return what a person says of columns: our name to the name in the file.

    Parameters
    ----------
    text : str
        ``date=Datum,close=Schluss``, or the same as JSON where a name holds a comma: ``{"close": "Schluss, EUR"}``.

    Raises
    ------
    ParameterError
        If it is written in another way, names none of our columns, or one of them or of the file's twice.

    Examples
    --------
    >>> columns_mapping("date=Datum, close = Schluss")
    {'date': 'Datum', 'close': 'Schluss'}
    """
    pairs = _pairs(text.strip())
    mapping: dict[str, str] = {}
    for ours, theirs in pairs:
        if ours not in col.PRICES:
            raise _wrong(
                f"--columns names {ours!r}",
                f"one of {', '.join(col.PRICES)}",
                nearest(ours, col.PRICES).strip(),
            )
        if not theirs:
            raise _wrong(f"--columns gives {ours} no name", f"{ours}=NAME_IN_THE_FILE")
        if ours in mapping or theirs in mapping.values():
            raise _wrong(
                f"--columns names {ours if ours in mapping else repr(theirs)} twice", "each column once"
            )
        mapping[ours] = theirs
    return mapping


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    if text.startswith("{"):
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not all(isinstance(name, str) for name in body.values()):
            raise _wrong(
                f"--columns is {text[:80]!r}", 'OURS=THEIRS,... or JSON such as {"close": "Schluss"}'
            )
        return [(str(ours).strip().lower(), theirs.strip()) for ours, theirs in body.items()]
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(mark for _, mark, _ in pairs):
        raise _wrong(f"--columns is {text[:80]!r}", "OURS=THEIRS, separated by commas")
    return [(ours.strip().lower(), theirs.strip()) for ours, _, theirs in pairs]


def _wrong(problem: str, expected: str, hint: str = "") -> ParameterError:
    remedy = f"{hint} For example: --columns date=Datum,close=Schluss".strip()
    return ParameterError(problem, expected=expected, remedy=remedy, parameter=COLUMNS)


def fields_named(cells: Sequence[str], mapping: Mapping[str, str] | None = None) -> set[str]:
    """Return which of our columns a line's cells name, by spelling or by a person's word.

    >>> sorted(fields_named(["Date", "Open", "Number of Shares"]))
    ['date', 'open', 'volume']
    """
    spelt = {spelling_of(cell) for cell in cells}
    lone = set(LONE.values()) if spelt >= LETTERS else set()
    words = {plain_name(theirs): ours for ours, theirs in (mapping or {}).items()}
    spelled = {ours for ours, spellings in SPELLINGS.items() if not spelt.isdisjoint(spellings)}
    return spelled | lone | {ours for word, ours in words.items() if word in {plain_name(c) for c in cells}}


def value_for(words: Mapping[str, str], ours: str) -> str:
    """Return the value of the first word that is a spelling of one of our columns, empty if there is none.

    >>> value_for({"Symbol": "BRK/B", "year": "2022"}, "ticker")
    'BRK/B'
    """
    return next((value for word, value in words.items() if plain_name(word) in SPELLINGS[ours]), "")


def parse_header(cells: Sequence[str], file: str, mapping: Mapping[str, str] | None = None) -> Header:
    """Return our names for a header's cells.

    Parameters
    ----------
    cells : sequence of str
    file : str
        For messages.
    mapping : mapping of str to str, optional
        As :func:`columns_mapping`: it wins over spellings.

    Raises
    ------
    SourceError
        If one name stands twice, or a column that was named is not there.
    """
    placed = _mapped_places(cells, file, mapping or {})
    chosen = {**_spelt_places(cells, without=placed), **placed}
    refuse_units(cells, chosen, file)
    ours = set(chosen.values())
    names = [chosen.get(i) or _further_name(cell, i, ours) for i, cell in enumerate(cells)]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise SourceError(
            f"{file} has more than one column for {', '.join(twice[:8])}",
            expected="each column once",
            remedy="Say which is meant: --columns OURS=THEIRS.",
        )
    return Header(tuple(cells), tuple(names))


def _spelt_places(cells: Sequence[str], without: Mapping[int, str]) -> dict[int, str]:
    """Return our name of each column that a spelling names; of two that fit, the plainest alone."""
    spelt = [spelling_of(cell) for cell in cells]
    lone = set(spelt) >= LETTERS
    chosen: dict[int, str] = {}
    for ours, spellings in SPELLINGS.items():
        if ours in without.values():
            continue
        usable = [*(s for s, of in LONE.items() if lone and of == ours), *spellings]
        best = next((s for s in usable if s in spelt), None)
        if best is not None:
            chosen |= {i: ours for i, name in enumerate(spelt) if name == best and i not in without}
    return chosen


def _further_name(cell: str, place: int, chosen: Collection[str]) -> str:
    """Return the name of a column that is none of ours."""
    name = re.sub(r"\s+", "_", cell.strip().lower()) or f"column_{place + 1}"
    # a column that is called like one of ours, where a person or a plainer spelling says that another is it
    return f"{name}_of_file" if name in col.PRICES and name in chosen else name


def _mapped_places(cells: Sequence[str], file: str, mapping: Mapping[str, str]) -> dict[int, str]:
    places: dict[int, str] = {}
    written = [cell.strip() for cell in cells]
    for ours, theirs in mapping.items():
        exact = [i for i, cell in enumerate(written) if cell == theirs]
        fitting = exact or [
            i for i, cell in enumerate(written) if plain_name(cell) == plain_name(theirs) != ""
        ]
        if len(fitting) != 1:
            problem = (
                f"has {len(fitting)} columns named {theirs!r}" if fitting else f"has no column {theirs!r}"
            )
            raise SourceError(
                f"{file} {problem}, which --columns gives for {ours}",
                expected=f"one of {listed([cell for cell in written if cell])}",
                remedy=nearest(theirs, written).strip() or "Correct --columns.",
            )
        places[fitting[0]] = ours
    return places
