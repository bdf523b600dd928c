"""Information coefficients, quantiles and turnover, against alphalens, scipy and pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr, ttest_1samp

from core.measures import information as info
from tests.late import Late

# asked for its definitions only; what its imports warn of is none of ours
alphalens = Late("alphalens.performance", quiet=True)

SESSIONS, TICKERS = 40, 12


@pytest.fixture
def factor() -> pd.DataFrame:
    """A factor and next returns in alphalens' layout, no ties, a twelfth of them skill."""
    random = np.random.default_rng(3)
    index = pd.MultiIndex.from_product(
        [pd.bdate_range("2020-01-01", periods=SESSIONS), [f"T{i:02d}" for i in range(TICKERS)]],
        names=["date", "asset"],
    )
    score = random.normal(size=len(index))
    frame = pd.DataFrame(
        {"1D": 0.01 * random.normal(size=len(index)) + 0.001 * score, "factor": score}, index
    )
    ranked = frame.groupby(level="date")["factor"]
    frame["factor_quantile"] = ranked.transform(lambda x: pd.qcut(x, 5, labels=False) + 1)
    return frame


def arrays(frame):
    """Return score, next return, ticker and session numbers of a table in alphalens' layout."""
    names = frame.reset_index()
    group = pd.factorize(names["date"], sort=True)[0].astype(np.int64)
    ticker = pd.factorize(names["asset"], sort=True)[0].astype(np.int64)
    return frame["factor"].to_numpy(), frame["1D"].to_numpy(), ticker, group


def test_rank_ic_is_alphalens(factor):
    """Spearman's correlation of each session, its mean and t as scipy's one-sample test has it."""
    score, after, _, group = arrays(factor)
    expected = alphalens.factor_information_coefficient(factor)["1D"].to_numpy()
    found = info.rank_correlation_by_group(score, after, group, SESSIONS)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    summary = info.coefficients(score, after, group, SESSIONS)
    assert summary.rank.mean == pytest.approx(expected.mean(), rel=1e-12)
    assert summary.rank.t == pytest.approx(ttest_1samp(expected, 0).statistic, rel=1e-10)
    assert summary.rank.sessions == SESSIONS


def test_ic_is_scipys_correlation(factor):
    """Pearson's correlation of each session; ties in the ranks share their mean as in scipy."""
    score, after, _, group = arrays(factor)
    expected = [pearsonr(score[group == g], after[group == g]).statistic for g in range(SESSIONS)]
    np.testing.assert_allclose(info.correlation_by_group(score, after, group, SESSIONS), expected, rtol=1e-9)
    tied = score.round(0)
    expected = [spearmanr(tied[group == g], after[group == g]).statistic for g in range(SESSIONS)]
    np.testing.assert_allclose(
        info.rank_correlation_by_group(tied, after, group, SESSIONS), expected, rtol=1e-9
    )


def test_quantiles_are_those_of_qcut(factor):
    """The bins are pandas', the mean returns and rows alphalens' without demeaning."""
    score, after, _, group = arrays(factor)
    quantile = info.quantile_of(score, group)
    assert (quantile == factor["factor_quantile"].to_numpy()).all()
    expected, _ = alphalens.mean_return_by_quantile(factor, demeaned=False)
    rows = info.returns_by_quantile(quantile, after)
    np.testing.assert_allclose([row["mean_return"] for row in rows], expected["1D"].to_numpy(), rtol=1e-10)
    assert [row["rows"] for row in rows] == factor["factor_quantile"].value_counts().sort_index().tolist()


@pytest.mark.parametrize("tickers", [5, 6, 7, 11, 23])
def test_quantiles_of_any_number_of_tickers(tickers):
    """Whatever the number of tickers, distinct scores fall into pandas' bins."""
    score = np.random.default_rng(tickers).permutation(tickers).astype(float)
    expected = pd.qcut(score, 5, labels=False) + 1
    assert info.quantile_of(score, np.zeros(tickers, dtype=np.int64)).tolist() == expected.tolist()


def test_the_spread_is_top_less_bottom_by_session(factor):
    """The t is that of the sessions' differences; a session without one of the two has none."""
    score, after, _, group = arrays(factor)
    quantile = info.quantile_of(score, group)
    top, bottom = (factor[factor["factor_quantile"] == q].groupby("date")["1D"].mean() for q in (5, 1))
    apart = (top - bottom).to_numpy()
    found = info.quantile_spread(quantile, after, group, SESSIONS)
    assert found.mean == pytest.approx(apart.mean(), rel=1e-10)
    assert found.t == pytest.approx(ttest_1samp(apart, 0).statistic, rel=1e-9)
    fewer = np.where((group == 0) & (quantile == 1), np.nan, after)
    assert info.quantile_spread(quantile, fewer, group, SESSIONS).sessions == SESSIONS - 1


