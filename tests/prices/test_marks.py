"""What charts of one ticker mark, against records written by hand."""

from __future__ import annotations

import math

import pandas as pd

from core.queries.series.price_charts import finding_marks, repair_marks

ROWS = pd.DataFrame(
    {"date": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-08"]), "adj_close": [10.0, 11.0, 12.0]}
)


def finding(day, ticker="A", rule="large_move"):
    return {
        "rule": rule,
        "severity": "warning",
        "ticker": ticker,
        "date": day,
        "value": 2,
        "expected": "",
        "action": "look",
    }


def test_a_finding_stands_at_its_day_s_price_in_date_order():
    """Of this ticker alone."""
    found = finding_marks(
        [finding("2024-01-08"), finding("2024-01-03"), finding("2024-01-02", "B")], "A", ROWS
    )
    assert found["price"].tolist() == [11.0, 12.0]
    assert found["date"].dt.day.tolist() == [3, 8]


def test_a_finding_of_several_days_stands_at_each_of_them():
    """Its first day alone would hide the others."""
    found = finding_marks([finding("2024-01-03") | {"dates": ["2024-01-03", "2024-01-08"]}], "A", ROWS)
    assert found["date"].dt.day.tolist() == [3, 8]
    assert found["price"].tolist() == [11.0, 12.0]


def test_a_finding_about_a_removed_row_stands_at_the_nearest_one():
    """The 7th was removed; the 8th is nearer than the 3rd."""
    assert finding_marks([finding("2024-01-07")], "A", ROWS)["price"].tolist() == [12.0]


def test_a_finding_without_a_day_or_ticker_has_no_place():
    """It is about the whole table."""
    assert finding_marks([finding(None), finding("2024-01-03", None)], "A", ROWS).empty


def test_without_rows_a_finding_has_no_price():
    """It is still told."""
    assert math.isnan(finding_marks([finding("2024-01-03")], "A", ROWS.iloc[:0])["price"].iloc[0])


def test_a_removed_row_stands_at_the_close_it_had_and_a_filled_cell_at_its_new_one():
    """The column tells what was filled; a filled volume has no price."""
    body = [
        {"rule": "fill", "ticker": "A", "date": "2024-01-05", "column": "close", "before": None, "after": 9.0},
        {"rule": "fill", "ticker": "A", "date": "2024-01-06", "column": "volume", "before": None, "after": 7},
        {"rule": "outlier_spike", "ticker": "A", "date": "2024-01-04", "column": "close",
         "before": {"open": 1.0, "close": 99.0}, "after": None},
        {"rule": "outlier_spike", "ticker": "B", "date": "2024-01-04", "column": None, "before": {}, "after": None},
    ]  # fmt: skip
    found = repair_marks(body, "A")
    assert found["what"].tolist() == ["removed", "filled", "filled"]
    assert found["price"].tolist()[:2] == [99.0, 9.0]
    assert math.isnan(found["price"].iloc[2])


def test_no_repairs_are_an_empty_table_with_its_columns():
    """So that a chart need not ask."""
    assert list(repair_marks([], "A").columns) == ["date", "price", "rule", "column", "what"]
