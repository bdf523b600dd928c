"""Correlation of features against scipy, warm-up against tables written by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from core.queries.series.feature_relations import rank_correlation, warm_up_table


def test_the_correlation_is_scipy_s_over_complete_rows():
    """Ties and gaps included."""
    drawn = np.random.default_rng(5)
    frame = pd.DataFrame({"a": drawn.normal(size=200), "b": drawn.integers(0, 5, 200) * 1.0})
    frame["c"] = frame["a"] ** 3 + drawn.normal(size=200)
    frame.loc[:20, "c"] = np.nan
    expected = spearmanr(frame.dropna().to_numpy()).statistic
    assert rank_correlation(frame, ["a", "b", "c"]).to_numpy() == pytest.approx(expected, abs=1e-12)


def test_a_constant_column_and_too_few_rows_have_no_correlation():
    """NaN rather than a number that means nothing."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "same": [1.0, 1.0, 1.0]})
    found = rank_correlation(frame, ["a", "same"])
    assert found.loc["a", "a"] == 1.0
    assert math.isnan(found.loc["a", "same"])
    assert rank_correlation(frame.head(2), ["a"]).isna().all(axis=None)


def test_the_warm_up_is_told_apart_from_gaps():
    """ma needs 1 row and has a hole on the fourth; never has no value at all."""
    days = pd.date_range("2024-01-01", periods=4)
    frame = pd.DataFrame({"date": days, "ma": [math.nan, 1.0, 1.0, math.nan], "never": [math.nan] * 4})
    found = warm_up_table(frame, {"ma": 1, "never": 2}, {"ma": "mean of two"}).set_index("feature")
    assert found.loc["ma"].tolist() == [1, "2024-01-02", 2, 1, "mean of two"]
    assert found.loc["never"].tolist() == [2, None, 4, 2, ""]
