"""Calls that came true lately, ticker by ticker, and what a coin toss gets right."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import binom

from core.queries.models.recent_calls import coin_toss_range, recent_calls


def rows(*entries) -> pd.DataFrame:
    """Predictions: date, ticker, probability, outcome."""
    return pd.DataFrame(entries, columns=["date", "ticker", "probability", "up_next"])


def test_only_the_last_known_rows_of_each_ticker_count_whatever_their_order():
    """Up from one half on; a row without an outcome is passed over, an older one left out."""
    predictions = rows(
        (4, "A", 0.7, None), (3, "A", 0.5, 1.0), (2, "A", 0.4, 1.0), (1, "A", 0.9, 1.0), (3, "B", 0.2, 0.0),
        (3, "C", 0.2, None),
    )  # fmt: skip
    counted = recent_calls(predictions, sessions=2)
    assert {name: (each.right, each.calls) for name, each in counted.items()} == {"A": (1, 2), "B": (1, 1)}
    assert counted["A"].share == 0.5


def test_predictions_of_a_score_run_without_outcomes_count_nothing():
    """No ticker is named that has no call to be judged."""
    assert recent_calls(rows((1, "A", 0.7, None))) == {}


@pytest.mark.parametrize("calls", [1, 5, 6, 20, 63, 400])
def test_the_range_of_a_coin_toss_is_that_of_the_binomial_distribution(calls):
    """95 of 100 inside, and no narrower range of the same middle has as many."""
    low, high = coin_toss_range(calls)
    assert (low, high) == (binom.ppf(0.025, calls, 0.5), binom.ppf(0.975, calls, 0.5))
    assert binom.cdf(high, calls, 0.5) - binom.cdf(low - 1, calls, 0.5) >= 0.95
