"""Universes that change: which tickers belong on which day, and which go on under another name. Pure.

A membership file has the columns ``date, ticker, change``; ``in`` counts from that day on, ``out`` is the first day on
which the ticker does not belong any more. A file of symbols has ``old, new, date``: from that day on the company is
``new``. Both are CSV with a heading; lines that begin with ``#`` and empty ones do not count.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from core.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IN, OUT = "in", "out"

MEMBERSHIP_COLUMNS = ("date", "ticker", "change")
SYMBOL_COLUMNS = ("old", "new", "date")


@dataclass(frozen=True)
class Membership:
    """Which tickers belong on which days.

    Parameters
    ----------
    changes : mapping of str to tuple
        Ticker -> its changes as (day, ``in`` or ``out``), by day, each other than the one before.
    sha256 : str
        Of the file that says so.
    """

    changes: Mapping[str, tuple[tuple[date, str], ...]] = field(default_factory=dict)
    sha256: str = ""

    def __bool__(self) -> bool:
        return bool(self.changes)

    def on(self, ticker: str, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Return on which of ``days`` a ticker belongs, shape (days,).

        >>> import numpy as np
        >>> of = Membership({"A": ((date(2020, 1, 2), "in"), (date(2020, 1, 6), "out"))})
        >>> of.on("A", np.array(["2020-01-01", "2020-01-02", "2020-01-05", "2020-01-06"], "M8[D]")).tolist()
        [False, True, True, False]
        """
        import numpy as np

        changes = self.changes.get(ticker, ())
        starts = np.array([day for day, _ in changes], dtype="datetime64[D]")
        belongs = np.array([False, *(change == IN for _, change in changes)])
        return belongs[np.searchsorted(starts, days.astype("datetime64[D]"), side="right")]


EVERYBODY = Membership()
"""No file: every ticker belongs on every day."""


@dataclass(frozen=True)
class SymbolChange:
    """A company that goes on under another ticker from a day on."""

    old: str
    new: str
    day: date


def membership_of(data: bytes, name: str) -> Membership:
    """Return what a membership file says.

    Raises
    ------
    SettingsError
        With file and line.
    """
    from core.fingerprint import sha256

    changes: dict[str, list[tuple[date, str]]] = {}
    for line, row in _rows(data, name, MEMBERSHIP_COLUMNS):
        day, ticker, change = _day(row["date"], name, line), row["ticker"], row["change"].lower()
        if change not in (IN, OUT):
            raise _fault(name, line, f"change is {row['change']!r}", f"{IN} or {OUT}")
        before = changes.setdefault(ticker, [])
        if before and day <= before[-1][0]:
            raise _fault(
                name, line, f"{ticker} changes on {day} after {before[-1][0]}", "a ticker's days in order"
            )
        if (before[-1][1] if before else OUT) == change:
            state = "is in already" if change == IN else "is not in"
            raise _fault(name, line, f"{ticker} goes {change} on {day} and {state}", "in and out by turns")
        before.append((day, change))
    if not changes:
        raise _fault(name, 1, "it has no line", "a line for each ticker that comes or goes")
    return Membership({ticker: tuple(days) for ticker, days in sorted(changes.items())}, sha256(data))


def symbols_of(data: bytes, name: str) -> tuple[SymbolChange, ...]:
    """Return what a file of symbols says, by day.

    Raises
    ------
    SettingsError
        With file and line.
    """
    changes: list[SymbolChange] = []
    earlier: set[tuple[str, date]] = set()
    for line, row in _rows(data, name, SYMBOL_COLUMNS):
        change = SymbolChange(row["old"], row["new"], _day(row["date"], name, line))
        if change.old == change.new:
            raise _fault(name, line, f"{change.old} goes on as itself", "two tickers")
        if (change.old, change.day) in earlier:
            raise _fault(name, line, f"{change.old} changes twice on {change.day}", "one new ticker")
        earlier.add((change.old, change.day))
        changes.append(change)
    if not changes:
        raise _fault(name, 1, "it has no line", "a line for each change of a ticker")
    return tuple(sorted(changes, key=lambda change: (change.day, change.old)))


def _rows(data: bytes, name: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line that says something, with its number, by column; nothing in it is empty."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8 text", expected=f"CSV: {', '.join(columns)}") from error
    heading: list[str] = []
    for line, cells in _records(text, name):
        values = [cell.strip() for cell in cells]
        if not any(values) or values[0].startswith("#"):
            continue
        if not heading:
            heading = [value.lower() for value in values]
            if sorted(heading) != sorted(columns):
                raise _fault(name, line, f"the heading is {', '.join(heading)[:80]}", ", ".join(columns))
            continue
        if len(values) != len(columns) or not all(values):
            raise _fault(
                name,
                line,
                f"there are {sum(map(bool, values))} values",
                f"{len(columns)}: {', '.join(columns)}",
            )
        yield line, dict(zip(heading, values, strict=True))


def _records(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the line it begins on."""
    reader = csv.reader(io.StringIO(text))
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _fault(name, line, f"it is no CSV ({error})", "cells of text, each quote closed") from error
        yield line, cells


def _day(text: str, name: str, line: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _fault(name, line, f"the date is {text!r}", "YYYY-MM-DD") from error


def _fault(name: str, line: int, problem: str, expected: str) -> SettingsError:
    return SettingsError(f"{name}, line {line}: {problem}", expected=expected)
