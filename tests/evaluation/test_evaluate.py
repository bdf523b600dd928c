"""The whole stage: verdicts, gates, completeness and determinism."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from core.errors import DataError
from core.evaluation.evaluate import PERFORMANCE, evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.verdict import leak_alarm
from core.parameters import settings_from
from core.queries.models.gates import gates
from core.tables.artifacts import Document, Table
from core.tables.codec import encode
from core.tables.workplace import Workplace

BODY = [
    "verdict", "verdict_sentence", "reason", "advice", "mode", "performance", "training_performance",
    "baselines", "beside", "paired", "champion", "risk", "costs", "break_even_bps", "break_even_reason",
    "months", "ic", "equity", "sequential", "rows", "sessions", "up_rate", "from", "to", "by_fold", "by_period",
    "by_ticker", "slices", "scorecard", "calibration", "calibration_error", "importance", "leak_alarm", "drift",
    "drift_window", "signals", "data", "features", "model", "settings", "digests",
]  # fmt: skip


def body_of(inputs, settings):
    """Return the evaluation's body, having written it (which refuses NaN)."""
    document = evaluate(inputs, {"predictions.json": "aa"}, settings_from(EvaluateSettings, settings))
    encode(document)
    return document.body


def with_labels_of(inputs, change):
    """Return inputs whose predictions table went through ``change``."""
    table = inputs["predictions"]
    return {**inputs, "predictions": Table("predictions", change(table.frame.copy()), table.header)}


def test_the_body_has_the_agreed_order(world, settings):
    """Keys stand in the agreed order, the metrics too, and nothing is missing."""
    body = body_of(world(), settings)
    assert list(body) == BODY
    assert tuple(body["performance"]) == PERFORMANCE
    assert tuple(body["beside"]["hist_gradient_boosting"]) == PERFORMANCE
    assert [pair["against"] for pair in body["paired"]] == [
        "previous_day_sign", "reversal", "hist_gradient_boosting", "majority", "always_up", "buy_and_hold"
    ]  # fmt: skip
    assert body["digests"] == {"predictions.json": "aa"}
    assert body["settings"] == settings


def test_chance_is_no_better_than_chance(world, settings):
    """Random probabilities on random returns: interval around 0.5, no alarm, and the sentence says it."""
    body = body_of(world(), settings)
    assert body["verdict"] == "no better than chance"
    assert not body["leak_alarm"]["raised"]
    assert "cannot be told from a coin toss" in body["verdict_sentence"]
    assert f"{body['performance']['auc']['value']:.3f}" in body["verdict_sentence"]


def test_a_planted_leak_raises_the_alarm(world, settings):
    """Probabilities that saw the label score far above .60: alarm, and the sentence warns."""
    body = body_of(world(signal=0.1), settings)
    assert body["performance"]["auc"]["value"] > 0.6
    assert body["leak_alarm"]["raised"]
    assert body["verdict_sentence"].endswith(
        " A result this good is more likely a leak of the future into the features than skill."
    )
    assert body["verdict"] == "better than chance"


def test_a_leak_in_a_model_beside_raises_the_alarm(world, settings):
    """The judged model is a coin toss, the one beside it has seen the label: alarm, named, advice and sentence."""
    inputs = with_labels_of(
        world(), lambda t: t.assign(probability_hist_gradient_boosting=t["up_next"].fillna(0.5))
    )
    body = body_of(inputs, settings)
    models = body["leak_alarm"]["models"]
    assert list(models) == ["logistic_regression", "hist_gradient_boosting"]
    assert models["hist_gradient_boosting"]["auc"] == 1.0
    assert models["hist_gradient_boosting"]["rows"] == body["rows"]
    assert models["logistic_regression"]["low"] == body["performance"]["auc"]["low"]
    assert body["leak_alarm"]["raised"]
    assert "hist gradient boosting" in body["leak_alarm"]["reason"]
    assert "The result of a model beside it is more likely a leak" in body["verdict_sentence"]
    assert body["advice"]["reasons"][0]["value"] == 1.0
    assert body["advice"]["decision"] == "insufficient evidence"
    assert not gates(body)[0].passed


@pytest.mark.parametrize(
    ("auc", "low", "rows", "raised"),
    [
        (0.61, 0.551, 252, True),
        (0.6, 0.59, 999, False),
        (0.61, 0.55, 999, False),
        (0.9, 0.8, 251, False),
        (0.9, None, 999, False),
    ],
)
def test_the_alarm_needs_value_interval_and_rows(auc, low, rows, raised):
    """Each of the three alone keeps it silent; what is above but not sure is said."""
    found = leak_alarm({"a": {"auc": auc, "low": low, "rows": rows}}, 0.6)
    assert found["raised"] is raised
    assert ("not sure" in found["reason"]) is (not raised and auc > 0.6)


