"""An Excel workbook's one table as text: what a sheet shows, cell by cell, in the one way that text is read.

The file is a ZIP archive of XML. What it would unpack to is summed and bounded before a cell is read, and what is
read is then exactly that: entries that are longer than they say are cut there.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.errors import SourceError, listed
from core.platform.zips import ZIP_FAULTS, why
from core.sources.tabular.layout import MOST_PREAMBLE_LINES, names_date_and_prices
from core.sources.tabular.options import AUTO, too_many

MAX_WORKBOOK_BYTES = 512 * 1024**2
"""Bytes of XML behind a workbook: a million rows of prices are under 400 MB."""

MAX_CELLS = 20_000_000
"""Cells from a sheet's first corner to its last, of all sheets: empty ones between take memory as well."""

_WORKBOOK = "xl/workbook.xml"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_PLACE = re.compile(rb'\br="([A-Z]{0,3})([0-9]{1,7})"')
_SHARED = "xl/sharedStrings.xml"
_TEXT = re.compile(rb"<(?:\w+:)?si[\s/>]")
_REFERENCE = re.compile(rb"""\bt=["']s["'][^>]*>\s*<(?:\w+:)?v>\s*([0-9]{1,9})""")
"""A cell that points to a shared text, and which."""

_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")


def is_workbook(data: bytes) -> bool:
    """Return whether the bytes are an Excel workbook (.xlsx), whatever the file is called."""
    return data.startswith(b"PK\x03\x04") and _WORKBOOK in names_in_zip(data)


MOST_DIRECTORY_BYTES = 4 << 20
"""Bytes of a ZIP archive's list of what is in it: a workbook's has some kilobytes, and each name takes a kilobyte when
it is read."""


def names_in_zip(data: bytes) -> list[str]:
    """Return the names in a ZIP archive; a sign in their place where they are too many, none where it is damaged."""
    if _directory_bytes(data) > MOST_DIRECTORY_BYTES:
        return [_MANY]
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except ZIP_FAULTS:
        return []


_MANY = "..."
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
"""Signatures of records at the end of a ZIP archive (APPNOTE.TXT, 4.3.14 to 4.3.16), of 22, 56 and 20 bytes."""


def _directory_bytes(data: bytes) -> int:
    """Return how long a ZIP archive says its list is; 0 where it has none."""
    end = data.rfind(_END, max(0, len(data) - (1 << 16) - 22))
    if end < 0:
        return 0
    record = data[max(0, end - 76) : end - 20] if data.startswith(_LOCATOR_64, max(0, end - 20)) else b""
    size = record[40:48] if record.startswith(_END_64) else data[end + 12 : end + 16]
    return int.from_bytes(size, "little")


