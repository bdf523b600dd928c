"""Statements that the evaluation bears out, and those it does not: by hand-made evaluations."""

import pytest

from core.queries.reports.contradictions import contradictions

BODY = {
    "performance": {
        "auc": {"value": 0.5016, "low": 0.4879, "high": 0.5148},
        "precision": {"value": 0.5106, "low": 0.4949, "high": 0.5269},
        "hit_rate": {"value": None, "reason": "none"},
        "brier": {"value": 0.2504, "low": 0.2498, "high": 0.2510},
        "long_flat_sharpe": {"value": 0.43, "low": -0.1, "high": 0.96},
    },
    "baselines": {"reversal": {"auc": 0.5101, "precision": 0.52}, "buy_and_hold": {"sharpe": 1.0}},
    "champion": {"paired": [{"metric": "auc", "difference": 0.0025, "low": -0.0049, "high": 0.0108}], "rows": 1331},
    "by_ticker": {"AAPL": {"rows": 2557, "auc": 0.4911}, "IBM": {"rows": 2557, "auc": None}},
    "rows": 9973,
    "sessions": 2557,
    "data": {"rows_in": 12154, "tickers": {"AAPL": {}, "IBM": {}}},
}  # fmt: skip


def found(words):
    """The statements that are pointed out in a context of these words."""
    return [c.words for c in contradictions(f"Context\n-------\n{words}\n", BODY)]


@pytest.mark.parametrize(
    "words",
    [
        "The AUC is 0.502.",
        "AUC 0.50, between them nothing.",
        "An AUC of 0.5101 by reversal alone, and 0.491 for AAPL: AUC 0.491.",
        "Precision was 51.1%, as good as 51 %: precision of 51%.",
        "Brier score: 0.250.",
        "A Sharpe ratio of 0.43; holding has a Sharpe of 1.0.",
        "AUC differs by 0.0025.",
        "9,973 rows, 2557 sessions, 2 tickers, of 12,154 rows read.",
        "An AUC above 0.6 would be a leak; we want a precision of at least 60%.",
        "In 2012 the market rose; precision matters. 0.9 is a number.",
        "",
    ],
)
def test_what_the_evaluation_has_is_left_alone(words):
    """At the precision in which it was written; thresholds and numbers of something else are no statement."""
    assert found(words) == []


@pytest.mark.parametrize(
    ("words", "pointed_out"),
    [
        ("The AUC is 0.62.", ["AUC is 0.62"]),
        ("An AUC of 0.503.", ["AUC of 0.503"]),
        ("Precision was 61 %.", ["Precision was 61 %"]),
        ("Our hit rate is 55%.", ["hit rate is 55%"]),
        ("Sharpe ratio 2.1", ["Sharpe ratio 2.1"]),
        ("Over 12,000 rows and 3 tickers.", ["12,000 rows", "3 tickers"]),
        ("auc 0.9 and AUC: 0.502", ["auc 0.9"]),
    ],
)
def test_what_it_does_not_have_is_pointed_out(words, pointed_out):
    """One statement each, as it was written."""
    assert found(words) == pointed_out


def test_the_hint_says_where_and_what_the_evaluation_has():
    """Beside the interval; a measure without a value is said to have none."""
    (auc,) = contradictions("Risks\n-----\nAUC 0.9\n", BODY)
    assert auc.section == "Risks"
    assert auc.evaluation == "the evaluation has AUC 0.502, interval 0.488 to 0.515"
    (rate,) = contradictions("Risks\n-----\nhit rate 0.9\n", BODY)
    assert rate.evaluation == "the evaluation has no Hit rate for this model"


def test_the_generated_part_is_never_judged():
    """It was written from the evaluation; its changes are shown as edits."""
    assert contradictions("Decision\n--------\nAUC 0.9\n\n\nContext\n-------\nNothing.\n", BODY) == []
