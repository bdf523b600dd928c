"""From a file's bytes to UTF-8 text: unpacked within bounds, its encoding named."""

from __future__ import annotations

import gzip
import io
import zlib

from core.errors import SourceError
from core.sources.tabular.options import AUTO, MAX_BYTES, too_many

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_WORKBOOK = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


def is_packed(data: bytes) -> bool:
    """Return whether the bytes are gzip, whatever the file is called."""
    return data.startswith(_GZIP)


def is_parquet(data: bytes) -> bool:
    """Return whether the bytes are Parquet, whatever the file is called."""
    return data.startswith(_PARQUET)


def unpacked(data: bytes, name: str) -> bytes:
    """Return the bytes without gzip; at most 1 GiB comes out, however small the file is.

    Raises
    ------
    SourceError
        If the file is cut, not gzip inside, or larger than the cap when unpacked.
    """
    if not is_packed(data):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            plain = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"{name} is a damaged gzip file ({error})",
            expected="a whole one",
            remedy="Fetch or pack it again.",
        ) from error
    if len(plain) > MAX_BYTES:
        raise too_many(name, "or more bytes when unpacked", MAX_BYTES, MAX_BYTES)
    return plain


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
    if encoding == AUTO:
        encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    try:
        text = data.removeprefix(_UTF8_MARK).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{name} is not {encoding.upper()} (byte {data[error.start]:#04x} at {error.start}, line {line})",
            expected=f"text in {encoding.upper()}",
            remedy="Save it as UTF-8, or say what it is: --encoding cp1252 (Western Windows), latin-1 or utf-16.",
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise SourceError(f"{name}, line {line} holds a zero byte", expected="text", remedy=_AS_CSV)
    plain = data.removeprefix(_UTF8_MARK) if encoding == "utf-8" else text.encode()
    return plain, encoding


_AS_CSV = "Save the table as CSV (UTF-8) or Parquet."


def _refuse_binary(data: bytes, name: str) -> None:
    if data.startswith(_WORKBOOK):
        raise SourceError(
            f"{name} is a ZIP archive or a workbook",
            expected="CSV or Parquet, plain or gzipped",
            remedy=_AS_CSV,
        )
