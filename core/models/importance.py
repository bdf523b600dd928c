"""What a model's inputs are worth out of sample: permutation importance, and coefficients, fold by fold.

An input's importance is the AUC that a fold's model loses on its test rows when that input is shuffled among them
(Breiman 2001, Random Forests, Machine Learning 45(1), 5-32, by scikit-learn's ``permutation_importance``). Inputs
that say the same share it: shuffling one leaves the others. At or below 0 an input helped nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.measures.ranking import auc_of

if TYPE_CHECKING:
    from core.models.kind import ModelKind
    from core.models.model_rows import Matrix, Vector

REPEATS = 5
"""Times an input is shuffled; scikit-learn's default."""

MOST_ROWS = 5_000
"""Test rows of a fold that are looked at, taken at even steps: more would cost more without saying more."""


@dataclass(frozen=True)
class _Fitted:
    """A fitted model as scikit-learn asks for one."""

    kind: ModelKind
    parameters: Mapping[str, Any]

    def fit(self, *_: object) -> _Fitted:
        """Return the model as it is: it is fitted."""
        return self


def importance(
    kind: ModelKind,
    parameters: Mapping[str, Any],
    inputs: Matrix,
    label: Vector,
    *,
    names: Sequence[str],
    seed: int,
) -> dict[str, Any] | None:
    """Return what each input was worth on the test rows of a fold; None where these have one outcome only.

    Parameters
    ----------
    kind : ModelKind
    parameters : mapping
        As the kind learnt them before the fold.
    inputs : float64 array, shape (n, features)
        The fold's test rows, without NaN.
    label : float64 array, shape (n,)
        1 or 0.
    names : sequence of str
        Of the inputs, in order.
    seed : int
        Of the shuffles.

    Returns
    -------
    dict
        ``auc`` (of these rows), ``rows`` (looked at), ``inputs``: by name ``loss`` (mean loss of AUC),
        ``deviation`` (ddof 0 over the shuffles, as scikit-learn has it) and, of a logistic regression,
        ``coefficient`` (change of the log odds by one standard deviation of the training rows).
    """
    from sklearn.inspection import permutation_importance

    if len(label) > MOST_ROWS:
        rows = np.linspace(0, len(label) - 1, MOST_ROWS).round().astype(np.int64)
        inputs, label = inputs[rows], label[rows]
    if len(np.unique(label)) < 2:
        return None
    model = _Fitted(kind, parameters)
    shuffled = permutation_importance(
        model, inputs, label, scoring=_auc, n_repeats=REPEATS, random_state=seed
    )
    coefficients = parameters.get("coefficients") or [None] * inputs.shape[1]
    figures = zip(names, shuffled.importances_mean, shuffled.importances_std, coefficients, strict=True)
    return {
        "auc": _auc(model, inputs, label),
        "rows": len(label),
        "inputs": {
            name: {"loss": float(loss), "deviation": float(deviation), "coefficient": coefficient}
            for name, loss, deviation, coefficient in figures
        },
    }


def _auc(model: _Fitted, inputs: Matrix, label: Vector) -> float:
    probability = model.kind.probability(model.parameters, inputs)
    return auc_of(probability, label)
