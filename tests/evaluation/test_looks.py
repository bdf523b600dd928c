"""The evidence for a model in use, and the verdict that rests on it."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation import looks
from core.evaluation.evaluate import evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.verdict import verdict_of
from core.measures.judged_rows import labelled_rows
from core.measures.sequential import daily_differences, e_process
from core.parameters import settings_from
from core.queries.models.gates import gates
from core.tables.artifacts import Table


def body_of(inputs, settings):
    """Return the evaluation's body."""
    return evaluate(inputs, {}, settings_from(EvaluateSettings, settings)).body


def two_days():
    """Return judged rows of two tickers on two days, and features with two sessions before them."""
    days = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])
    features = pd.DataFrame({"date": np.repeat(days, 2), "ticker": ["A", "B"] * 5, "return": 0.0})
    features["up_next"] = [1, 1, 0, 1, 0, 0, 1, 0, 1, 0]
    rows = features.iloc[6:].assign(probability=[0.6, 0.4, 0.7, 0.3], fold=np.nan)
    return labelled_rows(rows), Table("features", features)


def test_the_evidence_is_that_of_the_stakes_by_hand():
    """Stakes are ranks of 0 to 1 as -1 to 1, odds the up-rate so far of 60 rows in advance."""
    rows, features = two_days()
    assert (
        looks.up_rate_before(rows, features) == 0.75
    )  # of 1, 1, 0, 1: the third session's labels are too late
    first = ((0.5 * (1 - 0.75)) + (-0.5 * (0 - 0.75))) / 2 / 0.75
    price = (60 * 0.75 + 1) / 62
    second = ((0.75 * (1 - price)) + (-0.75 * (0 - price))) / 2 / price
    capital = np.mean([(1 + b * first) * (1 + b * second) for b in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)])
    found = looks.sequential(rows, features, confidence=0.9)
    assert found["e_value"] == pytest.approx(capital, rel=1e-12)
    assert (found["threshold"], found["sessions"]) == (pytest.approx(20), 2)
    assert (found["better"], found["worse"]) == (False, False)
    assert [day["date"] for day in found["line"]] == ["2020-01-06", "2020-01-07"]
    assert found["line"][-1]["e_value"] == found["e_value"]
    opposite = np.mean([(1 - b * first) * (1 - b * second) for b in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)])
    assert found["worse_e_value"] == pytest.approx(opposite, rel=1e-12)


def test_later_labels_move_no_odds():
    """What is known before the first session is of sessions before it only; nothing known is one half."""
    rows, features = two_days()
    frame = features.frame.copy()
    frame.loc[4:, "up_next"] = 1 - frame.loc[4:, "up_next"]
    assert looks.up_rate_before(rows, Table("features", frame)) == 0.75
    assert looks.up_rate_before(rows, Table("features", frame.iloc[6:].reset_index(drop=True))) == 0.5


def test_only_a_model_in_use_has_it(world, settings):
    """A candidate is judged once."""
    assert body_of(world(), settings)["sequential"] is None
    body = body_of(world(mode="score"), settings)
    assert body["sequential"]["sessions"] == body["sessions"] == len(body["sequential"]["line"])
    assert "valid for one look" in body["verdict_sentence"]
    assert "valid for one look" in next(r["text"] for r in body["advice"]["reasons"] if r["name"] == "AUC")


def test_strong_skill_is_better_at_every_look(world, settings):
    """The verdict, its sentence and the gate agree."""
    body = body_of(world(mode="score", signal=0.1), settings)
    assert body["sequential"]["better"]
    assert body["verdict"] == "better than chance"
    assert gates(body)[1].passed
    turned = body_of(world(mode="score", signal=-0.1), settings)
    assert (turned["sequential"]["worse"], turned["verdict"]) == (True, "worse than chance")
    assert "the evidence for its opposite" in turned["verdict_sentence"]


def test_an_interval_above_chance_alone_is_not_better(world, settings):
    """Weak skill over a short time: the interval of one look says better, the evidence not yet."""
    body = body_of(world(mode="score", signal=0.02), settings)
    assert body["performance"]["auc"]["low"] > 0.5
    assert not body["sequential"]["better"]
    assert body["verdict"] == "no better than chance"
    assert "all above 0.500" in body["verdict_sentence"]
    gate = gates(body)[1]
    assert (gate.passed, gate.value) == (False, body["sequential"]["e_value"])


def test_few_rows_have_evidence_and_no_verdict(world, settings):
    """19 sessions: insufficient, and the line has begun."""
    body = body_of(world(judged=20, mode="score"), settings)
    assert (body["verdict"], body["sequential"]["sessions"]) == ("insufficient new data", 19)


