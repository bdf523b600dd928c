"""What is drawn of each ticker of a look."""

from __future__ import annotations

import pandas as pd

from core.queries.look_pictures import MOST_POINTS, chosen, picture_of

SESSIONS = [f"2024-{month:02d}-{day:02d}" for month in range(1, 9) for day in range(1, 13)]
"""96 days: two a stretch of coverage."""


def rows(days, closes):
    """Rows of one ticker."""
    return pd.DataFrame({"date": days, "close": closes})


def test_every_spike_of_a_long_ticker_is_drawn():
    """Of 2,000 closes the one that is a thousand times off, and the first and last."""
    days = [str(day.date()) for day in pd.date_range("2018-01-01", periods=2000)]
    closes = [10.0] * 2000
    closes[1234] = 10_000.0
    picture = picture_of(rows(days, closes), days)
    assert len(picture.days) <= MOST_POINTS + 2
    assert picture.closes[picture.days.index(days[1234])] == 10_000.0
    assert (picture.days[0], picture.days[-1]) == (days[0], days[-1])


def test_coverage_tells_gaps_from_time_before_and_after():
    """Rows from the third stretch to the last but one, one session missing in the fourth."""
    have = [day for day in SESSIONS[4:94] if day != SESSIONS[6]]
    picture = picture_of(rows(have, [1.0] * len(have)), SESSIONS)
    assert picture.coverage[:4] == (None, None, 1.0, 0.5)
    assert picture.coverage[-2:] == (1.0, None)
    assert picture.missing == 1


def test_what_is_no_number_is_left_out_and_rows_are_put_in_order():
    """A word among the closes, and the last day first."""
    picture = picture_of(rows(["2024-01-02", "2024-01-01", "2024-01-03"], ["2", "1", "n/a"]), SESSIONS)
    assert picture.days == ("2024-01-01", "2024-01-02")
    assert picture.closes == (1.0, 2.0)


def test_tickers_with_findings_are_drawn_first():
    """Others follow in their order, forty in all."""
    every = [f"T{n:03d}" for n in range(60)]
    assert chosen(every, ["T059", "T058"])[:3] == ("T058", "T059", "T000")
    assert len(chosen(every, [])) == 40
