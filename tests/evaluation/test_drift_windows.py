"""The windows that drift compares, as values, cut by hand."""

from __future__ import annotations

import math

import pandas as pd

from core.queries.models.curves import two_windows


def test_the_last_sessions_of_all_tickers_are_the_current_window():
    """B ends early: its rows are all of the reference; the gap is in neither."""
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"])
    frame = pd.DataFrame(
        {
            "date": [*days, *days[:2]],
            "ticker": [*"AAAA", *"BB"],
            "return": [math.nan, 0.1, 0.2, 0.3, 0.4, 0.5],
        }
    )
    found = two_windows(frame, "return", 2)
    assert sorted(found.reference) == [0.1, 0.4, 0.5]
    assert sorted(found.current) == [0.2, 0.3]
    assert found.since == "2024-01-03"
    of_b = two_windows(frame, "return", 2, ticker="B")
    assert (sorted(of_b.reference), of_b.current.size, of_b.since) == ([0.4, 0.5], 0, "2024-01-03")


def test_fewer_sessions_than_a_window_are_all_current():
    """There is nothing to compare with; and no rows have no start."""
    frame = pd.DataFrame({"date": pd.to_datetime(["2024-01-01"]), "return": [0.1]})
    assert two_windows(frame, "return", 63).reference.size == 0
    assert two_windows(frame.iloc[:0], "return", 63).since is None
