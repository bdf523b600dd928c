"""Risk, costs and information of a whole evaluation, against pandas, scipy and empyrical on its own tables."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr, ttest_1samp

from core.evaluation import trading_blocks
from core.evaluation.evaluate import evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.measures.trading import Trading
from core.parameters import settings_from
from core.tables.artifacts import Table
from tests.late import Late

empyrical = Late("empyrical")


def body_of(inputs, settings, **changes):
    """Return the evaluation's body under changed settings."""
    return evaluate(inputs, {}, settings_from(EvaluateSettings, {**settings, **changes})).body


def judged(inputs):
    """Return the judged rows with what their tickers earned over the next 1, 5, 10 and 20 sessions."""
    features = inputs["features"].frame.sort_values(["ticker", "date"])
    price = features["adj_close"].groupby(features["ticker"])
    for sessions in (1, 5, 10, 20):
        features[f"next{sessions}"] = price.shift(-sessions) / features["adj_close"] - 1
    predictions = inputs["predictions"].frame.drop(columns="up_next")
    rows = predictions.merge(features, on=["date", "ticker"]).dropna(subset="next1")
    return rows.sort_values(["ticker", "date"])


def daily_of(rows, bps):
    """Return the daily returns of long/flat at equal weights, a frame's way."""
    position = (rows["probability"] >= 0.5).astype(float)
    moved = position.groupby(rows["ticker"]).diff().fillna(position).abs()
    return (position * rows["next1"] - moved * bps / 1e4).groupby(rows["date"]).mean(), moved, position


@pytest.fixture
def inputs(world):
    """Six tickers, so that fifths have rows."""
    return world(tickers=6)


def test_risk_is_empyricals(inputs, settings):
    """Of the daily returns after costs; turnover and exposure are means over rows."""
    body = body_of(inputs, settings)
    daily, moved, position = daily_of(judged(inputs), settings["cost_bps"])
    risk = body["risk"]
    assert risk["volatility"] == pytest.approx(empyrical.annual_volatility(daily), rel=1e-10)
    assert risk["max_drawdown"] == pytest.approx(empyrical.max_drawdown(daily), rel=1e-10)
    assert risk["turnover"] == pytest.approx(moved.mean() * 252, rel=1e-10)
    assert risk["exposure"] == pytest.approx(position.mean(), rel=1e-12)
    ours = body["performance"]["long_flat_return"]["value"]
    hold = body["baselines"]["buy_and_hold"]["annual_return"]
    assert risk["excess_return"] == pytest.approx(ours - hold, rel=1e-9)
    assert risk["reason"] is None


def test_costs_are_swept_and_break_even_leaves_nothing(inputs, settings):
    """At the set cost the return is the reported one; at the break-even cost it is 0."""
    tilted = inputs["features"].frame.copy()
    tilted["return"] += 0.002
    tilted["adj_close"] = 100 * (1 + tilted["return"]).groupby(tilted["ticker"]).cumprod()
    inputs = {**inputs, "features": Table("features", tilted, inputs["features"].header)}
    rows = judged(inputs)
    body = body_of(inputs, settings, cost_bps=7.5)
    assert [row["bps"] for row in body["costs"]] == [0, 5, 7.5, 10, 20]
    assert body["costs"][2]["annual_return"] == pytest.approx(
        body["performance"]["long_flat_return"]["value"]
    )
    for row in body["costs"]:
        daily = daily_of(rows, row["bps"])[0]
        assert row["annual_return"] == pytest.approx(
            empyrical.annual_return(daily, annualization=252), rel=1e-9
        )
    nothing = daily_of(rows, body["break_even_bps"])[0]
    assert (1 + nothing).prod() == pytest.approx(1, abs=1e-9)
    assert body["break_even_reason"] is None


def test_the_spread_is_the_top_fifth_less_the_bottom_fifth_by_session(inputs, settings):
    """Of six tickers the first and the last two places: ranks 1 to 6 in fifths are 1, 1, 2, 3, 4 and 5."""
    rows = judged(inputs)
    place = rows.groupby("date")["probability"].rank(method="min")
    count = rows.groupby("date")["probability"].transform("count")
    fifth = np.ceil(5 * (place - 1) / (count - 1)).clip(lower=1).where(count >= 5, 0)
    top, bottom = (rows[fifth == number].groupby("date")["next1"].mean() for number in (5, 1))
    spread = (top - bottom).dropna()
    found = body_of(inputs, settings)["ic"]["spread"]
    assert set(found) == {"mean", "t", "sessions"}
    assert found["sessions"] == len(spread)
    assert found["mean"] == pytest.approx(spread.mean(), rel=1e-10)
    assert found["t"] == pytest.approx(ttest_1samp(spread, 0).statistic, rel=1e-10)


