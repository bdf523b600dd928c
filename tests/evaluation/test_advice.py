"""Retraining advice: each reason speaks at its threshold and not before."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from core.evaluation.advice import advice
from core.evaluation.evaluate_settings import EvaluateSettings

SETTINGS = EvaluateSettings(
    bootstrap_samples=100, block_sessions=10, confidence=0.95, bootstrap_seed=1, drift_sessions=63, cost_bps=5.0,
    champion_id=None, max_age_sessions=252, min_new_rows=252, drift_columns=3, leak_auc=0.6,
)  # fmt: skip


def estimate(value, low, high):
    """A metric with its interval."""
    return {"value": value, "low": low, "high": high}


def pair(against, metric, value, low, high):
    """A paired difference."""
    return {"against": against, "metric": metric, "difference": value, "low": low, "high": high}


def drifted(percentile, previous=50.0):
    """A column's drift."""
    return {"percentile": percentile, "previous_percentile": previous}


SOUND = {
    "mode": "score", "verdict": "no better than chance", "performance": {"auc": estimate(0.51, 0.48, 0.54)},
    "paired": [
        pair("reversal", "auc", 0.01, -0.01, 0.03), pair("previous_day_sign", "auc", 0.02, -0.01, 0.05),
        pair("majority", "brier", 0.001, -0.001, 0.002),
    ],
    "champion": None, "by_fold": [{"auc": 0.50, "rows": 300}, {"auc": 0.52, "rows": 300}], "rows": 600,
    "drift": {name: drifted(60.0) for name in ("return", "lag1", "lag2", "up_next")},
    "data": {"rows_in": 1000, "findings": [{"count": 10}], "waivers": []}, "features": {},
    "model": {"age_sessions": 120}, "leak_alarm": {"raised": False, "reason": "not above"},
}  # fmt: skip
CHAMPION = {
    "judgement": "no difference shown", "reason": "", "rows": 500, "age_sessions": 120, "compared": True,
    "feature_changes": {"same": True}, "paired": [pair("", "auc", 0.0, -0.02, 0.02)],
}  # fmt: skip


def changes_of(**fields):
    """What is different between a champion's features and a run's: own ones added, unless something else is said."""
    added = {"added": ["drawdown20"], "removed": [], "redefined": [], "texts_known": True}
    return {"same": False, "from": 1, "to": 1, **added, **fields}


def advised(change=None, earlier=0.51, settings=SETTINGS, **with_):
    """The advice on a sound model with something changed."""
    body = copy.deepcopy(SOUND) | with_
    if change:
        change(body)
    return advice(body, settings, earlier)


def says(found):
    """Name of each reason -> what it says."""
    return {reason["name"]: reason["says"] for reason in found["reasons"]}


def test_a_sound_model_is_kept_without_being_praised():
    """No threshold crossed; the verdict stands beside the advice."""
    found = advised()
    assert found["decision"] == "keep"
    assert "no proof of skill" in found["sentence"]
    assert set(says(found).values()) == {"nothing"}


def test_every_reason_has_value_threshold_trend_and_text():
    """The table is whole, in both modes."""
    for found in (advised(), advised(mode="train", champion=CHAMPION)):
        for reason in found["reasons"]:
            assert list(reason) == ["name", "value", "threshold", "trend", "says", "text"]
            assert reason["trend"] in ("rising", "falling", "steady", None)
            assert reason["text"]


def test_a_model_of_one_period_has_no_trend_in_words():
    """There is no first half that a second could be set against."""
    found = advised(earlier=None, by_fold=[{"auc": 0.5, "rows": 300}])
    auc = next(reason for reason in found["reasons"] if reason["name"] == "AUC")
    assert (auc["trend"], auc["text"]) == (None, "interval 0.480 to 0.540")


CROSSED = {
    "AUC": lambda b: b.update(verdict="worse than chance", performance={"auc": estimate(0.45, 0.41, 0.499)}),
    "AUC less that of the best simple rule": lambda b: b["paired"].__setitem__(
        0, pair("reversal", "auc", -0.03, -0.05, -0.001)
    ),
    "Brier score less that of the up-rate": lambda b: b["paired"].__setitem__(
        2, pair("majority", "brier", 0.002, 0.001, 0.003)
    ),
    "model age": lambda b: b["model"].update(age_sessions=252),
    "drifting families of columns": lambda b: b["drift"].update(
        {n: drifted(95.0) for n in ("return", "lag1", "lag2", "volatility20", "up_next")}
    ),
    "highest drift percentile": lambda b: b["drift"].update(up_next=drifted(99.0)),
}
NOT_YET = {
    "AUC": lambda b: b["performance"].update(auc=estimate(0.45, 0.41, 0.5)),
    "model age": lambda b: b["model"].update(age_sessions=251),
    "drifting families of columns": lambda b: b["drift"].update(
        {n: drifted(95.0) for n in ("return", "lag1", "lag2", "lag5", "up_next")}
    ),
    "highest drift percentile": lambda b: b["drift"].update(up_next=drifted(98.9), lag1=drifted(99.5)),
}


