"""Reading model files without trusting them: every field is checked before it is used.

A model file is data from outside once it lies on a disk. It loads no code, and everything in it is
checked before anything is computed with it.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import DataError, ModelError, ParameterError
from core.features import definition_digest, model_features
from core.features.definitions import MODULES, OWN, Own, own_of
from core.label import FIELD, MOST_SESSIONS, Label
from core.models.calibrated import CalibratedKind
from core.models.document import (
    CHOICE,
    LABELS_TO,
    OF_TABLE,
    REMEDY,
    SELF_CHECKS,
    THRESHOLD,
    WALK_LIMITS,
    Model,
    kind_named,
    model_id_of,
)
from core.models.kind import ModelKind, Parameters, require_keys, require_number, require_numbers
from core.models.plugin_records import OWN_FORM, check_modules, has_form, is_text, label_form
from core.tables.artifacts import Document
from core.tables.limits import FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BYTES = 64 * 1024 * 1024
"""A boosted model of default size is 0.16 MB; a forest of a hundred trees without bounds is 40 MB."""

SELF_CHECK_TOLERANCE = 1e-12
"""How closely a loaded model must meet its recorded probabilities: arithmetic in another order or on
another processor stays three digits below this."""

LABEL_REMEDY = "Train again with --mode train, or set --horizon-sessions and --label as the model has them."

_KEYS = (
    "model_kind", "features", "definition_digest", "feature_set", "label", "threshold", "parameters",
    "hyperparameters", "training", "walk_forward", "self_check",
)  # fmt: skip


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
            f"the model file has {len(data)} bytes", expected=f"at most {MAX_BYTES}", remedy=REMEDY
        )
    try:
        body = json.loads(data, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        what = f"the model file is not readable JSON ({str(error)[:120]})"
        raise ModelError(what, expected="a whole, plain JSON object", remedy=REMEDY) from error
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT or body.pop("kind", None) != "model":
        raise ModelError("the file is not a model", expected=f"format {FORMAT}, kind model", remedy=REMEDY)
    document = Document("model", body)
    load_model(document)
    return document


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelError(f"key {twice[:80]!r} comes twice", expected="each key once", remedy=REMEDY)
    return body


def _refuse_constant(name: str) -> Any:
    raise ModelError(f"the model file holds {name}", expected="finite numbers", remedy=REMEDY)


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
    # a model without a grid was not chosen among settings, and one of the program's own features names no others
    require_keys(body, (*_KEYS, *({OWN, MODULES, CHOICE} & set(body))), "the model")
    kind = _kind_of(body)
    own = _check_features(body)
    _check_label(body)
    trained_to = _trained_to(body["training"])
    _check_walk_forward(body["walk_forward"])
    try:
        kind.check(body["parameters"], len(body["features"]))
    except ParameterError as error:  # of a library that is not here, or a name that it does not have
        raise ModelError(error.problem, expected=error.expected, remedy=error.remedy) from error
    _run_self_check(kind, body["parameters"], body["self_check"], len(body["features"]))
    label = Label.of_training(body["training"])
    return Model(
        kind, body["parameters"], _identity(document), trained_to, _no_test_to(body["training"]), label, own
    )


def _kind_of(body: Mapping[str, Any]) -> ModelKind:
    kind, parameters = kind_named(body["model_kind"]), body["parameters"]
    calibration = parameters.get("calibration") if isinstance(parameters, dict) else None
    return CalibratedKind(kind, str(calibration.get("method"))) if isinstance(calibration, dict) else kind


def require_features(model: Model, own: Own) -> None:
    """Refuse features without the user-defined ones that a model was trained on.

    A table may have more of them: the model does not see those.

    Raises
    ------
    ModelError
        Naming the feature and its module.
    """
    for entry in model.own:
        if entry not in own:
            now = next((other for other in own if other["name"] == entry["name"]), None)
            raise ModelError(
                f"model {model.model_id} was trained on the feature {entry['name']} of {entry['module']} "
                f"(sha256 {entry['sha256'][:12]})",
                expected="that feature, "
                + (f"not that of sha256 {now['sha256'][:12]}" if now else "which this run does not have"),
                remedy="Name the module in [plugins] modules as it was then, or train again.",
            )


def require_label(model: Model, label: Label) -> None:
    """Refuse features whose label is another than the one that the model was trained on.

    Raises
    ------
    ModelError
        Naming both.
    """
    if model.label != label:
        raise ModelError(
            f"model {model.model_id} was trained on the {model.label.origin}",
            expected=f"a model of the {label.origin}, as these features have it",
            remedy=LABEL_REMEDY,
        )


def _identity(document: Document) -> str:
    try:
        return model_id_of(document)
    except (DataError, TypeError, ValueError, RecursionError) as error:
        what = f"the model holds a value that no artifact can hold ({str(error)[:120]})"
        raise ModelError(what, expected="plain JSON as the train stage writes it", remedy=REMEDY) from error


def _check_features(body: Mapping[str, Any]) -> Own:
    """Return the user-defined features that a model sees, after a look at all its features."""
    own = body.get(OWN, [])
    if (
        not isinstance(own, list)
        or not all(has_form(entry, OWN_FORM) for entry in own)
        or (OWN in body and not own)
    ):
        raise ModelError(
            f"{OWN} is malformed", expected="a list of features with their modules", remedy=REMEDY
        )
    present, names = definition_digest(own=own_of(body)), list(model_features(own=own_of(body)))
    if body["definition_digest"] != present:
        raise ModelError(
            f"the model was trained on feature definitions {str(body['definition_digest'])[:80]} "
            f"(set {str(body['feature_set'])[:8]})",
            expected=f"the present definitions {present}",
            remedy="Train again with the present features, or score with the release that trained it.",
        )
    if body["features"] != names:
        raise ModelError(
            f"the model's features are {str(body['features'])[:200]}",
            expected=f"{', '.join(names)}, in this order",
            remedy=REMEDY,
        )
    check_modules(body)
    return own_of(body)


def _check_label(body: Mapping[str, Any]) -> None:
    if body["label"] != col.UP_NEXT or body["threshold"] != THRESHOLD:
        what = f"label {str(body['label'])[:40]!r}, threshold {str(body['threshold'])[:40]}"
        raise ModelError(what, expected=f"label {col.UP_NEXT!r}, threshold {THRESHOLD}", remedy=REMEDY)


def _trained_to(training: Any) -> date:
    form = dict(_TRAINING_FORM)
    if isinstance(training, dict) and OF_TABLE in training:
        form[OF_TABLE] = form["tickers"]
    if isinstance(training, dict) and FIELD in training:
        form |= label_form(training)
    if isinstance(training, dict) and training.get("horizon_sessions") != 1:
        form[LABELS_TO] = _DAY
    require_keys(training, tuple(form), "training")
    for name, (expected, fits) in form.items():
        if not fits(training[name]):
            what = f"training.{name} is {str(training[name])[:80]!r}"
            raise ModelError(what, expected=expected, remedy=REMEDY)
    return date.fromisoformat(training["to"])


def _no_test_to(training: Mapping[str, Any]) -> date:
    """Return the day up to which rows are no test: the outcomes of later ones begin where the training's end."""
    if LABELS_TO not in training:  # a label of one session: the next session's outcome begins there
        return date.fromisoformat(training["to"])
    return date.fromisoformat(training[LABELS_TO]) - timedelta(days=1)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_horizon(value: Any) -> bool:
    return _is_count(value) and 1 <= value <= MOST_SESSIONS


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(is_text(entry) for entry in value)


