"""Model files: written from what was learnt, read with suspicion.

A model file is data from outside once it lies on a disk. It loads no code, and everything in it is
checked before anything is computed with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.artifacts import FORMAT, Document, encode
from core.errors import ModelError, nearest
from core.features import definition_digest, model_features
from core.fingerprint import SHORT, sha256
from core.models.boosting import HistGradientBoostingKind
from core.models.kind import ModelKind, Parameters, require_keys, require_number, require_numbers
from core.models.logistic import LogisticRegressionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.rows import Matrix, Vector

KINDS: Mapping[str, ModelKind] = {
    kind.name: kind for kind in (LogisticRegressionKind(), HistGradientBoostingKind())
}
"""The closed list: a file that names any other kind is refused."""

THRESHOLD = 0.5
"""From this probability on the call is "up"."""

MAX_BYTES = 8 * 1024 * 1024
"""A boosted model of default size is 0.16 MB; fifty times that is not one of ours."""

SELF_CHECKS = 3
SELF_CHECK_TOLERANCE = 1e-12
"""Input-to-probability pairs, and how closely a loaded model must meet them: arithmetic in another
order or on another processor stays four digits below this."""

_KEYS = (
    "model_kind", "features", "definition_digest", "feature_set", "label", "threshold", "parameters",
    "hyperparameters", "training", "walk_forward", "self_check",
)  # fmt: skip
_TRAINING_KEYS = (
    "from", "to", "rows", "sessions", "tickers", "features_sha256", "seed", "horizon_sessions", "libraries",
)  # fmt: skip
_REMEDY = "Use a model file as the train stage wrote it, or train again."


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
        The last session whose label was used; rows up to it are no test of this model.
    """

    kind: ModelKind
    parameters: Parameters
    model_id: str
    trained_to: date

    def probability(self, inputs: Matrix) -> Vector:
        """Return the probability of an up move for rows (n, features) without NaN, shape (n,)."""
        return self.kind.probability(self.parameters, inputs)


def kind_named(name: Any) -> ModelKind:
    """Return the model kind called ``name``.

    Raises
    ------
    ModelError
        If the closed list does not have it.
    """
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        hint = nearest(str(name)[:80], KINDS)
        raise ModelError(
            f"model_kind is {str(name)[:80]!r}", expected=f"one of {', '.join(KINDS)}", remedy=_REMEDY + hint
        )
    return kind


def model_id_of(document: Document) -> str:
    """Return the content id of a model: the first 12 hex digits of the SHA-256 of its file."""
    return sha256(encode(document).data)[:SHORT]


def self_check(kind: ModelKind, parameters: Parameters, inputs: Matrix) -> list[dict[str, Any]]:
    """Return the first, middle and last of ``inputs`` with the probability that belongs to each."""
    rows = inputs[[0, len(inputs) // 2, len(inputs) - 1]]
    pairs = zip(rows.tolist(), kind.probability(parameters, rows).tolist(), strict=True)
    return [{"inputs": row, "probability": probability} for row, probability in pairs]


def read_model(data: bytes) -> Document:
    """Return the model document in a file's bytes, checked as by :func:`load_model`.

    Raises
    ------
    ModelError
        If the file is too large, no JSON, nested too deep, holds NaN, Infinity or a key twice, is not a
        model, or does not pass :func:`load_model`.
    """
    if len(data) > MAX_BYTES:
        raise ModelError(
            f"the model file has {len(data)} bytes", expected=f"at most {MAX_BYTES}", remedy=_REMEDY
        )
    try:
        body = json.loads(data, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        came = f"the model file is not readable JSON ({str(error)[:120]})"
        raise ModelError(came, expected="a whole, plain JSON object", remedy=_REMEDY) from error
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT or body.pop("kind", None) != "model":
        raise ModelError("the file is not a model", expected=f"format {FORMAT}, kind model", remedy=_REMEDY)
    document = Document("model", body)
    load_model(document)
    return document


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelError(f"key {twice[:80]!r} comes twice", expected="each key once", remedy=_REMEDY)
    return body


def _refuse_constant(name: str) -> Any:
    raise ModelError(f"the model file holds {name}", expected="finite numbers", remedy=_REMEDY)


def load_model(document: Document) -> Model:
    """Return the model in ``document``, ready to give probabilities.

    Raises
    ------
    ModelError
        Naming what is wrong: another kind, missing or unknown keys, features defined otherwise than
        here (hard stop: the same name may mean other numbers), parameters of wrong length, not finite
        or no tree, or a self-check that does not come out.
    """
    body = document.body
    require_keys(body, _KEYS, "the model")
    kind = kind_named(body["model_kind"])
    _check_features(body)
    _check_label(body)
    trained_to = _trained_to(body["training"])
    kind.check(body["parameters"], len(model_features()))
    _run_self_check(kind, body["parameters"], body["self_check"])
    return Model(kind, body["parameters"], model_id_of(document), trained_to)


def _check_features(body: Mapping[str, Any]) -> None:
    present = definition_digest()
    if body["definition_digest"] != present:
        raise ModelError(
            f"the model was trained on feature definitions {body['definition_digest']} "
            f"(set {body['feature_set']})",
            expected=f"the present definitions {present}",
            remedy="Train again with the present features, or score with the release that trained it.",
        )
    if body["features"] != list(model_features()):
        raise ModelError(
            f"the model's features are {str(body['features'])[:200]}",
            expected=f"{', '.join(model_features())}, in this order",
            remedy=_REMEDY,
        )


def _check_label(body: Mapping[str, Any]) -> None:
    if body["label"] != col.UP_NEXT or body["threshold"] != THRESHOLD:
        came = f"label {str(body['label'])[:40]!r}, threshold {str(body['threshold'])[:40]}"
        raise ModelError(came, expected=f"label {col.UP_NEXT!r}, threshold {THRESHOLD}", remedy=_REMEDY)


def _trained_to(training: Any) -> date:
    require_keys(training, _TRAINING_KEYS, "training")
    try:
        return date.fromisoformat(training["to"])
    except (TypeError, ValueError) as error:
        came = f"training.to is {str(training['to'])[:40]!r}"
        raise ModelError(came, expected="a date written YYYY-MM-DD", remedy=_REMEDY) from error


def _run_self_check(kind: ModelKind, parameters: Parameters, pairs: Any) -> None:
    if not isinstance(pairs, list) or len(pairs) != SELF_CHECKS:
        raise ModelError("self_check is incomplete", expected=f"{SELF_CHECKS} pairs", remedy=_REMEDY)
    for number, pair in enumerate(pairs):
        where = f"self_check[{number}]"
        require_keys(pair, ("inputs", "probability"), where)
        inputs = require_numbers(pair["inputs"], len(model_features()), f"{where}.inputs")
        expected = require_number(pair["probability"], f"{where}.probability")
        with np.errstate(over="ignore", invalid="ignore"):
            got = float(kind.probability(parameters, np.array([inputs]))[0])
        if not abs(got - expected) <= SELF_CHECK_TOLERANCE:
            raise ModelError(
                f"{where} gives probability {got!r}", expected=f"{expected!r} as recorded", remedy=_REMEDY
            )
