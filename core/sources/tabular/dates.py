"""Dates as files write them, made ISO; what can be read in two ways is asked back, never guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from core.errors import SourceError
from core.sources.tabular.options import AUTO

if TYPE_CHECKING:
    import pandas as pd

_TIME = r"(?:[T ]+(?P<time>\d{1,2}:\d{2}.*))?"
_MIDNIGHT = re.compile(r"0{1,2}:00(:00(\.0+)?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?")
_ISO = re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d{{2}})-(?P<d>\d{{2}}){_TIME}")
_YMD = re.compile(rf"(?P<y>\d{{4}})(?:[/.-](?P<m>\d{{1,2}})[/.-](?P<d>\d{{1,2}}){_TIME}|(?P<md>\d{{4}}))")
_NUMBERED = re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[/.-])(?P<b>\d{{1,2}})(?P=mark)(?P<y>\d{{4}}){_TIME}")
_SHORT = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}")
_NAMED = re.compile(
    r"(?:(?P<d>\d{1,2})[ -](?P<m>[A-Za-z]{3,9})\.?|(?P<m2>[A-Za-z]{3,9})\.? (?P<d2>\d{1,2}),?)"
    rf"[ -](?P<y>\d{{4}}){_TIME}"
)
_EPOCH = re.compile(r"(?P<s>\d{9,10})(?P<ms>\d{3})?(?:\.0+)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Reader = Callable[[re.Match[str]], str | None]


def _written(year: str, month: str | int, day: str, time: str | None) -> str | None:
    try:
        found = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    return found if time is None or _MIDNIGHT.fullmatch(time) else f"{found}T{time.rjust(5, '0')}"


def _iso(m: re.Match[str]) -> str | None:
    # The gate reads times of day itself; only a midnight, which says no time at all, is taken off.
    written = _written(m["y"], m["m"], m["d"], m["time"])
    return written if written is None or len(written) == 10 else m[0]


def _ymd(m: re.Match[str]) -> str | None:
    month, day = (m["md"][:2], m["md"][2:]) if m["md"] else (m["m"], m["d"])
    return _written(m["y"], month, day, m["time"])


def _us(m: re.Match[str]) -> str | None:
    return _written(m["y"], m["a"], m["b"], m["time"])


def _eu(m: re.Match[str]) -> str | None:
    return _written(m["y"], m["b"], m["a"], m["time"])


def _named(m: re.Match[str]) -> str | None:
    month = (m["m"] or m["m2"])[:3].lower()
    return (
        _written(m["y"], _MONTHS.index(month) + 1, m["d"] or m["d2"], m["time"]) if month in _MONTHS else None
    )


def _epoch(m: re.Match[str]) -> str | None:
    stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(m["s"]))
    return _written(str(stamp.year), stamp.month, str(stamp.day), f"{stamp:%H:%M:%S}")


_FAMILIES: Mapping[str, tuple[re.Pattern[str], Reader]] = {
    "iso": (_ISO, _iso),
    "ymd": (_YMD, _ymd),
    "us": (_NUMBERED, _us),
    "eu": (_NUMBERED, _eu),
    "named": (_NAMED, _named),
    "epoch": (_EPOCH, _epoch),
}
DATE_FORMATS = (AUTO, "iso", "us", "eu", "ymd", "epoch")
"""What ``--date-format`` takes: month first is ``us``, day first is ``eu``; ``ymd`` is 20210403 or 2021/4/3."""

_KINDS = (("iso", _ISO), ("ymd", _YMD), ("numbered", _NUMBERED), ("named", _NAMED), ("epoch", _EPOCH))


def kind_of(cell: str) -> str | None:
    """Return how a cell writes a date, None if it is none that can be read.

    >>> [kind_of(c) for c in ("2021-04-03", "20210403", "3/4/2021", "3-Apr-2021", "1617408000", "12.5")]
    ['iso', 'ymd', 'numbered', 'named', 'epoch', None]
    """
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(cell)), None)


def iso_dates(
    cells: pd.Series, name: str, wanted: str = AUTO, *, first_line: int = 2
) -> tuple[pd.Series, str]:
    """Return a column of dates as ISO text, and the format that was found.

    A column has one format, the one most of its cells have. A cell of another format, or an impossible
    day, stays as it is written: the gate names it with its value. A midnight is no time of day; any
    other time stays beside its date, and the gate says so.

    Parameters
    ----------
    cells : Series of str, n_rows
    name : str
        The file, for messages.
    wanted : str
        One of :data:`DATE_FORMATS`.
    first_line : int
        Line of the first cell in the file.

    Raises
    ------
    SourceError
        If days and months cannot be told apart, with both readings; or years have two digits.
    """
    import pandas as pd

    codes, distinct = pd.factorize(cells.astype(object))
    texts = [str(cell).strip() for cell in distinct]
    weights = Counter(codes[codes >= 0].tolist())
    found = wanted if wanted != AUTO else _format(texts, weights, name, codes, first_line)
    if found == "":
        return cells, ""
    pattern, read = _FAMILIES[found]
    made: list[str | None] = []
    for cell, text in zip(distinct, texts, strict=True):
        matched = pattern.fullmatch(text)
        made.append((read(matched) if matched else None) or str(cell))
    column = pd.Series([*made, None], dtype=object).to_numpy()[codes]
    return pd.Series(column, index=cells.index, dtype=object), found


def _format(texts: list[str], weights: Counter[int], name: str, codes: object, first_line: int) -> str:
    kinds = [kind_of(text) for text in texts]
    counts: Counter[str] = Counter()
    for number, kind in enumerate(kinds):
        if kind:
            counts[kind] += weights[number]
    if not counts:
        _refuse_short_years(texts, name, codes, first_line)
        return ""
    kind = max(sorted(counts), key=lambda k: counts[k])
    if kind != "numbered":
        return kind
    return _order(
        [number for number, k in enumerate(kinds) if k == "numbered"], texts, name, codes, first_line
    )


def _order(rows: list[int], texts: list[str], name: str, codes: object, first_line: int) -> str:
    """Return whether numbered dates are month first or day first, by the cells that leave no choice."""
    day_first = month_first = None
    for row in rows:
        m = _NUMBERED.fullmatch(texts[row])
        assert m is not None, "rows are those that match"
        readings = _us(m) is not None, _eu(m) is not None
        if readings == (False, True):
            day_first = day_first if day_first is not None else row
        if readings == (True, False):
            month_first = month_first if month_first is not None else row
    if day_first is not None and month_first is not None:
        raise SourceError(
            f"{name} mixes day first ({texts[day_first]}, line {_line(codes, day_first, first_line)}) "
            f"and month first ({texts[month_first]}, line {_line(codes, month_first, first_line)})",
            expected="one date format",
            remedy="Correct the file, or say --date-format us or eu: the gate then names the other cells.",
        )
    if day_first is None and month_first is None:
        if all("." in texts[row] for row in rows):
            return "eu"  # no country writes month.day.year with dots
        raise _ambiguous(rows[0], texts, name, codes, first_line)
    return "eu" if day_first is not None else "us"


def _ambiguous(row: int, texts: list[str], name: str, codes: object, first_line: int) -> SourceError:
    m = _NUMBERED.fullmatch(texts[row])
    assert m is not None, "the row is one that matches"
    return SourceError(
        f"{name}: every date can be read in two ways; {texts[row]} (line {_line(codes, row, first_line)}) is "
        f"{_us(m)} with the month first and {_eu(m)} with the day first",
        expected="dates of which at least one decides",
        remedy="Say which: --date-format us (month first) or --date-format eu (day first).",
    )


def _refuse_short_years(texts: list[str], name: str, codes: object, first_line: int) -> None:
    short = [row for row, text in enumerate(texts) if _SHORT.fullmatch(text)]
    if len(short) > len(texts) / 2:
        raise SourceError(
            f"{name}: {texts[short[0]]} (line {_line(codes, short[0], first_line)}) has a year of two digits",
            expected="years of four digits",
            remedy="Write the dates as YYYY-MM-DD.",
        )


def _line(codes: object, row: int, first_line: int) -> int:
    import numpy as np

    return int(np.argmax(np.asarray(codes) == row)) + first_line
