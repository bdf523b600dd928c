"""Probabilities from JSON parameters against scikit-learn's own."""

import json
from decimal import Decimal

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.models.boosting import HistGradientBoostingKind
from core.models.kind import logistic
from core.models.logistic import LogisticRegressionKind


@pytest.fixture(scope="module")
def data():
    """3,000 rows, nine inputs of unlike scale, a weak signal."""
    draw = np.random.default_rng(8)
    inputs = draw.normal(0.001, 0.02, (3000, 9)) * np.logspace(-2, 2, 9)
    label = (draw.random(3000) < logistic(20 * inputs[:, 4] + 5 * np.abs(inputs[:, 3]))).astype("float64")
    return inputs, label


def _through_json(parameters):
    return json.loads(json.dumps(parameters, allow_nan=False))


def _as_sklearn(parameters):
    scaler, estimator = StandardScaler(), LogisticRegression()
    scaler.mean_, scaler.scale_ = np.array(parameters["mean"]), np.array(parameters["scale"])
    estimator.coef_ = np.array([parameters["coefficients"]])
    estimator.intercept_ = np.array([parameters["intercept"]])
    estimator.classes_ = np.array([0.0, 1.0])
    return lambda inputs: estimator.predict_proba(scaler.transform(inputs))[:, 1]


def test_logistic_regression_equals_scikit_learn_on_the_rounded_model(data):
    """The rounded numbers put into scikit-learn's own classes give the same within 1e-12."""
    parameters = _through_json(LogisticRegressionKind().fit(*data, seed=7))
    ours = LogisticRegressionKind().probability(parameters, data[0])
    assert np.abs(ours - _as_sklearn(parameters)(data[0])).max() <= 1e-12
    assert ours.std() > 0.01


def test_logistic_regression_is_the_standardised_one_of_scikit_learn(data):
    """Rounding moves no probability by more than 1e-9, and another solver finds the same."""
    inputs, label = data
    scaled = StandardScaler().fit_transform(inputs)
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(scaled, label).predict_proba(scaled)
    parameters = LogisticRegressionKind().fit(inputs, label, seed=7)
    assert np.abs(LogisticRegressionKind().probability(parameters, inputs) - theirs[:, 1]).max() < 1e-6


def test_logistic_parameters_have_at_most_ten_significant_digits(data):
    """In the file and so in every score."""
    parameters = LogisticRegressionKind().fit(*data, seed=7)
    numbers = [
        *parameters["mean"],
        *parameters["scale"],
        *parameters["coefficients"],
        parameters["intercept"],
    ]
    assert len(numbers) == 28
    assert max(len(Decimal(repr(number)).as_tuple().digits) for number in numbers) <= 10


def test_boosting_equals_scikit_learn(data):
    """Every row within 1e-12 of predict_proba, rows on a threshold and rows far outside included."""
    inputs, label = data
    kind = HistGradientBoostingKind()
    parameters = _through_json(kind.fit(inputs, label, seed=7))
    estimator = HistGradientBoostingClassifier(**kind.hyperparameters, random_state=7).fit(inputs, label)
    edges = []
    for tree in parameters["trees"]:
        for feature, threshold in zip(tree["feature"], tree["threshold"], strict=True):
            row = inputs[0].copy()
            row[feature] = threshold
            edges += [row, np.nextafter(row, np.inf)]
    asked = np.concatenate([inputs, edges, [np.full(9, 1e9), np.full(9, -1e9)]])
    ours = kind.probability(parameters, asked)
    assert np.abs(ours - estimator.predict_proba(asked)[:, 1]).max() <= 1e-12
    assert ours.std() > 0.01


def test_boosting_with_too_few_rows_to_split_equals_scikit_learn(data):
    """Trees of a single leaf."""
    inputs, label = data[0][:80], data[1][:80]
    kind = HistGradientBoostingKind()
    parameters = kind.fit(inputs, label, seed=7)
    kind.check(parameters, 9)
    estimator = HistGradientBoostingClassifier(**kind.hyperparameters, random_state=7).fit(inputs, label)
    assert kind.probability(parameters, inputs) == pytest.approx(
        estimator.predict_proba(inputs)[:, 1], abs=1e-12
    )


@pytest.mark.parametrize("kind", [LogisticRegressionKind(), HistGradientBoostingKind()])
def test_a_probability_depends_on_its_own_row_alone(kind, data):
    """Bit for bit, whatever stands beside it: alone, in reverse, in a block of another size."""
    inputs, label = np.tile(data[0], (4, 1)), data[1]
    parameters = kind.fit(data[0], label, seed=7)
    whole = kind.probability(parameters, inputs)
    assert kind.probability(parameters, inputs[::-1])[::-1].tobytes() == whole.tobytes()
    for rows in (slice(5, 6), slice(17, 40), slice(8_000, 12_000)):
        assert kind.probability(parameters, inputs[rows]).tobytes() == whole[rows].tobytes()


@pytest.mark.parametrize("kind", [LogisticRegressionKind(), HistGradientBoostingKind()])
def test_no_rows_give_no_probabilities(kind, data):
    """An empty window is no error."""
    assert kind.probability(kind.fit(*data, seed=7), np.empty((0, 9))).shape == (0,)


def test_a_constant_input_does_no_harm(data):
    """A column without spread has scale 1 and passes the check."""
    inputs = data[0].copy()
    inputs[:, 2] = 0.5
    parameters = LogisticRegressionKind().fit(inputs, data[1], seed=7)
    LogisticRegressionKind().check(parameters, 9)
    assert parameters["scale"][2] == 1.0
