"""Each doubt appears when the evaluation gives reason for it, and only then."""

from __future__ import annotations

import copy

import pytest

from core.report.doubts import limits


def said(body) -> str:
    blocks = limits(body).blocks
    return " ".join(
        text for block in blocks for text in getattr(block, "items", (getattr(block, "text", ""),))
    )


def calm(body):
    """Return a body that gives no reason for any doubt."""
    body["verdict"] = "better than chance"
    body["performance"]["auc"] = {"value": 0.53, "low": 0.515, "high": 0.545}
    body["data"] |= {"findings": []}
    body["data"]["source"]["name"] = "files"
    body["drift"]["volatility20"]["severity"] = "ok"
    return body


def few_folds(body):
    body["by_fold"] = body["by_fold"][:2]


def old(body):
    body["model"]["age_sessions"] = 252


CASES = {
    "nothing here supports acting": lambda b: b.update(verdict="no better than chance"),
    "too little data for a judgement": lambda b: b.update(verdict="insufficient data"),
    "leak alarm is raised": lambda b: b.update(leak_alarm={"raised": True, "reason": "AUC .71."}),
    "Reversal of the previous day (0.541)": lambda b: b["baselines"]["reversal"].update(auc=0.541),
    "is that of the previous model": lambda b: b["model"].update(retained="kept"),
    "It is not current": lambda b: b["data"]["source"].update(name="sample"),
    "no adjusted close": lambda b: b["data"].update(adjusted_close="copied_from_close"),
    "whether prices are adjusted for splits": lambda b: b["data"].update(price_basis="unknown"),
    "1 warning that was not waived": lambda b: b["data"].update(
        findings=[{"rule": "stale", "severity": "warning", "count": 1}]
    ),
    "Findings were waived: jump of FB": lambda b: b["data"].update(waivers=["jump of FB"]),
    "Cleaning removed 2.0% of the rows": lambda b: b["data"].update(rows_in=1000, rows_clean=980),
    "came through: FB": lambda b: b["data"]["tickers"]["FB"].update(outcome="failed"),
    "Only 999 rows were judged": lambda b: b.update(rows=999),
    "interval of the AUC is wide, 0.501 to 0.620": lambda b: b["performance"]["auc"].update(
        low=0.501, high=0.62
    ),
    "only 2 test periods": few_folds,
    "1 measure could not be computed": lambda b: b["performance"]["recall"].update(value=None),
    "unusual in lag1": lambda b: b["drift"]["lag1"].update(severity="warn"),
    "unlike nearly all of the past in lag2": lambda b: b["drift"]["lag2"].update(severity="alarm"),
    "Drift could not be ranked": lambda b: b["drift"]["lag3"].update(severity="insufficient"),
    "252 sessions old": old,
}


@pytest.mark.parametrize("sentence", CASES)
def test_a_doubt_appears_with_its_reason_and_not_without(sentence, trained):
    """The sentence is absent from a calm evaluation and present once its cause is there."""
    body = calm(trained)
    assert sentence not in said(body)
    CASES[sentence](body)
    assert sentence in said(body)


def test_tickers_that_somebody_chose_are_doubted_for_having_lasted(trained):
    """How many of them end before the last session is counted; of the sample it is said in its own words."""
    body = calm(trained)
    assert (
        "Somebody chose the 5 tickers, knowing which companies lasted; all reach the last session."
        in said(body)
    )
    body["data"]["tickers"]["FB"]["last"] = "2012-09-01"
    assert "1 of them end before the last session" in said(body)
    body["data"]["source"]["name"] = "sample"
    assert "Somebody chose" not in said(body)
    assert "known to have lasted" in said(body)


def test_a_calm_evaluation_has_no_particular_doubt_but_keeps_its_limits(trained):
    """Limits and intended use stand in every report."""
    text = said(calm(trained))
    assert "no reason" not in text
    assert text.count("survivorship") == 1
    sample = calm(copy.deepcopy(trained))
    sample["data"]["tickers"] = {}
    assert "Nothing in this run gave reason for a particular doubt." in said(sample)
    assert "no promise" in text
    assert "investment advice" in text
