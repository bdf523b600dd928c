"""Each feature against figures worked out by hand."""

import math

import numpy as np
import pytest

from core.features import engineer

NAN = math.nan


def test_features_of_a_short_table_are_those_worked_out_by_hand(prices_of):
    """Ten prices of one ticker, each cell computed with pencil and paper."""
    frame = engineer(prices_of({"A": [10, 11, 11, 22, 11, 11, 22, 44, 22, 33]})).frame
    answers = {
        "adj_close": [10, 11, 11, 22, 11, 11, 22, 44, 22, 33],
        "return": [NAN, 0.1, 0, 1, -0.5, 0, 1, 1, -0.5, 0.5],
        "ma5": [NAN, NAN, NAN, NAN, 13, 13.2, 15.4, 22, 22, 26.4],
        "ma5_ratio": [NAN, NAN, NAN, NAN, 11 / 13 - 1, 11 / 13.2 - 1, 22 / 15.4 - 1, 1, 0, 0.25],
        "ma10": [NAN] * 9 + [19.7],
        "ma10_ratio": [NAN] * 9 + [33 / 19.7 - 1],
        "ma20": [NAN] * 10,
        "ma20_ratio": [NAN] * 10,
        "volatility20": [NAN] * 10,
        "lag1": [NAN, NAN, 0.1, 0, 1, -0.5, 0, 1, 1, -0.5],
        "lag2": [NAN, NAN, NAN, 0.1, 0, 1, -0.5, 0, 1, 1],
        "lag3": [NAN, NAN, NAN, NAN, 0.1, 0, 1, -0.5, 0, 1],
        "lag5": [NAN, NAN, NAN, NAN, NAN, NAN, 0.1, 0, 1, -0.5],
        "up_next": [1, 0, 1, 0, 0, 1, 1, 0, 1, NAN],
    }
    for name, answer in answers.items():
        assert frame[name].to_numpy() == pytest.approx(np.array(answer), abs=1e-12, nan_ok=True), name


def test_volatility_is_the_sample_deviation_of_twenty_returns(prices_of):
    """Returns of +10 % and -10 % in turn: mean 0, squares add up to 0.2, divided by 19."""
    prices = [100.0]
    for day in range(20):
        prices.append(prices[-1] * (1.1 if day % 2 == 0 else 0.9))
    column = engineer(prices_of({"A": prices})).frame["volatility20"]
    assert column[:20].isna().all()
    assert column[20] == pytest.approx(math.sqrt(0.2 / 19), abs=1e-12)


def test_a_constant_price_has_no_volatility_and_no_return(prices_of):
    """Two passes leave exactly 0 where a one-pass formula leaves rounding."""
    last = engineer(prices_of({"A": [333.3] * 25})).frame.iloc[-1]
    assert (last["return"], last["volatility20"], last["lag5"]) == (0.0, 0.0, 0.0)


def test_output_is_sorted_by_date_then_ticker_with_the_contract_columns(prices_of):
    """Columns as users know them; rows of a date stand together, tickers in text order."""
    table = engineer(prices_of({"b": [1, 2], "B": [3, 4], "A": [5, 6]}))
    contract = [
        "date", "ticker", "adj_close", "return", "ma5", "ma10", "ma20", "ma5_ratio", "ma10_ratio",
        "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5", "up_next",
    ]  # fmt: skip
    assert list(table.frame.columns)[: len(contract)] == contract
    assert table.frame["ticker"].tolist() == ["A", "B", "b", "A", "B", "b"]
    assert table.frame["date"].dt.day.tolist() == [1, 1, 1, 2, 2, 2]
    assert [str(kind) for kind in table.frame.dtypes[:3]] == ["datetime64[s]", "str", "float64"]
    assert table.kind == "features"


def test_warm_up_rows_are_kept_with_nulls(sample_prices):
    """Each ticker lacks exactly the first rows that the definition needs."""
    answers = {
        "adj_close": 0, "return": 1, "ma5": 4, "ma10": 9, "ma20": 19, "ma5_ratio": 4, "ma10_ratio": 9,
        "ma20_ratio": 19, "volatility20": 20, "lag1": 2, "lag2": 3, "lag3": 4, "lag5": 6,
    }  # fmt: skip
    table = engineer(sample_prices)
    assert len(table.frame) == len(sample_prices.frame) == 12_154
    assert table.header["warm_up"].items() >= answers.items()
    for _, rows in table.frame.groupby("ticker"):
        for name, missing in answers.items():
            assert rows[name].isna().tolist() == [True] * missing + [False] * (len(rows) - missing), name