@pytest.mark.parametrize("name", CROSSED)
def test_one_crossed_threshold_is_reason_to_retrain(name):
    """That one alone speaks, and the sentence names it."""
    found = advised(CROSSED[name])
    assert found["decision"] == "retrain"
    assert [n for n, said in says(found).items() if said == "retrain"] == [name]
    assert name in found["sentence"]


@pytest.mark.parametrize("name", NOT_YET)
def test_just_below_the_threshold_nothing_is_said(name):
    """The gate is where it is stated to be."""
    found = advised(NOT_YET[name])
    assert found["decision"] == "keep"
    assert says(found)[name] == "nothing"


def test_a_threshold_can_be_moved():
    """By the settings."""
    assert advised(settings=replace(SETTINGS, max_age_sessions=100))["decision"] == "retrain"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda b: b.update(rows=251), "new labelled rows"),
        (lambda b: b["data"]["findings"].append({"count": 1}), "data findings"),
        (lambda b: b["data"]["waivers"].append({"rule": "x"}), "data findings"),
        (lambda b: b.update(leak_alarm={"raised": True, "reason": "too good"}), "leak alarm"),
    ],
)
def test_what_must_be_looked_into_first_is_insufficient_evidence(change, name):
    """Too few rows, dubious data, a result too good to be true."""
    found = advised(change)
    assert found["decision"] == "insufficient evidence"
    assert says(found)[name] == "wait"
    assert name in found["sentence"]


def test_dubious_data_outweighs_an_old_model():
    """Nobody should retrain on data that is in doubt."""

    def change(body):
        body["data"]["waivers"].append({"rule": "x"})
        body["model"]["age_sessions"] = 999

    assert advised(change)["decision"] == "insufficient evidence"


def test_without_new_rows_there_is_insufficient_evidence():
    """Nothing to judge by: the AUC's own reason is passed on."""
    nothing = {"value": None, "low": None, "high": None, "reason": "5 labelled rows"}
    found = advised(performance={"auc": nothing}, paired=[], rows=5, drift={})
    assert found["decision"] == "insufficient evidence"
    assert "5 labelled rows" in str(found["reasons"])


@pytest.mark.parametrize(
    ("champion", "decision"),
    [
        (None, "insufficient evidence"),
        ({"judgement": "better"}, "retrain"),
        ({"judgement": "better than a bad model"}, "keep"),
        ({"judgement": "better than a bad model", "age_sessions": 252}, "keep"),
        ({"judgement": "worse"}, "keep"),
        ({"judgement": "no difference shown"}, "keep"),
        ({"judgement": "not inferior"}, "keep"),
        ({"judgement": "not inferior", "age_sessions": 252}, "retrain"),
        ({"judgement": "not compared", "reason": "3 rows"}, "insufficient evidence"),
        ({"judgement": "not compared", "feature_changes": changes_of(removed=["moon"])}, "retrain"),
        ({"judgement": "not compared", "feature_changes": changes_of(redefined=["lag1"])}, "retrain"),
        ({"judgement": "not compared", "feature_changes": changes_of(to=2)}, "retrain"),
        ({"judgement": "not compared", "feature_changes": changes_of(texts_known=False)}, "retrain"),
        ({"judgement": "better", "feature_changes": changes_of()}, "retrain"),
        ({"judgement": "worse", "feature_changes": changes_of()}, "keep"),
    ],
)
def test_a_candidate_is_weighed_against_the_champion(champion, decision):
    """By what the same later rows showed, by age, and by whether the champion can still score."""
    found = advised(mode="train", champion=champion and {**CHAMPION, **champion})
    assert found["decision"] == decision


@pytest.mark.parametrize(
    ("judgement", "expected"),
    [
        ("better", "retrain"),
        ("worse", "keep"),
        ("better than a bad model", "nothing"),
        ("no difference shown", "nothing"),
        ("not inferior", "nothing"),
    ],
)
def test_the_comparison_with_the_champion_speaks_for_one_of_the_two_only_where_it_shows_a_difference(
    judgement, expected
):
    """Better is for the candidate, worse for the champion; anything else is for neither."""
    found = advised(mode="train", champion={**CHAMPION, "judgement": judgement})
    assert says(found)["AUC less that of the champion"] == expected


def test_what_is_not_known_speaks_for_nothing_and_says_so():
    """No champion to compare with, no up-rate to compare with."""
    found = advised(mode="train", champion=None, paired=[])
    reasons = {r["name"]: (r["value"], r["says"], r["text"]) for r in found["reasons"]}
    assert reasons["AUC less that of the champion"] == (None, "nothing", "there is no champion")
    assert reasons["Brier score less that of the up-rate"] == (None, "nothing", "not known")
    assert reasons["AUC less that of the best simple rule"] == (None, "nothing", "not known")


