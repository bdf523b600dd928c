"""Features of the whole sample against pandas' own groupby and rolling windows."""

import numpy as np
import pytest

from core.features import engineer


@pytest.fixture(scope="module")
def both(sample_prices):
    """Our table, and prices sorted alike with pandas' returns."""
    frame = sample_prices.frame.sort_values(["date", "ticker"], ignore_index=True)
    frame["return"] = frame.groupby("ticker")["adj_close"].pct_change()
    return engineer(sample_prices).frame, frame


def _rolling(frame, name, window, how):
    rolled = getattr(frame.groupby("ticker")[name].rolling(window), how)()
    return rolled.reset_index(level=0, drop=True).sort_index().to_numpy()


def test_averages_and_ratios_agree_with_pandas(both):
    """Moving averages and ratios within 1e-9 of groupby-rolling."""
    ours, frame = both
    for window in (5, 10, 20):
        average = _rolling(frame, "adj_close", window, "mean")
        np.testing.assert_allclose(ours[f"ma{window}"], average, rtol=1e-9, equal_nan=True)
        ratio = frame["adj_close"].to_numpy() / average - 1
        np.testing.assert_allclose(ours[f"ma{window}_ratio"], ratio, atol=1e-9, equal_nan=True)


def test_returns_lags_and_volatility_agree_with_pandas(both):
    """Returns, lags and volatility within 1e-9 of pct_change, shift and rolling std."""
    ours, frame = both
    np.testing.assert_allclose(ours["return"], frame["return"], atol=1e-9, equal_nan=True)
    np.testing.assert_allclose(
        ours["volatility20"], _rolling(frame, "return", 20, "std"), atol=1e-9, equal_nan=True
    )
    for lag in (1, 2, 3, 5):
        shifted = frame.groupby("ticker")["return"].shift(lag)
        np.testing.assert_allclose(ours[f"lag{lag}"], shifted, atol=1e-9, equal_nan=True)


def test_labels_equal_an_oracle(both):
    """The label is the sign of pandas' next return per ticker, null on the last row."""
    ours, frame = both
    following = frame.groupby("ticker")["return"].shift(-1)
    answer = (following > 0).astype("float64").where(following.notna())
    np.testing.assert_array_equal(ours["up_next"], answer)
    assert ours["up_next"].isna().sum() == 5


@pytest.mark.parametrize("days", [0, 2])
def test_the_oracle_finds_a_label_of_another_day(both, days):
    """The gate itself: today's direction, or that of the day after next, is not the label."""
    ours, frame = both
    wrong = frame.groupby("ticker")["return"].shift(-days) > 0
    assert (ours["up_next"].dropna() != wrong[ours["up_next"].notna()]).mean() > 0.4
