"""From a file's bytes to UTF-8 text: unpacked within bounds, its encoding named."""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from typing import Any

from core.errors import SourceError
from core.sources.tabular.columns import known_spellings, plain_name
from core.sources.tabular.options import AUTO, MAX_BYTES, too_many

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_WORKBOOK = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


_BZIP2 = b"BZh"
_ZSTD = b"\x28\xb5\x2f\xfd"
_FEATHER = (b"ARROW1", b"FEA1")


def is_packed(data: bytes) -> bool:
    """Return whether the bytes are gzip, bzip2 or zstd, whatever the file is called."""
    return data.startswith((_GZIP, _BZIP2, _ZSTD))


def is_feather(data: bytes) -> bool:
    """Return whether the bytes are Feather (Arrow), whatever the file is called."""
    return data.startswith(_FEATHER)


def is_parquet(data: bytes) -> bool:
    """Return whether the bytes are Parquet, whatever the file is called."""
    return data.startswith(_PARQUET)


def unpacked(data: bytes, name: str) -> bytes:
    """Return the bytes unpacked (gzip, bzip2, zstd); at most 1 GiB comes out, however small the file is.

    Raises
    ------
    SourceError
        If the file is cut, damaged, or larger than the cap when unpacked.
    """
    if not is_packed(data):
        return data
    kind = "gzip" if data.startswith(_GZIP) else "bzip2" if data.startswith(_BZIP2) else "zstd"
    try:
        content: bytes = _opened(data, kind).read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"{name} is a damaged {kind} file ({error})",
            expected="a whole one",
            remedy="Fetch or pack it again.",
        ) from error
    if len(content) > MAX_BYTES:
        raise too_many(name, "or more bytes when unpacked", MAX_BYTES, MAX_BYTES)
    return content


def _opened(data: bytes, kind: str) -> Any:
    """Return a stream of the bytes as they come out."""
    if kind == "gzip":
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if kind == "bzip2":
        return bz2.BZ2File(io.BytesIO(data))
    import pyarrow as pa

    return pa.input_stream(io.BytesIO(data), compression="zstd")


def as_utf8(data: bytes, name: str, encoding: str = AUTO) -> tuple[bytes, str]:
    r"""Return text as UTF-8 bytes without a byte order mark, and the name of the encoding it came in.

    Without a word from the user a byte order mark decides (UTF-8, UTF-16), else the text must be UTF-8:
    any bytes are valid Latin-1, so that one is never guessed.

    Raises
    ------
    SourceError
        If the bytes are no text of that encoding, with the byte and its line.

    Examples
    --------
    >>> as_utf8(b"Schlu\xdf", "x.csv", "cp1252")
    (b'Schlu\xc3\x9f', 'cp1252')
    """
    _refuse_binary(data, name)
    if encoding == AUTO and (data.lstrip()[:1] in (b"{", b"[") or _PAGE.match(data.lstrip()[:200])):
        refuse_text(data, name)
    if encoding == AUTO:
        encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    try:
        text = data.removeprefix(_UTF8_MARK).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{name} is not {encoding.upper()} (byte {data[error.start]:#04x} at {error.start}, line {line})",
            expected=f"text in {encoding.upper()}",
            remedy=_encoding_remedy(data),
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise SourceError(f"{name}, line {line} holds a zero byte", expected="text", remedy=_AS_CSV)
    body = data.removeprefix(_UTF8_MARK) if encoding == "utf-8" else text.encode()
    return body, encoding


def _encoding_remedy(data: bytes) -> str:
    """Return what to do about bytes that are no UTF-8: the one encoding in which the header is known, else those there are."""
    line = data.partition(b"\n")[0]
    for encoding in _EAST_ASIAN:
        try:
            header = line.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(
            plain_name(cell) in known_spellings() and not cell.isascii()
            for cell in re.split("[,;\t|]", header)
        ):
            return f"Its header reads well as {encoding.upper()}: say --encoding {encoding}, or save it as UTF-8."
    return (
        "Save it as UTF-8, or say what it is: --encoding cp1252 (Western Windows), latin-1, utf-16, gb18030 (Chinese), big5, "
        "cp932 (Japanese) or cp949 (Korean)."
    )


_EAST_ASIAN = ("gb18030", "cp932", "cp949", "big5")

_AS_CSV = "Save the table as CSV (UTF-8) or Parquet."


_KINDS = (
    (_WORKBOOK, "a ZIP archive or an Excel workbook (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
)
"""How files begin that are no text and no table that is read here."""

_PAGE = re.compile(rb"<(?:!doctype|html|head|body|table|\?xml)", re.IGNORECASE)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")


def _refuse_binary(data: bytes, name: str) -> None:
    kind = next((kind for start, kind in _KINDS if data.startswith(start)), None)
    if _PICKLE.match(data):
        raise SourceError(
            f"{name} is a pickle (.pkl), which is never opened: it can run any program",
            expected="CSV or Parquet, plain or gzipped",
            remedy="Save the frame with to_parquet or to_csv.",
        )
    if kind:
        raise SourceError(
            f"{name} is {kind}", expected="CSV, Parquet or Feather, plain or gzipped", remedy=_AS_CSV
        )


def refuse_text(text: bytes, name: str) -> None:
    """Refuse a text that is no table: JSON, a web page, or a service's answer in words.

    Raises
    ------
    SourceError
        Naming what it is, with its own words where they are few.
    """
    start = text.lstrip()[:200]
    words = " ".join(text.decode("utf-8", "replace").split())
    if start[:1] in (b"{", b"["):
        raise SourceError(f"{name} holds JSON", expected="CSV or Parquet", remedy=_AS_CSV)
    if _PAGE.match(start):
        raise SourceError(
            f"{name} holds a web page (HTML)",
            expected="CSV or Parquet",
            remedy="Download the table itself; look at the page for why.",
        )
    # any other text may be a secret: of it nothing is said, because a message is read by many
    if _is_sentence(words) and _ANSWER.search(words):
        raise SourceError(
            f"{name} holds no table but the words: {words}",
            expected="a header line and one row per date and ticker",
            remedy="Fetch the file again when the service answers.",
        )

    raise SourceError(
        f"{name} is no table of prices: no column of its first line is called a date or a price",
        expected="a header line with date, open, high, low, close and volume",
        remedy="Name the columns so, or take the file that holds the prices.",
    )


def _is_sentence(text: str) -> bool:
    """Return whether a text is a few plain words."""
    words = [word.strip(",.:;!?") for word in text[:_LONGEST_SENTENCE].split()]
    all_words = all(word.isdigit() or word.replace("'", "").isalpha() for word in words if word)
    return len(text) <= _LONGEST_SENTENCE and len(words) > 1 and all_words


_LONGEST_SENTENCE = 200
_ANSWER = re.compile(
    r"limit|request|not found|error|forbidden|denied|unavailable|exceeded|invalid|premium|no data",
    re.IGNORECASE,
)
"""Words in which services answer instead of a table."""
