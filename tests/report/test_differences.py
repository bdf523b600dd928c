"""What is different between two evaluations, by hand-made changes."""

from __future__ import annotations

import copy

import pytest

from core.report.differences import Difference, differences


@pytest.fixture
def later(trained):
    """The same evaluation once more, to be changed."""
    return copy.deepcopy(trained)


def test_the_same_evaluation_is_not_different(trained, later):
    """Nothing to read."""
    assert differences(trained, later) == ()


def test_figures_verdict_and_data_are_compared_as_they_are_written(trained, later):
    """A change below the last decimal that a report has is none."""
    later["performance"]["auc"] = {"value": 0.53219, "low": 0.51, "high": 0.55}
    later["performance"]["hit_rate"]["value"] += 0.00001
    later["verdict"] = "better than chance"
    later["data"]["to"] = "2013-03-04"
    assert differences(trained, later) == (
        Difference("Verdict", "no better than chance", "better than chance"),
        Difference("AUC", "0.498 [0.486, 0.511]", "0.532 [0.510, 0.550]"),
        Difference("Last session", "2013-03-01", "2013-03-04"),
        Difference(
            "No doubt any more",
            "Rules that need no model had an AUC at least as high as its 0.498: Majority class (0.500), "
            "Reversal of the previous day (0.512), Always up (0.500).",
            "",
        ),
    )


def test_signals_that_turned_and_settings_are_named(trained, later):
    """One row for all tickers, one for each setting."""
    for signal in later["signals"]:
        signal["direction"] = "down"
    later["settings"]["cost_bps"] = 9.0
    found = {d.what: (d.before, d.now) for d in differences(trained, later)}
    assert found == {
        "Signals that turned": ("FB up, GOOG up, IBM up, MSFT up", "FB down, GOOG down, IBM down, MSFT down"),
        "Setting: cost bps": ("5.0", "9.0"),
    }


def test_another_question_is_named_and_its_calls_are_no_turned_ones(trained, later):
    """Up over five sessions is not the call that was up over one."""
    later["label"] = {"horizon_sessions": 5, "label": "direction"}
    for signal in later["signals"]:
        signal["direction"] = "down"
    assert differences(trained, later) == (
        Difference("Predicted", "direction over the next session", "direction over the next 5 sessions"),
    )


def test_a_doubt_that_came_is_new(trained, later):
    """By its own words."""
    later["data"]["price_basis"] = "unknown"
    assert differences(trained, later) == (
        Difference("New doubt", "", "The source does not say whether prices are adjusted for splits."),
    )


def test_a_value_from_outside_stays_on_its_line(trained, hostile):
    """Markup is text, a line break is spelled out, and nothing is longer than a line or two."""
    for difference in differences(trained, hostile):
        assert "\n" not in difference.before + difference.now
        assert max(len(difference.before), len(difference.now)) <= 160
