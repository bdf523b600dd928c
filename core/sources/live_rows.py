"""Rows of a live service under our names, with what was left out; and whether two answers agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

DIVIDENDS = "dividends"
STOCK_SPLITS = "stock_splits"
"""Further columns of every live source: 0 where there was none; a split of two for one is 2."""

COMPARED = (*col.OHLC, col.ADJ_CLOSE, col.VOLUME, DIVIDENDS, STOCK_SPLITS)

RESTATED_RELATIVE = 1e-6
"""Yahoo's numbers are single precision (steps of up to 1.2e-7 of the value) and its last digit varies from
answer to answer; the smallest dividend moves an adjusted close by more than 1e-5."""

AFTER, BEFORE = "after the last session asked for", "before the first session asked for"
"""Why a row of an answer is left out."""


@dataclass(frozen=True)
class Received:
    """What a service answered for one ticker.

    Parameters
    ----------
    rows : pandas.DataFrame
        Our columns, dates as ISO text of the exchange's own day, ascending.
    dropped : list of dict
        ``{ticker, date, reason}`` of each row that the service gave and that is not in ``rows``.
    """

    rows: pd.DataFrame
    dropped: list[dict[str, str]] = field(default_factory=list)


def disagreements(before: pd.DataFrame, answer: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what ``answer`` says differently of the days that ``before`` has, by row and column.

    Parameters
    ----------
    before : pandas.DataFrame
        The rows of one ticker in the earlier checkpoint that were asked for again.
    answer : pandas.DataFrame
        The new answer; later rows than those of ``before`` are not compared.

    Returns
    -------
    list of dict
        ``{date, column, before, after}``; column ``row`` with None where a row is not there at all.
    """
    last = before[col.DATE].max()
    old, new = _cells(before), _cells(answer[answer[col.DATE] <= last])
    differences: list[dict[str, Any]] = [
        {"date": day, "column": "row", "before": day in old or None, "after": day in new or None}
        for day in sorted(old.keys() ^ new.keys())
    ]
    for day in sorted(old.keys() & new.keys()):
        for column, a, b in zip(COMPARED, old[day], new[day], strict=True):
            if not _agree(a, b):
                differences.append(
                    {"date": day, "column": column, "before": _null_for_nan(a), "after": _null_for_nan(b)}
                )
    return differences


def _cells(rows: pd.DataFrame) -> dict[str, list[float]]:
    """Return the compared values of each day."""
    values = rows[list(COMPARED)].to_numpy("float64").tolist()
    return dict(zip(rows[col.DATE].tolist(), values, strict=True))


def _agree(a: float, b: float) -> bool:
    missing = (a != a, b != b)
    if any(missing):
        return all(missing)
    return abs(a - b) <= RESTATED_RELATIVE * max(abs(a), abs(b))


def _null_for_nan(value: float) -> float | None:
    return None if value != value else value
