"""Evaluation bodies as the evaluate stage writes them: trained, scored, too little data, hostile."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from core.tables.artifacts import Document
from tests.report.bodies import performance, scored_body, trained_body, unjudged

HOSTILE = '<script>alert(1)</script>\nSTATUS: SIGNED\u202e" onload="x'


@pytest.fixture
def trained() -> dict[str, Any]:
    """A train run on the sample with the figures such a run has."""
    return trained_body()


@pytest.fixture
def scored() -> dict[str, Any]:
    return scored_body()


@pytest.fixture
def too_little() -> dict[str, Any]:
    """A train run without a single fold: no model, no signals, no drift."""
    body = unjudged(
        trained_body(), "insufficient data", "200 sessions are too few for one fold (764 needed)."
    )
    body["model"] = {
        "model_id": None,
        "model_kind": None,
        "features": [],
        "training": None,
        "age_sessions": None,
        "retained": None,
    }
    return body | {"signals": [], "drift": {}, "drift_window": {}}


@pytest.fixture
def too_little_new() -> dict[str, Any]:
    """A score run with 25 new rows: the model's walk-forward figures stand in."""
    body = unjudged(scored_body(), "insufficient new data", "25 labelled rows after training, 60 needed.")
    return body | {"training_performance": performance(), "rows": 25}


@pytest.fixture
def hostile() -> dict[str, Any]:
    """Markup, line breaks and a direction mark wherever text from outside can stand."""
    body = trained_body()
    body["data"]["source"] = {"name": HOSTILE, "uri": HOSTILE, "sha256": HOSTILE}
    body["data"]["tickers"] = {
        HOSTILE: {"rows": 1, "first": "2013-01-02", "last": "2013-01-02", "outcome": HOSTILE},
        "W" * 400: {"rows": 1, "first": "2013-01-02", "last": "2013-01-02", "outcome": "ok"},
    }
    body["data"]["findings"] = [{"rule": HOSTILE, "severity": "warning", "count": 1}]
    body["by_ticker"] = {HOSTILE: body["by_ticker"]["AAPL"]}
    body["signals"][0]["ticker"] = HOSTILE
    body["beside"] = {HOSTILE: body["beside"]["hist_gradient_boosting"]}
    body["leak_alarm"] = {"raised": True, "reason": HOSTILE}
    body["by_fold"][0] |= {"from": HOSTILE, "to": HOSTILE}
    body["model"] |= {"model_id": "x; rm -rf ~ " + HOSTILE, "retained": None}
    body["digests"] = {HOSTILE: HOSTILE}
    return body


def evaluation(body: dict[str, Any]) -> Document:
    return Document("evaluation", copy.deepcopy(body))


@pytest.fixture
def rendered() -> Any:
    """Return (text, page) of a body."""
    from core.report.render import render

    def both(body: dict[str, Any]) -> tuple[str, str]:
        text, page = render(evaluation(body))
        return text.text, page.text

    return both
