"""AUC over folds weighted by their rows, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.measures.bootstrap import PAIRED_FROM, Resampling, weights
from core.measures.judged_rows import labelled_rows
from core.measures.ranking import RankedScore
from core.measures.weighted import WeightedScore, weighted_mean


def by_fold(rows, score, weight=None):
    """Return scikit-learn's AUC of each fold, and its rows."""
    masks = [rows.fold == code for code in range(len(rows.folds))]
    auc = [
        roc_auc_score(rows.up[m], score[m], sample_weight=None if weight is None else weight[m])
        for m in masks
    ]
    return auc, [int(m.sum()) for m in masks]


def test_folds_count_by_their_rows(panel):
    """The value is the mean of scikit-learn's AUCs with the folds' rows as weights, not the plain mean."""
    rows = panel()
    auc, size = by_fold(rows, rows.probability)
    found = WeightedScore.of(rows, rows.probability).point
    assert found == pytest.approx(np.average(auc, weights=size), rel=1e-12)
    assert abs(found - np.mean(auc)) > 1e-4


def test_every_resample_is_weighted_alike(panel):
    """Each resample's AUC is that of scikit-learn with the rows' counts, folds weighted by rows."""
    rows = panel(seed=2)
    drawn = next(weights(rows, Resampling(20, 4, 0.95, 1)))
    found = WeightedScore.of(rows, rows.probability).draws(drawn)["auc"]
    for number in range(20):
        auc, size = by_fold(rows, rows.probability, drawn[rows.group, number])
        assert found[number] == pytest.approx(np.average(auc, weights=size), rel=1e-12)


def test_a_fold_of_one_outcome_counts_in_neither_sum_nor_weights(panel):
    """By hand: folds of 300, 50 and 100 rows with AUCs .5, none and .7 give .55."""
    found = weighted_mean(
        np.array([[0.5, np.nan], [np.nan, np.nan], [0.7, np.nan]]), np.array([300.0, 50, 100])
    )
    np.testing.assert_allclose(found, [0.55, np.nan])
    rows = panel()
    frame = rows.frame.copy()
    frame.loc[frame["fold"] == 1, "up_next"] = 1.0
    other = labelled_rows(frame)
    expected = WeightedScore.of(
        labelled_rows(frame[frame["fold"] > 1]), frame["probability"][frame["fold"] > 1].to_numpy()
    )
    assert WeightedScore.of(other, other.probability).point == pytest.approx(expected.point, rel=1e-12)


def test_one_fold_is_the_plain_auc(panel):
    """With one fold, and with folds of one size, nothing changes."""
    for folds in ((40,), (20, 20)):
        rows = panel(folds)
        old, new = RankedScore.of(rows, rows.probability), WeightedScore.of(rows, rows.probability)
        assert new.point == pytest.approx(old.point, rel=1e-14)


def test_a_large_fold_counts_the_same_rows(panel):
    """Pairs of groups instead of rows: the same figure."""
    rows = panel((50, 10), PAIRED_FROM + 1)
    auc, size = by_fold(rows, rows.probability)
    found = WeightedScore.of(rows, rows.probability)
    assert found.rows.tolist() == size
    assert found.point == pytest.approx(np.average(auc, weights=size), rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.integers(0, 100))
def test_names_of_tickers_do_not_matter(order, seed):
    """Permuting the tickers' names changes no bit: sums are of whole numbers."""
    random = np.random.default_rng(seed)
    dates = np.repeat(pd.bdate_range("2020-01-01", periods=12).to_numpy("datetime64[s]"), 4)
    frame = pd.DataFrame(
        {"date": dates, "probability": random.random(48), "up_next": random.integers(0, 2, 48)}
    )
    frame["fold"] = np.repeat([1.0, 2.0], [36, 12])
    names = np.array(list("ABCD"))
    points = [
        WeightedScore.of(rows, rows.probability).point
        for rows in (
            labelled_rows(frame.assign(ticker=np.tile(names[list(p)], 12))) for p in (range(4), order)
        )
    ]
    assert points[0] == points[1] or np.isnan(points).all()


def test_no_fold_has_no_value(panel):
    """Without any rows there is no AUC."""
    rows = labelled_rows(panel().frame.head(0))
    score = WeightedScore.of(rows, np.empty(0))
    assert np.isnan(score.point)
    assert np.isnan(score.draws(np.ones((0, 3)))["auc"]).all()
