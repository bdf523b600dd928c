"""Expanded percentile intervals: the arithmetic by hand and what they are for by simulation."""

import numpy as np
import pytest
from scipy.stats import norm, t

from core.measures.bootstrap import Estimate, Resampling
from core.measures.expanded import Blocks, blocks_of, coverage, stretch, tail
from core.measures.performance import measure


def test_the_tail_is_hesterbergs():
    """For n independent observations in one fold: Phi(-t(n - 1) sqrt(n / (n - 1))), by scipy.stats."""
    for count in (6, 25, 100):
        expected = norm.cdf(t.ppf(0.025, count - 1) * np.sqrt(count / (count - 1)))
        assert tail(0.95, Blocks(count, 1)) == pytest.approx(expected, rel=1e-10)


def test_the_stretch_is_that_of_the_quantiles():
    """Student's quantile times the root of n / (n - 1), over the normal one."""
    expected = t.ppf(0.025, 11) * np.sqrt(12 / 11) / norm.ppf(0.025)
    assert stretch(0.95, Blocks(12.0, 1)) == pytest.approx(expected, rel=1e-9)
    assert stretch(0.95, Blocks(1e12, 4)) == pytest.approx(1, abs=1e-6)


def test_many_blocks_leave_the_percentile_interval_as_it_is():
    """Without end of blocks the tails are those asked for."""
    drawn = Estimate(0.0, np.random.default_rng(0).normal(size=4001))
    found = drawn.interval(coverage(0.9, Blocks(1e12, 3)))
    assert found == pytest.approx(drawn.interval(0.9), rel=1e-6)


def test_blocks_are_counted_by_fold(panel):
    """Folds of 30, 20 and 8 dates in blocks of at most 5: blocks of 5, 4 and 1, so 6 + 5 + 8 in 3 folds."""
    found = blocks_of(panel((30, 20, 8)), Resampling(100, 5, 0.95, 1))
    assert (found.blocks, found.folds, found.freedom) == (19.0, 3, 16.0)


def test_no_value_has_no_interval():
    """An undefined value, and resamples of which over half are undefined, have none."""
    few = np.array([1.0, np.nan, np.nan])
    for estimate in (Estimate(np.nan, np.arange(3.0)), Estimate(1.0, few)):
        assert estimate.interval(coverage(0.95, Blocks(10.0, 1))) is None


def test_it_covers_where_the_percentile_interval_does_not():
    """Means of 12 normal numbers: 95 % intervals hold the truth in 93 to 97 %, percentile ones in far fewer."""
    random = np.random.default_rng(7)
    expanded = percentile = 0
    for _ in range(1500):
        sample = random.normal(size=12)
        draws = sample[random.integers(0, 12, (1000, 12))].mean(axis=1)
        estimate = Estimate(float(sample.mean()), draws)
        low, high = estimate.interval(coverage(0.95, Blocks(12.0, 1)))
        expanded += low <= 0 <= high
        low, high = estimate.interval(0.95)
        percentile += low <= 0 <= high
    assert 0.93 < expanded / 1500 < 0.97
    assert percentile / 1500 < 0.93


@pytest.mark.parametrize(
    ("dates", "horizon", "has"), [(1, 1, False), (5, 5, False), (6, 5, True), (5, 1, True)]
)
def test_a_single_block_has_no_interval(panel, dates, horizon, has):
    """Every resample of one block is the same rows: a point would be a certainty that nobody has."""
    rows = panel((dates,), tickers=80)
    found = measure(rows.frame, Resampling(100, 10, 0.95, 1), horizon_sessions=horizon)["auc"]
    assert found["value"] is not None
    assert (found["low"] is not None) is has
    assert has or "one block" in found["reason"]
