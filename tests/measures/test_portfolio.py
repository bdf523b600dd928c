"""Buying and holding, and equal weights: by hand and by a plain day-by-day ledger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.measures.portfolio import HoldingReturns, PriceRows, Purchases, equal_weight_daily
from core.measures.risk import annual_return, sharpe


def price_rows(gains, judged):
    """Return rows of a table (sessions down, tickers across; None: no row that session)."""
    cells = [
        (
            ticker,
            session,
            np.nan if not any(g is not None for g in column[:session]) else gain,
            judged[session][ticker],
        )
        for ticker, column in enumerate(zip(*gains, strict=True))
        for session, gain in enumerate(column)
        if gain is not None
    ]
    ticker, session, gain, flag = (np.array(values) for values in zip(*cells, strict=True))
    return PriceRows(ticker, session, gain.astype(float), flag.astype(bool))


def buy_and_hold(prices, *, cost_bps):
    """Return the daily returns of the judged tickers, bought from one part."""
    calls = np.flatnonzero(prices.is_judged)
    sessions, tickers = prices.session[calls], len(np.unique(prices.ticker[calls]))
    purchases = Purchases(int(sessions.min()), int(sessions.max()), tickers, cost_bps)
    purchases.add(prices)
    return purchases.returns()


def ledger(gains, judged, cost):
    """Return the daily returns of buying and holding, kept as a shopkeeper would: cash, then shares."""
    sessions, tickers = len(gains), len(gains[0])
    days = [s for s in range(sessions) if any(judged[s])]
    bought = {t: min(s for s in days if judged[s][t]) for t in range(tickers) if any(j[t] for j in judged)}
    cash = {t: 1 / len(bought) for t in bought}
    worth = dict.fromkeys(bought, 0.0)
    total, result = 1.0, []
    for session in range(days[0], days[-1] + 1):
        for t in [t for t, when in bought.items() if when == session]:
            worth[t], cash[t] = cash[t] * (1 - cost), 0.0
        for t in bought:
            if session + 1 < sessions and gains[session + 1][t] is not None and worth[t]:
                worth[t] *= 1 + gains[session + 1][t]
        after = sum(cash.values()) + sum(worth.values())
        result.append(after / total - 1)
        total = after
    return result


GAINS = [
    [0, 0, None],
    [0.1, -0.2, None],
    [0.05, None, 0],
    [-0.1, 0.3, 0.5],
    [0.2, 0.1, -0.5],
    [0.0, 0.1, 0.1],
]
JUDGED = [[1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0], [0, 0, 0]]


def test_holding_is_the_shopkeepers_ledger():
    """Late buyers wait in cash, a session that is not judged is held through, a hole leaves the value."""
    for cost_bps in (0.0, 50.0):
        found = buy_and_hold(price_rows(GAINS, JUDGED), cost_bps=cost_bps)
        assert found.session.tolist() == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(found.daily, ledger(GAINS, JUDGED, cost_bps / 1e4), rtol=1e-12)


def test_holding_by_hand():
    """Two tickers; the second is bought a session later: 1, then .5 x 1.1 + .5, then .55 + .5 x 1.2."""
    rows = price_rows([[0, 0], [0.1, 0.7], [0.0, 0.2]], [[1, 0], [1, 1], [0, 0]])
    daily = buy_and_hold(rows, cost_bps=0).daily
    np.testing.assert_allclose(np.cumprod(1 + daily), [1.05, 1.15], rtol=1e-12)
    paid = buy_and_hold(rows, cost_bps=100).daily
    # the first share pays on the first day, the second on the second day
    wealth = [0.5 * 0.99 * 1.1 + 0.5, 0.5 * 0.99 * 1.1 + 0.5 * 0.99 * 1.2]
    np.testing.assert_allclose(np.cumprod(1 + paid), wealth, rtol=1e-12)


def test_a_ticker_that_is_never_judged_is_not_bought():
    """It has no share of the money."""
    alone = buy_and_hold(price_rows([[0], [0.1], [0.2]], [[1], [1], [0]]), cost_bps=5)
    beside = price_rows([[0, 0], [0.1, 5.0], [0.2, 5.0]], [[1, 0], [1, 0], [0, 0]])
    np.testing.assert_allclose(buy_and_hold(beside, cost_bps=5).daily, alone.daily, rtol=1e-14)


def equal_ledger(following, cost):
    """Return daily returns of equal weights, by keeping each ticker's weight in a dictionary."""
    weights, result = {}, []
    for row in following:
        here = {t: value for t, value in enumerate(row) if value is not None and not np.isnan(value)}
        if not here:
            result.append(np.nan)
            continue
        goal = dict.fromkeys(here, 1 / len(here))
        moved = sum(abs(goal.get(t, 0.0) - weights.get(t, 0.0)) for t in {*goal, *weights})
        mean = sum(here.values()) / len(here)
        result.append(mean - moved * cost)
        weights = {t: goal[t] * (1 + here[t]) / (1 + mean) for t in here}
    return result