def test_a_rule_that_loses_before_costs_has_no_break_even(inputs, settings):
    """Null with the reason."""
    frame = inputs["features"].frame
    falling = Table("features", frame.assign(**{"return": -frame["return"].abs()}), inputs["features"].header)
    body = body_of({**inputs, "features": falling}, settings)
    assert body["break_even_bps"] is None
    assert body["break_even_reason"] == "the rule earns nothing even without cost"


def test_a_rule_that_lost_everything_has_no_break_even_for_that_reason():
    """It earned 20 % on two sessions and all was gone on the third: cost is not what is wrong with it."""
    turnover = np.array([1.0, 0.0, 0.0])
    lost = Trading(np.array([0.2, 0.2, -1.0]), turnover, 0.33, 1.0)
    falling = Trading(np.array([-0.1, 0.0, -0.1]), turnover, 0.33, 1.0)
    assert trading_blocks._no_break_even(lost) == "a day lost everything"
    assert trading_blocks._no_break_even(falling) == "the rule earns nothing even without cost"


def test_a_rule_that_never_buys_costs_nothing(inputs, settings):
    """All flat: no volatility, no turnover, and no cost that would matter."""
    table = inputs["predictions"]
    flat = Table(
        "predictions", table.frame.assign(probability=table.frame["probability"] * 0.5), table.header
    )
    body = body_of({**inputs, "predictions": flat}, settings)
    assert (body["risk"]["turnover"], body["risk"]["exposure"], body["risk"]["max_drawdown"]) == (0, 0, 0)
    assert body["break_even_reason"] == "the rule never holds anything, so nothing costs"


def test_information_is_scipys_session_by_session(inputs, settings):
    """Mean and t of the correlations of each session, and their decay over a ticker's own later rows."""
    ic, rows = body_of(inputs, settings)["ic"], judged(inputs)

    def by_session(how, sessions):
        known = rows.dropna(subset=f"next{sessions}")
        return np.array([
            how(day["probability"], day[f"next{sessions}"]).statistic for _, day in known.groupby("date")
        ])  # fmt: skip

    for how, mean, t in ((pearsonr, "mean", "t"), (spearmanr, "rank_mean", "rank_t")):
        values = by_session(how, 1)
        assert ic[mean] == pytest.approx(values.mean(), rel=1e-9)
        assert ic[t] == pytest.approx(ttest_1samp(values, 0).statistic, rel=1e-9)
        for entry in ic["decay"]:
            assert entry[mean] == pytest.approx(by_session(how, entry["sessions"]).mean(), rel=1e-9)
    assert [entry["sessions"] for entry in ic["decay"]] == [1, 5, 10, 20]
    assert ic["sessions"] == rows["date"].nunique()
    highest = rows.groupby("date")["probability"].rank() == 6
    assert ic["quantiles"][4]["mean_return"] == pytest.approx(rows.loc[highest, "next1"].mean(), rel=1e-9)
    assert ic["reason"] is None


def test_two_tickers_cannot_be_sorted(world, settings):
    """Null with both reasons; risk stands all the same."""
    body = body_of(world(tickers=2), settings)
    assert body["ic"]["mean"] is body["ic"]["t"] is body["ic"]["decay"][3]["rank_mean"] is None
    assert body["ic"]["reason"] == (
        "no session has 3 tickers whose probabilities and returns differ; no session has 5 tickers"
    )
    assert [row["mean_return"] for row in body["ic"]["quantiles"]] == [None] * 5
    assert body["risk"]["volatility"] > 0


def test_too_little_data_leaves_every_figure_open(world, settings):
    """The same fields as ever, null, with the reason of the verdict."""
    body, whole = body_of(world(judged=20), settings), body_of(world(), settings)
    reason = body["performance"]["auc"]["reason"]
    assert {value for key, value in body["risk"].items() if key != "reason"} == {None}
    assert body["risk"]["reason"] == body["break_even_reason"] == body["ic"]["reason"] == reason
    assert [(row["annual_return"], row["reason"]) for row in body["costs"]] == [(None, reason)] * 4
    for name in ("risk", "ic"):
        assert list(body[name]) == list(whole[name])
    assert [row["sessions"] for row in body["ic"]["decay"]] == [1, 5, 10, 20]
