"""Drift of the latest window, ranked among past ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.evaluation.drift import drift, families, watched, window_description, windows


def table(sessions, tickers=4, seed=0, shift=0.0, length=20):
    """Return features whose last ``length`` sessions are shifted by ``shift`` standard deviations."""
    random = np.random.default_rng(seed)
    days = np.repeat(pd.bdate_range("2015-01-01", periods=sessions).to_numpy("datetime64[s]"), tickers)
    values = random.normal(size=len(days))
    values[-length * tickers :] += shift
    up = random.integers(0, 2, len(days)).astype(float)
    return pd.DataFrame(
        {"date": days, "return": values, "up_next": up, "probability": random.random(len(days))}
    )


def measured(features, length=20):
    """Return drift of ``return``, label and probability over windows of ``length`` sessions."""
    return drift(features, features, ("return",), windows(features, length))


def test_a_planted_shift_is_warned_of():
    """One standard deviation in the last window outranks all of 29 past ones: 100 * 29 / 30."""
    found = measured(table(600, shift=1.0))["return"]
    assert found["severity"] == "warn"
    assert found["percentile"] == pytest.approx(100 * 29 / 30)
    assert "alarm needs 99 past windows" in found["reason"]


def test_with_a_hundred_windows_a_planted_shift_is_an_alarm():
    """Only with 99 past windows or more can a percentile reach 99."""
    assert measured(table(2020, shift=1.0))["return"]["severity"] == "alarm"


def test_without_a_shift_warnings_are_as_rare_as_they_say():
    """Of 60 worlds without change, 5 % of two columns reach a warning; here from 1 % to 11 %."""
    found = [measured(table(420, seed=seed)) for seed in range(60)]
    warned = sum(
        columns[name]["severity"] == "warn" for columns in found for name in ("return", "probability")
    )
    assert 0.01 * 120 <= warned <= 0.11 * 120


def test_few_rows_now_are_insufficient():
    """Two tickers over 20 sessions are 40 rows, under the 60 needed; statistics stay, the rank goes."""
    found = measured(table(600, tickers=2))["return"]
    assert found["severity"] == "insufficient"
    assert found["percentile"] is None
    assert found["ks"] is not None
    assert found["reason"] == "only 40 rows in the current window, at least 60 are needed"


def test_few_past_windows_are_insufficient():
    """With 18 past windows a percentile of 95 cannot be reached; with 19 it can."""
    assert measured(table(380, shift=1.0))["return"]["reason"].startswith("only 18 past windows")
    assert measured(table(400, shift=1.0))["return"]["severity"] == "warn"


def test_no_past_at_all_is_insufficient():
    """Fewer sessions than a window: nothing to compare with, no statistic."""
    found = measured(table(15))["return"]
    assert found["severity"] == "insufficient"
    assert found["ks"] is None
    assert found["reason"] == "no value in the earlier sessions"


def test_a_missing_column_is_insufficient():
    """A feature the table does not have is said to be missing."""
    features = table(100)
    found = drift(features, features, ("gone",), windows(features, 20))["gone"]
    assert found["reason"] == "there is no column gone"


def test_nulls_are_left_out():
    """Warm-up and unlabelled rows count for no window: the statistics are those of the rest."""
    features = table(600)
    holed = features.assign(**{"return": features["return"].where(np.arange(len(features)) % 4 != 0)})
    kept = features[np.arange(len(features)) % 4 != 0]
    assert measured(holed)["return"]["ks"] == pytest.approx(measured(kept)["return"]["ks"], rel=1e-12)


def test_a_constant_column_has_no_wasserstein_distance_and_says_so():
    """It is measured in standard deviations of the reference, which are 0: null, and ranked nowhere."""
    found = measured(table(600).assign(**{"return": 0.25}))["return"]
    assert found["wasserstein"] is None
    assert found["percentiles"]["wasserstein"] is None
    assert (found["ks"], found["psi"]) == (0.0, 0.0)
    assert found["reason"].endswith("past windows; no Wasserstein distance: the reference does not vary")


def test_levels_are_never_watched():
    """Prices and raw moving averages are passed over, even if a model says it sees them."""
    seen = ("adj_close", "ma5", "ma20", "close", "ma5_ratio")
    assert watched(seen) == ("ma5_ratio", "up_next", "probability")


def test_holm_is_taken_over_the_columns():
    """With three columns the smallest p is tripled."""
    features = table(600, shift=0.3)
    current = features["date"] >= features["date"].unique()[-20]
    exact = stats.ks_2samp(
        features.loc[~current, "return"], features.loc[current, "return"], method="asymp"
    ).pvalue
    assert measured(features)["return"]["ks_p"] == pytest.approx(3 * exact, rel=0.1)


def test_windows_are_cut_from_the_end():
    """Of 45 sessions in windows of 20: the current one, one past window, five sessions over."""
    features = table(45, tickers=1)
    cut = windows(features, 20)
    window = cut.of(features["date"].to_numpy())
    assert window.tolist() == [-1] * 5 + [1] * 20 + [0] * 20
    assert cut.past == 1


def test_the_windows_are_described():
    """Dates, rows and conventions stand beside the figures."""
    features = table(45, tickers=2)
    found = window_description(features, windows(features, 20))
    assert found["rows_current"] == 40
    assert found["rows_reference"] == 50
    assert found["reference_from"] == "2015-01-01"
    assert (found["psi_bins"], found["epsilon"], found["current_sessions"]) == (10, 1e-4, 20)
    assert (found["js_bins"], found["binning"], found["past_windows"]) == (10, "deciles of the reference", 1)


def test_no_reference_is_described_with_nulls():
    """All sessions are in the current window: the reference has no dates."""
    features = table(10)
    found = window_description(features, windows(features, 20))
    assert (found["reference_from"], found["rows_reference"], found["current_sessions"]) == (None, 0, 10)


def test_a_series_and_its_lags_are_one_family():
    """Each family counts once, by the median of its columns; columns without a rank take no part."""
    percentiles = {
        "return": 96.0, "lag1": 97.0, "lag5": 80.0, "ma5_ratio": 99.0, "ma20_ratio": 10.0, "volatility20": 50.0,
        "own_feature": None,
    }  # fmt: skip
    entries = {name: {"percentile": p, "previous_percentile": p} for name, p in percentiles.items()}
    found = families(entries)
    assert {name: (f.percentile, f.columns) for name, f in found.items()} == {
        "return": (96.0, ("return", "lag1", "lag5")),
        "moving averages": (10.0, ("ma5_ratio", "ma20_ratio")),
        "volatility20": (50.0, ("volatility20",)),
    }


@pytest.mark.parametrize("change", [None, "shuffled", "damaged"])
def test_a_lag_that_is_ordered_as_its_returns_are_has_the_figures_of_one_that_is_sorted(change):
    """By ticker the order of returns serves the lags; where rows stand otherwise, or a lag is not one, it is sorted."""
    draw = np.random.default_rng(5)
    days = pd.bdate_range("2010-01-04", periods=500).to_numpy("datetime64[s]")
    frame = pd.DataFrame({"ticker": np.repeat(list("abc"), 500), "date": np.tile(days, 3)})
    frame["return"] = draw.normal(size=len(frame)).round(1)
    frame.loc[::500, "return"] = np.nan
    frame["lag3"] = frame.groupby("ticker")["return"].shift(3)
    if change == "shuffled":
        frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    if change == "damaged":
        frame.loc[700, "lag3"] = 9.0
    predictions = frame[["date"]].assign(probability=0.5)
    cut = windows(frame, 20)
    both = drift(frame, predictions, ("return", "lag3"), cut)
    alone = drift(frame, predictions, ("lag3",), cut)
    assert {**both["lag3"], "ks_p": None} == {**alone["lag3"], "ks_p": None}