def test_in_use_too_what_is_not_known_speaks_for_nothing():
    """No simple rule, no up-rate."""
    spoken = says(advised(paired=[]))
    assert spoken["AUC less that of the best simple rule"] == "nothing"
    assert spoken["Brier score less that of the up-rate"] == "nothing"


@pytest.mark.parametrize(
    ("aucs", "trend"),
    [((0.50, 0.60, 0.50), "steady"), ((0.50, 0.60, 0.55), "rising"), ((0.50,), None), ((), None)],
)
def test_of_an_odd_number_of_folds_the_middle_one_is_in_no_half(aucs, trend):
    """Without an AUC at training the first half of the folds stands against the last."""
    found = advised(by_fold=[{"auc": auc, "rows": 100} for auc in aucs], earlier=None)
    assert {r["name"]: r["trend"] for r in found["reasons"]}["AUC"] == trend


def test_a_candidate_too_good_to_be_true_is_not_advised():
    """Even if it beats the champion."""
    found = advised(
        mode="train",
        champion={**CHAMPION, "judgement": "better"},
        leak_alarm={"raised": True, "reason": "too good"},
    )
    assert found["decision"] == "insufficient evidence"


def test_a_candidate_worse_than_chance_speaks_for_the_champion():
    """What speaks against the model in use would speak for it when it is a candidate."""
    found = advised(CROSSED["AUC"], mode="train", champion=CHAMPION)
    assert says(found)["AUC"] == "keep"


@pytest.mark.parametrize(
    ("verdict", "auc", "expected"),
    [
        ("worse than chance", estimate(0.45, 0.41, 0.499), "retrain"),
        ("better than chance", estimate(0.55, 0.51, 0.59), "keep"),
        ("no better than chance", estimate(0.45, 0.41, 0.499), "nothing"),
        ("no better than chance", estimate(0.55, 0.51, 0.59), "nothing"),
    ],
)
def test_the_auc_speaks_as_the_verdict_does(verdict, auc, expected):
    """An interval of one look, read every day, is no reason: what is valid at every look decides."""
    assert says(advised(verdict=verdict, performance={"auc": auc}))["AUC"] == expected


SIDES = {"e_value": 1.2, "better": False, "worse_e_value": 0.9, "worse": False}


@pytest.mark.parametrize(
    ("name", "place", "beside", "low", "high"),
    [
        ("AUC less that of the best simple rule", 0, "simple_rules", -0.05, -0.001),
        ("Brier score less that of the up-rate", 2, "up_rate", 0.001, 0.003),
    ],
)
def test_of_a_model_in_use_only_what_is_valid_at_every_look_is_a_reason(name, place, beside, low, high):
    """An interval on one side of 0 says nothing by itself; the evidence of all sessions does, either way."""
    spoken = []
    for sides in ({}, {"worse": True, "worse_e_value": 41.0}, {"better": True, "e_value": 50.0}):
        evidence = {"threshold": 40.0, "beside": {"simple_rules": SIDES, "up_rate": SIDES}}
        evidence["beside"] = evidence["beside"] | {beside: SIDES | sides}
        kept = SOUND["paired"][place]
        found = advised(
            lambda b, kept=kept: b["paired"].__setitem__(place, kept | {"low": low, "high": high}),
            sequential=evidence,
        )
        spoken.append(says(found)[name])
        text = next(reason["text"] for reason in found["reasons"] if reason["name"] == name)
        assert "valid for one look; e-value" in text
    assert spoken == ["nothing", "retrain", "keep"]


def test_trends_tell_which_way_a_figure_moves():
    """AUC against training's, drift against the window before."""
    found = advised(CROSSED["highest drift percentile"], earlier=0.53)
    trends = {reason["name"]: reason["trend"] for reason in found["reasons"]}
    assert (trends["AUC"], trends["highest drift percentile"]) == ("falling", "rising")
    assert {r["name"]: r["trend"] for r in advised(earlier=0.512)["reasons"]}["AUC"] == "steady"


@pytest.mark.parametrize(
    ("changes", "value", "spoken"),
    [
        ({"same": True}, "same", "nothing"),
        (changes_of(), "added", "nothing"),
        (changes_of(removed=["moon"]), "changed", "retrain"),
    ],
)
def test_a_schema_stands_beside_the_one_that_it_should_be(changes, value, spoken):
    """Its threshold is "same", whatever it is."""
    found = advised(mode="train", champion={**CHAMPION, "feature_changes": changes})
    schema = next(reason for reason in found["reasons"] if reason["threshold"] == "same")
    assert (schema["value"], schema["says"]) == (value, spoken)
