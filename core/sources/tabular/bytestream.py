"""From a file's bytes to UTF-8 text: unpacked within bounds, its encoding named."""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

from core.errors import SourceError
from core.sources.tabular.columns import known_spellings, spelling_of
from core.sources.tabular.kinds import AS_CSV, is_json_or_markup, refuse_binary, refuse_text
from core.sources.tabular.options import AUTO, MAX_BYTES, MAX_LINE, MAX_ROWS, MAX_TEXT, PLAIN_CELL, too_many

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARKS = (b",", b";", b"\t", b"|")
"""What may part cells."""

_UTF8 = "utf-8"
_UTF8_MARK = b"\xef\xbb\xbf"


_BZIP2 = b"BZh"
_ZSTD = b"\x28\xb5\x2f\xfd"
_FEATHER = (b"ARROW1", b"FEA1")


_PACKINGS = {_GZIP: "gzip", _BZIP2: "bzip2", _ZSTD: "zstd"}


def packing_of(data: bytes) -> str:
    """Return what the bytes are packed with (``gzip``, ``bzip2``, ``zstd``), empty if they are not."""
    return next((name for start, name in _PACKINGS.items() if data.startswith(start)), "")


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
    kind = packing_of(data)
    if not kind:
        return data
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
    if again := packing_of(content):
        raise SourceError(
            f"{name} is packed twice ({again} within {kind})",
            expected="a table that is packed once, or not at all",
            remedy="Unpack it once.",
        )
    return content


def _opened(data: bytes, kind: str) -> Any:
    """Return a stream of the bytes as they come out."""
    if kind == "gzip":
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if kind == "bzip2":
        return bz2.BZ2File(io.BytesIO(data))
    import pyarrow as pa

    return pa.input_stream(io.BytesIO(data), compression="zstd")


def _refuse_endless(data: bytes, name: str) -> None:
    """Refuse a text with more or longer lines than any table has, before it is decoded or cut into cells.

    Raises
    ------
    SourceError
        With the count, or where the long line is.
    """
    mark = b"\n" if b"\n" in data[:MAX_LINE] else b"\r"
    lines = data.count(mark)
    if lines > MAX_ROWS:
        raise too_many(name, "lines", lines, MAX_ROWS)
    if len(data) > MAX_TEXT and not data.startswith(_UTF16):
        cells = lines + sum(map(data.count, _MARKS))
        if len(data) - cells * PLAIN_CELL > MAX_TEXT:
            raise too_many(
                name, f"bytes beyond {PLAIN_CELL} a cell", len(data) - cells * PLAIN_CELL, MAX_TEXT
            )
    for start in range(0, len(data) - MAX_LINE, MAX_LINE):
        if data.find(mark, start, start + MAX_LINE) < 0:
            line = data.count(mark, 0, start) + 1
            raise SourceError(
                f"{name}, line {line:,} has more than {MAX_LINE:,} bytes",
                expected=f"lines of at most {MAX_LINE:,} bytes",
                remedy="It is no table, or a quote is not closed: look at that line.",
            )