def test_turnover_is_alphalens(factor):
    """Share of new names in the outer quantiles, and the correlation of ranks with the day before."""
    score, _, ticker, group = arrays(factor)
    shuffled = np.random.default_rng(0).permutation(len(score))
    found = info.factor_turnover(score[shuffled], ticker[shuffled], group[shuffled], SESSIONS)
    for number, ours in ((5, found.top), (1, found.bottom)):
        theirs = alphalens.quantile_turnover(factor["factor_quantile"], number)
        assert ours == pytest.approx(float(theirs.mean()), rel=1e-10)
    theirs = alphalens.factor_rank_autocorrelation(factor)
    assert found.autocorrelation == pytest.approx(theirs.mean(), rel=1e-10)


def test_turnover_counts_sessions_that_follow_one_with_the_same_quantile():
    """Four sessions of two halves; the second has one ticker only, so it has no half and no session follows it.

    From the third to the fourth session the top half (C, D) becomes (D, A): one of its two is new, as of the other.
    """
    score = np.array([1.0, 2, 3, 4, 5, 1, 2, 3, 4, 3, 1, 2, 4])
    ticker = np.array([0, 1, 2, 3, 0, 0, 1, 2, 3, 0, 1, 2, 3])
    group = np.repeat(np.arange(4), [4, 1, 4, 4])
    found = info.factor_turnover(score, ticker, group, 4, quantiles=2)
    assert (found.top, found.bottom) == (0.5, 0.5)


def test_forward_returns_compound_over_a_tickers_own_rows():
    """Against the quotient of its prices; the last rows of a ticker have none, not its neighbour's."""
    random = np.random.default_rng(2)
    prices = pd.DataFrame(
        {"ticker": np.repeat([0, 1, 2], [30, 3, 25]), "p": np.exp(random.normal(0, 0.1, 58))}
    )
    by_ticker = prices.groupby("ticker")["p"]
    gain = by_ticker.pct_change().to_numpy()
    for sessions in (1, 5, 20):
        expected = (by_ticker.shift(-sessions) / prices["p"] - 1).to_numpy()
        found = info.forward_returns(gain, prices["ticker"].to_numpy(), sessions)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.isnan(info.forward_returns(gain, prices["ticker"].to_numpy(), 60)).all()


def test_sessions_that_cannot_be_ranked_have_none():
    """Two tickers, equal scores, equal returns and missing values give no coefficient."""
    group = np.repeat(np.arange(4), [2, 3, 3, 4])
    score = np.array([1.0, 2, 5, 5, 5, 1, 2, 3, 1, 2, 3, np.nan])
    after = np.array([1.0, 2, 1, 2, 3, 0.1, 0.1, 0.1, np.nan, 1, 2, 3])
    assert np.isnan(info.correlation_by_group(score, after, group, 4)).all()
    assert np.isnan(info.rank_correlation_by_group(score, after, group, 4)).all()
    summary = info.coefficients(score, after, group, 4)
    assert (np.isnan(summary.ic.mean), np.isnan(summary.ic.t), summary.ic.sessions) == (True, True, 0)


def test_too_few_tickers_have_no_quantile():
    """A session with fewer tickers than quantiles, and a missing score, are in none."""
    found = info.quantile_of(np.array([1.0, 2, 3, 4, np.nan, 5, 6]), np.array([0, 0, 1, 1, 1, 1, 1]), 4)
    assert found.tolist() == [0, 0, 1, 2, 0, 3, 4]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_size_of_scores_and_order_of_rows_do_not_matter(seed, size):
    """Scaling scores or returns leaves both coefficients, permuting the rows too."""
    random = np.random.default_rng(seed)
    score, after, group = random.random(60), random.normal(size=60), random.integers(0, 6, 60)
    order = random.permutation(60)
    first = info.coefficients(score, after, group, 6)
    for other in (
        info.coefficients(score * size, after * size, group, 6),
        info.coefficients(score[order], after[order], group[order], 6),
    ):
        assert other.ic.mean == pytest.approx(first.ic.mean, abs=1e-10)
        assert other.rank.mean == pytest.approx(first.rank.mean, abs=1e-10)


def test_a_mean_of_overlapping_values_has_newey_and_wests_error():
    """Their estimator by hand, as a quadratic form in the weights; over one session the plain error."""
    values = np.cumsum(np.random.default_rng(5).normal(size=40)) + 3
    apart, lags = values - values.mean(), np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    variance = apart @ np.maximum(1 - lags / 5, 0) @ apart / 40 / 39
    assert info.MeanAndT.of(values, 5).t == pytest.approx(values.mean() / variance**0.5, rel=1e-12)
    assert info.MeanAndT.of(values, 1) == info.MeanAndT.of(values)
