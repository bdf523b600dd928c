"""What findings say, word for word: values that differ, a volume that is missing, an unknown basis."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.prices.calendar import sessions_between
from core.prices.cells import json_value
from core.prices.rule_summaries import rule_summaries
from core.prices.sessions import spacing_of
from core.prices.validation import validate

from .conftest import TODAY, defaults, gate, quiet_frame, table


def with_another_row(**changes):
    """The quiet table, and the row of 2012-01-09 once more with other values."""
    return pd.concat([quiet_frame(), quiet_frame().iloc[[4]].assign(**changes)], ignore_index=True)


@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        ({"close": 100.9}, "close 100.45 or 100.9"),
        ({"volume": 7.0}, "volume 7 or 1004"),
        ({"close": 100.9, "volume": 7.0}, "close 100.45 or 100.9; volume 1004 or 7"),
        ({"adj_close": np.nan}, "adj_close nothing or 100.45"),
    ],
)
def test_rows_of_one_date_are_said_to_differ_in_what_differs_alone(changes, differ):
    """A column that is alike in both rows is not named; a missing value is called nothing."""
    actions = [f["action"] for f in gate(with_another_row(**changes)) if f["rule"] == "conflicting_duplicate"]
    assert actions == [f"Decide which row is right; keep one. They differ in {differ}."]


@pytest.mark.parametrize(
    ("volume", "words"),
    [(1.0, "the share volume is what a split makes usual"), (0.0, "there is no volume to compare")],
)
def test_a_split_without_volumes_is_not_said_to_rest_on_them(volume, words):
    """Two for one on the 61st session: the volume doubles, or there is none at all."""
    days = [str(day) for day in sessions_between("XNYS", date(2012, 1, 3), date(2012, 6, 29))]
    frame = quiet_frame(days=days)
    later = np.arange(len(days)) >= 60
    for name in ("open", "high", "low", "close", "adj_close"):
        frame[name] = np.where(later, frame[name] / 2, frame[name])
    frame["volume"] = np.where(later, 2000.0, 1000.0) * volume
    (split,) = [f for f in gate(frame) if f["rule"] == "unadjusted_split"]
    assert words in split["action"]


def test_the_first_finding_of_a_rule_lends_its_value_and_its_action():
    """A summary shows one example in full."""
    entries = [
        {
            "rule": "r",
            "severity": "warning",
            "ticker": "A",
            "date": "2012-01-09",
            "value": 2.5,
            "action": "Look.",
        },
        {
            "rule": "r",
            "severity": "warning",
            "ticker": "B",
            "date": "2012-01-10",
            "value": 9,
            "action": "Go.",
        },
    ]
    (summary,) = rule_summaries(entries)
    assert [
        summary.rule,
        summary.severity,
        summary.count,
        summary.example,
        summary.expected,
        summary.action,
    ] == ["r", "warning", 2, "at A 2012-01-09: 2.5", "", "Look."]


def test_half_a_character_is_shown_as_a_question_mark():
    """A lone surrogate cannot be written as UTF-8."""
    assert json_value("a\ud800b") == "a?b"


def test_few_days_have_no_spacing():
    """Two days may be a week apart in any table."""
    assert spacing_of(np.array(["2012-01-06", "2012-01-13"], "datetime64[D]")) == ""


def test_prices_of_an_unknown_basis_say_so():
    """A source that does not name its basis leaves no gap in the header."""
    raw = table(quiet_frame())
    del raw.header["price_basis"]
    valid, _ = validate(raw, defaults("validate"), today=TODAY)
    assert valid.header["price_basis"] == "unknown"
