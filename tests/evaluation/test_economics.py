"""Earnings of following the calls, by hand."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.evaluation.economics import Earnings, earnings
from core.evaluation.joined import with_returns
from core.measures.judged_rows import labelled_rows
from core.tables.artifacts import Table

DAYS = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"])


def rows_of(after, probability):
    """Return judged rows of tickers A and B over three days, with their next returns by day."""
    frame = pd.DataFrame({"date": np.repeat(DAYS, 2), "ticker": ["A", "B"] * 3, "up_next": 1.0, "fold": 1.0})
    return labelled_rows(frame.assign(probability=probability, next_return=after))


def test_daily_returns_are_means_over_tickers_less_costs():
    """A long, long, flat; B flat, long, long: entries cost once, A's exit too, staying nothing."""
    rows = rows_of([0.02, 0.05, 0.01, -0.03, 0.04, 0.06], [0.6, 0.4, 0.5, 0.9, 0.1, 0.8])
    cost = 10 / 1e4
    expected = [(0.02 - cost) / 2, (0.01 - 0.03 - cost) / 2, (0.06 - cost) / 2]
    found = earnings(rows, rows.probability, cost_bps=10).daily
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_ticker_without_next_return_is_not_among_the_equals():
    """The day is the mean of the tickers that have a return; a day with none is no day."""
    rows = rows_of([0.02, np.nan, np.nan, np.nan, 0.04, 0.06], [0.9] * 6)
    found = earnings(rows, rows.probability, cost_bps=0).daily
    np.testing.assert_allclose(found, [0.02, np.nan, 0.05], rtol=1e-12)


def test_annual_figures_by_hand():
    """Growth compounds to 252 sessions; Sharpe is mean over sample deviation times root 252."""
    daily = np.array([0.01, -0.02, 0.03, np.nan])
    held = daily[:3]
    assert Earnings(daily).points()["long_flat_return"] == pytest.approx(
        np.prod(1 + held) ** (252 / 3) - 1, rel=1e-12
    )
    assert Earnings(daily).points()["long_flat_sharpe"] == pytest.approx(
        held.mean() / held.std(ddof=1) * 252**0.5, rel=1e-12
    )


@pytest.mark.parametrize("daily", [[0.01], [0.001, 0.001, 0.001], [0.0, 0.0], [np.nan]])
def test_no_spread_has_no_sharpe(daily):
    """A single day, constant returns, always flat and no day at all have no Sharpe ratio."""
    assert np.isnan(Earnings(np.array(daily)).points()["long_flat_sharpe"])


def test_losing_everything_has_no_annual_return():
    """After a return of -100 % there is no growth to annualise."""
    assert np.isnan(Earnings(np.array([0.01, -1.0])).points()["long_flat_return"])


def test_next_return_is_the_tickers_own():
    """The last row of a ticker has none, and a neighbour's is never taken."""
    features = pd.DataFrame(
        {"date": np.repeat(DAYS, 2), "ticker": ["A", "B"] * 3, "return": [1, 2, 3, 4, 5, 6.0]}
    )
    found = with_returns(features[["date", "ticker"]].iloc[::-1], Table("features", features))
    assert found["return"].tolist() == [6, 5, 4, 3, 2, 1]
    np.testing.assert_array_equal(found["next_return"], [np.nan, np.nan, 6, 5, 4, 3])


def test_a_session_twice_is_refused():
    """Twice the same (date, ticker) would count returns twice."""
    features = pd.DataFrame({"date": [DAYS[0]] * 2, "ticker": "A", "return": 0.1})
    with pytest.raises(DataError, match="twice"):
        with_returns(features, Table("features", features))


def test_resampled_figures_are_those_of_the_repeated_days():
    """Weights 2, 0, 1 give what the series day 1, day 1, day 3 gives."""
    rows = rows_of([0.02, 0.05, 0.01, -0.03, 0.04, 0.06], [0.9] * 6)
    held = earnings(rows, rows.probability, cost_bps=5)
    found = held.draws(np.array([[2.0], [0.0], [1.0]]))
    repeated = held.daily[[0, 0, 2]]
    assert found["long_flat_return"][0] == pytest.approx(
        Earnings(repeated).points()["long_flat_return"], rel=1e-9
    )
    assert found["long_flat_sharpe"][0] == pytest.approx(
        Earnings(repeated).points()["long_flat_sharpe"], rel=1e-9
    )
