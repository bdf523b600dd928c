"""Signals and scorecard as facts and tables, from bodies written by hand."""

from __future__ import annotations

import math

from core.queries.models.signals import model_facts, quarters, scorecard
from core.queries.reports.tables import frame
from core.queries.reports.tables import signals as signals_sheet
from core.report.about_features import audit_words
from core.report.sheets import signals as own_table
from core.report.trading_sheets import evidence_basis

SIGNAL = {
    "ticker": "A",
    "after": "2024-01-05",
    "session": "2024-01-08",
    "probability": 0.5,
    "direction": "up",
}
SCORED = {"model_id": "abc", "model_kind": "logistic_regression", "age_sessions": 3, "signals": [SIGNAL]}


def test_a_scored_run_tells_model_and_age():
    """What was trained up to when comes from the evaluation."""
    evaluation = {"model": {"training": {"to": "2024-01-02"}, "age_sessions": 9}}
    assert model_facts(SCORED, evaluation) == [
        ("Model", "abc"),
        ("Kind", "Logistic regression"),
        ("Trained to", "2024-01-02"),
        ("Age", "3 sessions"),
    ]


def test_without_a_model_there_is_little_to_tell():
    """And nothing is made up."""
    assert model_facts({"model_id": None, "model_kind": None, "signals": []}, {}) == [("Model", "none")]


def test_the_scorecard_becomes_rows_with_shares_and_gaps():
    """3 of 4 is .75; under 60 signals there is no interval, and the reason stands there."""
    nothing = {"value": None, "low": None, "high": None, "reason": "4 signals"}
    entry = {
        "model_id": "abc",
        "rows": 4,
        "right": 3,
        "up_rate": 0.5,
        "hit_rate": nothing,
        "auc": nothing,
        "brier": nothing,
    }
    table = frame(scorecard([entry | {"period": "all"}, entry | {"period": "2024Q1"}]))
    assert table["share"].tolist() == [0.75, 0.75]
    assert math.isnan(table["low"].iloc[0])
    assert table["reason"].iloc[0] == "4 signals"
    assert quarters(table)["period"].tolist() == ["2024Q1"]
    assert frame(scorecard([])).empty


def test_a_withheld_signal_says_so_and_why():
    """On the desk and in its download; without one there is no column of reasons."""
    withheld = SIGNAL | {"ticker": "B", "direction": None, "reason": "withheld: the last row is in doubt"}
    table = frame(signals_sheet({"signals": [SIGNAL | {"reason": None}, withheld]}))
    assert table["direction"].tolist() == ["▲ up", "○ withheld"]
    assert table["reason"].tolist() == ["", "withheld: the last row is in doubt"]
    assert table["probability"].tolist()[0] == 0.5
    assert math.isnan(table["probability"].tolist()[1])
    assert "reason" not in frame(signals_sheet({"signals": [SIGNAL]}))


def test_the_reports_own_table_calls_no_half_a_fall():
    """A probability just below one half has the decimals that tell it from one, as on the desk."""
    below = SIGNAL | {"ticker": "B", "probability": 0.49996, "direction": "down"}
    sheet = own_table([SIGNAL, below])
    texts = [
        [column.write(row[column.key]) for column in sheet.columns if column.key == "probability"]
        for row in sheet.rows
    ]
    assert texts == [["50.0%"], ["49.996%"]]


ABOUT = {"features": 13, "rows": 1_260_000, "tolerance": 1e-9}


def test_the_audit_of_a_large_table_says_what_was_computed_on_which_part():
    """Where rows were drawn nobody reads that everything was; where all were there is nothing of parts."""
    large, small = (audit_words({**ABOUT, "every_session": every}) for every in (False, True))
    assert "13 features over 1,260,000 rows" in large
    assert large.endswith("are computed again on each as a whole, those of this program on the first.")
    assert "after every session of every ticker" not in large
    assert "those of the first 30, as far as a bound on the rows allows" in large
    assert "after every session of every ticker" in small
    assert "part" not in small


def test_what_is_staked_upon_where_labels_overlap_is_said_in_words():
    """Of two and three sessions as of twenty: no ordinal is made of a number."""
    now = {"threshold": 40.0, "sessions": 3, "e_value": 1.1, "worse_e_value": 0.9}
    for horizon in (2, 3, 20):
        label = {"horizon_sessions": horizon, "label": "direction"}
        words = evidence_basis({"sequential": now, "label": label})
        assert f"when one call every {horizon} sessions, so that outcomes do not overlap, is staked" in words
    assert "when each call is staked" in evidence_basis({"sequential": now})
