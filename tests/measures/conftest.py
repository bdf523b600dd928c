"""Small judged tables for the tests of this folder."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from core.measures.judged_rows import JudgedRows, labelled_rows
from core.measures.portfolio import PriceRows


@pytest.fixture
def panel() -> Callable[..., JudgedRows]:
    """A builder of random judged rows over folds of the given numbers of dates, with next returns."""

    def build(folds: tuple[int, ...] = (30, 20, 8), tickers: int = 4, *, seed: int = 0, skill: float = 0.0):
        random = np.random.default_rng(seed)
        dates = sum(folds)
        rows = dates * tickers
        probability = random.uniform(0.3, 0.7, rows).round(3)
        chance = 0.5 + skill * np.sign(probability - 0.5)
        up = (random.random(rows) < chance).astype(float)
        days = pd.bdate_range("2020-01-01", periods=dates).to_numpy("datetime64[s]")
        frame = pd.DataFrame(
            {
                "date": np.repeat(days, tickers),
                "ticker": np.tile([f"T{i}" for i in range(tickers)], dates),
                "probability": probability,
                "up_next": up,
                "fold": np.repeat(np.repeat(np.arange(1.0, len(folds) + 1), folds), tickers),
                "next_return": np.where(up > 0, 1, -1) * random.uniform(0.001, 0.03, rows),
            }
        )
        return labelled_rows(frame)

    return build


@pytest.fixture(scope="session")
def sample_prices() -> tuple[JudgedRows, np.ndarray, PriceRows]:
    """The embedded sample as it is judged: rows from session 712 on, next returns, and all its prices."""
    path = files("core.sources") / "shipped" / "stocks.csv.gz"
    with gzip.open(str(path), "rt") as lines:
        frame = pd.read_csv(lines, keep_default_na=False)
    frame.columns = [name.lower().replace(" ", "_") for name in frame.columns]
    frame = frame.sort_values(["ticker", "date"]).reset_index(drop=True)
    by_ticker = frame.groupby("ticker", sort=False)
    frame["return"] = by_ticker["adj_close"].pct_change()
    frame["next_return"] = by_ticker["return"].shift(-1)
    session = np.searchsorted(np.unique(frame["date"]), frame["date"])
    # 20 rows of warm-up before the first complete row of a ticker
    complete = (by_ticker.cumcount() >= 20).to_numpy() & frame["next_return"].notna().to_numpy()
    judged = complete & (session >= 712)
    codes = pd.factorize(frame["ticker"])[0]
    prices = PriceRows(codes, session, frame["return"].to_numpy(float), judged)
    table = frame[judged].assign(probability=0.5, fold=1.0, date=lambda f: pd.to_datetime(f["date"]))
    rows = labelled_rows(table.assign(up_next=(table["next_return"] > 0).astype(float)))
    return rows, rows.frame["next_return"].to_numpy(float), prices


@pytest.fixture(scope="session")
def table_of() -> Callable[..., tuple[JudgedRows, np.ndarray]]:
    """A builder of judged rows from a table of next returns: sessions down, tickers across, None: no row."""

    def build(following):
        days = pd.bdate_range("2020-01-01", periods=len(following))
        cells = [
            {"date": day, "ticker": f"T{t}", "probability": 0.5, "up_next": 1.0, "fold": 1.0, "next": value}
            for day, row in zip(days, following, strict=True)
            for t, value in enumerate(row)
            if value is not None
        ]
        rows = labelled_rows(pd.DataFrame(cells))
        return rows, rows.frame["next"].to_numpy(float)

    return build
