"""What the log says of each stage."""

from __future__ import annotations

import pandas as pd

from core.runs.stage_facts import MOST_REPAIRS, facts, outcomes, repairs
from core.tables.artifacts import Document, Table


def test_ingest_says_where_from():
    """The source's URI."""
    table = Table("prices_raw", pd.DataFrame(), {"source": {"uri": "file:x.csv"}})
    assert facts("ingest", [table], {}) == {"source_uri": "file:x.csv"}


def test_validate_counts_findings_by_rule():
    """Sorted by rule."""
    body = {"findings": [{"rule": "b"}, {"rule": "a"}, {"rule": "b"}]}
    assert facts("validate", [Document("findings", body)], {}) == {"findings": {"a": 1, "b": 2}}


def test_clean_says_rows_in_and_out_and_repairs_by_rule():
    """And gives the repairs one by one, at most a thousand."""
    body = {"rows_in": 3000, "rows_out": 1, "repairs": [{"rule": "spike", "n": n} for n in range(2999)]}
    document = Document("repairs", body)
    assert facts("clean", [document], {}) == {"rows_in": 3000, "rows_out": 1, "repairs": {"spike": 2999}}
    assert [r["n"] for r in repairs([document])] == list(range(MOST_REPAIRS))
    assert list(repairs([])) == []


def test_training_says_parameters_model_and_metrics():
    """Without a model (scoring, or too little history) the metrics are null."""
    predictions = Table("predictions", pd.DataFrame(), {"model_id": "abc"})
    model = Document("model", {"walk_forward": {"performance": {"auc": 1}}})
    said = facts("train_or_score", [predictions, model], {"seed": 7})
    assert said == {"parameters": {"seed": 7}, "model_id": "abc", "metrics": {"auc": 1}}
    assert facts("train_or_score", [predictions], {})["metrics"] is None
    assert (
        facts("train_or_score", [predictions, Document("model", {"walk_forward": None})], {})["metrics"]
        is None
    )


def test_evaluate_says_the_verdict_and_the_auc():
    """The two figures one looks for first."""
    body = {"verdict": "no better than chance", "performance": {"auc": {"value": 0.5}}, "more": 1}
    said = facts("evaluate", [Document("evaluation", body)], {})
    assert said == {"verdict": "no better than chance", "auc": {"value": 0.5}}


def test_evaluate_says_the_advice():
    """For the terminal's line."""
    body = {"verdict": "", "performance": {"auc": {}}, "advice": {"decision": "keep", "reasons": []}}
    assert facts("evaluate", [Document("evaluation", body)], {})["advice"] == "keep"


def test_the_others_say_nothing_more():
    """Rows and path are said by the runner."""
    assert facts("report", [], {}) == facts("feature_engineer", [], {}) == {}


def test_only_ingest_tells_the_outcome_of_each_ticker():
    """It goes into the meta file beside the digests."""
    told = {"A": {"rows": 1, "outcome": "ok"}}
    raw = Table("prices_raw", pd.DataFrame(), {"source": {"uri": "x", "tickers": told}})
    assert outcomes([raw]) == {"tickers": told}
    assert outcomes([Document("findings", {"findings": []})]) == {}
