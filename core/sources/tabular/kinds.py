"""What a file is that is no table, by its bytes and whatever it is called: named, with the way out."""

from __future__ import annotations

import re

from core.errors import SourceError
from core.sources.tabular.workbook import names_in_zip

AS_CSV = "Save the table as CSV (UTF-8) or Parquet."
_UNPACK = "Unpack it, and name the file or folder that holds the prices."
_EXPORT = "Export the table of prices from it as CSV (UTF-8) or Parquet."
_READ = "CSV, Parquet, Feather or .xlsx, plain or packed with gzip, bzip2 or zstd"

_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one with a password", "Save it as .xlsx without a password, or as CSV (UTF-8)."),
    (b"\x09\x08\x10\x00", "an old Excel workbook (.xls)", "Save it as .xlsx or as CSV (UTF-8)."),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"\x00\x01\x00\x00Standard ", "an Access database", _EXPORT),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 archive", _UNPACK),
    (b"\xff\x06\x00\x00sNaPpY", "a Snappy archive", _UNPACK),
    (b"LZIP", "an lzip archive", _UNPACK),
    (b"%PDF", "a PDF document", "Download the table itself as CSV."),
    (b"{\\rtf", "a document (RTF)", AS_CSV),
    (b"\x89HDF", "an HDF5 file", "Save the frame with to_parquet or to_csv."),
    (b"\x93NUMPY", "a NumPy array", "Save it as a table with its names: to_parquet or to_csv of a frame."),
    (b"ORC", "an ORC file", "Save the frame with to_parquet or to_csv."),
    (b"Obj\x01", "an Avro file", "Save the frame with to_parquet or to_csv."),
    (b"RDX", "an R data file", "Save the frame in R with write.csv or arrow::write_parquet."),
    (b"X\n", "an R object (.rds)", "Save the frame in R with write.csv or arrow::write_parquet."),
    (b"RDA", "an R data file", "Save the frame in R with write.csv or arrow::write_parquet."),
    (b"<stata_dta>", "a Stata file", _EXPORT),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60", "a SAS data set", _EXPORT),
    (b"$FL2", "an SPSS file", _EXPORT),
    (b"MATLAB", "a MATLAB file", _EXPORT),
    (b"\x89PNG", "a picture (PNG)", "Get the numbers behind the picture as CSV."),
    (b"\xff\xd8\xff", "a picture (JPEG)", "Get the numbers behind the picture as CSV."),
    (b"GIF8", "a picture (GIF)", "Get the numbers behind the picture as CSV."),
    (b"\x7fELF", "a program", AS_CSV),
    (b"bplist00", "a property list", AS_CSV),
)  # fmt: skip
"""How files begin that are no text and no table that is read here, what they are, and what to do."""

_WITHIN = ((8, b"DUCK", "a DuckDB database", _EXPORT), (257, b"ustar", "a tar archive", _UNPACK))
"""The same further inside."""

_PICKLE = re.compile(rb"\x80[\x02-\x05][\x95c\]}(\x8c]|\(dp\d|\(lp\d|c[a-z_]+(?:\.[a-z_]+)*\n[A-Za-z_]+\n")
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|table|\?xml|!--|[a-z:]+ xmlns)", re.IGNORECASE)
_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\d\]]")


def refuse_binary(data: bytes, name: str) -> None:
    """Refuse bytes that are known to be something else than a text.

    Raises
    ------
    SourceError
        Naming what it is, and the way out.
    """
    if _PICKLE.match(data):
        raise SourceError(
            f"{name} is a pickle (.pkl), which is never opened: it can run any program",
            expected=_READ,
            remedy="Save the frame with to_parquet or to_csv.",
        )
    kind = next(((kind, remedy) for start, kind, remedy in _KINDS if data.startswith(start)), None)
    kind = kind or next(
        ((kind, remedy) for at, mark, kind, remedy in _WITHIN if data.startswith(mark, at)), None
    )
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        kind = _zip_kind(names_in_zip(data))
    if kind:
        raise SourceError(f"{name} is {kind[0]}", expected=_READ, remedy=kind[1])


