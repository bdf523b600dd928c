"""The first lines of a text table: its delimiter, its header, and what stands above it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.columns import fields_named, known_spellings, plain_name, spelling_of
from core.sources.tabular.date_forms import kind_of
from core.sources.tabular.options import AUTO
from core.sources.tabular.shapes import flattened_header, merged_header, stacked_header

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_SAMPLE_BYTES = 4 << 20
_SAMPLE_ROWS = 50
_SEP_LINE = re.compile(rb"^\"?sep=(.)\"?\r?\n", re.IGNORECASE)
MOST_PREAMBLE_LINES = 40
"""Lines of text above a header that are looked through."""

_ABOVE = re.compile(rb"\A(?:[ \t]*(?:#[^\n]*)?\r?\n)+")
"""Blank lines and comments above the header."""


@dataclass(frozen=True)
class Layout:
    """Where a table begins and how its lines are cut.

    Parameters
    ----------
    body : bytes
        UTF-8 from the header line on.
    above : int
        Lines before it.
    delimiter : str
        By name, a key of :data:`DELIMITERS`.
    rows : list of list of str
        The header's cells and those of the first rows.
    preamble : tuple of (int, str)
        Lines of text above the header with their numbers, which are left out; not blank lines and comments.
    """

    body: bytes
    above: int
    delimiter: str
    rows: list[list[str]]
    preamble: tuple[tuple[int, str], ...] = ()

    @property
    def mark(self) -> str:
        """The delimiter itself."""
        return DELIMITERS[self.delimiter]


def layout_of(
    text: bytes, name: str, delimiter: str = AUTO, mapping: Mapping[str, str] | None = None
) -> Layout:
    """Return how a text table is laid out; ``mapping`` is what a person says of its columns.

    Raises
    ------
    SourceError
        If it has no header line, its header can be cut in two ways that are equally good, or it is no table.
    """
    body, declared = text, AUTO
    if match := _ABOVE.match(body):
        body = body[match.end() :]
    if match := _SEP_LINE.match(body):
        declared = next((n for n, mark in DELIMITERS.items() if mark.encode() == match[1]), AUTO)
        body = body[match.end() :]
    if not body or body.isspace():
        raise SourceError(
            f"{name} is not a readable CSV table (it is empty)",
            expected="a header line and one row per date and ticker",
        )
    mapping = mapping or {}
    body = _unwrapped(body, mapping)
    start = _header_start(body, next((w for w in (delimiter, declared) if w != AUTO), None), mapping)
    first = text.count(b"\n", 0, len(text) - len(body)) + 1
    lines = enumerate(body[:start].decode("utf-8", "replace").split("\n"), start=first)
    preamble = tuple((number, line.strip()) for number, line in lines if line.strip(" ,;\t|\r"))
    body = body[start:]
    above = text.count(b"\n", 0, len(text) - len(body))
    if delimiter == declared == AUTO and (joined := _blanks_joined(body, name, mapping)) is not None:
        return Layout(joined, above, "tab", _cells(joined, "\t", name), preamble)
    chosen = next((w for w in (delimiter, declared) if w != AUTO), None) or _delimiter(body, name, mapping)
    rows = _cells(body, DELIMITERS[chosen], name)
    _refuse_headless(rows[0], name, above + 1)
    return Layout(body, above, chosen, rows, preamble)


def _unwrapped(body: bytes, mapping: Mapping[str, str]) -> bytes:
    """Return a table without quotes around each line: a spreadsheet that did not cut it saves it as one column."""
    first = body[: body.find(b"\n") + 1 or len(body)].strip()
    if not (first.startswith(b'"') and first.endswith(b'"') and first.count(b'"') == 2):
        return body
    inner = next(csv.reader([first.decode("utf-8", "replace")]), [""])
    marks = DELIMITERS.values()
    if len(inner) != 1 or not any(_begins_long(_cut(inner[0], mark), [], mapping) for mark in marks):
        return body
    lines = body.decode("utf-8", "replace").splitlines()
    return ("\n".join(next(csv.reader([line]), [""])[0] if line else "" for line in lines) + "\n").encode()


def names_date_and_prices(cells: Sequence[str]) -> bool:
    """Return whether a line's cells name a date and a price, as a header of a table of prices does."""
    return _is_header(fields_named(cells))


def _is_header(ours: set[str]) -> bool:
    return col.DATE in ours and not ours.isdisjoint(col.PRICE_VALUES)


def _header_start(body: bytes, delimiter: str | None, mapping: Mapping[str, str]) -> int:
    """Return where the header begins: the first of the first lines that names a date and prices, else the first.

    Exports of terminals and exchanges have lines of text above their table, some with a date or a price of their own.
    """
    marks = [DELIMITERS[delimiter]] if delimiter else list(DELIMITERS.values())
    lines = body[:_SAMPLE_BYTES].split(b"\n")[: MOST_PREAMBLE_LINES + 2]
    texts = [line.decode("utf-8", "replace") for line in lines]
    for begins in (_begins_long, _begins_side_by_side):
        for number, text in enumerate(texts[:-1] or texts):
            below = texts[number + 1] if number + 1 < len(texts) else ""
            if any(begins(_cut(text, mark), _cut(below, mark), mapping) for mark in marks):
                above = texts[number - 1] if number and not mapping else ""
                merged = any(_is_merged(_cut(above, mark), _cut(text, mark)) for mark in marks)
                return sum(len(line) + 1 for line in lines[: number - merged])
    return 0


