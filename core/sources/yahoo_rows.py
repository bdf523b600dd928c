"""From an answer of Yahoo to our rows, with what was left out."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from core import columns as col
from core.sources.live_rows import AFTER, BEFORE, DIVIDENDS, STOCK_SPLITS

if TYPE_CHECKING:
    import pandas as pd

CAPITAL_GAINS = "capital_gains"

_NAMES = {
    "Open": col.OPEN, "High": col.HIGH, "Low": col.LOW, "Close": col.CLOSE, "Adj Close": col.ADJ_CLOSE,
    "Volume": col.VOLUME, "Dividends": DIVIDENDS, "Stock Splits": STOCK_SPLITS,
}  # fmt: skip


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
                reason = AFTER
            elif start and day < start:
                reason = BEFORE
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