def sheet_as_text(data: bytes, name: str, decimal: str = AUTO) -> bytes:
    """Return the sheet that holds the table as CSV in UTF-8: dates ISO, numbers with a point, not with three decimals.

    A number of a sheet is no text: its point parts no thousands, and a fourth decimal says so to whoever reads on.
    Where a decimal comma is said of its texts, its numbers are written so, too.

    Raises
    ------
    SourceError
        If what reads workbooks is not installed, the file is damaged or too large when unpacked, or several sheets
        could be the table.
    """
    try:
        import python_calamine
    except ImportError as error:
        raise SourceError(
            f"{name} is an Excel workbook (.xlsx), and what reads one is not installed",
            expected="CSV or Parquet, or the extra that reads workbooks",
            remedy='Install it: pip install "afterclose[excel]"; or save the sheet as CSV (UTF-8).',
        ) from error
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(_bounded(data, name)))
        sheets = [
            (sheet.name, book.get_sheet_by_index(place).to_python(skip_empty_area=False))
            for place, sheet in enumerate(book.sheets_metadata)
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
    except (python_calamine.CalamineError, *ZIP_FAULTS) as error:
        raise SourceError(
            f"{name} is a damaged Excel workbook ({why(error)})",
            expected="a whole one without a password",
            remedy="Save it again, or save the sheet as CSV (UTF-8).",
        ) from error
    rows = _the_table({title: rows for title, rows in sheets if any(map(any, rows))}, name)
    text, mark = io.StringIO(), "," if decimal == "comma" else "."
    csv.writer(text, lineterminator="\n").writerows([_text(cell, mark) for cell in row] for row in rows)
    return text.getvalue().encode()


def _bounded(data: bytes, name: str) -> bytes:
    """Return the workbook stored anew, with every entry as long as it says.

    Raises
    ------
    SourceError
        If it would unpack to more than the cap, or its cells span more than the cap.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    total = sum(entry.file_size for entry in archive.infolist())
    if total > MAX_WORKBOOK_BYTES:
        raise too_many(name, "bytes when unpacked", total, MAX_WORKBOOK_BYTES)
    copy, cells, references = io.BytesIO(), 0, Counter[bytes]()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as stored:
        for entry in archive.infolist():
            content = archive.read(entry)
            stored.writestr(entry.filename, content)
            if _SHEET.fullmatch(entry.filename):
                cells += _span(content)
                references.update(_REFERENCE.findall(content))
            if cells > MAX_CELLS:
                raise too_many(name, "cells", cells, MAX_CELLS)
    _judge_shared(archive, references, name)
    return copy.getvalue()


def _judge_shared(archive: zipfile.ZipFile, references: Mapping[bytes, int], name: str) -> None:
    """Refuse texts that stand once and are pointed to by so many cells that, written out, they exceed the cap."""
    if not references or _SHARED not in archive.namelist():
        return
    lengths = [len(text) for text in _TEXT.split(archive.read(_SHARED))[1:]]
    total = sum(
        lengths[int(place)] * count for place, count in references.items() if int(place) < len(lengths)
    )
    if total > MAX_WORKBOOK_BYTES:
        raise too_many(name, "bytes of text when written out", total, MAX_WORKBOOK_BYTES)


def _span(sheet: bytes) -> int:
    """Return how many cells lie between the corners of a sheet, or stand in it if that is more: they need no place."""
    row, column = 0, b""
    for match in _PLACE.finditer(sheet):
        row = max(row, int(match[2]))
        column = max(column, match[1], key=lambda letters: (len(letters), letters))
    width = 0
    for letter in column:
        width = width * 26 + letter - ord("A") + 1
    return max(row * max(width, 1), sum(1 for _ in _CELL.finditer(sheet)))


def _the_table(sheets: dict[str, list[list[Any]]], name: str) -> Sequence[Sequence[Any]]:
    """Return the rows of the one sheet that is a table of prices.

    Raises
    ------
    SourceError
        Naming the sheets, if none is or several are.
    """
    if len(sheets) == 1:
        return next(iter(sheets.values()))
    tables = [title for title, rows in sheets.items() if any(map(_heads, rows[: MOST_PREAMBLE_LINES + 1]))]
    if len(tables) == 1:
        return sheets[tables[0]]
    if not sheets:
        return []
    which = f"of which {listed(tables)} hold prices" if tables else "of which none names a date and prices"
    raise SourceError(
        f"{name} has {len(sheets)} sheets ({listed(list(sheets))}), {which}",
        expected="one sheet with the table of prices",
        remedy="Save each sheet as a file of its own, named by its ticker, in a folder.",
    )


def _heads(row: Sequence[Any]) -> bool:
    return names_date_and_prices([_text(cell) for cell in row])


def _text(cell: Any, mark: str = ".") -> str:
    """Return a cell as text.

    >>> [_text(cell) for cell in (51.29, 114.509, 1827710.0, date(2022, 1, 3), datetime(2022, 1, 3), "ZQX", "")]
    ['51.29', '114.5090', '1827710', '2022-01-03', '2022-01-03', 'ZQX', '']
    """
    if isinstance(cell, bool | str):
        return str(cell)
    if isinstance(cell, int | float):
        if float(cell).is_integer() and abs(cell) < 2**63:
            return str(int(cell))
        written = repr(float(cell))
        exact = f"{written}0" if len(written.partition(".")[2]) == 3 and "e" not in written else written
        return exact.replace(".", mark)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
