"""The AUC at a glance: who is in it, and where the bars stand."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from dashboard.glance import markup, of_interest, sentence

ESTIMATES = pd.DataFrame(
    [
        ("This model", "This model", 0.52, 0.50, 0.54),
        ("Gradient boosting", "Model beside", 0.53, 0.51, 0.55),
        ("Always up", "Baseline", 0.50, math.nan, math.nan),
        ("Previous <day>", "Baseline", 0.51, math.nan, math.nan),
        ("Majority class", "Baseline", math.nan, math.nan, math.nan),
    ],
    columns=["who", "group", "value", "low", "high"],
)


def test_this_model_those_beside_it_and_the_best_rule_are_drawn():
    """One rule is enough to be measured against."""
    assert list(of_interest(ESTIMATES)["who"]) == ["This model", "Gradient boosting", "Previous <day>"]


def test_nothing_is_drawn_where_the_model_has_no_value():
    """A rule alone says nothing of it."""
    unknown = ESTIMATES.assign(value=ESTIMATES["value"].where(ESTIMATES["group"] != "This model"))
    assert of_interest(unknown).empty


def test_bars_dots_and_the_coin_toss_stand_on_one_scale():
    """From 0.50 to 0.55 with 8 in 100 of that free at either end: 0.05 is 100 / 1.16 of the width."""
    made = markup(of_interest(ESTIMATES))
    left = [float(value) for value in re.findall(r"left:([\d.]+)%", made)]
    tosses = [float(value) for value in re.findall(r'<s style="left:([\d.]+)%', made)]
    assert set(tosses) == {6.9}
    assert max(left) < 100
    (own, beside) = (
        [float(value) for value in pair]
        for pair in re.findall(r'<b style="left:([\d.]+)%;width:([\d.]+)%', made)
    )
    assert own == pytest.approx([6.9, 0.04 / 0.05 * 100 / 1.16], abs=0.01)
    assert beside == pytest.approx([6.9 + 0.01 / 0.05 * 100 / 1.16, 0.04 / 0.05 * 100 / 1.16], abs=0.01)


def test_figures_are_in_words_and_names_are_no_markup():
    """What a screen reader hears; the bars are hidden from it."""
    made = markup(of_interest(ESTIMATES))
    assert "<strong>0.520</strong> [0.500, 0.540]" in made
    assert "Best rule: Previous &lt;day&gt;" in made


def test_the_verdict_leaves_out_what_its_badge_and_the_bars_say():
    """Unless the words are about one look at a model in use: nothing else says that of the interval."""
    auc = ": AUC 0.498 (97.5% interval 0.484 to 0.512, {}which holds 0.500) over 9,973 predictions in 2,557 sessions."
    opening, money = (
        "The model cannot be told from a coin toss",
        " Following it would have earned 5.6% a year.",
    )
    body = {"verdict_sentence": opening + auc.format("") + money}
    assert sentence(body) == money.strip()
    called = {"verdict_sentence": opening + auc.format("") + " It called 50.1% of directions rightly."}
    assert sentence(called) == "The model called 50.1% of directions rightly."
    bare = {"verdict_sentence": opening + auc.format("")}
    assert sentence(bare) == bare["verdict_sentence"], "nothing else to say"
    scored = {
        "verdict_sentence": opening + auc.format("valid for one look, ") + money,
        "sequential": {"e_value": 1.0},
    }
    assert sentence(scored) == scored["verdict_sentence"]
    little = {"verdict_sentence": "There is not enough data to judge the model: 3 sessions."}
    assert sentence(little) == little["verdict_sentence"]
