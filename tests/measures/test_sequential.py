"""Evidence that may be looked at daily: the arithmetic by hand and what it promises by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.measures.judged_rows import labelled_rows
from core.measures.sequential import (
    BETS,
    brier_differences,
    daily_differences,
    e_process,
    middle_ranks,
)


def test_the_e_value_is_the_mean_capital_of_the_bets():
    """By hand: each bet's capital is the product of 1 + bet x difference; before the first day it is 1."""
    found = e_process(np.array([0.5, -0.25]), confidence=0.95)
    capital = [[(1 + b * 0.5) for b in BETS], [(1 + b * 0.5) * (1 - b * 0.25) for b in BETS]]
    np.testing.assert_allclose(found.line, np.mean(capital, axis=1), rtol=1e-12)
    assert found.e_value == found.line[-1]
    assert (found.threshold, found.sessions, found.better) == (pytest.approx(40), 2, False)
    nothing = e_process(np.array([]), confidence=0.9)
    assert (nothing.e_value, nothing.sessions, nothing.better) == (1.0, 0, False)


@pytest.mark.parametrize("difference", [1.5, -1.01, np.nan])
def test_a_difference_that_is_not_bounded_is_refused(difference):
    """Beyond 1 the capital could fall below 0 and the promise would not hold."""
    with pytest.raises(ValueError, match="outside -1 to 1"):
        e_process(np.array([0.1, difference]), confidence=0.95)


def test_looking_daily_cries_better_in_few_worlds_only():
    """Of 2,000 worlds of 300 fair days, at most 2.5 % (and a little luck) ever reach the threshold of 40."""
    random = np.random.default_rng(11)
    ever = 0
    for _ in range(2000):
        days = random.choice([-0.4, -0.1, 0.1, 0.4], 300)
        ever += e_process(days, confidence=0.95).line.max() >= 40
    assert ever / 2000 < 0.025 + 2 * (0.025 * 0.975 / 2000) ** 0.5
    # the same worlds, read daily by a t test, would be called better far more often
    fixed = 0
    random = np.random.default_rng(11)
    for _ in range(2000):
        days = random.choice([-0.4, -0.1, 0.1, 0.4], 300)
        n = np.arange(1, 301)
        t = np.cumsum(days) / np.sqrt(n * 0.085)
        fixed += (t[20:] > 1.96).any()
    assert fixed / 2000 > 0.1


def test_skill_is_found_and_the_line_grows():
    """A gain of a third of its deviation a day is shown within a year."""
    days = np.clip(np.random.default_rng(3).normal(0.06, 0.18, 250), -1, 1)
    found = e_process(days, confidence=0.95)
    assert found.better
    assert found.line[50] < found.line[120] < found.line[249]
    assert np.isfinite(e_process(np.full(20_000, 0.9), confidence=0.95).e_value)


def test_middle_ranks_are_those_among_what_was_known(predictions_by_day):
    """Each value among all up to its own day: pandas' average ranks, counted from the middle."""
    sizes, values = predictions_by_day
    found, start = middle_ranks(values, sizes), 0
    for size in sizes.tolist():
        known = pd.Series(values[: start + size])
        expected = (known.rank() - 0.5) / len(known)
        np.testing.assert_allclose(found[start : start + size], expected.iloc[start:], rtol=1e-12)
        start += size


@pytest.fixture
def predictions_by_day():
    """Values of 20 days, one to six a day, with ties."""
    random = np.random.default_rng(8)
    sizes = random.integers(1, 7, 20)
    return sizes, random.random(int(sizes.sum())).round(1)


def rows_of(probability, up):
    """Return judged rows of a table of probabilities and outcomes (sessions down, tickers across)."""
    sessions, tickers = np.shape(probability)
    dates = pd.bdate_range("2020-01-01", periods=sessions)
    frame = pd.DataFrame(
        {
            "date": np.repeat(dates, tickers), "ticker": np.tile([f"T{i}" for i in range(tickers)], sessions),
            "probability": np.ravel(probability).astype(float), "up_next": np.ravel(up).astype(float), "fold": np.nan,
        }
    )  # fmt: skip
    return labelled_rows(frame)


