"""What the evaluation carries of the stages before it."""

import pandas as pd
import pytest

from core.evaluation.summaries import data_summary, features_summary, model_summary, signals
from core.features import definition_digest, definitions
from core.fingerprint import sha256
from core.tables.artifacts import Document, Table
from core.tables.codec import encode

FRAME = pd.DataFrame(
    {
        "date": pd.to_datetime(["2020-01-02", "2020-01-02", "2020-01-03"]).astype("datetime64[s]"),
        "ticker": ["A", "B", "A"],
        "return": [None, 0.1, 0.2],
        "ma5_ratio": [0.1, None, 0.3],
    }
)
FEATURES = Table("features", FRAME)


def test_findings_and_repairs_are_counted_by_rule():
    """Errors come first, then by rule; repairs by rule."""
    findings = [
        {"rule": "jump", "severity": "warning"},
        {"rule": "gap", "severity": "error"},
        {"rule": "jump", "severity": "warning"},
    ]
    repairs = {"rows_in": 9, "rows_out": 8, "repairs": [{"rule": "spike"}]}
    found = data_summary(Document("findings", {"findings": findings}), Document("repairs", repairs), FEATURES)
    assert found["findings"] == [
        {"rule": "gap", "severity": "error", "count": 1},
        {"rule": "jump", "severity": "warning", "count": 2},
    ]
    assert found["repairs"] == [{"rule": "spike", "count": 1}]
    assert (found["rows_in"], found["rows_clean"], found["from"], found["to"]) == (
        9,
        8,
        "2020-01-02",
        "2020-01-03",
    )


def test_findings_that_are_not_listed_count():
    """A thousand rows and one finding for 234 beyond are 1,234; a few without ticker are just those."""
    listed = [{"rule": "jump", "severity": "warning", "ticker": "A", "date": "2020-01-02"}] * 1000
    beyond = {"rule": "jump", "severity": "warning", "ticker": None, "date": None, "value": 234}
    few = [{"rule": "few_rows", "severity": "warning", "ticker": None, "date": None, "value": 9}]
    found = data_summary(
        Document("findings", {"findings": [*few, *listed, beyond]}), Document("repairs", {}), FEATURES
    )
    assert [(entry["rule"], entry["count"]) for entry in found["findings"]] == [
        ("few_rows", 1),
        ("jump", 1234),
    ]


def test_the_sources_own_record_is_kept():
    """Tickers and price basis move to their places, the rest stays the source's."""
    source = {
        "name": "files",
        "sha256": "ab",
        "tickers": {"A": {"rows": 2}},
        "price_basis": "raw",
        "waivers": ["w"],
    }
    found = data_summary(Document("findings", {"source": source}), Document("repairs", {}), FEATURES)
    assert found["source"] == {"name": "files", "sha256": "ab"}
    assert found["tickers"] == {"A": {"rows": 2, "rows_clean": 2}}
    assert (found["price_basis"], found["adjusted_close"], found["waivers"]) == ("raw", None, ["w"])


def test_without_a_record_coverage_is_counted():
    """Rows, first and last date by ticker come from the features."""
    found = data_summary(Document("findings", {}), Document("repairs", {}), FEATURES)["tickers"]
    span = {"first": "2020-01-02", "last": "2020-01-03"}
    assert found["A"] == {"rows": 2, **span, "outcome": "not recorded", "rows_clean": 2}


def test_rows_before_and_after_cleaning_stand_side_by_side():
    """Of five rows of A two are left; of C, of which clean left nothing, none."""
    source = {"tickers": {"A": {"rows": 5}, "C": {"rows": 7}}}
    found = data_summary(Document("findings", {"source": source}), Document("repairs", {}), FEATURES)
    assert found["tickers"] == {"A": {"rows": 5, "rows_clean": 2}, "C": {"rows": 7, "rows_clean": 0}}


def test_complete_rows_have_every_feature():
    """Of three rows one lacks the return and one the ratio."""
    assert features_summary(FEATURES, ["return", "ma5_ratio"])["complete_rows"] == 1


def test_definitions_belong_to_their_digest():
    """This program's table carries the texts; a table of another definition does not get ours."""
    ours = features_summary(Table("features", FRAME, {"definition_digest": definition_digest()}), [])
    theirs = features_summary(Table("features", FRAME, {"definition_digest": "another"}), [])
    assert ours["definitions"] == definitions()
    assert theirs["definitions"] == []


def test_a_model_is_named_by_its_content():
    """The id is the beginning of its file's digest, the age in sessions of the data."""
    model = Document(
        "model",
        {"model_kind": "logistic_regression", "features": ["return"], "training": {"to": "2020-01-02"}},
    )
    found = model_summary(model, Table("predictions", FRAME), FEATURES)
    assert found["model_id"] == sha256(encode(model).data)[:12]
    assert (found["age_sessions"], found["retained"]) == (1, None)


@pytest.mark.parametrize(
    ("mode", "training", "expected"),
    [
        ("score", {"tickers": ["AA", "CC", "GONE"]}, ["BB"]),
        ("score", {"tickers": ["AA", "BB"]}, ["GONE"]),  # it has rows after the training, and none of late
        ("score", {"tickers": ["AA"], "tickers_of_table": ["AA", "BB", "GONE"]}, []),
        ("score", {}, []),  # an older model does not say its tickers
        ("train", {"tickers": ["AA"]}, []),  # a training run is judged by its folds
    ],
)
def test_tickers_that_training_lacked_are_named(mode, training, expected):
    """Of those that are scored, by a row or by a signal, in order; one that ended before is not scored."""
    training = {"to": "2020-01-02", **training}
    model = Document("model", {"model_kind": "x", "features": ["return"], "training": training})
    directions = {"BB": "up", "AA": "down", "ENDED": None}
    signals = [{"ticker": ticker, "direction": direction} for ticker, direction in directions.items()]
    rows = pd.DataFrame({"ticker": ["AA", "GONE", "AA"]})
    predictions = Table("predictions", rows, {"mode": mode, "signals": signals})
    summary = model_summary(model, predictions, FEATURES)
    assert summary["new_tickers"] == expected


def test_the_signal_of_a_ticker_that_ended_keeps_its_reason():
    """Training and scoring said it; a doubt about the same row adds nothing."""
    ended = {
        "ticker": "A",
        "after": "2020-01-03",
        "session": "2020-01-06",
        "probability": None,
        "direction": None,
    }
    ended["reason"] = "its last row is of 2020-01-03, the last session of all is 2020-01-10"
    doubts = {"last_rows_in_doubt": {"A": {"session": "2020-01-03", "rules": ["large_move"]}}}
    for source in ({}, doubts):
        findings = Document("findings", {"source": source})
        assert signals(Table("predictions", FRAME, {"signals": [ended]}), findings) == [ended]