def test_the_alarm_says_in_words_what_it_means():
    """The sentence as people read it: which models, how far, and why that is not believed."""
    sure, weak = {"auc": 0.71, "low": 0.66, "rows": 900}, {"auc": 0.52, "low": 0.49, "rows": 900}
    found = leak_alarm({"logistic_regression": weak, "hist_gradient_boosting": sure}, 0.6)
    assert found["reason"] == (
        "The AUC of 0.710 (hist gradient boosting) is above 0.60: on daily prices that is more likely the "
        "future leaking into the features than skill."
    )
    assert (
        leak_alarm({"a": {"auc": None, "low": None, "rows": 0}}, 0.6)["reason"] == "There is no AUC to judge."
    )


def test_a_small_real_skill_is_better_without_alarm(world, settings):
    """Enough rows and a weak signal: the interval lies above 0.5 and below the alarm."""
    body = body_of(world(dates=1200, judged=1000, signal=0.01), settings)
    assert body["verdict"] == "better than chance"
    assert not body["leak_alarm"]["raised"]
    assert "measurably better than chance" in body["verdict_sentence"]


def test_a_contrary_model_is_worse_than_chance(world, settings):
    """Probabilities against the label: the interval lies below 0.5."""
    body = body_of(world(signal=-0.1), settings)
    assert body["verdict"] == "worse than chance"
    assert "worse than a coin toss" in body["verdict_sentence"]


def test_no_predictions_are_insufficient_data(world, settings):
    """Training without a fold: exit is left to others, here all metrics are null with the reason."""
    inputs = world()
    empty = Table(
        "predictions",
        inputs["predictions"].frame.iloc[:0],
        {"mode": "train", "no_model_reason": "too short."},
    )
    del inputs["model"]
    body = body_of({**inputs, "predictions": empty}, settings)
    assert body["verdict"] == "insufficient data"
    assert body["performance"]["auc"] == {"value": None, "low": None, "high": None, "reason": "too short"}
    assert body["reason"] == "too short; min_train_sessions = 139 or fewer would do"
    assert body["verdict_sentence"] == f"There is not enough data to judge the model: {body['reason']}."
    assert (body["rows"], body["up_rate"], body["from"], body["by_fold"]) == (0, None, None, [])
    assert body["drift"]["return"]["ks"] is not None
    assert body["model"]["model_id"] is None


def test_one_outcome_only_is_insufficient_data(world, settings):
    """Nothing can be ranked where everything went up; what needs no ranking still stands."""
    body = body_of(with_labels_of(world(), lambda t: t.assign(up_next=1.0)), settings)
    assert body["verdict"] == "insufficient data"
    assert body["performance"]["auc"]["reason"] == body["reason"] == "no fold has both outcomes"
    assert body["performance"]["hit_rate"]["value"] is not None


def test_under_sixty_new_rows_are_insufficient_new_data(world, settings):
    """57 labelled rows after training: null with the count, and the walk-forward figures beside."""
    body = body_of(world(judged=20, mode="score"), settings)
    assert body["verdict"] == "insufficient new data"
    assert body["rows"] == 57
    assert (
        body["performance"]["auc"]["reason"]
        == "57 labelled rows in 19 sessions after the model's training, at least 60 rows in 60 sessions are needed"
    )
    assert body["training_performance"] == {"auc": {"value": 0.51, "low": 0.5, "high": 0.52}}
    assert body["baselines"]["majority"]["auc"] is None
    assert body["beside"]["hist_gradient_boosting"]["auc"]["value"] is None
    unknown = {"auc": None, "low": None, "rows": 57}
    kinds = ("logistic_regression", "hist_gradient_boosting")
    assert body["leak_alarm"] == {
        "raised": False,
        "reason": "There is no AUC to judge.",
        "models": dict.fromkeys(kinds, unknown),
    }


def test_new_rows_are_judged_as_one_window(world, settings):
    """61 sessions after training, the last unlabelled: no folds, and no figures of training beside."""
    body = body_of(world(judged=61, mode="score"), settings)
    assert body["training_performance"] is None
    assert [entry["fold"] for entry in body["by_fold"]] == [1]
    assert body["model"]["age_sessions"] == 61


def test_the_same_inputs_give_the_same_bytes(world, settings):
    """Also with the rows of predictions and features in another order."""
    inputs = world()
    shuffled = {
        kind: Table(kind, a.frame.sample(frac=1, random_state=1), a.header) if isinstance(a, Table) else a
        for kind, a in inputs.items()
    }
    first, again, other = (
        encode(evaluate(i, {}, settings_from(EvaluateSettings, settings))).data
        for i in (inputs, inputs, shuffled)
    )
    assert first == again == other


