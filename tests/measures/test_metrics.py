"""Pooled metrics against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from core.measures import metrics


@pytest.fixture
def sample():
    """Probabilities with some at exactly one half, and outcomes."""
    random = np.random.default_rng(3)
    return random.integers(0, 11, 500) / 10, (random.random(500) < 0.55).astype(float)


def test_metrics_agree_with_scikit_learn(sample):
    """Every pooled metric equals its counterpart, probabilities 0 and 1 included."""
    p, up = sample
    found = metrics.pooled(metrics.totals(p, up))
    called = p >= 0.5
    assert found["precision"] == pytest.approx(sk.precision_score(up, called), rel=1e-12)
    assert found["recall"] == pytest.approx(sk.recall_score(up, called), rel=1e-12)
    assert found["hit_rate"] == pytest.approx(sk.accuracy_score(up, called), rel=1e-12)
    assert found["brier"] == pytest.approx(sk.brier_score_loss(up, p), rel=1e-12)
    assert found["log_loss"] == pytest.approx(sk.log_loss(up, p), rel=1e-12)


def test_a_probability_of_one_half_is_called_up():
    """The threshold itself counts as up, as it does in the signals."""
    assert metrics.precision(metrics.totals([0.5], [1])) == 1.0


@pytest.mark.parametrize(
    ("metric", "p", "up"),
    [
        (metrics.precision, [0.4], [1]),
        (metrics.recall, [0.6], [0]),
        (metrics.hit_rate, [], []),
        (metrics.brier, [], []),
        (metrics.log_loss, [], []),
    ],
)
def test_an_undefined_metric_is_not_a_number(metric, p, up):
    """A metric without a denominator is NaN and never 0."""
    assert np.isnan(metric(metrics.totals(p, up)))


def test_sums_by_group_are_those_of_each_group_alone(sample):
    """The sums of three groups equal the sums of the three parts."""
    p, up = sample
    group = np.arange(500) % 3
    together = metrics.totals_by(group, 3, p, up).stacked()
    for number in range(3):
        alone = metrics.totals(p[group == number], up[group == number]).stacked()
        assert together[:, number] == pytest.approx(alone, rel=1e-12)