def _zip_kind(names: list[str]) -> tuple[str, str]:
    if not names:
        return (
            "a damaged ZIP archive or Excel workbook (.xlsx)",
            "Save it again, or save the table as CSV (UTF-8).",
        )
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb)", "Save it as .xlsx or as CSV (UTF-8)."
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument sheet (.ods)", "Save it as .xlsx or as CSV (UTF-8)."
    if any(name.endswith(".npy") for name in names):
        return "NumPy arrays (.npz)", "Save them as a table with its names: to_parquet or to_csv of a frame."
    if "word/document.xml" in names:
        return "a Word document", AS_CSV
    return "a ZIP archive", _UNPACK


def is_json_or_markup(data: bytes) -> bool:
    """Return whether a text begins like JSON or like a page, which no table does."""
    start = data[:_BEGINNING].lstrip()[:200]
    return bool(_JSON.match(start) or _MARKUP.match(start))


def refuse_text(text: bytes, name: str) -> None:
    """Refuse a text that is no table: JSON, a web page, or a service's answer in words.

    Raises
    ------
    SourceError
        Naming what it is, with its own words where they are few; of any other text nothing is quoted.
    """
    start = text[:_BEGINNING].lstrip()[:2000]
    answers = sorted({match.decode().lower() for match in _ANSWER.findall(text[:2000])})
    if _JSON.match(start):
        beside = f" that speaks of: {', '.join(answers)}" if answers and len(text) < _LONGEST_ANSWER else ""
        raise SourceError(
            f"{name} holds JSON{beside}",
            expected=_READ,
            remedy="Fetch the file again when the service answers."
            if beside
            else "Save its records as a table: pandas.read_json(...).to_csv(..., index=False).",
        )
    if _MARKUP.match(start):
        xml = start[:5].lower() == b"<?xml" and b"<html" not in start.lower()
        raise SourceError(
            f"{name} holds {'XML' if xml else 'a web page (HTML)'}",
            expected=_READ,
            remedy=AS_CSV if xml else "Download the table itself; look at the page for why.",
        )
    words = " ".join(text[:_LONGEST_ANSWER].decode("utf-8", "replace").split())
    if answers and len(text) < _LONGEST_ANSWER and _is_sentence(words):
        raise SourceError(
            f"{name} holds no table but the words: {words}",
            expected="a header line and one row per date and ticker",
            remedy="Fetch the file again when the service answers.",
        )
    # any other text may be a secret: of it nothing is said but words of the list, because a message is read by many
    if answers and len(text) < _LONGEST_ANSWER:
        raise SourceError(
            f"{name} holds no table but a service's answer in words (it speaks of: {', '.join(answers)})",
            expected="a header line and one row per date and ticker",
            remedy="Fetch the file again when the service answers.",
        )
    raise SourceError(
        f"{name} is no table of prices: no column of its first line is called a date or a price",
        expected="a header line with date, open, high, low, close and volume",
        remedy="Name the columns so, say which is which (--columns date=...,close=...), or take the file that holds the prices.",
    )


def _is_sentence(text: str) -> bool:
    """Return whether a text is a few plain words."""
    words = [word.strip(",.:;!?") for word in text[:_LONGEST_SENTENCE].split()]
    all_words = all(word.isdigit() or word.replace("'", "").isalpha() for word in words if word)
    return len(text) <= _LONGEST_SENTENCE and len(words) > 1 and all_words


_BEGINNING = 1 << 16
"""So many bytes are looked at for what a text begins with; all of it would be copied to look past its blanks."""

_LONGEST_SENTENCE = 200
_LONGEST_ANSWER = 4000
_ANSWER = re.compile(
    rb"rate limit|daily limit|hits limit|limit|too many requests|requests?|not found|error|forbidden|denied|unauthorized|"
    rb"unavailable|exceeded|invalid|expired|premium|no data|throttled|quota|subscription|maintenance|captcha|blocked|timeout",
    re.IGNORECASE,
)
"""Words in which services answer instead of a table."""