def as_utf8(data: bytes, name: str, encoding: str = AUTO) -> tuple[bytes, str]:
    r"""Return text as UTF-8 bytes without a byte order mark, and the name of the encoding it came in.

    Without a word from the user a byte order mark decides (UTF-8, UTF-16), else the text must be UTF-8, or its header
    must have known names in one other encoding alone: any bytes are valid Latin-1, so that nothing is guessed.

    Raises
    ------
    SourceError
        If the bytes are no text of that encoding, with the byte and its line.

    Examples
    --------
    >>> as_utf8(b"Schlu\xdf", "x.csv", "cp1252")
    (b'Schlu\xc3\x9f', 'cp1252')
    """
    refuse_binary(data, name)
    if encoding == AUTO and is_json_or_markup(data):
        refuse_text(data, name)
    _refuse_endless(data, name)
    if encoding == AUTO:
        encoding = "utf-16" if data.startswith(_UTF16) else _UTF8
        if encoding == _UTF8 and not _is_in(data, encoding) and len(readings := _readings(data)) == 1:
            encoding = readings[0]
    body = data.removeprefix(_UTF8_MARK)
    try:
        body = _recoded(body, name, encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{name} is not {encoding.upper()} (byte {body[error.start]:#04x} at {error.start}, line {line})",
            expected=f"text in {encoding.upper()}",
            remedy=_encoding_remedy(data),
        ) from error
    if b"\0" in body:
        line = body.count(b"\n", 0, body.index(b"\0")) + 1
        wide = body.count(b"\0") * 3 > len(body)
        remedy = "It looks like UTF-16: say --encoding utf-16, or save it as UTF-8." if wide else AS_CSV
        raise SourceError(f"{name}, line {line} holds a zero byte", expected="text", remedy=remedy)
    if b"\n" not in body[:_SAMPLE_BYTES] and b"\r" in body:
        body = body.replace(b"\r", b"\n")  # as old systems ended lines
    return body, encoding


def _pieces(data: bytes, encoding: str) -> Iterator[str]:
    """Yield the text of bytes, a piece at a time: one letter beyond the plain ones makes a whole text four times as large.

    Raises
    ------
    UnicodeDecodeError
        With the place in all bytes.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data) + 1, _PIECE_BYTES):
        piece = data[start : start + _PIECE_BYTES]
        try:
            yield decoder.decode(piece, final=start + _PIECE_BYTES > len(data))
        except UnicodeDecodeError as error:
            place = start + len(piece) - len(error.object) + error.start
            raise UnicodeDecodeError(error.encoding, data, place, place + 1, error.reason) from None


def _recoded(data: bytes, name: str, encoding: str) -> bytes:
    """Return a text as UTF-8.

    Raises
    ------
    UnicodeDecodeError
        If it is none in that encoding.
    SourceError
        If it would have more bytes than any table.
    """
    out = io.BytesIO()
    if encoding == _UTF8 and data.isascii():
        return data
    for piece in _pieces(data, encoding):
        if encoding == _UTF8:
            continue  # the bytes stay as they are
        out.write(piece.encode("utf-8", "surrogatepass"))
        if out.tell() > MAX_BYTES:
            raise too_many(name, "or more bytes as UTF-8", MAX_BYTES, MAX_BYTES)
    return data if encoding == _UTF8 else out.getvalue()


_PIECE_BYTES = 1 << 20

_SAMPLE_BYTES = 1 << 20


def _is_in(data: bytes, encoding: str) -> bool:
    """Return whether bytes are a text in an encoding."""
    if encoding == _UTF8 and data.isascii():
        return True
    try:
        for _ in _pieces(data, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _readings(data: bytes) -> list[str]:
    """Return the encodings in which bytes that are no UTF-8 are a text whose header has known names beyond ASCII.

    A header that says 日期 or Eröffnung in one encoding says nothing in the others: that is no guess. Encodings that
    give the same text count once.
    """
    by_text: dict[str, str] = {}
    for encoding in _WITH_OWN_WORDS:
        first = codecs.getincrementaldecoder(encoding)("replace").decode(data[:_SAMPLE_BYTES])
        if _has_words_of_a_header(first) and (digest := _digest_in(data, encoding)):
            by_text.setdefault(digest, encoding)
    return list(by_text.values())


def _digest_in(data: bytes, encoding: str) -> str:
    """Return a digest of the text that bytes are in an encoding, empty if they are none."""
    digest = hashlib.sha256()
    try:
        for piece in _pieces(data, encoding):
            digest.update(piece.encode())
    except UnicodeError:
        return ""
    return digest.hexdigest()


def _has_words_of_a_header(text: str) -> bool:
    lines = text.splitlines()[:_HEADER_LINES]
    cells = (cell.strip(' "') for line in lines for cell in re.split("[,;\t|]", line))
    return any(not cell.isascii() and spelling_of(cell) in known_spellings() for cell in cells)


def _encoding_remedy(data: bytes) -> str:
    """Return what to do about bytes that are no UTF-8: the encodings in which the header is known, else those there are."""
    readings = _readings(data)
    if readings:
        ways = " or ".join(f"--encoding {encoding}" for encoding in readings)
        return f"Its header reads well as {', '.join(readings).upper()}: say {ways}, or save it as UTF-8."
    return (
        "Save it as UTF-8, or say what it is: --encoding cp1252 (Western Windows), latin-1, utf-16, gb18030 (Chinese), big5, "
        "cp932 (Japanese) or cp949 (Korean)."
    )


_WITH_OWN_WORDS = ("gb18030", "cp932", "cp949", "big5", "cp1252", "cp1250", "cp1251")
_HEADER_LINES = 40
