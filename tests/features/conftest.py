"""Price tables and the leak probe that feature tests share."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from core.tables.artifacts import Table


def _prices(series, start="2024-01-01"):
    parts = [
        pd.DataFrame(
            {
                "date": pd.date_range(start, periods=len(values), freq="D").astype("datetime64[s]"),
                "ticker": ticker,
                "adj_close": np.asarray(values, dtype="float64"),
            }
        )
        for ticker, values in series.items()
    ]
    return Table("prices_clean", pd.concat(parts, ignore_index=True).astype({"ticker": "str"}))


@pytest.fixture(scope="session")
def prices_of():
    """A function from {ticker: prices} to a price table with one row per day from 2024-01-01."""
    return _prices


@pytest.fixture(scope="session")
def sample_prices():
    """The embedded sample: 12,154 real rows of five tickers with different first days."""
    path = files("core.sources") / "shipped" / "stocks.csv.gz"
    frame = pd.read_csv(path, compression="gzip", keep_default_na=False)
    frame = frame.rename(columns={"Adj Close": "adj_close"}).rename(columns=str.lower)
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[s]")
    return Table("prices_clean", frame.astype({"ticker": "str"}))


@pytest.fixture(scope="session")
def walks(prices_of):
    """Three random walks of 90, 70 and 25 days."""
    draw = np.random.default_rng(5)
    lengths = {"AA": 90, "BB": 70, "CC": 25}
    return prices_of({t: 50 * np.exp(np.cumsum(draw.normal(0, 0.02, n))) for t, n in lengths.items()})


def _differing(before, after):
    """Feature columns whose bits differ; the label is no feature."""
    names = [name for name in before.columns if name not in ("date", "ticker", "up_next")]
    same = {
        name: np.array_equal(before[name].to_numpy().view("int64"), after[name].to_numpy().view("int64"))
        for name in names
    }
    return {name for name in names if not same[name]}


@pytest.fixture(scope="session")
def future_leaks():
    """A function returning the columns that change up to a day when everything after it changes."""

    def probe(engineer, prices, days):
        before, found = engineer(prices).frame, set()
        for number, day in enumerate(days):
            frame = prices.frame.copy()
            later = (frame["date"] > day).to_numpy()
            frame.loc[later, "adj_close"] *= np.random.default_rng(number).uniform(0.2, 9.0, later.sum())
            after = engineer(Table("prices_clean", frame)).frame
            found |= _differing(before[before["date"] <= day], after[after["date"] <= day])
        return found

    return probe


@pytest.fixture(scope="session")
def ticker_leaks():
    """A function returning the columns of a ticker that change when all other tickers change or go."""

    def probe(engineer, prices):
        before, found = engineer(prices).frame, set()
        for ticker in sorted(set(prices.frame["ticker"])):
            frame = prices.frame.copy()
            others = (frame["ticker"] != ticker).to_numpy()
            frame.loc[others, "adj_close"] *= np.random.default_rng(3).uniform(1e-3, 1e3, others.sum())
            for changed in (frame, frame[~others]):
                after = engineer(Table("prices_clean", changed)).frame
                found |= _differing(before[before["ticker"] == ticker], after[after["ticker"] == ticker])
        return found

    return probe
