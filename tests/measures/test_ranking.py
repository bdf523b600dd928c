"""AUC within folds, plain and weighted, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.measures import ranking
from core.measures.bootstrap import Resampling, weights
from core.measures.judged_rows import labelled_rows
from core.measures.ranking import RankedScore, auc_of, mean_auc


@pytest.mark.parametrize("decimals", [6, 2, 1])
def test_weighted_auc_agrees_with_scikit_learn(predictions, decimals):
    """The AUC of every resample is the mean over folds of scikit-learn's with the rows' weights."""
    rows = labelled_rows(predictions(decimals=decimals, seed=2))
    resampled = next(weights(rows, Resampling(25, 4, 0.95, 1)))
    found = RankedScore.of(rows, rows.probability).draws(resampled)["auc"]
    for number in range(25):
        weight = resampled[rows.group, number]
        folds = [
            roc_auc_score(rows.up[held], rows.probability[held], sample_weight=weight[held])
            for held in (rows.fold == 0, rows.fold == 1)
        ]
        assert found[number] == pytest.approx(np.mean(folds), rel=1e-12)


def test_a_constant_in_each_fold_scores_one_half(predictions):
    """Levels that differ between folds do not count: pooled, this model would be away from 0.5."""
    table = predictions()
    table["probability"] = table["fold"] / 10
    table["up_next"] = [1.0, 0.0, 0.0] * 20 + [1.0, 1.0, 0.0] * 20
    rows = labelled_rows(table)
    assert roc_auc_score(rows.up, rows.probability) != 0.5
    assert RankedScore.of(rows, rows.probability).points() == {"auc": 0.5}


def test_a_fold_with_one_outcome_is_left_out(predictions):
    """Where all rows went up there is nothing to rank; the other fold alone is the AUC."""
    table = predictions()
    table.loc[table["fold"] == 1, "up_next"] = 1.0
    other = table[table["fold"] == 2]
    rows = labelled_rows(table)
    expected = roc_auc_score(other["up_next"], other["probability"])
    assert RankedScore.of(rows, rows.probability).point == pytest.approx(expected, rel=1e-12)


def test_no_fold_with_both_outcomes_has_no_auc():
    """An AUC that no fold has is NaN, for the value and for the resamples."""
    table = pd.DataFrame(
        {"date": pd.to_datetime(["2020-01-02"] * 2), "ticker": ["A", "B"], "probability": [0.1, 0.9],
         "up_next": [1.0, 1.0], "fold": 1.0}
    )  # fmt: skip
    rows = labelled_rows(table)
    score = RankedScore.of(rows, rows.probability)
    assert np.isnan(score.point)
    assert np.isnan(score.draws(np.ones((1, 2)))["auc"]).all()


def test_without_any_row_there_is_no_auc(predictions):
    """No fold at all: NaN once for the value and once for each resample."""
    rows = labelled_rows(predictions().iloc[:0])
    score = RankedScore.of(rows, rows.probability)
    assert np.isnan(score.point)
    drawn = score.draws(np.ones((0, 7)))["auc"]
    assert drawn.shape == (7,)
    assert np.isnan(drawn).all()


def test_mean_leaves_out_what_is_undefined():
    """Resample by resample, only folds with an AUC count."""
    within = np.array([[0.4, np.nan], [0.8, np.nan]])
    np.testing.assert_allclose(mean_auc(within), [0.6, np.nan])


@pytest.mark.parametrize("values", [2, 5, 10**6])
def test_the_auc_of_one_group_agrees_with_scikit_learn(values):
    """Probabilities with few and with many different values, ties counting half."""
    draw = np.random.default_rng(8)
    p, up = draw.integers(0, values, 900) / values, (draw.random(900) < 0.5).astype(float)
    assert auc_of(p, up) == pytest.approx(roc_auc_score(up, p), rel=1e-12)
    assert np.isnan(auc_of(p, np.ones(900)))


@pytest.mark.parametrize("values", [1, 3, 40])
def test_pairs_of_few_limits_are_those_of_blocks(monkeypatch, values):
    """The shortcut counts what the blocks do: both are whole numbers."""
    draw = np.random.default_rng(9)
    ups, downs = draw.integers(0, 12, 500), draw.integers(0, 12, 700)
    limit = np.sort(draw.choice(draw.integers(0, 701, values), 500))
    short = ranking.group_pairs(ups, downs, limit, 12)
    monkeypatch.setattr(ranking, "_FEW_LIMITS", 0)
    assert np.array_equal(short, ranking.group_pairs(ups, downs, limit, 12))
    assert short.sum() == limit.sum()
