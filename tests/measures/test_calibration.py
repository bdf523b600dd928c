"""Calibration bins and the expected calibration error: scikit-learn's curve, and what chance shows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.measures.bootstrap import Resampling, estimate
from core.measures.calibration import CalibrationBins, CalibrationChance


def test_bins_and_error_are_those_of_scikit_learns_curve(panel):
    """Ten bins of equally many rows: its means and shares, weighted by numpy's own counts."""
    rows = panel((200, 100), 5, skill=0.1)
    rows.frame["probability"] += np.random.default_rng(1).uniform(0, 1e-4, len(rows))
    bins = CalibrationBins.of(rows)
    share, mean = calibration_curve(rows.up, rows.probability, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(bins.probability / bins.rows, mean, rtol=1e-12)
    np.testing.assert_allclose(bins.up / bins.rows, share, rtol=1e-12)
    assert bins.error == pytest.approx(np.average(np.abs(mean - share), weights=bins.rows), rel=1e-12)


def test_an_error_by_hand(table_of):
    """Two bins of two rows: (|.5 - 1| + |.5 - 0|) / 2."""
    rows, _ = table_of([[0.1, 0.1], [0.1, 0.1]])
    rows.frame["probability"] = [0.4, 0.6, 0.4, 0.6]
    rows = replace(rows, up=np.array([1.0, 1.0, 0.0, 0.0]))
    bins = CalibrationBins.of(rows)
    assert bins.error == pytest.approx((abs(0.4 - 0.5) + abs(0.6 - 0.5)) / 2, rel=1e-12)


def test_true_probabilities_show_what_chance_shows(panel):
    """The error of true probabilities lies among its resamples; a lie lies beyond all of them."""
    rows = panel((300,), 5)
    how, shares = Resampling(400, 5, 0.95, 1), []
    for seed in range(40):
        came = np.random.default_rng(seed).random(len(rows)) < rows.probability
        rows = replace(rows, up=came.astype(float))
        chance = CalibrationChance.of(rows, CalibrationBins.of(rows))
        found = estimate({"c": chance}, rows, how)["c"]["calibration_error"]
        assert found.value == pytest.approx(CalibrationBins.of(rows).error, rel=1e-9)
        shares.append((found.draws < found.value).mean())
    assert 0.3 < np.mean(shares) < 0.7
    rows = replace(rows, up=np.ones(len(rows)))
    lie = CalibrationChance.of(rows, CalibrationBins.of(rows))
    found = estimate({"c": lie}, rows, how)["c"]["calibration_error"]
    assert found.value > 5 * found.draws.max()
