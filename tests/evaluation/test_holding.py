"""Both ways of holding, from a table of features, by hand."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation import baselines, holding
from core.evaluation.holding import holdings
from core.measures.judged_rows import labelled_rows
from core.tables.artifacts import Table
from core.tables.workplace import Workplace

DAYS = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])
GAINS = {"A": [np.nan, 0.1, 0.2, -0.5], "B": [np.nan, 0.0, 0.3, 0.1]}
COST = 20 / 1e4


def tables(judged):
    """Return judged rows and features of two tickers over four days; ``judged`` names days by ticker."""
    features = pd.DataFrame(
        {"date": list(DAYS) * 2, "ticker": ["A"] * 4 + ["B"] * 4, "return": GAINS["A"] + GAINS["B"]}
    )
    features["next_return"] = features.groupby("ticker")["return"].shift(-1)
    features["up_next"] = (features["next_return"] > 0).astype(float)
    day = features.groupby("ticker").cumcount()
    chosen = [d in judged[t] for d, t in zip(day, features["ticker"], strict=True)]
    rows = labelled_rows(features[chosen].assign(probability=0.5, fold=1.0))
    return rows, Table("features", features.sample(frac=1, random_state=2)[["date", "ticker", "return"]])


def held(judged, cost_bps=20):
    """Return both ways of holding."""
    return holdings(*tables(judged), cost_bps=cost_bps, workplace=Workplace())


def test_each_ticker_is_bought_once_at_its_first_judged_session_and_kept():
    """B's half is cash on the first day and pays when it buys; nothing is restored afterwards."""
    found = held({"A": [0, 1, 2], "B": [1, 2]})
    a = 0.5 * (1 - COST) * np.array([1, 1.1, 1.1 * 1.2, 1.1 * 1.2 * 0.5])
    b = np.array([0.5, 0.5, 0.5 * (1 - COST) * 1.3, 0.5 * (1 - COST) * 1.3 * 1.1])
    wealth = np.concatenate(([1.0], (a + b)[1:]))
    np.testing.assert_allclose(found.bought_once.daily, wealth[1:] / wealth[:-1] - 1, rtol=1e-12)
    np.testing.assert_array_equal(found.on_judged_dates, found.bought_once.daily)
    figures = baselines.of_holding(found)["buy_and_hold"]
    assert figures["annual_return"] == pytest.approx(wealth[-1] ** (252 / 3) - 1, rel=1e-9)
    assert [name for name, value in figures.items() if value is not None] == ["annual_return", "sharpe"]


def test_a_session_without_a_judged_row_is_held_through():
    """Judged on the first and the third day: three days are held, two of them compared."""
    found = held({"A": [0, 2], "B": [0, 2]}, cost_bps=0)
    assert len(found.bought_once.daily) == 3
    np.testing.assert_array_equal(found.on_judged_dates, found.bought_once.daily[[0, 2]])


def test_equal_weights_pay_for_what_is_restored_each_session():
    """The first day buys all; on the second A has grown to 1.1 / 2.1 and is cut back, B filled up."""
    found = held({"A": [0, 1], "B": [0, 1]}).rebalanced
    drifted = abs(0.5 - 0.5 * 1.1 / 1.05) + abs(0.5 - 0.5 * 1.0 / 1.05)
    expected = [0.05 - COST, 0.25 - drifted * COST]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_judged_ticker_that_features_lack_stays_cash():
    """Its half of the money earns nothing; the other half is A."""
    rows, features = tables({"A": [0, 1, 2], "B": [0, 1, 2]})
    only = Table("features", features.frame[features.frame["ticker"] == "A"].reset_index(drop=True))
    daily = holdings(rows, only, cost_bps=0, workplace=Workplace()).bought_once.daily
    np.testing.assert_allclose(np.cumprod(1 + daily), [1.05, 1.16, 0.83], rtol=1e-12)


def test_an_unknown_return_leaves_a_value_as_it_was():
    """A hole in a user's own table: A rests on the third session, and the later ones still count."""
    rows, features = tables({"A": [0, 1, 2], "B": [0, 1, 2]})
    frame = features.frame.reset_index(drop=True)
    frame.loc[(frame["ticker"] == "A") & (frame["date"] == DAYS[2]), "return"] = np.nan
    found = holdings(rows, Table("features", frame), cost_bps=0, workplace=Workplace()).bought_once.daily
    wealth = [(1.1 + 1) / 2, (1.1 + 1.3) / 2, (1.1 * 0.5 + 1.3 * 1.1) / 2]
    np.testing.assert_allclose(np.cumprod(1 + found), wealth, rtol=1e-12)


def test_who_is_no_member_of_the_day_before_earns_nothing():
    """A is out on the third day: it is sold at that close, and back on the fourth it has earned nothing by then."""
    days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-02"])
    frame = pd.DataFrame(
        {
            "date": days.astype("datetime64[s]"),
            "ticker": pd.Series(list("AAAAB"), dtype="str"),
            "return": [0.1, 0.2, 0.3, 0.4, 0.5],
            "member": [1.0, 1.0, 0.0, 1.0, 1.0],
        }
    )
    calendar = np.unique(days.to_numpy("datetime64[D]"))
    rows = holding._prices_of_part(Table("features", frame), calendar, pd.Series({"A": 0.0, "B": 0.0}), 0)
    assert rows.gain.tolist() == [0, 0.2, 0.3, 0, 0]
