"""The reasons of the advice on the desk: each ok, not ok or unclear; another table stays as it came."""

from __future__ import annotations

import json

import pytest

from core.evaluation.verdict import BETTER, WORSE
from core.queries.reports.advice_rows import advice_rows
from core.queries.reports.document import CHANGED, document, markup_of
from core.report.about_models import reasons_grid
from dashboard.report_tables import with_advice_rows

DRIFT, RULE, BRIER = (
    "highest drift percentile",
    "AUC less that of the best simple rule",
    "Brier score less that of the up-rate",
)


def reason(name="AUC", says="nothing", value=0.5, text="", threshold=0.5, trend=None):
    return {"name": name, "value": value, "threshold": threshold, "trend": trend, "says": says, "text": text}


def evaluation(*reasons, mode="train", verdict="", champion=None, paired=()):
    return {
        "advice": {"reasons": list(reasons)}, "mode": mode, "verdict": verdict, "champion": champion, "paired": paired,
    }  # fmt: skip


def pair(against, metric, low, high):
    return {"against": against, "metric": metric, "difference": (low + high) / 2, "low": low, "high": high}


def test_reasons_stand_in_a_sentence_and_in_rows_with_plain_numbers():
    """A dash for no trend, four decimals and a count without thousands apart are the report's own."""
    body = evaluation(reason(DRIFT, value=68.2927, threshold=99, text="4 findings in 12154 rows"))
    page = f"<p>12154 rows</p>{markup_of(reasons_grid(body['advice']['reasons']))}"
    made = with_advice_rows(page, body)
    assert ">68.2927<" in page
    assert made.startswith("<p>12154 rows</p><p>1 of 1 reason is ok.</p>")
    assert ">68.3<" in made
    assert ">below 99<" in made
    assert "4 findings in 12,154 rows" in made


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (evaluation(reason(), verdict=BETTER), "ok"),
        (evaluation(reason(), verdict=WORSE), "not ok"),
        (evaluation(reason(), verdict="no better than chance"), "unclear"),
        (evaluation(reason(RULE), paired=[pair("reversal", "auc", -0.03, -0.01)]), "not ok"),
        (evaluation(reason(RULE), paired=[pair("reversal", "auc", 0.01, 0.02)]), "ok"),
        (evaluation(reason(BRIER), paired=[pair("majority", "brier", 0.001, 0.002)]), "not ok"),
        (evaluation(reason(BRIER), paired=[pair("majority", "brier", -0.001, 0.002)]), "unclear"),
        (evaluation(reason(RULE, "retrain"), mode="score"), "not ok"),
        (evaluation(reason(DRIFT, "retrain")), "not ok"),
        (evaluation(reason("data findings", "wait")), "not ok"),
        (evaluation(reason("feature definitions", value="same", threshold="same")), "ok"),
        (evaluation(reason("drifting families of columns", value=None)), "unclear"),
        (evaluation(reason("AUC less that of the champion", "keep")), None),
        (evaluation(reason("AUC less that of the champion", "keep"), champion={"model_id": "a"}), "not ok"),
    ],
)
def test_a_reason_is_ok_where_it_is_shown_to_be(body, state):
    """A candidate's by its interval, which without a champion speaks for nothing; any other by what it speaks for."""
    assert [row.state for row in advice_rows(body)] == ([state] if state else [])


def test_what_is_not_ok_stands_first_and_its_trend_in_words():
    """A reader looks for what is wrong; where there is nothing to compare with no trend is said."""
    body = evaluation(
        reason(DRIFT, text="volatility20", trend="rising"),
        reason(text="interval; trend: the first half", trend="falling"),
        reason("data findings", "wait", text="300 findings"), verdict="no better than chance",
    )  # fmt: skip
    assert [(row.name, row.note) for row in advice_rows(body)] == [
        ("Data findings", "300 findings"),
        ("AUC", "interval; falling: the first half"),
        ("Highest drift percentile", "volatility20; rising"),
    ]


def test_another_table_stays_as_it_came():
    """A report by an earlier version may have another: nothing in it is touched."""
    body = evaluation(reason(DRIFT))
    page = markup_of(reasons_grid(body["advice"]["reasons"])).replace("Threshold", "Bound")
    assert with_advice_rows(page, body) == page
    assert with_advice_rows(page, {}) == page


def test_the_table_made_anew_is_that_of_the_page(finished):
    """Of a real report, so that its reasons are rows on the desk, none of them left out."""
    (page,) = finished.glob("checkpoints/report/*/report.html")
    (body,) = finished.glob("checkpoints/evaluate/*/evaluation.json")
    evaluated = json.loads(body.read_text(encoding="utf-8"))
    reasons = evaluated["advice"]["reasons"]
    assert page.read_text(encoding="utf-8").count(markup_of(reasons_grid(reasons))) == 1
    assert len(advice_rows(evaluated)) == len(reasons) - 1, "but that of a champion, where there is none"


def test_a_text_without_a_heading_is_a_report_too():
    """Whoever saved one took the page away from everybody, also from those who would edit it back."""
    generated = "T\n\nDecision\n--------\nNo.\n"
    (alone,) = document("", generated, "All is well.\n")
    assert (alone.title, alone.kind, alone.text) == ("", CHANGED, "All is well.")
    assert [section.title for section in document("", "All is well.", generated)] == ["", "Decision"]
