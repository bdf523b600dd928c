"""Figures of a series of returns, against quantstats, empyrical and skfolio, and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.measures import risk
from tests.late import Late

empyrical, qs, skfolio = Late("empyrical"), Late("quantstats.stats"), Late("skfolio.measures")

DAYS = pd.bdate_range("2019-12-02", periods=600)


@pytest.fixture(scope="module")
def daily() -> pd.Series:
    """Returns of 600 sessions, three of them cash, with a fall right at the beginning."""
    returns = np.random.default_rng(4).normal(0.0005, 0.012, 600)
    returns[:2], returns[100:103] = -0.03, 0.0
    return pd.Series(returns, index=DAYS)


def test_growth_deviation_and_ratio_are_those_of_quantstats_and_empyrical(daily):
    """Annual return, volatility and Sharpe ratio of 252 sessions a year, cash days included."""
    values = daily.to_numpy()
    assert risk.annual_return(values) == pytest.approx(empyrical.annual_return(daily), rel=1e-12)
    assert risk.annual_return(values) == pytest.approx(float(qs.cagr(daily, periods=252)), rel=1e-12)
    assert risk.volatility(values) == pytest.approx(float(qs.volatility(daily, periods=252)), rel=1e-12)
    assert risk.sharpe(values) == pytest.approx(float(qs.sharpe(daily, periods=252)), rel=1e-12)


def test_the_deepest_fall_is_theirs(daily):
    """From wealth 1 before the first session: a fall on the first day counts."""
    found = risk.max_drawdown(daily.to_numpy())
    assert found == pytest.approx(float(qs.max_drawdown(daily)), rel=1e-12)
    assert found == pytest.approx(empyrical.max_drawdown(daily), rel=1e-12)
    assert found == pytest.approx(skfolio.get_drawdowns(daily.to_numpy(), compounded=True).min(), rel=1e-12)
    assert risk.max_drawdown(np.array([-0.25, 0.5])) == -0.25
    assert risk.max_drawdown(np.array([0.25, 0.5])) == 0.0


def test_information_ratio_is_quantstats_a_year(daily):
    """Mean over deviation of the difference; quantstats leaves the root of 252 out."""
    benchmark = pd.Series(np.random.default_rng(5).normal(0, 0.01, 600), index=DAYS)
    expected = float(qs.information_ratio(daily, benchmark)) * 252**0.5
    assert risk.information_ratio(daily.to_numpy(), benchmark.to_numpy()) == pytest.approx(
        expected, rel=1e-12
    )


def test_rolling_sharpe_is_quantstats(daily):
    """Each window's ratio, none before the first window is full."""
    expected = qs.rolling_sharpe(daily, rolling_period=60, periods_per_year=252).to_numpy()
    found = risk.rolling_sharpe(daily.to_numpy(), 60)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert np.isnan(found[:59]).all()
    assert np.isnan(risk.rolling_sharpe(daily.to_numpy()[:59], 60)).all()
    assert np.isnan(risk.rolling_sharpe(np.zeros(80), 60)).all()


def test_monthly_table_is_quantstats(daily):
    """Months compound; a month without a session is empty there and 0 in quantstats."""
    expected = qs.monthly_returns(daily, eoy=True, compounded=True)
    table = risk.monthly_returns(DAYS.to_numpy(), daily.to_numpy())
    assert [row.year for row in table] == [2019, 2020, 2021, 2022]
    for row in table:
        theirs = expected.loc[str(row.year)].to_numpy(float)
        np.testing.assert_allclose([month or 0.0 for month in row.months], theirs[:12], atol=1e-12)
        assert row.whole == pytest.approx(theirs[12], abs=1e-12)
    assert table[0].months[:11] == (None,) * 11


def test_sweep_and_break_even_by_hand():
    """Costs come off each session's return; at the break-even cost nothing is left."""
    gross, turnover = np.array([0.002, -0.001, 0.003, np.nan]), np.array([1.0, 0.0, 0.5, 0.0])
    rows = risk.cost_sweep(gross, turnover, 7.5)
    assert [row["bps"] for row in rows] == [0, 5, 7.5, 10, 20]
    for row in rows:
        cost = row["bps"] / 1e4
        growth = (1.002 - cost) * 0.999 * (1.003 - cost / 2)
        assert row["annual_return"] == pytest.approx(growth ** (252 / 3) - 1, rel=1e-12)
    even = risk.break_even_bps(gross, turnover)
    at_even = risk.cost_sweep(gross, turnover, even)
    assert next(row for row in at_even if row["bps"] == even)["annual_return"] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(
    ("gross", "turnover"),
    [([0.01, -0.02], [1, 1]), ([0.01, 0.01], [0, 0]), ([np.nan], [1]), ([0.5, -1.0], [1, 1])],
    ids=["earns nothing", "never trades", "no session", "ruin"],
)
def test_no_break_even_cost(gross, turnover):
    """Where there is nothing that a cost could take, or no cost to pay, there is none."""
    assert np.isnan(risk.break_even_bps(np.array(gross), np.array(turnover, dtype=float)))


@pytest.mark.parametrize("figure", [risk.annual_return, risk.volatility, risk.sharpe, risk.max_drawdown])
def test_no_session_has_no_figure(figure):
    """Without any return every figure is NaN, and NaN among returns changes none."""
    assert np.isnan(figure(np.array([np.nan])))
    values = np.array([0.01, -0.02, 0.03])
    assert figure(np.append(values, np.nan)) == figure(values)


def test_a_session_that_lost_everything_has_no_annual_return():
    """There is no growth to annualise after a return of -100 %."""
    assert np.isnan(risk.annual_return(np.array([0.1, -1.0])))
    assert np.isnan(risk.sharpe(np.array([0.001, 0.001])))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=40), st.floats(0.1, 3))
def test_leverage_scales_the_deviation_and_leaves_the_ratio(values, size):
    """Returns times a number: the volatility too, the Sharpe ratio not at all."""
    daily = np.array(values)
    if daily.std() < 1e-6:
        return
    assert risk.volatility(daily * size) == pytest.approx(risk.volatility(daily) * size, rel=1e-9)
    assert risk.sharpe(daily * size) == pytest.approx(risk.sharpe(daily), rel=1e-6, abs=1e-9)
    assert -1 <= risk.max_drawdown(daily) <= 0
