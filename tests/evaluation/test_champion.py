"""Champion and challenger: on the same rows, and only on those that neither has learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.evaluation.champion import against, contest, judgement
from core.evaluation.evaluate import evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.joined import chances, with_returns
from core.features import engineer
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows
from core.models.document import model_id_of
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.parameters import settings_from
from core.prices.calendar import sessions_between
from core.tables.artifacts import Document, Table
from core.tables.codec import encode

HOW = Resampling(200, 5, 0.95, 1)
PARAMETERS = {
    "model": "logistic_regression", "beside": None, "seed": 7, "min_train_sessions": 100, "fold_sessions": 50,
    "calendar": "XNYS",
}  # fmt: skip


@pytest.fixture(scope="module")
def prices():
    """Random walks of three tickers on 320 weekdays."""
    draw = np.random.default_rng(5)
    days = pd.bdate_range("2015-01-02", periods=320).astype("datetime64[s]")
    parts = [
        pd.DataFrame(
            {"date": days, "ticker": t, "adj_close": 40 * np.exp(np.cumsum(draw.normal(0, 0.02, 320)))}
        )
        for t in ("AA", "BB", "CC")
    ]
    return pd.concat(parts, ignore_index=True).astype({"ticker": "str"})


@pytest.fixture(scope="module")
def features(prices):
    """Of all sessions."""
    return engineer(Table("prices_clean", prices))


@pytest.fixture(scope="module")
def champion(prices):
    """A boosted model trained on the first 200 sessions."""
    early = prices[prices["date"] <= np.unique(prices["date"])[199]]
    parameters = {**PARAMETERS, "model": "hist_gradient_boosting"}
    return train(
        engineer(Table("prices_clean", early)), settings_from(TrainSettings, parameters), features_sha256=""
    )[1]


@pytest.fixture(scope="module")
def challenger(features):
    """Predictions and model of a train run on everything."""
    return train(features, settings_from(TrainSettings, PARAMETERS), features_sha256="")


@pytest.fixture
def rows(challenger, features):
    """The challenger's rows."""
    return labelled_rows(with_returns(challenger[0].frame, features))


def test_rows_up_to_the_champions_training_end_never_count(champion, features, rows):
    """NaN there, and a probability on every later row."""
    found = chances(champion, features, rows.frame)
    late = (rows.frame["date"] > pd.Timestamp(champion.body["training"]["to"])).to_numpy()
    assert late.any()
    assert not late.all()
    np.testing.assert_array_equal(np.isnan(found), ~late)


def test_a_row_that_the_features_lack_has_no_chance(champion, features):
    """An unknown ticker or date."""
    frame = pd.DataFrame({"date": [features.frame["date"].max()] * 2, "ticker": ["AA", "ZZ"]})
    found = chances(champion, features, frame)
    assert np.isnan(found).tolist() == [False, True]


def test_both_are_measured_on_the_same_later_rows(champion, features, rows):
    """Within-fold AUC and Brier score of either by scikit-learn, on those rows alone."""
    found = against(champion, "x", rows, features, HOW, cost_bps=5, calendar="XNYS")
    theirs = chances(champion, features, rows.frame)
    frame = rows.frame.assign(theirs=theirs)[~np.isnan(theirs)]
    # the champion knows labels to the 199th session: of the fold that ends with the 200th, one is left
    frame = frame.groupby("fold").filter(lambda fold: fold["date"].nunique() >= 20)
    assert (found["compared"], found["rows"]) == (True, len(frame))
    assert found["model_id"] == model_id_of(champion)
    assert found["from"] > champion.body["training"]["to"]
    for side, column in (("challenger", "probability"), ("performance", "theirs")):
        folds = [fold for _, fold in frame.groupby("fold")]
        within = [roc_auc_score(fold["up_next"], fold[column]) for fold in folds]
        auc = np.average(within, weights=[len(fold) for fold in folds])
        assert found[side]["auc"]["value"] == pytest.approx(auc, rel=1e-12)
        assert found[side]["brier"]["value"] == pytest.approx(
            brier_score_loss(frame["up_next"], frame[column]), rel=1e-12
        )
    pair = found["paired"][0]
    apart = found["challenger"]["auc"]["value"] - found["performance"]["auc"]["value"]
    assert (pair["metric"], pair["difference"]) == ("auc", pytest.approx(apart))
    assert pair["low"] < apart < pair["high"]


def test_the_rest_of_a_fold_that_training_cut_is_left_out_when_it_is_a_sliver(rows):
    """19 of its 50 sessions are left out, 20 count; fewer are hardly resampled."""
    first = rows.frame["fold"].min()
    days = np.unique(rows.frame.loc[rows.frame["fold"] == first, "date"])
    whole = int((rows.frame["fold"] > first).sum())
    for kept, expected in ((19, whole), (20, whole + 20 * 3)):
        theirs = np.where((rows.frame["date"] >= days[-kept]).to_numpy(), rows.probability, np.nan)
        assert contest(rows, theirs, HOW, cost_bps=0)["rows"] == expected


def test_a_model_against_itself_differs_by_nothing(rows):
    """The same resamples: exactly 0 in each."""
    found = contest(rows, rows.probability, HOW, cost_bps=5)
    assert {(p["difference"], p["low"], p["high"]) for p in found["paired"]} == {(0, 0, 0)}
    assert judgement({"compared": True, **found}) == "not inferior"


def test_a_champion_that_knows_the_answers_beats_the_challenger(rows):
    """And the other way round."""
    knowing = 0.5 + 0.2 * (rows.up - 0.5)
    found = contest(rows, knowing, HOW, cost_bps=0)
    assert judgement(found) == "worse"
    clever = labelled_rows(rows.frame.assign(probability=knowing))
    assert judgement(contest(clever, rows.probability, HOW, cost_bps=0)) == "better"


