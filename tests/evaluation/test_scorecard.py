"""Signals against what happened, per model and quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.breakdown import by_period
from core.evaluation.scorecard import scorecard
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows
from core.measures.slices import RankedRows

HOW = Resampling(200, 5, 0.95, 1)


@pytest.fixture
def signals():
    """Two models over 130 weekdays from 2013-01-01, one ticker; the second begins in the second quarter."""
    draw = np.random.default_rng(4)
    days = pd.bdate_range("2013-01-01", periods=130).to_numpy("datetime64[s]")
    parts = [
        pd.DataFrame({"model_id": m, "date": d, "ticker": "A", "probability": draw.uniform(0.3, 0.7, len(d))})
        for m, d in (("aaa", days), ("bbb", days[70:]))
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(up_next=(draw.random(len(frame)) < 0.5).astype(float))


def of_parts(parts, rows):
    """Return a breakdown of these rows."""
    return parts(rows, RankedRows(rows, Resampling(100, 5, 0.95, 1)))


def test_each_model_has_its_whole_time_and_its_quarters(signals):
    """Quarters of the calendar; 64 weekdays from January to March 2013, 65 from April to June."""
    found = scorecard(signals, HOW)
    assert [(e["model_id"], e["period"], e["rows"]) for e in found] == [
        ("aaa", "all", 130), ("aaa", "2013Q1", 64), ("aaa", "2013Q2", 65), ("aaa", "2013Q3", 1),
        ("bbb", "all", 60), ("bbb", "2013Q2", 59), ("bbb", "2013Q3", 1),
    ]  # fmt: skip


def test_an_entry_says_of_when_it_is_and_of_how_much(signals):
    """The second quarter of 2013 begins on a Monday and ends, for the market, on a Friday."""
    twice = pd.concat([signals, signals.assign(ticker="B")], ignore_index=True)
    entry = scorecard(twice, HOW)[2]
    own = twice[(twice["model_id"] == "aaa") & twice["date"].between("2013-04-01", "2013-06-30")]
    assert (entry["from"], entry["to"]) == ("2013-04-01", "2013-06-28")
    assert (entry["sessions"], entry["rows"]) == (65, 130)
    assert entry["up_rate"] == pytest.approx(own["up_next"].mean())


def test_figures_agree_with_scikit_learn_and_have_intervals(signals):
    """AUC, hit rate and the count of right calls of one quarter."""
    entry = scorecard(signals, HOW)[1]
    rows = signals[(signals["model_id"] == "aaa") & (signals["date"] < "2013-04-01")]
    right = ((rows["probability"] >= 0.5) == (rows["up_next"] > 0)).sum()
    assert entry["right"] == right
    assert entry["hit_rate"]["value"] == pytest.approx(right / 64)
    assert entry["auc"]["value"] == pytest.approx(roc_auc_score(rows["up_next"], rows["probability"]))
    assert entry["auc"]["low"] < entry["auc"]["value"] < entry["auc"]["high"]


def test_under_sixty_signals_are_counted_and_not_judged(signals):
    """59 in a quarter: null with the reason, the count of right calls stands."""
    entry = scorecard(signals, HOW)[5]
    assert entry["auc"]["value"] is None
    assert "59 signals" in entry["auc"]["reason"]
    assert 0 < entry["right"] < 59


def test_many_signals_of_few_sessions_are_not_judged(signals):
    """59 sessions of two tickers; where signals look 20 sessions ahead, 100 sessions are needed."""
    twice = pd.concat([signals, signals.assign(ticker="B")], ignore_index=True)
    entry = scorecard(twice, HOW)[5]
    assert (entry["rows"], entry["sessions"], entry["auc"]["value"]) == (118, 59, None)
    assert entry["auc"]["reason"] == (
        "118 signals in 59 sessions with a known outcome, at least 60 signals in 60 sessions are needed"
    )
    far = scorecard(twice, HOW, horizon_sessions=20)
    assert [entry["period"] for entry in far if entry["auc"]["value"] is not None] == ["all"]
    assert "in 65 sessions with a known outcome, at least 60 signals in 100" in far[2]["auc"]["reason"]


def test_signals_whose_outcome_is_not_known_are_left_out(signals):
    """No label, no row; no known signal at all, no entry."""
    assert scorecard(signals.assign(up_next=np.nan), HOW) == []
    held = signals.assign(up_next=signals["up_next"].where(signals["model_id"] == "aaa"))
    assert {e["model_id"] for e in scorecard(held, HOW)} == {"aaa"}


def test_a_year_weighs_the_parts_of_its_folds_by_their_rows():
    """Two folds meet in 2013: AUC by scikit-learn within each part, weighted by rows."""
    draw = np.random.default_rng(8)
    days = pd.bdate_range("2012-10-01", periods=200).to_numpy("datetime64[s]")
    frame = pd.DataFrame({"date": days, "ticker": "A", "probability": draw.random(200)})
    frame["up_next"] = (draw.random(200) < 0.5).astype(float)
    frame["fold"] = np.where(np.arange(200) < 120, 1.0, 2.0)
    found = of_parts(by_period, labelled_rows(frame))
    late = frame[frame["date"] >= "2013-01-01"]
    parts = [(len(f), roc_auc_score(f["up_next"], f["probability"])) for _, f in late.groupby("fold")]
    expected = sum(n * auc for n, auc in parts) / sum(n for n, _ in parts)
    assert list(found) == ["2012", "2013"]
    assert found["2013"]["auc"] == pytest.approx(expected)
    assert (found["2012"]["rows"], found["2012"]["sessions"]) == (200 - len(late), 200 - len(late))


def test_a_year_of_one_outcome_has_no_auc():
    """Null, while what needs no ranking stands."""
    days = pd.bdate_range("2013-01-01", periods=10).to_numpy("datetime64[s]")
    frame = pd.DataFrame({"date": days, "ticker": "A", "probability": 0.6, "up_next": 1.0, "fold": 1.0})
    found = of_parts(by_period, labelled_rows(frame))["2013"]
    assert (found["auc"], found["hit_rate"]) == (None, 1.0)
