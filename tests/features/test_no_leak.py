"""Past features stay bit-equal when the future or another ticker changes, and the probe can fail."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.features import FEATURES, engineer
from core.features.definitions import Feature
from core.features.engineering import by_ticker
from core.tables.artifacts import Table
from core.tables.codec import encode


def test_no_feature_of_the_sample_changes_when_everything_after_a_day_changes(sample_prices, future_leaks):
    """Forty days over thirteen years, near the ends and where tickers begin."""
    days = np.unique(sample_prices.frame["date"].to_numpy())
    chosen = [
        *days[np.linspace(0, len(days) - 2, 36).astype(int)],
        *pd.to_datetime(["2004-08-18", "2004-08-19"]),
    ]
    assert (
        future_leaks(engineer, sample_prices, [*chosen, *pd.to_datetime(["2012-05-18", "2012-05-21"])])
        == set()
    )


def test_no_feature_of_the_sample_changes_with_another_ticker(sample_prices, ticker_leaks):
    """A ticker alone has the same bits as among others, whatever those are worth."""
    assert ticker_leaks(engineer, sample_prices) == set()


def _centred(panel):
    return pd.Series(panel.adj_close).rolling(5, center=True, min_periods=1).mean().to_numpy()


def _scaled_on_everything(panel):
    return panel.adj_close / panel.adj_close.mean()


def _back_filled(panel):
    return pd.Series(panel.mean(panel.adj_close, 5)).bfill().to_numpy()


@pytest.mark.parametrize("leaky", [_centred, _scaled_on_everything, _back_filled])
def test_the_probe_finds_a_feature_that_looks_ahead(walks, future_leaks, leaky):
    """A late window, a mean over everything and a back-fill are each caught, and nothing else is."""
    planted = (*FEATURES, Feature("planted", leaky, "looks ahead", 0))
    days = np.unique(walks.frame["date"].to_numpy())[1:-1:7]
    assert future_leaks(partial(engineer, feature_set=planted), walks, days) == {"planted"}


def _without_groups(panel):
    return np.concatenate([panel.adj_close[:1], panel.adj_close[:-1]])


def _running_total(panel):
    totals = np.cumsum(panel.adj_close)
    return np.where(panel.position >= 5, totals - panel.lag(totals, 5), 0.0)


@pytest.mark.parametrize("leaky", [_without_groups, _running_total])
def test_the_probe_finds_a_feature_that_mixes_tickers(walks, ticker_leaks, leaky):
    """A missing groupby, and the last bits that a running total carries from ticker to ticker."""
    planted = (*FEATURES, Feature("planted", leaky, "mixes tickers", 0))
    assert ticker_leaks(partial(engineer, feature_set=planted), walks) == {"planted"}


@settings(max_examples=settings.default.max_examples * 40 // 100)
@given(data=st.data())
def test_changing_the_future_leaves_past_features_bit_equal(data, prices_of, future_leaks):
    """Any prices, any day."""
    price = st.floats(1e-3, 1e6)
    series = {t: data.draw(st.lists(price, min_size=1, max_size=30)) for t in ("A", "B")}
    prices = prices_of(series)
    day = data.draw(st.sampled_from(sorted(set(prices.frame["date"]))))
    assert future_leaks(engineer, prices, [day]) == set()


def test_row_order_of_the_input_does_not_matter(sample_prices):
    """Shuffled prices give the same bytes."""
    shuffled = sample_prices.frame.sample(frac=1, random_state=1)
    assert encode(engineer(Table("prices_clean", shuffled))).data == encode(engineer(sample_prices)).data


@pytest.mark.parametrize("order", ["ACB", "BAC", "BCA", "CAB", "CBA"])
def test_whole_tickers_in_another_order_give_the_same_bytes(prices_of, order):
    """Each ticker's rows together and by date, as a file may have them, only the tickers are not by name."""
    closes = {"A": [10.0, 11, 12, 11], "B": [5.0, 4, 5, 6], "C": [70.0, 77, 70, 77]}
    moved = prices_of({ticker: closes[ticker] for ticker in order})
    assert encode(engineer(moved)).data == encode(engineer(prices_of(closes))).data
    ordered = by_ticker(moved.frame)
    assert [ordered.names[code] for code in ordered.codes] == [*"AAAABBBBCCCC"]


def test_the_input_is_left_as_it_was(walks):
    """Engineering changes nothing in the table it was given."""
    before = walks.frame.copy()
    engineer(walks)
    pd.testing.assert_frame_equal(walks.frame, before)
