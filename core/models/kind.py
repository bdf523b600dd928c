"""What every kind of model can do, and arithmetic that all kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.errors import ModelError

if TYPE_CHECKING:
    from core.models.model_rows import Matrix, Vector

Parameters = Mapping[str, Any]
"""Plain JSON: numbers, lists and mappings. No code, no classes."""

SIGNIFICANT_DIGITS = 10
"""Fitted numbers are rounded to this before anything is scored with them: the last digits of a solver
differ between processors, the tenth does not once it has converged."""


class ModelKind(Protocol):
    """A way to learn and to give probabilities, with all it has learnt in plain JSON."""

    @property
    def name(self) -> str:
        """The name in ``model_kind``."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """What the fit is set to, as JSON."""

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return the parameters learnt from rows (n, features), NaN-free, and labels 1 or 0; rows may have weights."""

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the probability of label 1 for each row; each depends on its own row alone."""

    def check(self, parameters: Parameters, features: int) -> None:
        """Raise ModelError unless ``parameters`` are whole and fit ``features`` inputs."""


def rounded(value: float) -> float:
    """Return ``value`` at :data:`SIGNIFICANT_DIGITS` significant digits.

    >>> rounded(2 / 3), rounded(0.0), rounded(123456789012.0)
    (0.6666666667, 0.0, 123456789000.0)
    """
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}")


def logistic(log_odds: Vector) -> Vector:
    """Return ``1 / (1 + exp(-x))`` without overflow at either end.

    >>> logistic(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(log_odds))
    chances: Vector = np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
    return chances


def require_keys(value: Any, expected: tuple[str, ...], where: str) -> None:
    """Raise ModelError unless ``value`` is a mapping with exactly the keys ``expected``."""
    if not isinstance(value, Mapping):
        raise ModelError(f"{where} is a {type(value).__name__}", expected="an object")
    if set(value) != set(expected):
        missing = sorted(set(expected) - set(value))
        unknown = sorted(str(key)[:40] for key in set(value) - set(expected))
        raise ModelError(
            f"{where} lacks {missing} and has unknown {unknown[:8]}",
            expected=f"exactly {', '.join(expected)}",
        )


def require_number(value: Any, where: str) -> float:
    """Return ``value`` as a float.

    Raises
    ------
    ModelError
        If it is no number, NaN or infinite.
    """
    number = float("nan")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
    if not np.isfinite(number):
        raise ModelError(f"{where} is {str(value)[:40]}", expected="a finite number")
    return number


def require_numbers(values: Any, length: int, where: str) -> list[float]:
    """Return ``values`` as floats.

    Raises
    ------
    ModelError
        If it is no list of ``length`` finite numbers.
    """
    if not isinstance(values, list):
        raise ModelError(f"{where} is a {type(values).__name__}", expected=f"a list of {length} numbers")
    if len(values) != length:
        raise ModelError(f"{where} has {len(values)} values", expected=f"{length}")
    return [require_number(value, f"{where}[{place}]") for place, value in enumerate(values)]
