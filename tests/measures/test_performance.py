"""The metrics as they are written: value, interval, or null and why."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.errors import DataError
from core.measures.bootstrap import Estimate, Resampling, estimate
from core.measures.judged_rows import labelled_rows
from core.measures.performance import CLASSIFICATION, PooledScore, entries, measure

HOW = Resampling(samples=100, block_sessions=2, confidence=0.9, seed=1)


def test_every_metric_has_a_value_within_its_interval(predictions):
    """On ordinary predictions nothing is null and low <= value <= high."""
    table = predictions()
    found = measure(table, HOW, up_rates=dict.fromkeys(table["fold"].unique(), 0.52))
    assert tuple(found) == CLASSIFICATION
    for entry in found.values():
        assert entry["low"] <= entry["value"] <= entry["high"]
        assert "reason" not in entry


def test_brier_skill_is_against_what_was_known_before(predictions):
    """As scikit-learn scores both; the rows' own up-rate, known only afterwards, is no reference."""
    table = predictions()
    rate = np.where(table["fold"] == 1, 0.55, 0.48)
    ours, theirs = (brier_score_loss(table["up_next"], p) for p in (table["probability"], rate))
    found = measure(table, HOW, up_rates={1: 0.55, 2: 0.48})["brier_skill"]
    assert found["value"] == pytest.approx(1 - ours / theirs, rel=1e-12)
    assert "brier_skill" not in measure(table, HOW)


def test_auc_is_the_mean_over_folds(predictions):
    """Two folds: the mean of scikit-learn's AUC of each."""
    table = predictions()
    folds = [roc_auc_score(t["up_next"], t["probability"]) for _, t in table.groupby("fold")]
    assert measure(table, HOW)["auc"]["value"] == pytest.approx(sum(folds) / 2, rel=1e-12)


def test_a_fold_counts_by_its_rows(predictions):
    """A short fold has little weight, and none when it has one outcome only."""
    table = predictions()
    short = pd.concat([table[table["fold"] == 1], table[table["fold"] == 2].iloc[:12]])
    folds = [fold for _, fold in short.groupby("fold")]
    within = [roc_auc_score(fold["up_next"], fold["probability"]) for fold in folds]
    expected = np.average(within, weights=[len(fold) for fold in folds])
    found = measure(short, HOW)["auc"]
    assert found["value"] == pytest.approx(expected, rel=1e-12)
    assert abs(found["value"] - np.mean(within)) > 1e-3
    assert found["low"] < expected < found["high"]
    short.loc[short["fold"] == 2, "up_next"] = 1.0
    assert measure(short, HOW)["auc"]["value"] == pytest.approx(within[0], rel=1e-12)


def test_few_blocks_make_the_interval_wider_than_the_plain_percentiles(predictions):
    """The same resamples, cut farther out: Student's quantiles and the degrees of freedom of the blocks."""
    rows = labelled_rows(predictions(dates=40, folds=1))
    how = Resampling(2000, 10, 0.95, 3)
    brier = estimate({"pooled": PooledScore.of(rows, rows.probability)}, rows, how)["pooled"]["brier"]
    low, high = brier.interval(0.95)
    found = measure(rows.frame, how)["brier"]
    assert found["low"] < low < high < found["high"]
    # five blocks of eight in one fold: t(4) at .025 is 2.776, times the root of 5/4
    tail = norm.cdf(-2.7764451 * (5 / 4) ** 0.5)
    assert (found["low"], found["high"]) == pytest.approx(brier.interval(1 - 2 * tail), rel=1e-9)


def test_rows_without_label_are_ignored(predictions):
    """Unlabelled rows change nothing, whatever their probability."""
    table = predictions()
    more = table.assign(ticker="Z", up_next=None, probability=0.99)
    assert measure(pd.concat([table, more.astype(table.dtypes)]), HOW) == measure(table, HOW)


def test_no_predictions_give_null_with_a_reason(predictions):
    """An empty table has no metric and says why."""
    for entry in measure(predictions().iloc[:0], HOW).values():
        assert entry == {"value": None, "low": None, "high": None, "reason": "no labelled out-of-sample row"}


def test_precision_is_null_when_nothing_is_called_up(predictions):
    """No call, no precision; recall is a real 0."""
    table = predictions().assign(probability=0.4)
    found = measure(table, HOW)
    assert found["precision"] == {"value": None, "low": None, "high": None, "reason": "no row is called up"}
    assert found["recall"]["value"] == 0.0


def test_an_interval_that_most_resamples_lack_is_null(predictions):
    """With one date that fell among fifty, a third of resamples lack it; with one outcome, all do."""
    table = predictions(dates=50, tickers=1, folds=1).assign(up_next=1.0)
    assert measure(table, HOW)["auc"]["reason"] == "no fold has both outcomes"
    table.loc[7, "up_next"] = 0.0
    assert measure(table, HOW)["auc"]["low"] is not None


def test_half_of_the_resamples_must_be_defined():
    """A value that only 2 of 5 resamples have comes without an interval."""
    found = entries({"precision": Estimate(0.5, np.array([0.4, 0.6, np.nan, np.nan, np.nan]))}, 9, 0.9)
    assert found["precision"]["value"] == 0.5
    assert found["precision"]["low"] is None
    assert "half of the resamples" in found["precision"]["reason"]


@pytest.mark.parametrize(("column", "value"), [("probability", 1.5), ("up_next", 2.0)])
def test_impossible_values_are_refused(predictions, column, value):
    """A probability above 1 or a label of 2 names column and value."""
    table = predictions()
    table.loc[3, column] = value
    with pytest.raises(DataError, match=rf"predictions\.{column} holds {value:g}"):
        measure(table, HOW)


def test_the_interval_of_the_recall_is_that_of_the_calls_as_they_were_made():
    """Calls of whole sessions that know nothing: with them drawn anew it would be far wider and hold all."""
    holds, random = [], np.random.default_rng(1)
    for _ in range(150):
        days = np.repeat(pd.bdate_range("2020-01-01", periods=120), 4)
        session = np.repeat(random.random(120), 4)
        table = pd.DataFrame(
            {"date": days, "ticker": np.tile(list("ABCD"), 120), "probability": session, "fold": 1,
             "up_next": random.integers(0, 2, 480).astype(float)}
        )  # fmt: skip
        recall = measure(table, Resampling(200, 5, 0.95, 1))["recall"]
        holds.append(recall["low"] <= (session >= 0.5).mean() <= recall["high"])
        assert recall["high"] - recall["low"] < 0.16
    assert 0.9 < np.mean(holds) < 0.99


def test_a_model_that_always_says_up_has_a_recall_of_one_and_no_more(predictions):
    """Neither end lies beyond 1."""
    recall = measure(predictions().assign(probability=0.9), HOW)["recall"]
    assert (recall["value"], recall["low"], recall["high"]) == (1, 1, 1)