def test_hash_seed_and_threads_do_not_matter(tmp_path, world, settings):
    """Other processes with another hash seed and more threads give the same bytes."""
    inputs = world()
    names = []
    for artifact in inputs.values():
        encoded = encode(artifact)
        (tmp_path / encoded.filename).write_bytes(encoded.data)
        names.append(encoded.filename)
    (tmp_path / "settings").write_text(json.dumps(settings))
    script = (
        "import sys, json, pathlib; from core.tables.codec import decode, encode\n"
        "from core.evaluation.evaluate import evaluate\n"
        "from core.evaluation.evaluate_settings import EvaluateSettings\n"
        "here = pathlib.Path(sys.argv[1]); files = sorted(here.glob('*.json'))\n"
        "found = [decode(f.read_bytes(), f.name) for f in files]\n"
        "settings = EvaluateSettings(**json.loads((here / 'settings').read_text()))\n"
        "done = evaluate({a.kind: a for a in found}, {}, settings)\n"
        "sys.stdout.buffer.write(encode(done).data)"
    )
    here = encode(evaluate(inputs, {}, settings_from(EvaluateSettings, settings))).data
    for seed, threads in (("1", "1"), ("2", "4")):
        surroundings = {**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(command, env=surroundings, capture_output=True, check=True)
        assert done.stdout == here


def test_a_model_beside_with_gaps_is_compared_on_its_rows(world, settings):
    """Rows without the other probability count for neither: the same difference as without those rows."""
    beside = "probability_hist_gradient_boosting"
    inputs = world()
    gaps = np.arange(len(inputs["predictions"].frame)) % 5 == 0
    holed = with_labels_of(inputs, lambda t: t.assign(**{beside: t[beside].mask(gaps)}))
    fewer = with_labels_of(inputs, lambda t: t[~gaps])
    found, expected = (body_of(i, settings)["paired"][2] for i in (holed, fewer))
    assert found["difference"] == pytest.approx(expected["difference"], rel=1e-12)


def test_differences_are_those_of_the_values(world, settings):
    """Model less other, and the reversal's AUC mirrors the sign's."""
    body = body_of(world(), settings)
    model = body["performance"]["auc"]["value"]
    for pair in body["paired"][:2]:
        assert pair["difference"] == pytest.approx(model - body["baselines"][pair["against"]]["auc"])
        assert pair["low"] <= pair["difference"] <= pair["high"]
    sign, reversal = (body["baselines"][name]["auc"] for name in ("previous_day_sign", "reversal"))
    assert sign + reversal == pytest.approx(1)


def test_rules_that_rank_nothing_are_met_in_their_own_measure(world, settings):
    """Brier score of the up-rate, hit rate of always up, Sharpe ratio of buy and hold: the values' differences."""
    body = body_of(world(), settings)
    theirs = {"brier": "brier", "hit_rate": "hit_rate", "long_flat_sharpe": "sharpe"}
    for pair in body["paired"][3:]:
        metric = pair["metric"]
        ours, other = body["performance"][metric]["value"], body["baselines"][pair["against"]][theirs[metric]]
        assert pair["difference"] == pytest.approx(ours - other)
        assert pair["low"] <= pair["difference"] <= pair["high"]


def test_scoring_keeps_a_scorecard_and_training_none(world, settings):
    """What the model in use said against what happened; a candidate has said nothing yet."""
    scored = body_of(world(mode="score"), settings)
    whole = scored["scorecard"][0]
    assert (whole["period"], whole["rows"]) == ("all", scored["rows"])
    assert whole["auc"] == scored["performance"]["auc"]
    assert scored["champion"] is None
    assert body_of(world(), settings)["scorecard"] is None


def test_a_model_against_itself_differs_by_nothing(world, settings):
    """Paired: the same probabilities beside give exactly 0 in every resample."""
    beside = "probability_hist_gradient_boosting"
    inputs = with_labels_of(world(), lambda t: t.assign(**{beside: t["probability"]}))
    pair = body_of(inputs, settings)["paired"][2]
    assert (pair["difference"], pair["low"], pair["high"]) == (0, 0, 0)


def test_bare_tables_of_a_user_are_evaluated(world, settings):
    """Headers without fields and documents without source: nulls where nothing is known."""
    inputs = world(beside=False)
    bare = {
        "predictions": Table("predictions", inputs["predictions"].frame),
        "features": Table("features", inputs["features"].frame),
        "findings": Document("findings", {"findings": []}),
        "repairs": Document("repairs", {"repairs": []}),
    }
    body = body_of(bare, settings)
    assert body["mode"] == "train"
    assert body["data"]["tickers"]["T0"]["rows"] == 200
    assert body["data"]["source"] == {}
    assert body["features"]["definition_digest"] is None
    assert (body["model"]["model_id"], body["model"]["age_sessions"], body["signals"]) == (None, None, [])


def test_a_missing_column_is_named(world, settings):
    """A predictions table without fold is refused with the columns expected."""
    inputs = with_labels_of(world(), lambda t: t.drop(columns="fold"))
    with pytest.raises(DataError, match="predictions lacks fold; expected the columns date, ticker"):
        evaluate(inputs, {}, settings_from(EvaluateSettings, settings))


def test_progress_runs_to_its_end(world, settings):
    """Steps rise by one and the last is the total."""
    heard = []
    evaluate(
        world(),
        {},
        settings_from(EvaluateSettings, settings),
        workplace=Workplace(progress=lambda done, total: heard.append((done, total))),
    )
    total = heard[-1][1]
    assert heard == [(step, total) for step in range(total + 1)]
