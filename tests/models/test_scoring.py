"""Scoring with an existing model: only sessions after its training count."""

import copy

import numpy as np
import pytest

from core.errors import ModelError
from core.features import definition_digest, engineer
from core.fingerprint import sha256
from core.models.scoring import score
from core.models.train_settings import ScoreSettings
from core.parameters import settings_from
from core.tables.artifacts import Document, Table
from core.tables.codec import encode

KINDS = ["logistic_regression", "hist_gradient_boosting"]


@pytest.fixture(scope="module")
def later(walk_prices):
    """Features of the same walks, twenty sessions longer than the models were trained on."""
    longer = walk_prices(280, ("AA", "BB", "CC"), 3).frame
    return engineer(Table("prices_clean", longer))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_up_to_the_end_of_training_never_appear(trained, later, parameters, kind):
    """Training used labels up to 30 December: 31 December and twenty more sessions remain."""
    frame = score(later, trained[kind][1], settings_from(ScoreSettings, parameters)).frame
    assert list(frame.columns) == ["date", "ticker", "probability", "up_next", "fold"]
    days = np.unique(later.frame["date"].to_numpy())
    assert sorted(set(frame["date"])) == list(days[259:])
    assert len(frame) == 3 * 21
    assert frame["fold"].isna().all()
    assert frame[frame["date"] == days[-1]]["up_next"].isna().all()
    assert frame[frame["date"] < days[-1]]["up_next"].isin([0.0, 1.0]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_names_the_model_and_its_signals(trained, later, parameters, kind):
    """And how old it is, in sessions; a signal's probability is that of the ticker's last scored row."""
    document = trained[kind][1]
    table = score(later, document, settings_from(ScoreSettings, parameters))
    header = table.header
    assert list(header) == [
        "mode", "model_id", "model_kind", "age_sessions", "signals", "folds", "no_model_reason",
        "calendar",
    ]  # fmt: skip
    assert header["age_sessions"] == 21 - 2, (
        "on two of the dates, New Year and Martin Luther King Day, XNYS was closed"
    )
    assert (header["mode"], header["model_kind"], header["folds"]) == ("score", kind, [])
    assert header["model_id"] == sha256(encode(document).data)[:12]
    last = table.frame.tail(3)
    assert [s["ticker"] for s in header["signals"]] == last["ticker"].tolist()
    assert [s["probability"] for s in header["signals"]] == last["probability"].tolist()
    assert {s["after"] for s in header["signals"]} == {str(last["date"].iloc[0])[:10]}


def test_signals_of_training_are_what_the_model_scores_on_the_same_rows(trained, features, parameters):
    """The candidate goes through its JSON form from the first."""
    predictions, model = trained["hist_gradient_boosting"]
    assert (
        score(features, model, settings_from(ScoreSettings, parameters)).header["signals"]
        == predictions.header["signals"]
    )


def test_a_ticker_with_an_incomplete_last_row_has_no_signal(trained, later, parameters):
    """A new listing in its warm-up is left out, not guessed at."""
    frame = later.frame.copy()
    frame.loc[frame.index[-1], "volatility20"] = np.nan
    signals = score(
        Table("features", frame), trained["logistic_regression"][1], settings_from(ScoreSettings, parameters)
    ).header["signals"]
    assert [signal["ticker"] for signal in signals] == ["AA", "BB"]


def test_a_signal_whose_row_is_in_doubt_has_no_direction(trained, later, features, parameters):
    """Of the last session alone: a doubt about an earlier row is over."""
    chosen, model = settings_from(ScoreSettings, parameters), trained["logistic_regression"][1]
    plain = score(later, model, chosen).header["signals"]
    doubts = {
        "AA": {"session": "2001-01-01", "rules": ["large_move"]},
        "BB": {"session": plain[1]["after"], "rules": ["large_move", "unit_mixup"]},
    }
    findings = Document("findings", {"source": {"last_rows_in_doubt": doubts}})
    signals = score(later, model, chosen, findings=findings).header["signals"]
    assert [signals[0], signals[2]] == [plain[0], plain[2]]
    reason = "withheld: the last row is in doubt (large move, unit mixup)"
    assert signals[1] == {**plain[1], "direction": None, "reason": reason}


def test_a_ticker_that_ended_has_no_call_and_says_when(trained, later, parameters):
    """CC's last row is of the session before: what it would do on a session that is over is no signal."""
    days, frame = np.unique(later.frame["date"].to_numpy()), later.frame
    table = Table("features", frame[(frame["ticker"] != "CC") | (frame["date"] < days[-1])])
    *others, ended = score(
        table, trained["logistic_regression"][1], settings_from(ScoreSettings, parameters)
    ).header["signals"]
    assert [(signal["ticker"], signal["direction"] is None) for signal in others] == [
        ("AA", False),
        ("BB", False),
    ]
    assert (ended["ticker"], ended["probability"], ended["direction"]) == ("CC", None, None)
    before, last = (str(day)[:10] for day in days[-2:])
    assert (ended["after"], ended["reason"]) == (
        before, f"its last row is of {before}, the last session of all is {last}",
    )  # fmt: skip


def test_nothing_new_gives_no_rows_but_signals(trained, features, parameters):
    """Scored on the day of training there is one unlabelled session and no more."""
    earlier = Table("features", features.frame[features.frame["date"] < features.frame["date"].max()])
    table = score(earlier, trained["logistic_regression"][1], settings_from(ScoreSettings, parameters))
    assert len(table.frame) == 0
    assert [str(kind) for kind in table.frame.dtypes] == ["datetime64[s]", "str", *["float64"] * 3]
    assert len(table.header["signals"]) == 3


def test_a_feature_mismatch_is_a_hard_stop(trained, later, parameters):
    """Both digests are named."""
    body = copy.deepcopy(dict(trained["logistic_regression"][1].body))
    body["definition_digest"] = "e" * 64
    with pytest.raises(
        ModelError, match=f"{'e' * 64} .*expected the present definitions {definition_digest()}"
    ):
        score(later, Document("model", body), settings_from(ScoreSettings, parameters))


def test_a_probability_that_is_no_number_is_refused(trained, later, parameters):
    """Parameters that pass every check and still overflow on new rows leave no null behind."""
    body = copy.deepcopy(dict(trained["logistic_regression"][1].body))
    inputs = len(body["features"])
    body["parameters"] = {
        "mean": [0.0] * inputs,
        "scale": [1e-300] * inputs,
        "coefficients": [1e300, -1e300, *[0] * (inputs - 2)],
        "intercept": 0.0,
    }
    body["self_check"] = [{"inputs": [0.0] * inputs, "probability": 0.5}] * 3
    with pytest.raises(ModelError, match="gives a probability that is no number"):
        score(later, Document("model", body), settings_from(ScoreSettings, parameters))
