"""Two runs on the rows that both judged, against scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.errors import DataError
from core.queries.models.paired_runs import BETTER, OPEN, WORSE, MeasureDifference, paired_runs
from core.tables.artifacts import Table

SETTINGS = {
    "bootstrap_samples": 200, "block_sessions": 5, "confidence": 0.95, "bootstrap_seed": 7, "cost_bps": 5.0,
}  # fmt: skip


@pytest.fixture
def tables():
    """Predictions of two runs and the features of both: the second knows more, and ends 100 sessions earlier."""
    made = np.random.default_rng(11)
    dates = np.repeat(pd.bdate_range("2020-01-01", periods=500), 2)
    frame = pd.DataFrame({"date": dates, "ticker": ["A", "B"] * 500, "fold": np.nan})
    gained = made.normal(0, 0.01, len(frame))
    features = Table("features", frame.drop(columns="fold").assign(**{"return": gained}), {})
    following = pd.Series(gained).groupby(frame["ticker"]).shift(-1)
    up = (following > 0).astype(float).where(following.notna())
    noise = made.normal(0, 1, (2, len(frame)))
    chances = [
        1 / (1 + np.exp(-(skill * (up.fillna(0) - 0.5) + each) / 4))
        for skill, each in zip((0, 1), noise, strict=True)
    ]
    first, second = (
        Table("predictions", frame.assign(probability=chance, up_next=up), {"mode": "score"})
        for chance in chances
    )
    return first, replace(second, content=second.frame.iloc[:800]), features


def test_differences_are_those_of_the_common_rows(tables):
    """As scikit-learn has each measure on the 800 rows that both have; the better run reads as better."""
    first, second, features = tables
    result = paired_runs((first, features), (second, features), SETTINGS)
    assert (result.rows, result.sessions, result.reason) == (800, 400, "")
    common = first.frame.iloc[:800]
    by_key = {each.key: each for each in result.differences}
    for key, score in (("auc", roc_auc_score), ("brier", brier_score_loss)):
        mine, theirs = (score(common["up_next"], t["probability"]) for t in (common, second.frame))
        assert (by_key[key].first, by_key[key].second) == pytest.approx((mine, theirs))
        assert by_key[key].value == pytest.approx(theirs - mine)
        assert by_key[key].low < by_key[key].value < by_key[key].high
        assert by_key[key].reading == BETTER
    turned = paired_runs((second, features), (first, features), SETTINGS)
    assert {each.key: each.reading for each in turned.differences}["auc"] == WORSE


def test_runs_without_common_rows_have_a_reason_and_no_figure(tables):
    """Nothing is made up where nothing can be compared."""
    first, second, features = tables
    apart = replace(first, content=first.frame.iloc[900:])
    result = paired_runs((apart, features), (second, features), SETTINGS)
    assert result.differences == ()
    assert result.reason.startswith("0 labelled rows")


def test_outcomes_of_two_horizons_are_not_compared(tables):
    """They would be differences between two questions."""
    first, second, features = tables
    other = replace(features, header={"label": {"label": "direction", "horizon_sessions": 5}})
    with pytest.raises(DataError, match="judge different outcomes"):
        paired_runs((first, features), (second, other), SETTINGS)


def test_an_interval_that_holds_0_shows_no_difference():
    """Whatever the value; of one without an interval nothing is claimed either."""
    assert MeasureDifference("auc", 0.5, 0.6, 0.1, -0.01, 0.2).reading == OPEN
    assert MeasureDifference("auc", 0.5, 0.6, 0.1, None, None).reading == OPEN


def test_which_run_comes_first_turns_signs_alone(tables):
    """One ran in folds of 150 sessions, the other in one window: rows are ranked within what both share.

    A constant that a fold adds to its probabilities ranks nothing: the AUC is the mean over the three parts.
    """
    first, second, features = tables
    session = np.repeat(np.arange(500), 2)
    fold = session // 150 + 1.0
    moved = np.clip(first.frame["probability"] + 0.05 * (fold % 2), 0, 1)
    walked = replace(
        first, content=first.frame.assign(fold=fold, probability=moved), header={"mode": "train"}
    )
    ahead, back = (
        {each.key: each for each in paired_runs((a, features), (b, features), SETTINGS).differences}
        for a, b in ((walked, second), (second, walked))
    )
    common, sizes = second.frame.assign(fold=fold[:800]), (300, 300, 200)
    by_hand = [
        np.average(
            [
                roc_auc_score(part["up_next"], part[name])
                for _, part in common.assign(first=moved).groupby("fold")
            ],
            weights=sizes,
        )
        for name in ("first", "probability")
    ]
    assert (ahead["auc"].first, ahead["auc"].second) == pytest.approx(by_hand)
    for key in ("auc", "brier", "log_loss", "hit_rate"):
        assert back[key].value == pytest.approx(-ahead[key].value), key
        assert (back[key].low, back[key].high) == pytest.approx((-ahead[key].high, -ahead[key].low)), key


def test_a_rest_of_few_sessions_that_the_folds_cut_is_left_out(tables):
    """Nine sessions before the other run's next fold begins: a part of so few dates is hardly resampled."""
    first, second, features = tables
    session = np.repeat(np.arange(500), 2)
    walked = replace(
        first, content=first.frame.assign(fold=np.where(session < 9, 1.0, 2.0)), header={"mode": "train"}
    )
    for pair in ((walked, second), (second, walked)):
        result = paired_runs(*((each, features) for each in pair), SETTINGS)
        assert (result.rows, result.sessions) == (782, 391)
