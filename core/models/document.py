"""What a model file stands for: one of a closed list of kinds, plain parameters, a content id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError, nearest
from core.fingerprint import SHORT, sha256
from core.label import NEXT_SESSION, Label
from core.models.boosting import HistGradientBoostingKind
from core.models.logistic import LogisticRegressionKind
from core.tables.artifacts import Document
from core.tables.codec import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from core.features.definitions import Own
    from core.models.kind import ModelKind, Parameters
    from core.models.model_rows import Matrix, Vector

KINDS: Mapping[str, ModelKind] = {
    kind.name: kind for kind in (LogisticRegressionKind(), HistGradientBoostingKind())
}
"""The closed list: a file that names any other kind is refused."""

THRESHOLD = 0.5
"""From this probability on the call is "up"."""

CHOICE = "choice"
"""Field of a model whose settings were chosen from a grid: each setting's loss on earlier rows, and the one taken."""

LABELS_TO = "labels_to"
"""In the record of a training on labels of several sessions: the last session whose close one of them is made of."""

OF_TABLE = "tickers_of_table"
"""Field of a model's record ``training`` where it learnt from some tickers only: all that had a row to learn from."""

WALK_LIMITS = ("embargo_sessions", "rolling_sessions")
"""Fields of a model's record ``walk_forward``: embargo and rolling window, where they were set."""

REMEDY = "Use a model file as the train stage wrote it, or train again."

SELF_CHECKS = 3
"""Input-to-probability pairs in a model file."""


@dataclass(frozen=True)
class Model:
    """A model that has passed every check.

    Parameters
    ----------
    kind : ModelKind
        How its parameters give probabilities.
    parameters : mapping
        What was learnt, as plain JSON.
    model_id : str
        First 12 hex digits of the SHA-256 of its file.
    trained_to : date
        The last session whose label was used.
    no_test_to : date
        Rows up to this day are no test of this model: their outcomes have begun in what it learnt from.
    label : Label
        What its probabilities are of.
    own : tuple of mapping
        The user-defined features that it sees, beside the built-in ones.
    """

    kind: ModelKind
    parameters: Parameters
    model_id: str
    trained_to: date
    no_test_to: date
    label: Label = NEXT_SESSION
    own: Own = ()

    def probability(self, inputs: Matrix) -> Vector:
        """Return the probability of an up move for rows (n, features) without NaN, shape (n,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            chances = self.kind.probability(self.parameters, inputs)
        if not np.isfinite(chances).all():
            raise ModelError(
                f"model {self.model_id} gives a probability that is no number",
                expected="parameters that fit the features",
                remedy=REMEDY,
            )
        return chances


def kind_named(name: Any, settings: Mapping[str, Any] | None = None) -> ModelKind:
    """Return the model kind called ``name``: of the closed list, or a classifier by its dotted name.

    Parameters
    ----------
    name : str
    settings : mapping, optional
        Its hyperparameters where they are not the defaults.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if isinstance(name, str) and name.startswith(("sklearn.", "lightgbm.", "xgboost.")):
        return _classifier(name, settings or {})
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is not None and settings:
        return type(kind)({**kind.hyperparameters, **settings})  # type: ignore[call-arg]  # each of the list takes them
    if kind is None:
        hint = nearest(str(name)[:80], KINDS)
        raise ModelError(
            f"model_kind is {str(name)[:80]!r}", expected=f"one of {', '.join(KINDS)}", remedy=REMEDY + hint
        )
    return kind


def _classifier(name: str, settings: Mapping[str, Any]) -> ModelKind:
    from core.models.boosters import BOOSTERS, BoosterKind
    from core.models.classifier import ClassifierKind

    return BoosterKind(name, settings) if name in BOOSTERS else ClassifierKind(name, settings)


def model_id_of(document: Document) -> str:
    """Return the content id of a model: the first 12 hex digits of the SHA-256 of its file."""
    return sha256(encode(document).data)[:SHORT]


def self_check(kind: ModelKind, parameters: Parameters, inputs: Matrix) -> list[dict[str, Any]]:
    """Return the first, middle and last of ``inputs`` with the probability that belongs to each."""
    rows = inputs[[0, len(inputs) // 2, len(inputs) - 1]]
    pairs = zip(rows.tolist(), kind.probability(parameters, rows).tolist(), strict=True)
    return [{"inputs": row, "probability": probability} for row, probability in pairs]
