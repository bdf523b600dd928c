"""Brier skill against a rate known beforehand, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from core.measures.bootstrap import Resampling, estimate, weights
from core.measures.skill import BrierSkill


def test_it_is_one_less_the_ratio_of_two_brier_scores(panel):
    """For the rows themselves and for each resample's weights, as scikit-learn computes them."""
    rows = panel(skill=0.1)
    reference = np.where(rows.fold == 0, 0.52, 0.49)
    skill = BrierSkill.of(rows, rows.probability, reference)
    drawn = next(weights(rows, Resampling(15, 4, 0.95, 1)))
    found = skill.draws(drawn)["brier_skill"]
    for number, weight in [(None, None), *((n, drawn[rows.group, n]) for n in range(15))]:
        ours, theirs = (
            brier_score_loss(rows.up, p, sample_weight=weight) for p in (rows.probability, reference)
        )
        value = skill.points()["brier_skill"] if number is None else found[number]
        assert value == pytest.approx(1 - ours / theirs, rel=1e-12)


def test_a_forecast_has_no_skill_over_itself(panel):
    """The reference itself scores 0 in every resample, certainty of what came 1."""
    rows = panel()
    same = estimate({"s": BrierSkill.of(rows, rows.probability, rows.probability)}, rows, HOW)["s"][
        "brier_skill"
    ]
    assert same.value == 0
    assert (same.draws == 0).all()
    assert BrierSkill.of(rows, rows.up, rows.probability).points() == {"brier_skill": 1.0}


def test_rows_without_a_forecast_are_left_out_of_both(panel):
    """A missing probability takes the reference's error with it; a perfect reference leaves no skill."""
    rows = panel()
    missing = np.where(np.arange(len(rows)) % 3 == 0, np.nan, rows.probability)
    present = ~np.isnan(missing)
    ours, theirs = (
        brier_score_loss(rows.up[present], p[present]) for p in (rows.probability, np.full(len(rows), 0.5))
    )
    found = BrierSkill.of(rows, missing, np.full(len(rows), 0.5)).points()["brier_skill"]
    assert found == pytest.approx(1 - ours / theirs, rel=1e-12)
    assert np.isnan(BrierSkill.of(rows, rows.probability, rows.up).points()["brier_skill"])


HOW = Resampling(20, 4, 0.95, 1)
