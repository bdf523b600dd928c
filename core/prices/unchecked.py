"""What the gate could not check, and why: said in the findings, so that silence is never mistaken for health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.prices.calendar import known_span

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.prices.row_order import Days

_BY_COLUMN = {
    col.OPEN: ("inconsistent_ohlc", "flat_bar", "live_row", "repeated_row"),
    col.HIGH: ("inconsistent_ohlc", "flat_bar", "wide_bar", "live_row", "repeated_row"),
    col.LOW: ("inconsistent_ohlc", "flat_bar", "wide_bar", "live_row", "repeated_row"),
    col.VOLUME: (
        "negative_volume",
        "zero_volume",
        "volume_outlier",
        "type_maximum",
        "live_row",
        "repeated_row",
    ),
}
"""Rules that cannot fire without a column (a close alone is what the rest work on)."""

_WITHOUT_ADJUSTED = ("split", "falling_factor")
_BY_SESSION = (
    "missing_session_everywhere",
    "too_many_missing_sessions",
    "missing_sessions",
    "non_session_row",
)


def not_checked(
    absent: Collection[str], days: Days, *, calendar: str, adjusted: bool
) -> list[dict[str, Any]]:
    """Return ``{rule, reason}`` of each rule that could not do its work, sorted by rule.

    Parameters
    ----------
    absent : collection of str
        Columns that are not there and need not be.
    days : ndarray of datetime64[D]
        The days of the rows, NaT where malformed.
    calendar : str
        A name of ``exchange_calendars``.
    adjusted : bool
        Whether the source has an adjusted close.
    """
    reasons: dict[str, list[str]] = {}
    for column in sorted(absent):
        for rule in _BY_COLUMN[column]:
            reasons.setdefault(rule, []).append(f"no {column}")
    reason_of = {rule: ", ".join(texts) for rule, texts in reasons.items()}
    if not adjusted:
        reason_of |= dict.fromkeys(_WITHOUT_ADJUSTED, "no adjusted close")
    if (beyond := _beyond_calendar(days, calendar)) is not None:
        reason_of |= dict.fromkeys(_BY_SESSION, beyond)
    return [{"rule": rule, "reason": reason_of[rule]} for rule in sorted(reason_of)]


def _beyond_calendar(days: Days, calendar: str) -> str | None:
    days = days[~np.isnat(days)]
    if not len(days):
        return None
    first, last = days.min().item(), days.max().item()
    span = known_span(calendar, first, last)
    if span == (first, last):
        return None
    if span is None:
        return f"calendar {calendar} knows none of the days"
    return f"calendar {calendar} knows only {span[0]} to {span[1]}"
