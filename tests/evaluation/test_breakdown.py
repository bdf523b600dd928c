"""Figures by fold, ticker and probability."""

import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from core.evaluation.breakdown import by_fold, by_ticker, calibration
from core.evaluation.market_states import by_state, keep_states
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows
from core.measures.slices import RankedRows


def of_parts(parts, rows):
    """Return a breakdown of these rows."""
    return parts(rows, RankedRows(rows, Resampling(100, 5, 0.95, 1)))


def test_each_fold_is_judged_alone(predictions):
    """Dates, rows, AUC and Brier of each fold are those of its rows."""
    table = predictions()
    found = of_parts(by_fold, labelled_rows(table))
    for entry, (number, held) in zip(found, table.groupby("fold"), strict=True):
        assert (entry["fold"], entry["rows"]) == (number, len(held))
        assert (entry["from"], entry["to"]) == (str(held["date"].min())[:10], str(held["date"].max())[:10])
        assert entry["auc"] == pytest.approx(roc_auc_score(held["up_next"], held["probability"]))
        assert entry["brier"] == pytest.approx(brier_score_loss(held["up_next"], held["probability"]))


def test_each_ticker_is_judged_within_folds(predictions):
    """A ticker's AUC is the mean of its AUCs within folds; its other figures are over all its rows."""
    table = predictions()
    found = of_parts(by_ticker, labelled_rows(table))
    assert list(found) == ["T0", "T1", "T2"]
    held = table[table["ticker"] == "T1"]
    folds = [roc_auc_score(t["up_next"], t["probability"]) for _, t in held.groupby("fold")]
    assert found["T1"]["auc"] == pytest.approx(sum(folds) / 2)
    assert found["T1"]["brier"] == pytest.approx(brier_score_loss(held["up_next"], held["probability"]))


def test_without_folds_the_window_is_number_one(predictions):
    """Scoring has no fold: one entry, numbered 1."""
    assert [entry["fold"] for entry in of_parts(by_fold, labelled_rows(predictions().assign(fold=None)))] == [
        1
    ]


def test_calibration_by_hand():
    """Twenty probabilities in ten bins of two; all that went up are in the upper half."""
    table = pd.DataFrame(
        {"date": pd.bdate_range("2020-01-01", periods=20), "ticker": "A", "fold": 1.0,
         "probability": [i / 20 for i in range(20)], "up_next": [0.0] * 10 + [1.0] * 10}
    )  # fmt: skip
    found = calibration(labelled_rows(table))
    assert [entry["rows"] for entry in found] == [2] * 10
    assert [entry["share_up"] for entry in found] == [0.0] * 5 + [1.0] * 5
    assert found[0]["mean_probability"] == pytest.approx(0.025)
    assert (found[0]["low"], found[-1]["high"]) == (0.0, 0.95)


def test_equal_probabilities_are_one_bin(predictions):
    """A constant fills a single bin from itself to itself; the empty ones are left out."""
    found = calibration(labelled_rows(predictions().assign(probability=0.5)))
    assert len(found) == 1
    assert (found[0]["low"], found[0]["high"], found[0]["rows"]) == (0.5, 0.5, 120)


def test_no_rows_have_no_breakdown(predictions):
    """Without judged rows all three are empty."""
    rows = labelled_rows(predictions().iloc[:0])
    assert (of_parts(by_fold, rows), of_parts(by_ticker, rows), calibration(rows)) == ([], {}, [])


def test_states_that_are_kept_give_the_figures_of_the_columns_they_stand_for(predictions):
    """Thirds by volatility and the market's direction are a byte each; volatility itself is let go of."""
    table = predictions()
    wave = [((i * 37) % 101) / 1000 for i in range(len(table))]
    table = table.assign(volatility20=wave, **{"return": [w - 0.05 for w in wave]})
    kept = labelled_rows(table)
    keep_states(kept)
    assert "volatility20" not in kept.frame
    figures = of_parts(by_state, kept)
    assert figures == of_parts(by_state, labelled_rows(table))
    assert [entry["slice"] for entry in figures["volatility"]] == [
        "calm third",
        "middle third",
        "volatile third",
    ]
    assert figures["market"]
    assert sum(column.dtype.itemsize for _, column in kept.frame.items() if column.dtype.kind == "i") == 2
