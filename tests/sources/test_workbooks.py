"""Excel workbooks: the one sheet that holds the table, read as text is; bounded before anything is unpacked."""

from __future__ import annotations

import builtins
import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from core.errors import SourceError
from core.sources.files import read_file
from core.sources.tabular import workbook
from core.sources.tabular.options import Options

HEAD = ["Datum", "Eröffnung", "Hoch", "Tief", "Schluss", "Volumen"]
ROWS = [
    [date(2022, 1, 3), 51.29, 51.33, 51.02, 51.123, 1827710],
    [date(2022, 1, 4), 51.3, 51.5, 51.1, 51.25, 1900000],
]


def book(**sheets):
    """A workbook's bytes: the rows of each sheet by its name."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd.mm.yyyy"})
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    made.close()
    return out.getvalue()


def read(data, name="ZQX.xlsx", **options):
    """Rows and facts."""
    made = read_file(data, name, Options(**options))
    columns = [c for c in ("date", "ticker", "open", "high", "low", "close", "volume") if c in made.frame]
    return made.frame[columns].to_numpy().tolist(), made.facts.record()


EXPECTED = [
    ["2022-01-03", "ZQX", 51.29, 51.33, 51.02, 51.123, 1827710.0],
    ["2022-01-04", "ZQX", 51.3, 51.5, 51.1, 51.25, 1900000.0],
]


@pytest.mark.parametrize("options", [{}, {"decimal": "point"}, {"decimal": "comma"}, {"delimiter": "tab"}])
def test_a_sheet_is_read_whatever_is_said_of_texts(options):
    """Dates that are dates, numbers that are numbers: their point parts no thousands."""
    rows, facts = read(book(Kurse=[HEAD, *ROWS]), **options)
    assert rows == EXPECTED
    assert facts["encoding"] == "xlsx"
    assert "delimiter" not in facts


def test_text_above_the_header_and_a_footnote_below_are_left_out():
    """As in a text file, with their lines."""
    rows, facts = read(book(Kurse=[["Kurse der Woche"], [], HEAD, *ROWS, [], ["ohne Gewähr"]]))
    assert rows == EXPECTED
    kinds = [line["why"] for line in facts["left_out"] if line["why"] != "blank"]
    assert kinds == ["above the header", "footnote"]


def test_the_sheet_with_the_table_is_taken_and_two_are_asked_back():
    """A sheet of notes beside it does not matter; two tables do."""
    assert read(book(Hinweis=[["siehe Blatt 2"]], Kurse=[HEAD, *ROWS], leer=[]))[0] == EXPECTED
    with pytest.raises(SourceError, match=r"2 sheets \(ZQX, YRW\), of which ZQX, YRW hold prices"):
        read(book(ZQX=[HEAD, *ROWS], YRW=[HEAD, *ROWS]))


def test_day_numbers_of_a_sheet_are_read_as_in_a_text_file():
    """A date column without a format."""
    assert read(book(Kurse=[HEAD, [44564, *ROWS[0][1:]], [44565, *ROWS[1][1:]]]))[0] == EXPECTED


def test_numbers_typed_as_texts_among_numbers_are_never_taken_for_others():
    """51.29 that is a number is not 5,129 because a text beside it has a decimal comma: the gate names the cell."""
    typed = ["2022-01-03", "51,29", "51,33", "51,02", "51,12", "1.827.710"]
    rows, _ = read(book(Kurse=[HEAD, typed, ["2022-01-04", 51.234, 51.5, 51.1, 51.25, 1900000]]))
    assert rows[0][2:] == [51.29, 51.33, 51.02, 51.12, 1827710.0]
    assert rows[1][2:] == ["51.2340", "51.5", "51.1", "51.25", 1900000.0]


def test_without_what_reads_workbooks_the_extra_is_named(monkeypatch):
    """It is an optional extra."""
    actual = builtins.__import__

    def missing(name, *rest):
        if name == "python_calamine":
            raise ImportError(name)
        return actual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SourceError, match=r"afterclose\[excel\]"):
        read(book(Kurse=[HEAD, *ROWS]))


def test_a_workbook_is_refused_by_what_it_would_unpack_to(monkeypatch):
    """Bytes of its entries, and cells between its corners: two cells can span a sheet."""
    data = book(Kurse=[HEAD, *ROWS])
    monkeypatch.setattr(workbook, "MAX_WORKBOOK_BYTES", 5000)
    with pytest.raises(SourceError, match="bytes when unpacked; expected at most 5,000"):
        read(data)
    monkeypatch.setattr(workbook, "MAX_WORKBOOK_BYTES", 10**7)
    monkeypatch.setattr(workbook, "MAX_CELLS", 17)
    with pytest.raises(SourceError, match="18 cells; expected at most 17"):
        read(data)


def test_an_entry_longer_than_it_says_is_not_unpacked_beyond():
    """The size in the archive's list is what is read; a lie there is a damaged workbook."""
    data = book(Kurse=[HEAD, *ROWS])
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in source.infolist():
            copy.writestr(
                entry.filename, source.read(entry) + (b" " * 10**6 if "sheet1" in entry.filename else b"")
            )
    lying = out.getvalue()
    size = next(e.file_size for e in zipfile.ZipFile(io.BytesIO(lying)).infolist() if "sheet1" in e.filename)
    lying = lying.replace(size.to_bytes(4, "little"), (size - 10**6).to_bytes(4, "little"))
    with pytest.raises(SourceError, match="damaged Excel workbook"):
        read(lying)


@pytest.mark.parametrize("cut", [30, 200, 2000])
def test_a_damaged_workbook_is_called_so(cut):
    """Cut anywhere."""
    with pytest.raises(SourceError, match="damaged"):
        read(book(Kurse=[HEAD, *ROWS])[:cut])


def test_a_workbook_packed_in_another_way_and_scratched_is_called_damaged():
    """LZMA and bzip2 have exceptions of their own in Python's reader of archives."""
    source = zipfile.ZipFile(io.BytesIO(book(Kurse=[HEAD, *ROWS])))
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", packing) as copy:
            for entry in source.infolist():
                copy.writestr(entry.filename, source.read(entry))
        sheet = next(e for e in copy.infolist() if "sheet1" in e.filename)
        good, middle = out.getvalue(), sheet.header_offset + 60 + sheet.compress_size // 2
        with pytest.raises(SourceError, match="damaged Excel workbook"):
            read(good[:middle] + bytes([good[middle] ^ 0xFF]) + good[middle + 1 :])