def test_under_sixty_common_rows_nothing_is_compared(rows):
    """With the count as the reason."""
    theirs = np.full(len(rows), np.nan)
    theirs[:59] = 0.5  # 20 sessions of three tickers, less one row
    found = contest(rows, theirs, HOW, cost_bps=0)
    assert not found["compared"]
    assert found["reason"] == (
        "59 labelled rows in 20 sessions after both trainings, at least 60 rows in 60 sessions are needed"
    )


def test_sixty_sessions_are_compared_and_fifty_nine_are_not(rows):
    """However many tickers they have: 59 sessions of three are 177 rows."""
    days = np.unique(rows.frame["date"])
    for kept, reason in ((59, "177 labelled rows in 59 sessions"), (60, "")):
        theirs = np.where((rows.frame["date"] >= days[-kept]).to_numpy(), rows.probability, np.nan)
        found = contest(rows, theirs, HOW, cost_bps=0)
        assert found["sessions"] == kept
        assert (found["compared"], found["reason"].partition(" after both")[0]) == (not reason, reason)


def test_without_any_common_row_there_are_no_dates(rows):
    """Nothing is compared, and from and to are null."""
    found = contest(rows, np.full(len(rows), np.nan), HOW, cost_bps=0)
    assert not found["compared"]
    assert (found["rows"], found["sessions"], found["from"], found["to"]) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("auc", "brier", "own", "answer"),
    [
        ((0.02, 0.001, 0.04), 0.0, 0.501, "better"),
        ((0.02, 0.001, 0.04), 0.0, 0.5, "better than a bad model"),
        ((0.02, 0.001, 0.04), 0.0, None, "better than a bad model"),
        ((0.02, 0.001, 0.04), 0.001, 0.501, "better than a bad model"),
        ((-0.02, -0.04, -0.001), -0.1, 0.501, "worse"),
        ((0.0, -0.009, 0.01), 0.0, 0.49, "not inferior"),
        ((0.0, -0.009, 0.01), 0.001, 0.501, "no difference shown"),
        ((0.0, -0.011, 0.01), -0.1, 0.501, "no difference shown"),
        ((None, None, None), 0.0, 0.501, "not compared"),
    ],
)
def test_the_judgement_follows_the_stated_rule(auc, brier, own, answer):
    """Interval without 0, and the challenger good itself; or lower bound above -.01 and Brier no worse."""
    pairs = [
        {"metric": "auc", "difference": auc[0], "low": auc[1], "high": auc[2]},
        {"metric": "brier", "difference": brier, "low": None, "high": None},
    ]
    assert judgement({"compared": True, "paired": pairs, "challenger": {"auc": {"low": own}}}) == answer


def test_rows_that_all_rose_say_why_nothing_is_compared(champion, features, rows):
    """Enough rows, and no AUC of either: a reason is named, and the advice is a whole sentence."""
    risen = replace(rows, up=np.ones(len(rows)), frame=rows.frame.assign(up_next=1.0))
    found = against(champion, "x", risen, features, HOW, cost_bps=5, calendar="XNYS")
    assert (found["compared"], found["judgement"]) == (True, "not compared")
    assert found["reason"] == "there is no AUC to compare"


def test_a_champion_of_other_features_is_named_and_stops_nothing(champion, features, rows):
    """Feature definitions that are not the present ones: not compared, and what changed is told."""
    other = Document(
        "model",
        {**champion.body, "feature_set": 0, "definition_digest": "0" * 64, "features": ["return", "moon"]},
    )
    found = against(other, "x", rows, features, HOW, cost_bps=5, calendar="XNYS")
    assert not found["compared"]
    assert "feature definitions" in found["reason"]
    assert found["feature_changes"]["removed"] == ["moon"]
    assert "lag1" in found["feature_changes"]["added"]


@pytest.mark.parametrize("body", [{}, {"features": 7, "training": "x"}, {"model_kind": "pickle"}])
def test_a_hostile_champion_is_refused_with_its_reason(body, features, rows):
    """Whatever it holds, the candidate's evaluation goes on."""
    found = against(Document("model", body), "x", rows, features, HOW, cost_bps=5, calendar="XNYS")
    assert not found["compared"]
    assert found["reason"]


def test_an_unreadable_champion_is_named_all_the_same(features, rows):
    """The plan knew its id; its file was damaged."""
    found = against(None, "0123456789ab (unreadable)", rows, features, HOW, cost_bps=5, calendar="XNYS")
    assert (found["model_id"], found["judgement"]) == ("0123456789ab", "not compared")
    assert against(None, None, rows, features, HOW, cost_bps=5, calendar="XNYS") is None


def test_the_evaluation_holds_the_contest_and_its_advice(champion, challenger, features, settings):
    """Whole stage: the champion's entry, written without NaN, and the advice that rests on it."""
    inputs = {
        "predictions": challenger[0], "model": challenger[1], "features": features, "champion": champion,
        "findings": Document("findings", {"findings": []}), "repairs": Document("repairs", {"repairs": []}),
    }  # fmt: skip
    document = evaluate(
        inputs, {}, settings_from(EvaluateSettings, {**settings, "champion_id": model_id_of(champion)})
    )
    encode(document)
    body = document.body
    assert body["champion"]["compared"]
    first, last = (
        np.unique(features.frame["date"])[place].astype("datetime64[D]").item() for place in (199, -1)
    )
    assert body["champion"]["age_sessions"] == len(sessions_between("XNYS", first, last)) == 116
    reason = {r["name"]: r for r in body["advice"]["reasons"]}["AUC less that of the champion"]
    assert reason["value"] == body["champion"]["paired"][0]["difference"]
