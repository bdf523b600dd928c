"""Simple rules behind the interface of a model: a model that does not beat them has learnt nothing.

* ``majority``: the up-rate of the rows it was given, as a constant probability.
* ``previous_day_sign``: today's direction again: 1 if today's return is above 0, else 0.
* ``reversal``: the opposite, 1 - ``previous_day_sign`` (an unchanged price is called up).
* ``always_up``: 1 on every row.

They are evaluated as models are, but are not models: the closed list of kinds that a model file may name
(:data:`core.models.document.KINDS`) does not have them, so a rule never becomes champion.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.features import model_features
from core.models.kind import Parameters, require_keys, require_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.kind import ModelKind
    from core.models.model_rows import Matrix, Vector

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def inputs_of(returns: Vector) -> Matrix:
    """Return model inputs, shape (n, features), in which only today's return is known.

    >>> inputs_of(np.array([0.01])).shape == (1, len(model_features()))
    True
    """
    inputs = np.full((len(returns), len(model_features())), np.nan)
    inputs[:, _return_column()] = returns
    return inputs


def _return_column() -> int:
    return model_features().index(col.RETURN)


class MajorityKind:
    """Predicts the up-rate of its training rows for every row."""

    name = "majority"
    hyperparameters = _NOTHING

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return the share of ones in ``label``; neither inputs nor seed matter."""
        del inputs, seed, weights
        return {"probability": float(label.mean())}

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the constant, shape (n,).

        >>> kind = MajorityKind()
        >>> kind.probability(kind.fit(np.zeros((4, 9)), np.array([1.0, 1, 1, 0]), seed=0), np.zeros((2, 9)))
        array([0.75, 0.75])
        """
        return np.full(len(inputs), parameters["probability"], dtype="float64")

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse anything but one finite number."""
        del features
        require_keys(parameters, ("probability",), "parameters")
        require_number(parameters["probability"], "parameters.probability")


class _FixedRule:
    """Base of the rules that learn nothing: no parameters, nothing to fit."""

    hyperparameters = _NOTHING

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return nothing: there is nothing to learn."""
        del inputs, label, seed, weights
        return {}

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse any parameter."""
        del features
        require_keys(parameters, (), "parameters")


class PreviousDaySignKind(_FixedRule):
    """Predicts the direction of today's return for the next one."""

    name = "previous_day_sign"

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return 1 where today's return is above 0, else 0; NaN where it is not known.

        >>> PreviousDaySignKind().probability({}, inputs_of(np.array([0.01, -0.01, 0.0, np.nan])))
        array([ 1.,  0.,  0., nan])
        """
        del parameters
        today = inputs[:, _return_column()]
        return np.where(np.isnan(today), np.nan, (today > 0).astype(np.float64))


class ReversalKind(_FixedRule):
    """Predicts the direction opposite to today's return."""

    name = "reversal"

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return 1 less what :class:`PreviousDaySignKind` gives.

        >>> ReversalKind().probability({}, inputs_of(np.array([0.01, -0.01])))
        array([0., 1.])
        """
        reversed_: Vector = 1 - PreviousDaySignKind().probability(parameters, inputs)
        return reversed_


class AlwaysUpKind(_FixedRule):
    """Predicts a rise on every day."""

    name = "always_up"

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return 1 on every row, shape (n,).

        >>> AlwaysUpKind().probability({}, np.zeros((2, 9)))
        array([1., 1.])
        """
        del parameters
        return np.ones(len(inputs))


RULES: Mapping[str, ModelKind] = {
    kind.name: kind for kind in (MajorityKind(), PreviousDaySignKind(), ReversalKind(), AlwaysUpKind())
}
"""The rules in the order in which they are listed."""
