"""Rules without a model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.evaluation import baselines
from core.measures.judged_rows import labelled_rows

DAYS = pd.bdate_range("2020-01-01", periods=6).to_numpy("datetime64[s]")
FEATURES = pd.DataFrame({"date": DAYS, "ticker": "A", "up_next": [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]})


def judged(first, today=0.0):
    """Return the days from ``first`` on as judged rows, each half of them a fold."""
    frame = FEATURES.iloc[first:].assign(probability=0.5, next_return=[0.01] * (6 - first))
    frame["return"] = today
    frame["fold"] = np.where(np.arange(6 - first) < (6 - first) // 2, 1.0, 2.0)
    return labelled_rows(frame)


def majority(rows, features=FEATURES):
    """The majority's probability in each fold."""
    found = baselines.probabilities(rows, features)["majority"]
    return [found[rows.fold == code][0] for code in range(len(rows.folds))]


def test_the_majority_knows_only_sessions_before_the_fold():
    """Folds begin on days 2 and 4: days 0 (rate 1) and 0 to 2 (rate 1/3) are known, the day between not."""
    assert majority(judged(2)) == pytest.approx([1.0, 1 / 3])


def test_the_majority_without_a_past_is_one_half():
    """From the first day on nothing comes before, and the judged rows' own rate of 4 in 6 is known only afterwards."""
    rows = judged(0)
    assert majority(replace(rows, up=np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0])))[0] == 0.5


def test_changing_the_future_leaves_the_majority_alone():
    """Labels from the fold on and of the session before it do not move its rate."""
    changed = FEATURES.assign(up_next=[1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    assert majority(judged(2), changed)[0] == majority(judged(2))[0]


def test_sign_and_reversal_are_opposites():
    """Up today is 1 and 0; unchanged today is 0 and 1; no return today is no call."""
    found = baselines.probabilities(judged(2, [0.1, 0.0, -0.1, np.nan]), FEATURES)
    np.testing.assert_array_equal(found["previous_day_sign"], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(found["reversal"], [0, 1, 1, np.nan])


def test_figures_of_always_up_by_hand():
    """Labels 0, 1, 1, 0: half right, recall 1, AUC 0.5, Brier 0.5; 1 % a day compounds."""
    rows = judged(2)
    found = baselines.figures(rows, np.ones(4), cost_bps=0)
    assert {k: found[k] for k in ("auc", "precision", "recall", "hit_rate", "brier")} == {
        "auc": 0.5, "precision": 0.5, "recall": 1.0, "hit_rate": 0.5, "brier": 0.5
    }  # fmt: skip
    assert found["annual_return"] == pytest.approx(1.01**252 - 1, rel=1e-9)
    assert found["sharpe"] is None


def test_every_rule_has_every_figure():
    """Names and figures are those of the contract, in order."""
    rows = judged(2, [0.1, 0.0, -0.1, 0.2])
    rules = baselines.probabilities(rows, FEATURES)
    assert tuple(rules) == ("majority", "previous_day_sign", "reversal", "always_up")
    assert (*rules, "buy_and_hold", "equal_weight_daily") == baselines.NAMES
    for probability in rules.values():
        assert tuple(baselines.figures(rows, probability, cost_bps=5)) == baselines.FIGURES
