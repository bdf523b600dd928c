"""Coverage by ticker and month, against months counted by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from core.queries.series.price_charts import coverage, thinnest


def rows(**days) -> pd.DataFrame:
    """One row per given day of each ticker."""
    held = [(pd.Timestamp(day), ticker) for ticker, given in days.items() for day in given]
    return pd.DataFrame(held, columns=["date", "ticker"])


SEPTEMBER_2001 = [f"2001-09-{day:02d}" for day in (4, 5, 6, 7, 10, 17, 18, 19, 20, 21, 24, 25, 26, 27, 28)]
"""Every session of the New York Stock Exchange in that month: closed on the 3rd and from the 11th to the 14th."""


def test_a_closed_exchange_is_no_gap():
    """September 2001 had fifteen sessions; with all of them the month is whole."""
    assert coverage(rows(A=SEPTEMBER_2001), "XNYS").loc["A", "2001-09"] == 1.0


def test_a_missing_session_lowers_its_month_only():
    """Three of September's fifteen sessions are gone: 12/15; October's first session is there: 1/1."""
    given = [*SEPTEMBER_2001[:5], *SEPTEMBER_2001[8:], "2001-10-01"]
    found = coverage(rows(A=given), "XNYS").loc["A"]
    assert found.to_dict() == {"2001-09": pytest.approx(12 / 15), "2001-10": 1.0}


def test_before_its_first_row_a_ticker_is_not_missing_and_after_its_last_it_is():
    """B begins on 30 January (2 of 2 days) and ends there; A goes on through February."""
    many = [str(day)[:10] for day in pd.date_range("2023-12-30", "2024-02-02")]
    found = coverage(rows(A=many, B=["2024-01-30", "2024-01-31"]), "24/7")
    assert found.loc["A"].tolist() == [1.0, 1.0, 1.0]
    assert math.isnan(found.loc["B", "2023-12"])
    assert found.loc["B"].tolist()[1:] == [1.0, 0.0]


def test_a_row_on_a_closed_day_fills_no_gap():
    """Saturday the 8th is no session: 14 of 15."""
    given = [day for day in SEPTEMBER_2001 if day != "2001-09-17"] + ["2001-09-08"]
    assert coverage(rows(A=given), "XNYS").loc["A", "2001-09"] == pytest.approx(14 / 15)


def test_no_rows_have_no_coverage():
    """Neither tickers nor months."""
    assert coverage(rows(), "XNYS").shape == (0, 0)


def test_of_many_tickers_the_thinnest_are_kept_in_the_order_of_names():
    """C has least, then A."""
    shares = pd.DataFrame({"m": [0.5, 1.0, 0.1]}, index=["A", "B", "C"])
    assert thinnest(shares, 2).index.tolist() == ["A", "C"]
    assert thinnest(shares, 3) is shares
