"""Advice, champion, live record and years: each says what the evaluation says, or that there is nothing."""

from __future__ import annotations

import re

import pytest

from core.report.sections import SECTIONS


def section_of(text, title):
    """The text under a heading, in one line."""
    after = text.split(f"\n{title}\n{'-' * len(title)}\n", 1)[1]
    following = SECTIONS[SECTIONS.index(title) + 1]
    return " ".join(after.split(f"\n{following}\n{'-' * len(following)}\n", 1)[0].split())


def metric(value, low, high):
    """A metric with its interval."""
    return {"value": value, "low": low, "high": high}


ADVICE = {
    "decision": "retrain",
    "sentence": "Retraining is supported by: model age.",
    "reasons": [
        {
            "name": "model age",
            "value": 544,
            "threshold": 252,
            "trend": "rising",
            "says": "retrain",
            "text": "old",
        },
        {
            "name": "AUC",
            "value": 0.50157,
            "threshold": 0.5,
            "trend": None,
            "says": "nothing",
            "text": "so so",
        },
        {
            "name": "drifting families of columns",
            "value": None,
            "threshold": 3,
            "trend": None,
            "says": "wait",
            "text": "x",
        },
    ],
}
CHAMPION = {
    "model_id": "28f430f73ab9", "model_kind": "logistic_regression", "trained_to": "2010-12-30", "age_sessions": 544,
    "feature_changes": {"same": True, "from": 1, "to": 1, "added": [], "removed": [], "redefined": [],
                        "texts_known": True},
    "judgement": "not inferior", "compared": True, "reason": "", "rows": 2347, "sessions": 543,
    "from": "2010-12-31", "to": "2013-02-28",
    "performance": {"auc": metric(0.4831, 0.455, 0.512)}, "challenger": {"auc": metric(0.4848, 0.457, 0.514)},
    "paired": [{"metric": "auc", "difference": 0.00173, "low": -0.00506, "high": 0.00806}],
}  # fmt: skip
CHANGED = {
    "same": False, "from": 1, "to": 2, "added": ["drawdown20"], "removed": ["lag5"],
    "redefined": [{"name": "return", "before": "simple", "after": "log"}], "texts_known": True,
}  # fmt: skip


@pytest.fixture
def retrained(trained):
    """A train run beside a champion."""
    part = {"rows": 1260, "sessions": 252, "auc": 0.4912, "precision": 0.5, "recall": 0.6, "hit_rate": 0.51,
            "brier": 0.2504}  # fmt: skip
    return trained | {"advice": ADVICE, "champion": CHAMPION, "by_period": {"2012": part}, "scorecard": None}


def test_the_advice_stands_with_its_table_and_room_for_a_persons_reasons(retrained, rendered):
    """Decision first; value, threshold and trend of each reason; the command that records one's own."""
    text = section_of(rendered(retrained)[0], "Retraining advice")
    assert text.startswith("Advice: retrain. Retraining is supported by: model age.")
    assert "model age 544 252 rising retrain old" in text
    assert "AUC 0.5016 0.5 - neither so so" in text
    assert "drifting families of columns n/a 3 - wait x" in text
    assert 'afterclose models decide keep --why "..."' in text


def test_candidate_and_champion_stand_side_by_side(retrained, rendered):
    """On which rows, with intervals and the paired difference."""
    text = section_of(rendered(retrained)[0], "Beside the champion")
    assert "2,347 rows of 543 sessions, 2010-12-31 to 2013-02-28" in text
    assert "AUC 0.485 [0.457, 0.514] 0.483 [0.455, 0.512] 0.0017 [-0.0051, 0.0081]" in text
    assert "Result not inferior" in text


def test_a_champion_that_was_not_compared_is_a_warning(retrained, rendered):
    """With the reason."""
    retrained["champion"] = CHAMPION | {"compared": False, "judgement": "not compared", "reason": "3 rows."}
    text = section_of(rendered(retrained)[0], "Beside the champion")
    assert "WARNING: Candidate and champion were not compared: 3 rows." in text


def test_changed_features_are_told_against_the_champions(retrained, rendered):
    """Added, removed, redefined; and the same set in one sentence."""
    assert "The features are those of the champion (set 1)." in section_of(rendered(retrained)[0], "Features")
    retrained["champion"] = CHAMPION | {"feature_changes": CHANGED}
    text = section_of(rendered(retrained)[0], "Features")
    assert "it has set 1, this run set 2" in text
    for line in ("Added: drawdown20", "Removed: lag5", "Redefined: return, was: simple; is: log"):
        assert line in text


