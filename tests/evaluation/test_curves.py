"""ROC and precision-recall curves against scikit-learn, and against the figures they stand beside."""

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import auc, precision_recall_curve, roc_auc_score, roc_curve

from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows
from core.queries.models.curves import (
    GRID,
    at_threshold,
    curves,
    curves_of_both,
    judged_rows,
    precision_recall,
    reliability,
    roc,
)
from core.tables.artifacts import Table

HOW = Resampling(200, 1, 0.95, 7)


def xy(points, x, y):
    """Two columns of a curve."""
    return [point[x] for point in points], [point[y] for point in points]


@pytest.mark.parametrize("decimals", [6, 2, 1], ids=["distinct", "some ties", "many ties"])
def test_the_roc_of_one_fold_is_scikit_learn_s(predictions, decimals):
    """At every grid point; a run of equal probabilities is one straight piece."""
    rows = labelled_rows(predictions(dates=200, folds=1, skill=0.1, decimals=decimals))
    falls, rises, _ = roc_curve(rows.up, rows.probability, drop_intermediate=False)
    grid = np.linspace(0, 1, GRID)
    x, y = xy(roc(rows), "false_up", "true_up")
    assert (x[0], y[0]) == (0.0, 0.0)
    assert x[1:] == pytest.approx(grid, abs=1e-15)
    assert y[1:] == pytest.approx(np.interp(grid, falls, rises), abs=1e-12)


def test_the_area_under_the_mean_curve_is_the_mean_of_the_folds_auc(predictions):
    """Pooled, these folds of different levels would give another area."""
    table = predictions(dates=400, folds=4, skill=0.15, seed=3)
    table["probability"] = (table["probability"] / 2 + table["fold"] / 10).round(6)
    table["up_next"] = np.where(table["fold"] == 1, table["up_next"], 1 - table["up_next"])
    rows = labelled_rows(table)
    folds = [roc_auc_score(rows.up[rows.fold == f], rows.probability[rows.fold == f]) for f in range(4)]
    assert auc(*xy(roc(rows), "false_up", "true_up")) == pytest.approx(np.mean(folds), abs=2e-3)
    assert abs(roc_auc_score(rows.up, rows.probability) - np.mean(folds)) > 0.02


def test_the_mean_curve_weighs_folds_by_rows_as_the_auc_does(predictions):
    """One long fold and one short: the area is the reported AUC, which is not the plain mean."""
    table = predictions(dates=400, folds=2, skill=0.15, seed=3)
    table = table[(table["fold"] == 1) | (table["date"] >= table["date"].unique()[-30])]
    table["up_next"] = np.where(table["fold"] == 1, table["up_next"], 1 - table["up_next"])
    drawn = curves(labelled_rows(table), HOW)
    assert auc(*xy(drawn["roc"], "false_up", "true_up")) == pytest.approx(drawn["auc"], abs=3e-3)
    within = [roc_auc_score(fold["up_next"], fold["probability"]) for _, fold in table.groupby("fold")]
    assert abs(drawn["auc"] - np.mean(within)) > 0.02


def test_a_fold_with_one_outcome_is_left_out_and_none_gives_no_curve(predictions):
    """As with the AUC; nothing is drawn rather than a diagonal."""
    table = predictions(dates=100)
    alone = roc(labelled_rows(table[table["fold"] == 2]))
    table.loc[table["fold"] == 1, "up_next"] = 1.0
    assert roc(labelled_rows(table)) == alone
    assert roc(labelled_rows(table.assign(up_next=1.0))) == []


@pytest.mark.parametrize("decimals", [6, 1])
def test_precision_and_recall_are_scikit_learn_s_at_every_threshold(predictions, decimals):
    """Each point is a true one; thin a long curve and its ends stay."""
    rows = labelled_rows(predictions(dates=300, skill=0.1, decimals=decimals))
    precision, recall, thresholds = precision_recall_curve(rows.up, rows.probability)
    theirs = {t: (p, r) for t, p, r in zip(thresholds.tolist(), precision, recall, strict=False)}
    points = precision_recall(rows)
    assert 1 < len(points) <= GRID
    for point in points:
        assert (point["precision"], point["recall"]) == pytest.approx(theirs[point["threshold"]], rel=1e-12)
    assert points[0]["threshold"] == rows.probability.max()
    assert points[-1]["recall"] == 1.0


