"""Logistic regression on standardised inputs."""

from __future__ import annotations

import warnings
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.models.kind import (
    Parameters,
    logistic,
    require_keys,
    require_number,
    require_numbers,
    rounded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.model_rows import Matrix, Vector

_KEYS = ("mean", "scale", "coefficients", "intercept")


class LogisticRegressionKind:
    """L2-regularised logistic regression; mean and scale come from the training rows alone.

    Newton steps to a gradient of 1e-10 rather than the default lbfgs at 1e-4: it converges fully in
    three to ten steps, so that rounding to ten digits hides what processors do differently.
    """

    name = "logistic_regression"
    hyperparameters: Mapping[str, Any] = MappingProxyType(
        {"C": 1.0, "solver": "newton-cholesky", "tol": 1e-10, "max_iter": 100}
    )

    def __init__(self, hyperparameters: Mapping[str, Any] | None = None) -> None:
        if hyperparameters is not None:
            self.hyperparameters = dict(hyperparameters)  # a view of it could not travel to other processes

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return mean, scale, coefficients and intercept, rounded; nothing here is random.

        Parameters
        ----------
        inputs : float64 array, shape (n, features)
            Rows without NaN.
        label : float64 array, shape (n,)
            1 or 0, both present.
        weights : float64 array, shape (n,), optional
            How much each row counts; all alike without.
        seed : int
            Unused: the solver draws no numbers.

        Raises
        ------
        ModelError
            If the solver does not converge.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(inputs)
        mean, scale = [rounded(x) for x in scaler.mean_], [rounded(x) for x in scaler.scale_]
        estimator = LogisticRegression(**self.hyperparameters, random_state=seed)
        standardised = inputs - np.array(mean)
        standardised /= np.array(scale)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                estimator.fit(standardised, label, sample_weight=weights)
            except ConvergenceWarning as error:
                raise ModelError(f"{self.name} did not converge: {error}") from error
        coefficients = [rounded(x) for x in estimator.coef_[0]]
        intercept = rounded(estimator.intercept_[0])
        return {"mean": mean, "scale": scale, "coefficients": coefficients, "intercept": intercept}

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the probability of label 1, shape (n,), for rows of shape (n, features) without NaN.

        >>> parameters = {"mean": [1.0], "scale": [2.0], "coefficients": [4.0], "intercept": 0.0}
        >>> LogisticRegressionKind().probability(parameters, np.array([[1.0], [2.0]])).round(4).tolist()
        [0.5, 0.8808]
        """
        # Column by column: a matrix product may round a row otherwise when its neighbours change.
        log_odds = np.full(len(inputs), parameters["intercept"], dtype="float64")
        terms = np.array([parameters[key] for key in ("mean", "scale", "coefficients")], dtype="float64").T
        for column, (mean, scale, coefficient) in zip(inputs.T, terms, strict=True):
            log_odds += (column - mean) / scale * coefficient
        return logistic(log_odds)

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse other keys, other lengths, numbers that are not finite and a scale not above 0."""
        require_keys(parameters, _KEYS, "parameters")
        for key in ("mean", "coefficients"):
            require_numbers(parameters[key], features, f"parameters.{key}")
        scale = require_numbers(parameters["scale"], features, "parameters.scale")
        require_number(parameters["intercept"], "parameters.intercept")
        if min(scale) <= 0:
            raise ModelError(f"parameters.scale holds {min(scale)}", expected="numbers above 0")
