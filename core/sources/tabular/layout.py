"""The first lines of a text table: its delimiter, its header, and what stands above it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from core import columns as col
from core.errors import SourceError
from core.sources.tabular.columns import SPELLINGS, known_spellings, plain_name
from core.sources.tabular.options import AUTO

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
    preamble : tuple of str
        Lines of text above the header, which are left out; blank lines and comments are not among them.
    """

    body: bytes
    above: int
    delimiter: str
    rows: list[list[str]]
    preamble: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The delimiter itself."""
        return DELIMITERS[self.delimiter]


def layout_of(text: bytes, name: str, delimiter: str = AUTO) -> Layout:
    """Return how a text table is laid out.

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
    if not body.strip():
        raise SourceError(
            f"{name} is not a readable CSV table (it is empty)",
            expected="a header line and one row per date and ticker",
        )
    start = _header_start(body, next((w for w in (delimiter, declared) if w != AUTO), None))
    preamble = tuple(
        line.strip() for line in body[:start].decode("utf-8", "replace").splitlines() if line.strip()
    )
    body = body[start:]
    above = text.count(b"\n", 0, len(text) - len(body))
    if delimiter == declared == AUTO and (joined := _blanks_joined(body)) is not None:
        return Layout(joined, above, "comma", _cells(joined, ",", name), preamble)
    chosen = next((w for w in (delimiter, declared) if w != AUTO), None) or _delimiter(body, name)
    rows = _cells(body, DELIMITERS[chosen], name)
    _refuse_headless(rows[0], name, above + 1)
    return Layout(body, above, chosen, rows, preamble)


def _header_start(body: bytes, delimiter: str | None) -> int:
    """Return where the header line begins: the first line, or one of the next that names a date and prices.

    Exports of terminals and exchanges have lines of text above their table. A first line that is a header of any kind
    stays the header; only where it names neither a date nor a price is a better one looked for.
    """
    marks = [DELIMITERS[delimiter]] if delimiter else list(DELIMITERS.values())
    lines = body[:_SAMPLE_BYTES].split(b"\n")[: MOST_PREAMBLE_LINES + 1]
    at = 0
    for number, line in enumerate(lines):
        text = line.decode("utf-8", "replace")
        for mark in marks:
            header = header_of_line(text, mark)
            if number == 0 and header & {col.DATE, *col.PRICE_VALUES}:
                return 0
            if {col.DATE} < header and header & set(col.PRICE_VALUES):
                return at
        at += len(line) + 1
    return 0


def header_of_line(text: str, mark: str) -> set[str]:
    """Return which of our columns the cells of a line name.

    >>> sorted(header_of_line("Date;Open;Number of Shares", ";"))
    ['date', 'open', 'volume']
    """
    try:
        cells = [plain_name(cell) for cell in next(csv.reader([text], delimiter=mark), [])]
    except csv.Error:
        return set()  # no line of cells, and so no header
    return {
        ours
        for ours, spellings in SPELLINGS.items()
        if len(cells) > 1 and any(cell in spellings for cell in cells)
    }


def _blanks_joined(body: bytes) -> bytes | None:
    """Return a table whose columns are separated by blanks with commas instead, None if it is no such table."""
    lines = body.rstrip().split(b"\n")
    if any(mark.encode() in body for mark in DELIMITERS.values()) or b'"' in body or len(lines) < 2:
        return None
    cells = [line.split() for line in lines if line.strip()]
    header = header_of_line(",".join(cell.decode("utf-8", "replace") for cell in cells[0]), ",")
    even = all(len(row) == len(cells[0]) for row in cells)
    if not even or not header & set(col.PRICE_VALUES) or col.DATE not in header:
        return None
    return b"\n".join(b",".join(row) for row in cells) + b"\n"


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
        raise SourceError(
            f"{name} is not a readable CSV table ({error})", expected="rows of cells"
        ) from error
    return rows


def _delimiter(body: bytes, name: str) -> str:
    """Return the delimiter that cuts the header into the most cells that have a known name.

    A header that nothing cuts is one column. Two delimiters of the same merit are an error.
    """
    merits = {}
    for delimiter, mark in DELIMITERS.items():
        rows = _cells(body, mark, name)
        recognised = sum(plain_name(cell) in known_spellings() for cell in rows[0])
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
