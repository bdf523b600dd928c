"""Rows that Yahoo gives and rows that are kept: what is left out is on record, the rest is for the gate."""

from __future__ import annotations

import pytest

WRONG = [
    ("zero", [0, 0, 0, 0, 0, 0]),
    ("hundredfold", [5000.0, 5100.0, 4900.0, 5000.0, 4900.0, 1000]),
    ("swapped high and low", [50.0, 49.0, 51.0, 50.0, 49.0, 1000]),
]


@pytest.fixture
def days(loopback):
    """22 weekdays of January 2024."""
    return loopback.weekdays("2024-01-02", 22)


@pytest.fixture
def stock(yahoo, loopback, days):
    """The one ticker, AAA."""
    yahoo.stocks["AAA"] = loopback.Stock(loopback.walk(days))
    return yahoo.stocks["AAA"]


@pytest.mark.parametrize(("name", "values"), WRONG, ids=[name for name, _ in WRONG])
def test_wrong_values_pass_to_the_gate(name, values, stock, read, days):
    """Ingest judges nothing; a row of zeros does not vanish."""
    stock.rows[5][1:] = values
    table = read("AAA", end=days[-1])
    row = table.frame.set_index("date").loc[days[5], ["open", "high", "low", "close", "adj_close", "volume"]]
    assert row.tolist() == [float(v) for v in values]
    assert len(table.frame) == 22


def test_a_row_of_nulls_passes_to_the_gate(stock, read, days):
    """Its day stays, without prices and without a volume (yfinance would say 0)."""
    stock.rows[5][1:] = [None] * 6
    frame = read("AAA", end=days[-1]).frame.set_index("date")
    assert len(frame) == 22
    assert frame.loc[days[5], ["open", "high", "low", "close", "adj_close", "volume"]].isna().all()


def test_an_unfinished_day_is_dropped_and_on_record(stock, read, loopback, days, heard):
    """Asked on the 31st at noon: Yahoo appends the running day to a range that ends before it."""
    stock.live = [(loopback.opening(days[-1], 12, 7), [days[-1], 9.0, 9.0, 9.0, 9.0, 9.0, 5])]
    del stock.rows[-1]
    table = read("AAA", end=days[-2])
    assert list(table.frame["date"]) == days[:-1]
    dropped = [{"ticker": "AAA", "date": days[-1], "reason": "after the last session asked for"}]
    assert table.header["source"]["dropped"] == dropped
    assert heard.of("row_dropped") == dropped


def test_a_live_row_that_repeats_the_last_day_is_dropped_and_on_record(stock, read, loopback, days):
    """One row a day remains; yfinance keeps the later one, which has the final volume."""
    live = [days[-1], *stock.rows[-1][1:6], 4321]
    stock.live = [(loopback.opening(days[-1], 16, 0) + 2, live)]
    table = read("AAA", end=days[-1])
    assert list(table.frame["date"]) == days
    assert table.frame["volume"].iloc[-1] == 4321
    assert table.header["source"]["dropped"] == [
        {"ticker": "AAA", "date": days[-1], "reason": "second row of the same day"}
    ]


def test_a_day_given_twice_in_the_middle_is_on_record(stock, read, days):
    """yfinance keeps the first of them without a word."""
    stock.rows.insert(6, [days[5], *[value + 1 for value in stock.rows[5][1:]]])
    table = read("AAA", end=days[-1])
    assert list(table.frame["date"]) == days
    assert table.header["source"]["dropped"] == [
        {"ticker": "AAA", "date": days[5], "reason": "second row of the same day"}
    ]


def test_no_rows_in_the_range_is_a_missing_ticker(stock, refused, loopback, days):
    """All that Yahoo has is an unfinished day."""
    stock.rows.clear()
    stock.live = [(loopback.opening("2024-02-01", 12), ["2024-02-01", 9.0, 9.0, 9.0, 9.0, 9.0, 5])]
    assert "AAA: no rows from its first day to 2024-01-31" in refused("AAA")