@pytest.mark.parametrize(
    ("value", "better", "worse", "expected"),
    [
        (0.6, True, False, "better than chance"),
        (0.49, True, False, "no better than chance"),
        (0.4, False, True, "worse than chance"),
        (0.51, False, True, "no better than chance"),
        (0.6, False, False, "no better than chance"),
    ],
)
def test_evidence_and_auc_must_lie_on_one_side(value, better, worse, expected):
    """Evidence of long ago against today's AUC is no verdict."""
    auc = {"value": value, "low": value - 0.01, "high": value + 0.01}
    assert verdict_of(auc, "score", {"better": better, "worse": worse}) == expected


def test_champions_without_skill_are_seldom_better_at_any_look(world):
    """Two hundred of them, looked at after each of 250 sessions: at most 1 in 40 each way, and some chance."""
    ever = np.zeros(2)
    for seed in range(200):
        inputs = world(dates=310, judged=250, mode="score", seed=seed, beside=False)
        rows = labelled_rows(inputs["predictions"].frame)
        gains = daily_differences(rows, looks.up_rate_before(rows, inputs["features"]))
        ever += [e_process(side, confidence=0.95).line.max() >= 40 for side in (gains, -gains)]
    assert (ever <= 11).all()  # 200 at 1 in 40 give more than 11 with a chance of 1 in 200


def test_beside_rules_the_bets_are_set_against_each_other_by_hand():
    """Half the difference of both gains; better needs both rules, worse is the mean of the two e-values."""
    rows, features = two_days()
    rows.frame["return"] = [0.01, -0.01, np.nan, -0.02]
    gains = daily_differences(rows, 0.75)
    rule = daily_differences(rows, 0.75, score=np.array([1.0, 0.0, np.nan, 0.0]))
    found = looks.sequential(rows, features, confidence=0.95)["beside"]["simple_rules"]
    against = [
        [e_process(side * (gains - r) / 2, confidence=0.95).e_value for r in (rule, -rule)]
        for side in (1, -1)
    ]
    assert found["e_value"] == min(against[0])
    assert found["worse_e_value"] == pytest.approx(np.mean(against[1]), rel=1e-12)
    assert rule[0] == pytest.approx((0.5 * (1 - 0.75) + 0.5 * 0.75) / 2 / 0.75)


def test_a_model_that_repeats_a_rule_wrongly_is_worse_than_it(world, settings):
    """A model that calls against a true rule is named; a model that ranks by the truth beats both."""
    inputs = world(dates=420, judged=400, mode="score", signal=0.3)
    body = body_of(inputs, settings)
    assert body["sequential"]["beside"]["simple_rules"]["better"]
    assert body["sequential"]["beside"]["up_rate"]["better"]
    turned = body_of(world(dates=420, judged=400, mode="score", signal=-0.3), settings)
    assert turned["sequential"]["beside"]["simple_rules"]["worse"]
    assert turned["sequential"]["beside"]["up_rate"]["worse"]
    reasons = {r["name"]: r["says"] for r in turned["advice"]["reasons"]}
    assert reasons["AUC less that of the best simple rule"] == "retrain"


def test_labels_of_several_sessions_are_staked_upon_without_overlap():
    """Every third session of the calendar from the first judged one on; the up-rate leaves out three before it."""
    days = pd.bdate_range("2020-01-01", periods=14)
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"date": np.repeat(days, 2), "ticker": ["A", "B"] * 14, "return": 0.0})
    frame["up_next"] = draw.integers(0, 2, 28)
    features = Table("features", frame)
    later = frame.iloc[10:].assign(probability=draw.random(18), fold=np.nan)
    later = later[later["date"] != days[7]]  # a session that nobody was judged on counts in the calendar
    rows = labelled_rows(later, horizon_sessions=3)
    assert looks.up_rate_before(rows, features) == pytest.approx(frame["up_next"].iloc[:4].mean())
    found = looks.sequential(rows, features, confidence=0.9)
    assert [day["date"] for day in found["line"]] == [str(days[place].date()) for place in (5, 8, 11)]
    alone = labelled_rows(later[later["date"].isin(days[[5, 8, 11]])])
    gains = daily_differences(alone, frame["up_next"].iloc[:4].mean())
    assert found["e_value"] == pytest.approx(e_process(gains, confidence=0.9).e_value, rel=1e-12)


@pytest.mark.parametrize(("judged", "staked"), [(121, 24), (4, 1)])
def test_an_evaluation_of_labels_over_five_sessions_holds_the_evidence(world, settings, judged, staked):
    """120 sessions after the training, or three: every fifth is staked upon, from the first on."""
    inputs = world(judged=judged, mode="score")
    label = {"label": {"horizon_sessions": 5, "label": "direction"}}
    inputs["features"] = Table("features", inputs["features"].frame, label)
    body = body_of(inputs, settings)
    assert body["sessions"] == judged - 1
    assert body["sequential"]["sessions"] == staked
