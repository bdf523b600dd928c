"""Ticker lists: a comma list, a JSON list or ``@file`` become one sorted tuple without repeats."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from core.errors import MissingFileError, ParameterError
from core.paths import Allowed, any_file, bytes_of

TICKERS = "tickers"
"""The parameter that every mistake in a list is about."""

MAX_TICKERS = 100_000
MAX_LIST_BYTES = 10_000_000

_LEGAL = re.compile(r"[\w^$](?:[\w.\-=^&+*/:#@%$'!~()]| (?! )){0,19}")
"""At most 20 characters: exchange symbols, with suffixes such as ``005930.KS`` or ``US Equity``, stay under this."""
_COMMENT = re.compile(r"(?:^|\s)#.*")


def is_legal(ticker: str) -> bool:
    """Return whether ``ticker`` may name a price series, in a file's column as on the command line.

    Letters and digits of any script, ``. - = ^ & + * / : # @ % $ ' ! ~ ( )`` and single blanks between them; at most 20
    characters. It begins with a letter, a digit, ``^`` or ``$``, ends with no blank or slash, and has no ``..``.
    What becomes part of a file's name goes through :func:`file_name`.

    >>> [is_legal(t) for t in ("BRK/B", "BTC/USD", "^GSPC", "NA", "ZQX US Equity", "../../etc/passwd", "a//b", "")]
    [True, True, True, True, True, False, False, False]
    """
    return (
        _LEGAL.fullmatch(ticker) is not None
        and ".." not in ticker
        and "//" not in ticker
        and not ticker.endswith((" ", "/"))
    )


def file_name(ticker: str) -> str:
    """Return a ticker as part of a file's name; :func:`from_file_name` gives it back.

    >>> file_name("BRK/B"), from_file_name("BRK%2FB")
    ('BRK%2FB', 'BRK/B')
    """
    return quote(ticker, safe=_SAFE_IN_NAMES)


def from_file_name(name: str) -> str:
    """Return the ticker behind a part of a file's name; one without ``%`` is itself."""
    return unquote(name)


_SAFE_IN_NAMES = "^=&+$@'!~() "


def parse(text: str, *, upper: bool, folder: Path, allowed: Allowed = any_file) -> tuple[str, ...]:
    """Return the tickers that ``text`` means, sorted, each once; empty for an empty text.

    Parameters
    ----------
    text : str
        ``AAPL,MSFT`` or ``["AAPL", "MSFT"]`` or ``@universe.txt`` (one ticker a line, ``#`` comments).
    upper : bool
        Whether the source writes tickers in capitals.
    folder : Path
        What a relative ``@file`` is relative to.
    allowed : Allowed
        Judges that file once it is open.

    Raises
    ------
    ParameterError
        For an illegal ticker, a broken JSON list or more than 100,000 tickers.
    MissingFileError
        If the file is not there.
    """
    places = {name.strip(): place for name, place in _split(text.strip(), folder, allowed)}
    for name, place in sorted(places.items()):
        if name and not is_legal(name):
            raise ParameterError(
                f"--tickers holds {name[:80]!r}{place}",
                expected="letters, digits, . - = ^ & + * / : and single blanks, at most 20 characters",
                remedy="For example: --tickers AAPL,BRK-B,^GSPC",
                parameter=TICKERS,
            )
    chosen = sorted({name.upper() if upper else name for name in places if name})
    if len(chosen) > MAX_TICKERS:
        raise ParameterError(
            f"--tickers holds {len(chosen):,} tickers",
            expected=f"at most {MAX_TICKERS:,}",
            parameter=TICKERS,
        )
    return tuple(chosen)


def place_of(text: str, name: str, folder: Path) -> str:
    """Return where a list names a ticker, in words: `` (universe.txt, line 3)``; empty for a list typed in place."""
    places = (
        place
        for written, place in _split(text.strip(), folder, any_file)
        if written.strip().upper() == name.upper()
    )
    return next(places, "")


def _split(text: str, folder: Path, allowed: Allowed) -> Iterable[tuple[str, str]]:
    """Yield (name, where it stands in words), the names as they are written."""
    if text.startswith("@"):
        return _listed(folder / text[1:], allowed)
    return [(name, "") for name in _inline(text)]


def _listed(path: Path, allowed: Allowed) -> Iterable[tuple[str, str]]:
    MissingFileError.unless_file(path, "ticker list", parameter=TICKERS)
    if path.stat().st_size > MAX_LIST_BYTES:
        raise ParameterError(
            f"{path.name} has {path.stat().st_size:,} bytes",
            expected=f"a list of at most {MAX_LIST_BYTES:,}",
            parameter=TICKERS,
        )
    try:
        lines = bytes_of(path, MAX_LIST_BYTES, allowed=allowed).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = (
            f"is not UTF-8 (byte {error.start})"
            if isinstance(error, UnicodeDecodeError)
            else f"cannot be read: {error.strerror or error}"
        )
        raise ParameterError(
            f"{path.name} {why}", expected="a text file with one ticker a line", parameter=TICKERS
        ) from error
    return [
        (name, f" ({path.name}, line {number})")
        for number, line in enumerate(lines, start=1)
        for name in _COMMENT.sub("", line).split(",")
    ]


def _inline(text: str) -> Iterable[str]:
    if text.startswith("["):
        try:
            names = json.loads(text)
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ParameterError(
                f"--tickers is {text[:80]!r}",
                expected='a comma list or a JSON list such as ["AAPL","MSFT"]',
                parameter=TICKERS,
            )
        return names
    names = text.removesuffix(",").split(",")
    if "," in text and not all(name.strip() for name in names):
        raise ParameterError(
            f"--tickers is {text[:80]!r}, with a name missing between commas",
            expected="one name between two commas",
            remedy="For example: --tickers AAPL,BRK-B,^GSPC",
            parameter=TICKERS,
        )
    return names