def test_the_marked_point_is_precision_and_recall_at_one_half(predictions):
    """By hand: four calls of up, three of them right, of five rises."""
    table = predictions(dates=4, tickers=2, folds=1)
    table["probability"] = [0.9, 0.8, 0.5, 0.6, 0.4, 0.4, 0.1, 0.2]
    table["up_next"] = [1.0, 1, 1, 0, 1, 1, 0, 0]
    assert at_threshold(labelled_rows(table)) == {"threshold": 0.5, "recall": 0.6, "precision": 0.75}
    assert at_threshold(labelled_rows(table.assign(probability=0.3))) is None


def test_without_a_rise_there_is_no_precision_recall_curve(predictions):
    """Recall would divide by nothing."""
    rows = labelled_rows(predictions().assign(up_next=0.0))
    assert precision_recall(rows) == []
    assert at_threshold(rows) is None


def test_a_bin_of_the_calibration_has_the_interval_of_a_share(predictions):
    """One independent row a session: the bars reach as far as Student's interval of a mean does."""
    table = predictions(dates=2000, folds=1, skill=0.1, seed=5)
    rows = labelled_rows(table[table["ticker"] == table["ticker"].iloc[0]])
    bins = reliability(rows, HOW)
    assert sum(each["rows"] for each in bins) == len(rows)
    for each in bins:
        error = np.sqrt(each["share_up"] * (1 - each["share_up"]) / each["rows"])
        half = (each["up_high"] - each["up_low"]) / 2
        assert half == pytest.approx(t.ppf(0.975, each["rows"] - 1) * error, rel=0.1)
        assert each["up_low"] < each["share_up"] < each["up_high"]


def test_too_few_rows_have_a_point_and_no_interval(predictions):
    """Nothing is claimed of a bin of a few sessions; without rows there are no bins."""
    table = predictions(dates=40, folds=1)
    assert all(
        each["up_low"] is None for each in reliability(labelled_rows(table[table["ticker"] == "A"]), HOW)
    )
    assert reliability(labelled_rows(table[:0]), HOW) == []


def test_each_point_says_how_many_rows_were_called_up(predictions):
    """Rows at or above its threshold, counted."""
    rows = labelled_rows(predictions(dates=200, folds=1))
    for point in precision_recall(rows):
        assert point["calls"] == int((rows.probability >= point["threshold"]).sum())


OVER_TWENTY = {"label": {"horizon_sessions": 20, "label": "direction"}}


def test_bins_of_labels_that_overlap_have_wider_intervals(predictions):
    """The header says how far the label looks ahead, for the curves of two models beside each other as for one's."""
    table = predictions(dates=2000, folds=1, skill=0.1, seed=5)
    rows = judged_rows(Table("predictions", table, OVER_TWENTY))
    wide, narrow = (curves(each, HOW)["calibration"] for each in (rows, labelled_rows(table)))
    reach = [[bin_["up_high"] - bin_["up_low"] for bin_ in bins] for bins in (wide, narrow)]
    assert np.mean(reach[0]) > np.mean(reach[1])
    for both in curves_of_both(rows, rows.probability, HOW):
        assert both["calibration"] == wide


def test_the_desk_draws_the_intervals_of_overlapping_labels(predictions, monkeypatch):
    """What the Model page shows of a label over twenty sessions."""
    from dashboard import model_evidence

    table = Table("predictions", predictions(dates=400, folds=1, skill=0.1, seed=5), OVER_TWENTY)
    monkeypatch.setattr(model_evidence.data, "table", lambda *_: table)
    drawn = model_evidence.curves.__wrapped__(None, None, HOW)
    rows = labelled_rows(table.frame, horizon_sessions=20)
    assert drawn["calibration"] == reliability(rows, HOW)
    assert drawn["calibration"] != reliability(labelled_rows(table.frame), HOW)
