"""From an answer of Yahoo to our rows, with what was left out; and whether two answers agree."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

DIVIDENDS = "dividends"
STOCK_SPLITS = "stock_splits"
CAPITAL_GAINS = "capital_gains"

_NAMES = {
    "Open": col.OPEN, "High": col.HIGH, "Low": col.LOW, "Close": col.CLOSE, "Adj Close": col.ADJ_CLOSE,
    "Volume": col.VOLUME, "Dividends": DIVIDENDS, "Stock Splits": STOCK_SPLITS,
}  # fmt: skip
_COMPARED = (*_NAMES.values(),)

RESTATED_RELATIVE = 1e-6
"""Yahoo's numbers are single precision (steps of up to 1.2e-7 of the value) and its last digit varies from
answer to answer; the smallest dividend moves an adjusted close by more than 1e-5."""


@dataclass(frozen=True)
class Received:
    """What Yahoo answered for one ticker.

    Parameters
    ----------
    rows : pandas.DataFrame
        Our columns, dates as ISO text of the exchange's own day, ascending.
    dropped : list of dict
        ``{ticker, date, reason}`` of each row that Yahoo gave and that is not in ``rows``.
    """

    rows: pd.DataFrame
    dropped: list[dict[str, str]] = field(default_factory=list)


def rows_of(frame: pd.DataFrame, ticker: str, start: str | None, end: str) -> pd.DataFrame:
    """Return yfinance's frame as our rows from ``start`` to ``end``, both inclusive.

    Rows without prices stay, with no volume: the gate names them.

    Raises
    ------
    KeyError
        If a column is not there.
    """
    import pandas as pd

    names = {**_NAMES, "Capital Gains": CAPITAL_GAINS} if "Capital Gains" in frame else _NAMES
    rows = frame[list(names)].rename(columns=names).reset_index(drop=True).astype({col.VOLUME: "float64"})
    days = [stamp.date().isoformat() for stamp in frame.index]
    rows.insert(0, col.TICKER, ticker)
    rows.insert(0, col.DATE, pd.Series(days, dtype="str"))
    # yfinance turns a missing volume into 0; in a row without a price it means "nothing"
    rows.loc[rows[col.CLOSE].isna() & (rows[col.VOLUME] == 0), col.VOLUME] = float("nan")
    inside = (rows[col.DATE] <= end) & (rows[col.DATE] >= (start or ""))
    return rows[inside].reset_index(drop=True)


def dropped_rows(
    body: str, rows: pd.DataFrame, ticker: str, start: str | None, end: str
) -> list[dict[str, str]]:
    """Return what Yahoo gave and ``rows`` does not have, by day, with the reason.

    Parameters
    ----------
    body : str
        The chart service's JSON, as it came.
    rows : pandas.DataFrame
        What :func:`rows_of` made of it.
    """
    days = _days(body)
    present = Counter(rows[col.DATE])
    dropped = []
    for day, times in sorted(Counter(days).items()):
        for _ in range(times - present[day]):
            if day > end:
                reason = "after the last session asked for"
            elif start and day < start:
                reason = "before the first session asked for"
            else:
                reason = "second row of the same day" if times > 1 else "left out by yfinance"
            dropped.append({"ticker": ticker, "date": day, "reason": reason})
    return dropped


def _days(body: str) -> list[str]:
    """Return the exchange's own day of each row that Yahoo gave."""
    import pandas as pd

    result = json.loads(body)["chart"]["result"][0]
    zone = result["meta"]["exchangeTimezoneName"]
    stamps = pd.to_datetime(result.get("timestamp") or [], unit="s", utc=True).tz_convert(zone)
    # as yfinance does: 22:00 and 23:00 sharp are midnights that Yahoo's summer time got wrong
    wrong = (stamps.minute == 0) & stamps.hour.isin([22, 23])
    late = pd.to_timedelta([(24 - s.hour) if w else 0 for s, w in zip(stamps, wrong, strict=True)], unit="h")
    return [stamp.date().isoformat() for stamp in stamps + late]


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
        for column, a, b in zip(_COMPARED, old[day], new[day], strict=True):
            if not _agree(a, b):
                differences.append(
                    {"date": day, "column": column, "before": _null_for_nan(a), "after": _null_for_nan(b)}
                )
    return differences


def _cells(rows: pd.DataFrame) -> dict[str, list[float]]:
    """Return the compared values of each day."""
    values = rows[list(_COMPARED)].to_numpy("float64").tolist()
    return dict(zip(rows[col.DATE].tolist(), values, strict=True))


def _agree(a: float, b: float) -> bool:
    missing = (a != a, b != b)
    if any(missing):
        return all(missing)
    return abs(a - b) <= RESTATED_RELATIVE * max(abs(a), abs(b))


def _null_for_nan(value: float) -> float | None:
    return None if value != value else value