def _is_merged(above: list[str], cells: list[str]) -> bool:
    """Return whether a line with the header's fields has their tickers in the line above it."""
    return len(above) == len(cells) > 1 and merged_header(above, cells) is not None


def _begins_long(cells: list[str], below: list[str], mapping: Mapping[str, str]) -> bool:
    """Return whether a line names a date and prices."""
    del below
    return len(cells) > 1 and _is_header(fields_named(cells, mapping))


def _begins_side_by_side(cells: list[str], below: list[str], mapping: Mapping[str, str]) -> bool:
    """Return whether a line is the header of a table with tickers side by side, by itself and the line below it."""
    del mapping
    if len(cells) < 2 or len(below) < len(cells):
        return False
    if stacked_header([cells, below[: len(cells)]]) or flattened_header(cells):
        return True
    place = next((i for i, cell in enumerate(cells) if col.DATE in fields_named([cell])), None)
    return place is not None and kind_of(below[place], loosely=True) is not None


def _cut(text: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=mark), [])]
    except csv.Error:
        return []  # no line of cells, and so no header


MOST_BLANKS_BYTES = 64 << 20
"""A table with blanks between its cells is a frame that somebody printed."""


def _blanks_joined(body: bytes, name: str, mapping: Mapping[str, str]) -> bytes | None:
    """Return a table whose columns are separated by blanks with tabs instead, None if it is no such table.

    A frame that was printed has a count of rows, or its dates, in front of each row and no name above them.

    Raises
    ------
    SourceError
        If its header is so separated and its rows are not.
    """
    first = body[: body.find(b"\n") + 1 or len(body)]
    head = first.decode("utf-8", "replace").strip()
    if any(mark in head for mark in DELIMITERS.values()) or '"' in head:
        return None
    if len(body) > MOST_BLANKS_BYTES:  # each word becomes a text of its own: sixty times the file
        return None
    split = [line.split() for line in body.decode("utf-8", "replace").splitlines()]
    standing = [number for number, line in enumerate(split) if line]
    header, *rows = [line for line in split if line]
    indexed = bool(rows) and len(rows[0]) == 1 and "date" in fields_named(rows[0])
    if indexed:
        header, rows = [*rows[0], *header], rows[1:]
    if not rows or len(header) < 3 or not _is_header(fields_named(header, mapping)):
        return None
    if all(len(row) == len(header) + 1 and row[0] == str(n) for n, row in enumerate(rows)):
        rows = [row[1:] for row in rows]  # a count of rows without a name
    uneven = next((n for n, row in enumerate(rows) if len(row) != len(header)), None)
    if uneven is not None:
        raise SourceError(
            f"{name} has its columns separated by blanks: {len(header)} in the header, "
            f"{len(rows[uneven])} in row {uneven + 1}",
            expected="as many cells in each row, or cells separated by commas, semicolons or tabs",
            remedy="Save the table as CSV.",
        )
    date_line: list[list[str]] = [[]] if indexed else []  # the line that named the dates
    lines = [""] * len(split)
    for number, row in zip(standing, [header, *date_line, *rows], strict=True):
        lines[number] = "\t".join(row)
    return ("\n".join(lines) + "\n").encode()


def _cells(body: bytes, mark: str, name: str) -> list[list[str]]:
    head = body[:_SAMPLE_BYTES].decode("utf-8", "replace")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(head, newline=""), delimiter=mark):
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
            if len(rows) > _SAMPLE_ROWS:
                break
    except csv.Error as error:
        long = "field larger" in str(error)
        reason = (
            f"one of its first cells has more than {csv.field_size_limit():,} characters" if long else error
        )
        raise SourceError(
            f"{name} is not a readable CSV table ({reason})",
            expected="rows of cells",
            remedy="It is no table, or a quote is not closed." if long else "",
        ) from error
    return rows


def _delimiter(body: bytes, name: str, mapping: Mapping[str, str]) -> str:
    """Return the delimiter that cuts the header into the most cells that have a known name.

    A header that nothing cuts is one column. Two delimiters of the same merit are an error.
    """
    merits, words = {}, {plain_name(theirs) for theirs in mapping.values()}
    for delimiter, mark in DELIMITERS.items():
        rows = _cells(body, mark, name)
        recognised = sum(
            spelling_of(cell) in known_spellings() or plain_name(cell) in words for cell in rows[0]
        )
        even = sum(len(row) == len(rows[0]) for row in rows)
        if len(rows[0]) > 1:
            merits[delimiter] = (recognised, even)
    if not merits:
        return "comma"
    best = max(merits.values())
    candidates = [delimiter for delimiter, merit in merits.items() if merit == best]
    if len(candidates) > 1:
        raise SourceError(
            f"{name} can be cut at each {' and at each '.join(candidates)}: its header has both",
            expected="one delimiter",
            remedy=f"Say which: {' or '.join(f'--delimiter {d}' for d in candidates)}.",
        )
    return candidates[0]


_DATA = re.compile(r"[-+]?[\d.,/: -]*\d[\d.,/: -]*")


def _refuse_headless(header: list[str], name: str, line: int) -> None:
    """Refuse a table whose first line is a row of numbers: its first day would be lost in silence."""
    numbers = sum(_DATA.fullmatch(cell) is not None for cell in header)
    if len(header) > 1 and numbers > len(header) / 2:
        raise SourceError(
            f"{name} has no header: line {line} begins with {', '.join(header[:3])}",
            expected="a first line with the names of the columns",
            remedy="Put one above, such as date,ticker,open,high,low,close,volume.",
        )