FOLLOWING = [
    [0.1, -0.2, None],
    [0.05, 0.1, 0.3],
    [np.nan, np.nan, np.nan],
    [0.2, None, -0.1],
    [-0.3, 0.1, 0.0],
]


def test_equal_weights_are_the_ledger(table_of):
    """Tickers that come, go and come back; a date without returns is no day and drifts nothing."""
    rows, after = table_of(FOLLOWING)
    for cost_bps in (0.0, 30.0):
        found = equal_weight_daily(rows, after, cost_bps=cost_bps)
        np.testing.assert_allclose(found, equal_ledger(FOLLOWING, cost_bps / 1e4), rtol=1e-12)


def test_equal_weights_by_hand(table_of):
    """Two tickers, +10 % and -10 %: weights drift to .55 and .45, so a tenth changes on the second day."""
    rows, after = table_of([[0.1, -0.1], [0.0, 0.0]])
    np.testing.assert_allclose(equal_weight_daily(rows, after, cost_bps=100), [-0.01, -0.001], rtol=1e-12)


def test_one_ticker_held_is_one_ticker_rebalanced(table_of):
    """With a single ticker and no cost both baselines are the ticker itself."""
    gains = np.random.default_rng(1).normal(0, 0.02, 60)
    held = buy_and_hold(price_rows([[g] for g in gains], [[1]] * 59 + [[0]]), cost_bps=0)
    rows, after = table_of([[g] for g in gains[1:]])
    np.testing.assert_allclose(held.daily, gains[1:], rtol=1e-12)
    np.testing.assert_allclose(equal_weight_daily(rows, after, cost_bps=0), gains[1:], rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(3)), st.integers(0, 50))
def test_names_of_tickers_do_not_matter(table_of, order, seed):
    """Permuting the tickers permutes nothing that is shown."""
    random = np.random.default_rng(seed)
    gains = random.normal(0, 0.05, (8, 3))
    judged = random.random((8, 3)) < 0.5
    judged[-1] = False
    if not judged.any():
        return
    daily = [
        buy_and_hold(price_rows(gains[:, p].tolist(), judged[:, p].tolist()), cost_bps=7).daily
        for p in (list(range(3)), list(order))
    ]
    np.testing.assert_allclose(daily[0], daily[1], rtol=1e-12, atol=1e-15)
    returns = [
        equal_weight_daily(*table_of(gains[:, p].tolist()), cost_bps=7) for p in (list(range(3)), list(order))
    ]
    np.testing.assert_allclose(returns[0], returns[1], rtol=1e-12, atol=1e-15)


def test_the_samples_holding_is_what_an_outsider_computed(sample_prices):
    """Five tickers from 2003 on, 5 bp: held 29.9 % a year with a Sharpe ratio of 1.07, rebalanced 23.2 %."""
    rows, after, prices = sample_prices
    assert len(rows) == 9973
    held = buy_and_hold(prices, cost_bps=5)
    assert annual_return(held.daily) == pytest.approx(0.299, abs=5e-4)
    assert sharpe(held.daily) == pytest.approx(1.07, abs=5e-3)
    assert annual_return(equal_weight_daily(rows, after, cost_bps=0)) == pytest.approx(0.232, abs=6e-4)


def test_days_that_holding_does_not_have_are_unknown():
    """Before its first session, after its last, and without any."""
    holding = HoldingReturns(np.array([4, 5]), np.array([0.1, 0.2]))
    np.testing.assert_array_equal(holding.on(np.array([3, 4, 5, 6])), [np.nan, 0.1, 0.2, np.nan])
    nothing = HoldingReturns(np.zeros(0, np.int64), np.zeros(0))
    assert np.isnan(nothing.on(np.array([0, 1]))).all()