def _are_versions(value: Any) -> bool:
    return isinstance(value, dict) and _are_texts([*value, *value.values()])


_DAY = ("a date written YYYY-MM-DD", _is_day)
_COUNT = ("a whole number from 0", _is_count)
_TRAINING_FORM: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "from": _DAY,
    "to": _DAY,
    "rows": _COUNT,
    "sessions": _COUNT,
    "tickers": ("a list of tickers", _are_texts),
    "features_sha256": ("a SHA-256", is_text),
    "seed": _COUNT,
    "horizon_sessions": (f"a whole number from 1 to {MOST_SESSIONS}", _is_horizon),
    "libraries": ("versions by library", _are_versions),
}


def _check_walk_forward(record: Any) -> None:
    """Refuse a record that later stages could not print: null, or metrics of numbers, nulls and reasons."""
    if record is None:
        return
    # a model of an earlier release does not say after how many sessions it was first judged, nor what was left out
    later = {"min_train_sessions", *WALK_LIMITS} & set(record) if isinstance(record, dict) else set()
    require_keys(record, ("folds", "performance", *later), "walk_forward")
    metrics = record["performance"]
    counts = (record[name] for name in ("folds", *later))
    sound = all(map(_is_count, counts)) and isinstance(metrics, dict)
    if not sound or not all(isinstance(entry, dict) for entry in metrics.values()):
        raise ModelError("walk_forward is malformed", expected="folds and metrics", remedy=REMEDY)
    for name, entry in metrics.items():
        where = f"walk_forward.performance.{name[:40]}"
        reason = {"reason"} & set(entry)
        require_keys(entry, ("value", "low", "high", *reason), where)
        if reason and not is_text(entry["reason"]):
            raise ModelError(f"{where}.reason is no text", expected="a sentence", remedy=REMEDY)
        for bound in ("value", "low", "high"):
            if entry[bound] is not None:
                require_number(entry[bound], f"{where}.{bound}")


def _run_self_check(kind: ModelKind, parameters: Parameters, pairs: Any, width: int) -> None:
    if not isinstance(pairs, list) or len(pairs) != SELF_CHECKS:
        raise ModelError("self_check is incomplete", expected=f"{SELF_CHECKS} pairs", remedy=REMEDY)
    for number, pair in enumerate(pairs):
        where = f"self_check[{number}]"
        require_keys(pair, ("inputs", "probability"), where)
        inputs = require_numbers(pair["inputs"], width, f"{where}.inputs")
        expected = require_number(pair["probability"], f"{where}.probability")
        with np.errstate(over="ignore", invalid="ignore"):
            got = float(kind.probability(parameters, np.array([inputs]))[0])
        if not abs(got - expected) <= SELF_CHECK_TOLERANCE:
            raise ModelError(
                f"{where} gives probability {got!r}", expected=f"{expected!r} as recorded", remedy=REMEDY
            )