def test_years_are_listed(retrained, rendered):
    """Rows, sessions and measures."""
    text = section_of(rendered(retrained)[0], "By year")
    assert "2012 1,260 252 0.491 n/a 50.0% 60.0% 51.0% 0.2504" in text


def entry(period, rows, auc):
    """A line of the scorecard."""
    return {
        "model_id": "28f430f73ab9", "period": period, "rows": rows, "right": rows // 2, "up_rate": 0.5,
        "auc": auc, "hit_rate": auc, "brier": auc,
    }  # fmt: skip


def test_the_live_record_has_every_quarter_and_says_what_is_too_few(scored, rendered):
    """Intervals where there are enough, counts everywhere."""
    few = {"value": None, "low": None, "high": None, "reason": "10 signals, at least 60 are needed"}
    scored["scorecard"] = [entry("all", 630, metric(0.52, 0.47, 0.57)), entry("2012Q3", 10, few)]
    text = section_of(rendered(scored)[0], "Live record")
    assert "28f430f73ab9 all 630 50.0% 50.0% [47.0%, 57.0%] 0.520 [0.470, 0.570] 0.5200" in text
    assert "28f430f73ab9 2012Q3 10 50.0% 50.0% n/a n/a n/a n/a" in text
    assert "n/a (2012Q3: 10 signals, at least 60 are needed)." in text


@pytest.mark.parametrize("name", ["Retraining advice", "Beside the champion", "By year", "Live record"])
def test_an_evaluation_of_the_first_version_still_has_every_section(name, trained, rendered):
    """It has neither advice nor champion; each section says that there is nothing."""
    assert len(section_of(rendered(trained)[0], name)) > 20


def test_the_page_says_the_same(retrained, rendered):
    """Every figure of the new sections is on the page, too."""
    page = rendered(retrained)[1]
    for figure in ("0.0017 [-0.0051, 0.0081]", "0.5016", "Advice: retrain."):
        assert figure in re.sub(r"<[^>]+>", "", page)


def test_it_is_said_plainly_when_nothing_beats_holding(trained, rendered):
    """The nearest is named, and the paired difference where there is one."""
    text = section_of(rendered(trained)[0], "Economics")
    assert "None of the calls in this report beats buying and holding; the nearest is" in text
    hold = {
        "against": "buy_and_hold",
        "metric": "long_flat_sharpe",
        "difference": -0.58,
        "low": -0.98,
        "high": -0.18,
    }
    trained["paired"].append(hold)
    assert "the difference is -0.58 [-0.98, -0.18]" in section_of(rendered(trained)[0], "Economics")


def test_something_that_beats_holding_is_not_hidden(trained, rendered):
    """One rule above holding is enough."""
    trained["baselines"]["reversal"]["sharpe"] = 9.0
    text = section_of(rendered(trained)[0], "Economics")
    assert "None of the calls in this report" not in text
    assert "Not all calls fell short of holding; the best is Reversal" in text


def test_equal_weights_that_beat_holding_are_no_call_and_are_not_denied(trained, rendered):
    """They stand in the table above the sentence, which is about calls alone."""
    trained["baselines"]["equal_weight_daily"]["sharpe"] = 9.0
    text = section_of(rendered(trained)[0], "Economics")
    assert "Nothing" not in text
    assert "None of the calls in this report beats buying and holding; the nearest is" in text


def test_the_length_of_blocks_is_that_of_the_resamples(trained, rendered):
    """Five blocks of ten at least: a test period of 40 sessions is cut into blocks of eight."""
    text = " ".join(rendered(trained)[0].split())
    assert "whole blocks of 10 sessions (fewer in a period under 50), so that days" in text


def test_small_differences_of_brier_scores_keep_their_digits(trained, rendered):
    """Four decimals, as the scores themselves."""
    pair = {"against": "majority", "metric": "brier", "difference": 0.00021, "low": -0.00033, "high": 0.00075}
    trained["paired"].append(pair)
    assert "Majority class Brier score 0.0002 [-0.0003, 0.0008] no difference shown" in " ".join(
        rendered(trained)[0].split()
    )
