"""Candles: the prices of several sessions as one bar, so that a screen can show any span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

LENGTHS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
"""What one candle may stand for, shortest first."""


def candles(prices: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Return the bars of one ticker as at most ``most`` candles, and what one stands for.

    Parameters
    ----------
    prices : pandas.DataFrame
        One ticker in date order: ``date``, ``open``, ``high``, ``low``, ``close``, ``volume``.
    most : int
        At least 1. The shortest length that gives no more candles is taken; years may exceed it.

    Returns
    -------
    pandas.DataFrame
        ``date`` (first session of the candle), first open, highest high, lowest low, last close, and
        the sum of volume; NaN is passed over.
    str
        ``day``, ``week``, ``month``, ``quarter`` or ``year``.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-04", "2024-01-05", "2024-01-08"])
    >>> bars = {"open": [1.0, 2.0, 3.0], "high": [5.0, 4.0, 6.0], "low": [0.5, 0.9, 2.0]}
    >>> frame = pd.DataFrame({"date": days, **bars, "close": [2.0, 3.0, 4.0], "volume": [10.0, 5.0, 7.0]})
    >>> found, length = candles(frame, 2)
    >>> length, found["close"].tolist(), found["high"].tolist(), found["volume"].tolist()
    ('week', [3.0, 4.0], [5.0, 6.0], [15.0, 7.0])
    """
    if len(prices) <= most:
        return prices[[col.DATE, *col.OHLC, col.VOLUME]], LENGTHS["D"]
    for code in list(LENGTHS)[1:]:
        periods = prices[col.DATE].dt.to_period(code)
        if periods.nunique() <= most:
            break
    together = prices.groupby(periods.to_numpy(), sort=True).agg(
        **{
            col.DATE: (col.DATE, "first"),
            col.OPEN: (col.OPEN, "first"),
            col.HIGH: (col.HIGH, "max"),
            col.LOW: (col.LOW, "min"),
            col.CLOSE: (col.CLOSE, "last"),
            col.VOLUME: (col.VOLUME, "sum"),
        }
    )
    return together.reset_index(drop=True), LENGTHS[code]
