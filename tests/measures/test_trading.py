"""What following a rule earned, moved and put at risk, by hand and by pandas."""

import numpy as np
import pandas as pd
import pytest

from core.measures import judged_rows as measured
from core.measures.judged_rows import labelled_rows
from core.measures.portfolio import HoldingReturns
from core.measures.trading import next_open_returns, positions, risk_of_rule, trading


def test_what_a_rule_moves_by_hand(table_of):
    """Long, long, flat and flat, long, long: three changes in six rows, four sixths exposed."""
    rows, after = table_of([[0.02, 0.05], [0.01, -0.03], [0.04, 0.06]])
    found = trading(rows, after, np.array([1.0, 0, 1, 1, 0, 1]))
    np.testing.assert_allclose(found.gross, [0.01, -0.01, 0.03], rtol=1e-12)
    np.testing.assert_allclose(found.turnover, [0.5, 0.5, 0.5])
    np.testing.assert_allclose(found.net(10), found.gross - 0.0005, rtol=1e-12)
    assert found.turnover_a_year == pytest.approx(252 * 3 / 6)
    assert found.exposure == pytest.approx(4 / 6)


def test_rows_without_a_next_return_take_no_part(panel):
    """They are neither earned on nor counted; with none at all there is nothing to show."""
    rows = panel()
    after, position = rows.frame["next_return"].to_numpy(float), (rows.probability >= 0.5).astype(float)
    kept = rows.group < len(rows.group_fold) - 3
    part = labelled_rows(rows.frame[kept])
    found = trading(rows, np.where(kept, after, np.nan), position)
    alone = trading(part, after[kept], position[kept])
    assert (found.change, found.exposure) == (alone.change, alone.exposure)
    np.testing.assert_allclose(found.gross[:-3], alone.gross)
    assert np.isnan(found.gross[-3:]).all()
    assert np.isnan(trading(rows, np.full(len(rows), np.nan), position).exposure)


@pytest.mark.parametrize("at_once", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("missing", [0.0, 0.3, 1.0])
def test_the_row_before_is_the_same_however_many_are_looked_for_at_once(panel, monkeypatch, at_once, missing):
    """As pandas shifts the present rows of a ticker; the number of rows at once changes memory, not the answer."""
    monkeypatch.setattr(measured, "_ROWS_AT_ONCE", at_once)
    rows = panel()
    present = np.random.default_rng(2).uniform(size=len(rows)) >= missing
    frame = rows.frame.assign(row=np.arange(len(rows)))[present].sort_values(
        ["ticker", "date"], kind="stable"
    )
    expected = np.full(len(rows), -1)
    expected[frame["row"]] = frame.groupby("ticker", observed=True)["row"].shift(1).fillna(-1)
    assert rows.former(present).tolist() == expected.tolist()
    assert rows.former(~present).tolist() != expected.tolist()
    assert rows.former(present).tolist() == expected.tolist()


def test_risk_of_a_rule_by_hand(table_of):
    """Each figure after costs; what holding earned on the judged dates is taken from its whole line."""
    rows, after = table_of([[0.02, 0.05], [0.01, -0.03], [0.04, 0.06]])
    rule = trading(rows, after, np.array([1.0, 0, 1, 1, 0, 1]))
    holding = HoldingReturns(np.array([4, 5, 6, 7]), np.array([0.01, 0.5, -0.02, 0.03]))
    sessions = np.array([4, 6, 7])
    daily = pd.Series([0.01, -0.01, 0.03]) - 0.0005
    found = risk_of_rule(rule, holding, sessions, cost_bps=10)
    assert found["volatility"] == pytest.approx(daily.std() * 252**0.5, rel=1e-12)
    assert found["max_drawdown"] == pytest.approx(-0.0105, rel=1e-12)
    assert (found["turnover"], found["exposure"]) == (pytest.approx(126), pytest.approx(4 / 6))
    held = (1.01 * 1.5 * 0.98 * 1.03) ** (252 / 4)
    assert found["excess_return"] == pytest.approx((1 + daily).prod() ** (252 / 3) - held, rel=1e-10)
    apart = daily - [0.01, -0.02, 0.03]
    assert found["information_ratio"] == pytest.approx(apart.mean() / apart.std() * 252**0.5, rel=1e-10)


def test_fills_at_the_next_open_are_a_tickers_own():
    """From the next row's adjusted open to that after it, as pandas shifts them; a split is no return."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"ticker": np.repeat([0, 1, 2], [9, 2, 7]), "open": random.uniform(50, 60, 18)})
    frame["factor"] = 1.0
    frame.loc[:4, ["open", "factor"]] *= [2.0, 0.5]
    adjusted = (frame["open"] * frame["factor"]).groupby(frame["ticker"])
    expected = adjusted.shift(-2) / adjusted.shift(-1) - 1
    columns = (frame[name].to_numpy() for name in ("open", "factor", "ticker"))
    np.testing.assert_allclose(next_open_returns(*columns), expected, rtol=1e-12)
    assert len(next_open_returns(np.zeros(1), np.ones(1), np.zeros(1, np.int64))) == 1


def test_calls_over_several_sessions_are_held_in_overlapping_shares():
    """Each session's call moves a third of the money and is held for three; a ticker's own calls alone count."""
    days = pd.bdate_range("2020-01-01", periods=5)
    calls = pd.DataFrame({"A": [0.9, 0.1, 0.6, 0.6, 0.2], "B": [0.1, 0.5, 0.4, np.nan, 0.9]}, index=days)
    frame = (
        calls.melt(ignore_index=False, var_name="ticker", value_name="p").rename_axis("date").reset_index()
    )
    frame = frame.assign(probability=0.5, up_next=1.0, fold=1)
    rows = labelled_rows(frame, horizon_sessions=3)
    held = pd.Series(positions(rows, rows.frame["p"].to_numpy()), [rows.frame["ticker"], rows.frame["date"]])
    assert (held["A"] * 3).round(9).tolist() == [1, 1, 2, 2, 2]
    assert (held["B"] * 3).round(9).tolist() == [0, 1, 1, 1, 1]
    assert positions(labelled_rows(frame), rows.frame["p"].to_numpy()).sum() == 5, (
        "over one session a call is all or nothing"
    )


def test_overlapping_portfolios_earn_the_mean_of_their_parts(panel):
    """Three books, each of which acts on every third session and keeps a third of the money, by pandas."""
    rows = labelled_rows(panel().frame, horizon_sessions=3)
    after = rows.frame["next_return"].to_numpy(float)
    found = trading(rows, after, positions(rows, rows.probability))
    frame = rows.frame.assign(called=(rows.probability >= 0.5).astype(float), after=after)
    wide = frame.pivot_table("called", "date", "ticker")
    books = [wide.iloc[start::3].reindex(wide.index).ffill(limit=2).fillna(0.0) for start in range(3)]
    earned = sum(books) / 3 * frame.pivot_table("after", "date", "ticker")
    np.testing.assert_allclose(found.gross, earned.mean(axis=1).to_numpy(), rtol=1e-9)
