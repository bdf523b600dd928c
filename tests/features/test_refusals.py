"""Unusable prices are refused with the cell that is wrong."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.features import engineer
from core.tables.artifacts import Table


def _refused(table, pattern):
    with pytest.raises(DataError, match=pattern):
        engineer(table)


@pytest.mark.parametrize("name", ["date", "ticker", "adj_close"])
def test_a_missing_column_is_named(prices_of, name):
    """Each column that features need."""
    _refused(Table("prices_clean", prices_of({"A": [1, 2]}).frame.drop(columns=name)), f"lack {name}")


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_price_that_is_not_above_zero_is_named(prices_of, value):
    """Ticker, day and value are in the message."""
    _refused(prices_of({"A": [1, 2], "B": [3, value, 4]}), f"unusable: B 2024-01-02 {value}")


def test_a_row_that_comes_twice_is_named(prices_of):
    """A (date, ticker) is one row."""
    frame = prices_of({"A": [1, 2, 3]}).frame
    _refused(Table("prices_clean", pd.concat([frame, frame[1:2]])), "twice: A 2024-01-02")


@pytest.mark.parametrize("name", ["date", "ticker"])
def test_a_row_without_date_or_ticker_is_refused(prices_of, name):
    """A key that is missing cannot be sorted."""
    frame = prices_of({"A": [1, 2, 3]}).frame
    frame.loc[1, name] = None
    _refused(Table("prices_clean", frame), f"1 price row.s. have no {name}")


@pytest.mark.parametrize(("name", "expected"), [("date", "calendar dates"), ("adj_close", "numbers")])
def test_text_instead_of_dates_or_numbers_is_refused(prices_of, name, expected):
    """A table that skipped validation says so."""
    frame = prices_of({"A": [1, 2]}).frame.astype({name: "str"})
    _refused(Table("prices_clean", frame), f"column {name} is of type .*expected {expected}")


def test_a_table_without_rows_is_refused(prices_of):
    """No rows, no features."""
    _refused(Table("prices_clean", prices_of({"A": [1]}).frame[:0]), "no rows")


def test_a_return_beyond_all_numbers_is_named(prices_of):
    """Overflow becomes a message and not an infinity in a file."""
    _refused(prices_of({"A": [1e-300, 1e300]}), "feature return of A on 2024-01-02 is inf")


def test_absurd_neighbours_of_another_ticker_overflow_nothing(prices_of):
    """Windows that meet in memory are masked, whatever they hold."""
    frame = engineer(prices_of({"A": [1.5e308] * 3, "B": [1.7e308, 1.7e308]})).frame
    assert frame["return"].dropna().tolist() == [0.0, 0.0, 0.0]
