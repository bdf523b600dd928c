"""What the gate says of files as such: rows that are not daily, a file's name as ticker, what was left unread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.prices.conftest import gate, quiet_frame

DAILY = [
    str(day.date()) for day in pd.bdate_range("2024-02-01", periods=60) if str(day.date()) != "2024-02-19"
]


def every(step: str, count: int = 20) -> list[str]:
    """Days from 2020 on, a step apart."""
    return [str(day.date()) for day in pd.date_range("2020-01-03", periods=count, freq=step)]


@pytest.mark.parametrize(
    ("days", "word"),
    [
        (every("7D"), "weekly"),
        (every("W-SUN"), "weekly"),
        (every("ME"), "monthly"),
        (every("QE"), "quarterly"),
    ],
)
@pytest.mark.parametrize("calendar", ["XNYS", "24/7"])
def test_rows_that_are_not_daily_are_called_what_they_are(days, word, calendar):
    """One error that says what to get; of hundreds of missing sessions nothing is said."""
    found = gate(quiet_frame(days=days), calendar=calendar)
    (finding,) = [f for f in found if f["severity"] == "error"]
    assert (finding["rule"], finding["ticker"], finding["date"]) == ("not_daily", None, days[0])
    assert finding["value"] == word
    assert f"rows are {word}: get the daily ones" in finding["action"]


def test_one_weekly_ticker_among_daily_ones_is_named():
    """The others are as they were."""
    weekly = quiet_frame("WWW", days=DAILY[::5])
    found = gate(pd.concat([quiet_frame(days=DAILY), weekly], ignore_index=True))
    assert [(f["rule"], f["ticker"], f["value"]) for f in found if f["severity"] == "error"] == [
        ("not_daily", "WWW", "weekly")
    ]


def test_daily_rows_with_holes_are_no_weekly_rows():
    """Every session but one of each week is there."""
    days = [day for number, day in enumerate(DAILY) if number % 5]
    assert not [f for f in gate(quiet_frame(days=days)) if f["rule"] == "not_daily"]


def test_a_negative_price_says_what_it_may_be():
    """CRSP's middle of bid and ask, or a future; a price of 0 is neither."""
    frame = quiet_frame()
    frame.loc[3, "close"] = -frame.loc[3, "close"]
    frame.loc[5, ["open", "low"]] = 0.0
    negative, zero = [f for f in gate(frame) if f["rule"] == "non_positive_price"]
    assert "bid and ask" in negative["action"]
    assert "future" in negative["action"]
    assert "bid" not in zero["action"]


def test_the_name_of_a_file_as_ticker_and_what_was_left_unread_are_warnings():
    """As the source wrote it in its header; a source that says nothing of files has neither."""
    files = [{"name": "daily_AAA.csv", "ticker_from": "file name"}]
    source = {"name": "files", "tickers": {"AAA": {}}, "files": files, "skipped": ["notes.pdf", "old/"]}
    found = gate(quiet_frame(), header={"source": source})
    assert [(f["rule"], f["ticker"], f["value"], f["severity"]) for f in found] == [
        ("skipped_file", None, "notes.pdf", "warning"),
        ("skipped_file", None, "old/", "warning"),
        ("ticker_from_file_name", "AAA", "daily_AAA.csv", "warning"),
    ]
    assert np.all(["--tickers" in f["action"] for f in found if f["rule"] == "ticker_from_file_name"])
    assert gate(quiet_frame()) == []


def test_too_many_missing_names_columns_days_and_the_setting():
    """One row of thirty is more than one in a hundred: the share that would do is said."""
    frame = quiet_frame()
    frame.loc[[3, 5], "volume"] = np.nan
    (finding,) = [f for f in gate(frame) if f["rule"] == "too_many_missing"]
    assert "Empty: volume on 2012-01-06, 2012-01-10." in finding["action"]
    assert "--max-missing-share 0.067" in finding["action"]
    again = gate(frame, max_missing_share=0.067)
    assert [f for f in again if f["severity"] == "error"] == []


def test_a_column_that_is_empty_throughout_asks_for_closes_alone():
    """No share would do: an exchange rate has no volume."""
    frame = quiet_frame()
    frame["volume"] = np.nan
    (finding,) = [f for f in gate(frame) if f["rule"] == "too_many_missing"]
    assert "Empty on every row: volume." in finding["action"]
    assert "--close-only true" in finding["action"]
    assert "waive" not in finding["action"]
