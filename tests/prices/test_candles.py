"""Candles against bars put together by hand."""

from __future__ import annotations

import pandas as pd

from core.queries.series.price_charts import candles


def bars(days) -> pd.DataFrame:
    """A bar per day: opens 1, 2, 3, ...; high 10 more, low 1 less, close .5 more, volume 100."""
    dates = pd.to_datetime(list(days))
    opens = [float(number) for number in range(1, len(dates) + 1)]
    return pd.DataFrame(
        {
            "date": dates, "open": opens, "high": [o + 10 for o in opens], "low": [o - 1 for o in opens],
            "close": [o + 0.5 for o in opens], "volume": 100.0, "ticker": "A",
        }
    )  # fmt: skip


def test_few_bars_are_candles_as_they_are():
    """One a day."""
    found, length = candles(bars(["2024-01-01", "2024-01-02"]), 2)
    assert length == "day"
    assert found["close"].tolist() == [1.5, 2.5]


def test_a_month_is_first_open_highest_high_lowest_low_last_close_and_all_volume():
    """January has bars 1 to 3, March bar 4: nothing is invented for February."""
    found, length = candles(bars(["2024-01-02", "2024-01-10", "2024-01-31", "2024-03-05"]), 2)
    assert length == "month"
    assert found[["open", "high", "low", "close", "volume"]].to_numpy().tolist() == [
        [1.0, 13.0, 0.0, 3.5, 300.0],
        [4.0, 14.0, 3.0, 4.5, 100.0],
    ]
    assert found["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-02", "2024-03-05"]


def test_years_are_the_longest():
    """Also when there are more of them than asked for."""
    found, length = candles(bars(f"{year}-06-01" for year in range(2000, 2010)), 3)
    assert (length, len(found)) == ("year", 10)
