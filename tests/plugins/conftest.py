"""A table of prices and a folder with a module, as tests of own code need them."""

import numpy as np
import pandas as pd
import pytest

from core.features.plugin_features import feature_set_of
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.artifacts import Table


def _prices(rows=260, tickers=("AA", "BB", "CC"), seed=5):
    draw = np.random.default_rng(seed)
    frames = []
    for number, ticker in enumerate(tickers):
        days = pd.bdate_range("2020-06-01", periods=rows)[number * 20 :].astype("datetime64[s]")
        days = days.delete(slice(60, 63)) if number == 2 else days
        close = 50 * np.exp(np.cumsum(draw.normal(0, 0.02, len(days))))
        opened = close * np.exp(draw.normal(0, 0.005, len(days)))
        high = np.maximum(opened, close) * np.exp(np.abs(draw.normal(0, 0.004, len(days))))
        low = np.minimum(opened, close) * np.exp(-np.abs(draw.normal(0, 0.004, len(days))))
        factor = 0.98 ** np.arange(4)[::-1][np.arange(len(days)) * 4 // len(days)]
        volume = np.round(np.exp(draw.normal(13, 0.4, len(days))))
        columns = {"open": opened, "high": high, "low": low, "close": close, "adj_close": close * factor}
        frames.append(pd.DataFrame({"date": days, "ticker": ticker, **columns, "volume": volume}))
    return Table("prices_clean", pd.concat(frames, ignore_index=True))


@pytest.fixture(scope="session")
def prices():
    """A function that makes daily bars of a year: dividends, one ticker that starts later and misses sessions."""
    return _prices


@pytest.fixture
def features_in():
    """A function that writes ``mine.py`` into a folder and returns the feature set with it."""

    def features_in(folder, text):
        (folder / "mine.py").write_text(text)
        return feature_set_of(Plugins(modules_named("mine.py", folder)))

    return features_in
