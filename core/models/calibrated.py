"""A model whose probabilities are set right by later rows of its own training: a slope, or steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.models.kind import ModelKind, Parameters, logistic, require_keys, require_numbers, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.model_rows import Matrix, Vector

NONE, SIGMOID, ISOTONIC = "none", "sigmoid", "isotonic"

_EDGE = 1e-9
"""Probabilities this close to 0 and 1 count as so much, so that their log odds are finite."""

MOST_STEPS = 100_000


@dataclass(frozen=True)
class CalibratedKind:
    """A kind and how its probabilities are calibrated.

    Parameters
    ----------
    base : ModelKind
    method : str
        ``sigmoid``: a slope and an intercept on the log odds (Platt 1999). ``isotonic``: steps that never
        fall (Zadrozny and Elkan 2002), with straight lines between them.
    """

    base: ModelKind
    method: str

    @property
    def name(self) -> str:
        """The base's name: a calibrated model is one of its kind."""
        return self.base.name

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The base's settings."""
        return self.base.hyperparameters

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Refuse: earlier rows teach and later ones calibrate, which :meth:`learn` takes as separate arguments."""
        raise NotImplementedError("see core.models.fitting")

    def learn(self, base: Parameters, inputs: Matrix, label: Vector) -> dict[str, Any]:
        """Return the base's parameters with what later rows, shape (n, features), say of its probabilities."""
        chance = self.base.probability(base, inputs)
        points = _slope(chance, label) if self.method == SIGMOID else _steps(chance, label)
        return {"base": base, "calibration": {"method": self.method, **points}}

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the calibrated probability of label 1, shape (n,)."""
        chance = self.base.probability(parameters["base"], inputs)
        points = parameters["calibration"]
        if self.method == SIGMOID:
            slope, intercept = points["x"][0], points["y"][0]
            return logistic(slope * _log_odds(chance) + intercept)
        steps: Vector = np.interp(chance, points["x"], points["y"])
        return steps

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse other keys, another method and points that are no function from probabilities to probabilities."""
        require_keys(parameters, ("base", "calibration"), "parameters")
        points = parameters["calibration"]
        require_keys(points, ("method", "x", "y"), "parameters.calibration")
        if points["method"] != self.method or self.method not in (SIGMOID, ISOTONIC):
            raise ModelError(
                f"parameters.calibration.method is {str(points['method'])[:40]!r}", expected=self.method
            )
        size = len(points["x"]) if isinstance(points["x"], list) else 0
        if not 0 < size <= (1 if self.method == SIGMOID else MOST_STEPS):
            raise ModelError(f"parameters.calibration has {size} points", expected="one, or steps")
        x, y = (
            np.array(require_numbers(points[key], size, f"parameters.calibration.{key}"))
            for key in ("x", "y")
        )
        if self.method == ISOTONIC and not (
            (np.diff(x) > 0).all() and (np.diff(y) >= 0).all() and y.min() >= 0 and y.max() <= 1
        ):
            raise ModelError(
                "parameters.calibration falls, or leaves 0 to 1", expected="steps that never fall"
            )
        self.base.check(parameters["base"], features)


def _log_odds(chance: Vector) -> Vector:
    inside = np.clip(chance, _EDGE, 1 - _EDGE)
    odds: Vector = np.log(inside / (1 - inside))
    return odds


def _slope(chance: Vector, label: Vector) -> dict[str, list[float]]:
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression(C=1e6, solver="newton-cholesky", tol=1e-10, max_iter=100)
    estimator.fit(_log_odds(chance)[:, np.newaxis], label)
    return {"x": [rounded(estimator.coef_[0, 0])], "y": [rounded(estimator.intercept_[0])]}


def _steps(chance: Vector, label: Vector) -> dict[str, list[float]]:
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(chance, label)
    x, first = np.unique(steps.X_thresholds_, return_index=True)
    return {"x": x.tolist(), "y": np.maximum.accumulate(steps.y_thresholds_[first]).tolist()}
