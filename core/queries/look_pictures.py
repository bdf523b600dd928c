"""What is drawn of each ticker of a look: closes over time, and on which sessions it has rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

MOST_TICKERS = 40
"""Pictures of a look; more would not be looked at."""

MOST_POINTS = 160
"""Closes of a picture: a lowest and a highest of each of 80 stretches, so that no spike is lost."""

STRETCHES = 48
"""Of coverage, over the whole span of the look."""


@dataclass(frozen=True)
class TickerPicture:
    """One ticker over the span of the look.

    Parameters
    ----------
    days : tuple of str
        ISO dates of the closes that are drawn, ascending.
    closes : tuple of float
        As they came; what is no number is left out.
    coverage : tuple of float or None
        For each of :data:`STRETCHES` stretches of the span the share of its sessions with a row, 0 to 1; None for a
        stretch without a session, or before the first and after the last row.
    missing : int
        Sessions between its first and its last row that have none.
    """

    days: tuple[str, ...]
    closes: tuple[float, ...]
    coverage: tuple[float | None, ...]
    missing: int


def chosen(tickers: Iterable[str], doubtful: Iterable[str]) -> tuple[str, ...]:
    """Return the tickers that are drawn: those with findings first, at most :data:`MOST_TICKERS`."""
    every = list(tickers)
    first = set(doubtful)
    ordered = [name for name in every if name in first] + [name for name in every if name not in first]
    return tuple(ordered[:MOST_TICKERS])


def picture_of(rows: pd.DataFrame, sessions: Sequence[str]) -> TickerPicture:
    """Return the picture of one ticker.

    Parameters
    ----------
    rows : DataFrame
        Its rows with ``date`` and ``close``, as they were read.
    sessions : sequence of str
        Of the calendar over the span of the look (ISO, ascending); without a calendar all days with rows.
    """
    import pandas as pd

    days = rows[col.DATE].astype(str).str.slice(0, 10)
    closes = pd.to_numeric(rows[col.CLOSE], errors="coerce")
    drawn = pd.DataFrame({"day": days, "close": closes})[closes.notna() & days.ne("")].sort_values(
        "day", kind="stable"
    )
    places = _thinned(list(drawn["close"]))
    have = set(days)
    first, last = (min(have), max(have)) if have else ("", "")
    inside = [day for day in sessions if first <= day <= last]
    return TickerPicture(
        tuple(drawn["day"].iloc[places]),
        tuple(float(close) for close in drawn["close"].iloc[places]),
        _coverage(have, sessions, first, last),
        sum(day not in have for day in inside),
    )


def _thinned(closes: Sequence[Any]) -> list[int]:
    """Return the places of the closes that are drawn, ascending: all, or the extremes of each stretch.

    >>> _thinned([1.0, 9.0, 2.0])
    [0, 1, 2]
    """
    count = len(closes)
    if count <= MOST_POINTS:
        return list(range(count))
    stretches, places = MOST_POINTS // 2, {0, count - 1}
    for number in range(stretches):
        inside = range(number * count // stretches, (number + 1) * count // stretches)
        places |= {min(inside, key=closes.__getitem__), max(inside, key=closes.__getitem__)}
    return sorted(places)


def _coverage(have: set[str], sessions: Sequence[str], first: str, last: str) -> tuple[float | None, ...]:
    shares: list[float | None] = []
    for number in range(STRETCHES):
        begin, end = (at * len(sessions) // STRETCHES for at in (number, number + 1))
        inside = [day for day in sessions[begin:end] if first <= day <= last]
        shares.append(sum(day in have for day in inside) / len(inside) if inside else None)
    return tuple(shares)