def test_differences_by_hand():
    """Ranks 1/4, 3/4, then 5/8 and 1/8; odds of 36 in 60, then 37 in 62: a gain is over the larger side of them."""
    rows = rows_of([[0.4, 0.6], [0.55, 0.3]], [[0, 1], [1, 0]])
    found = daily_differences(rows, 0.6, prior_rows=60)
    first = ((2 * 0.25 - 1) * (0 - 0.6) + (2 * 0.75 - 1) * (1 - 0.6)) / 2 / 0.6
    odds = 37 / 62
    second = ((2 * 0.625 - 1) * (1 - odds) + (2 * 0.125 - 1) * (0 - odds)) / 2 / odds
    np.testing.assert_allclose(found, [first, second], rtol=1e-12)


def test_a_constant_stakes_nothing():
    """A model that says the same of all has no rank, gains nothing and keeps the e-value at 1."""
    up = np.random.default_rng(0).integers(0, 2, (30, 3))
    found = daily_differences(rows_of(np.full((30, 3), 0.52), up), 0.5)
    assert (found == 0).all()
    assert e_process(found, confidence=0.95).e_value == 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000))
def test_what_comes_later_changes_no_earlier_day(seed):
    """Stakes and odds of a day are fixed before its outcome; only the order of probabilities counts."""
    random = np.random.default_rng(seed)
    p, up = random.random((15, 3)), random.integers(0, 2, (15, 3))
    whole = daily_differences(rows_of(p, up), 0.53)
    assert (np.abs(whole) <= 1).all()
    np.testing.assert_array_equal(daily_differences(rows_of(p[:9], up[:9]), 0.53), whole[:9])
    np.testing.assert_array_equal(daily_differences(rows_of(p**3, up), 0.53), whole)
    np.testing.assert_allclose(daily_differences(rows_of(p[:, ::-1], up[:, ::-1]), 0.53), whole, atol=1e-15)


def test_brier_differences_by_hand():
    """The reference's squared error less the model's, over the most it could be: known before the outcomes."""
    rows = rows_of([[0.5, 0.7], [0.6, 0.6]], [[0, 1], [1, 1]])
    found = brier_differences(rows, 0.6)
    most = 0.1 * 1.3  # of 0.7 and 0.6, had the outcome been 0; for 0.5 and 0.6 it is .1 * 1.1
    first = ((0.6**2 - 0.5**2) + (0.4**2 - 0.3**2)) / 2 / most
    rate = 37 / 62
    second = ((rate - 1) ** 2 - 0.4**2) / ((0.6 - rate) * (0.6 + rate))
    np.testing.assert_allclose(found, [first, second], rtol=1e-9)
    constant = brier_differences(rows_of(np.full((8, 2), 0.5), np.tile([[0, 1]], (8, 1))), 0.5)
    assert (constant == 0).all()


def test_a_true_forecast_is_better_than_the_rate_and_the_rate_than_noise():
    """Within two years: probabilities that are the truth gain, probabilities around it lose."""
    random = np.random.default_rng(4)
    truth = random.uniform(0.3, 0.7, (500, 6))
    up = (random.random(truth.shape) < truth).astype(float)
    assert e_process(brier_differences(rows_of(truth, up), 0.5), confidence=0.95).better
    noise = random.uniform(0.2, 0.8, truth.shape)
    even = (random.random(truth.shape) < 0.5).astype(float)
    assert e_process(-brier_differences(rows_of(noise, even), 0.5), confidence=0.95).better


def test_a_brier_difference_is_never_beyond_what_may_be_staked():
    """A rate of one in ten, and a rise each tenth session: the model, which said more, wins the most there is, 1."""
    draw = np.random.default_rng(1)
    up = (np.arange(2000) % 10 == 9).astype(int)
    found = brier_differences(rows_of(draw.uniform(0.2, 0.8, (2000, 1)), up[:, np.newaxis]), 0.1)
    assert np.abs(found).max() <= 1
    np.testing.assert_allclose(found[9::10], 1, rtol=1e-15)
