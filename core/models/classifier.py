"""Classifiers of scikit-learn by their dotted name, with settings as JSON; pipelines of its parts included.

In settings a text that is the dotted name of an estimator, or an object with one such name as its only key, stands
for that estimator: ``{"steps": [["scale", "sklearn.preprocessing.StandardScaler"], ["model",
{"sklearn.linear_model.LogisticRegression": {"C": 0.1}}]]}``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError, ParameterError, nearest
from core.fingerprint import sha256
from core.models.estimators import estimator_of, is_allowed, text_of
from core.models.kind import Parameters, require_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.model_rows import Matrix, Vector

MAX_TEXT = 48 * 1024 * 1024
"""Characters of an estimator: a forest of a hundred trees without bounds on twelve thousand rows is within it."""

MOST_CAUSE = 300
"""Characters of a library's error in a message."""

DECIMALS = 12
"""Probabilities are rounded to these: a matrix product may round a row otherwise when its neighbours change."""

MODEL, SETTINGS = "model", "model_parameters"
_LIBRARY = "scikit-learn"


@dataclass(frozen=True)
class ClassifierKind:
    """Any classifier of scikit-learn that gives probabilities.

    Parameters
    ----------
    name : str
        Dotted name of the class.
    hyperparameters : mapping
        Its settings, as JSON; what is not set keeps scikit-learn's default.
    """

    name: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return the fitted estimator as text, and the version of scikit-learn that reads it.

        Raises
        ------
        ModelError
            If it cannot be fitted, or holds what cannot be kept.
        """
        estimator = seeded(estimator_for(self.name, self.hyperparameters), seed)
        extra = weight_arguments(estimator, weights, self.name)
        with faults_said(f"{self.name} cannot be fitted"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said by the library to whoever writes code with it
            estimator.fit(inputs, label, **extra)
        text = text_of(estimator)
        if len(text) > MAX_TEXT:
            raise ModelError(
                f"{self.name} has grown to {len(text):,} characters",
                expected=f"at most {MAX_TEXT:,}",
                remedy="Bound it, for example with max_depth, min_samples_leaf or fewer trees.",
            )
        return text_parameters(text, [_LIBRARY, _version()])

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the probability of label 1, shape (n,), for rows of shape (n, features) without NaN."""
        estimator = estimator_of(parameters["text"], inputs.shape[1])
        if not len(inputs):
            return np.empty(0)
        with faults_said(f"{self.name} gives no probabilities on {len(inputs):,} rows"):
            chances = np.asarray(estimator.predict_proba(inputs), dtype=np.float64)[:, 1]
        rounded: Vector = np.clip(np.round(chances, DECIMALS), 0.0, 1.0)
        return rounded

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse other keys, another version of scikit-learn, and text that is no estimator of the closed list."""
        text = checked_text(parameters, [_LIBRARY, _version()])
        estimator = estimator_of(text, features)
        name = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        if type(estimator) is not class_named(self.name):
            raise ModelError(f"parameters.text is a {name}", expected=f"a {self.name}, as model_kind says")


@contextmanager
def faults_said(what: str) -> Iterator[None]:
    """Raise whatever a library raises within as a ModelError: ``what``, and its own words as far as there is room."""
    try:
        yield
    except MemoryError:
        raise  # this machine's, no fault of the settings
    except Exception as error:
        text = " ".join(str(error).split())
        text = text if len(text) <= MOST_CAUSE else f"{text[: MOST_CAUSE - 3]}..."
        raise ModelError(
            f"{what}: {type(error).__name__}: {text}", expected="settings that suit these rows"
        ) from error


def checked_text(parameters: Any, library: list[str]) -> str:
    """Return the text of a model of a library.

    Raises
    ------
    ModelError
        If keys, text or version are other than expected.
    """
    require_keys(parameters, ("library", "sha256", "text"), "parameters")
    if parameters["library"] != library:
        raise ModelError(
            f"the model was made with {str(parameters['library'])[:60]}",
            expected=f"{library}, which is installed here",
            remedy="Train again, or score with the release that trained it.",
        )
    text = parameters["text"]
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT:
        raise ModelError(
            "parameters.text is missing or too long", expected=f"text of at most {MAX_TEXT:,} characters"
        )
    if sha256(text.encode("utf-8", "replace")) != parameters["sha256"]:
        raise ModelError("parameters.text was changed", expected="the digest that stands beside it")
    return text


def text_parameters(text: str, library: list[str]) -> dict[str, Any]:
    """Return the parameters of a model that is a text: its digest tells damage before any library reads it."""
    return {"library": library, "sha256": sha256(text.encode()), "text": text}


def _version() -> str:
    import sklearn

    return ".".join(str(sklearn.__version__).split(".")[:2])


def class_named(name: str) -> Any:
    """Return the class of scikit-learn with this dotted name.

    Raises
    ------
    ParameterError
        With the nearest name, if there is none.
    """
    from sklearn.base import BaseEstimator

    module, _, attribute = name.rpartition(".")
    try:
        kind = getattr(import_module(module), attribute, None) if is_allowed(f"{module}.") else None
    except ImportError:
        kind = None
    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator) and is_allowed(kind.__module__)):
        names = estimator_names()
        close = nearest(name, names) or nearest(name, {n.rpartition(".")[2]: "" for n in names})
        raise ParameterError(
            f"{name!r} is no estimator of scikit-learn that can be taken",
            expected="a dotted name such as sklearn.ensemble.RandomForestClassifier",
            remedy=close.strip()
            or "Searches over folds are not taken, because they mix past and future: see --model-grid.",
            parameter=MODEL,
        )
    return kind


def estimator_names() -> list[str]:
    """Return the public dotted names of scikit-learn's classifiers."""
    from sklearn.utils import all_estimators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifiers = all_estimators(type_filter="classifier")
    public = ((name, kind.__module__.split("._")[0]) for name, kind in classifiers)
    return [f"{module}.{name}" for name, module in public if is_allowed(f"{module}.")]


def estimator_for(name: str, settings: Mapping[str, Any]) -> Any:
    """Return an estimator that is not fitted yet.

    Raises
    ------
    ParameterError
        If there is no such class, or it has no such setting, with the nearest name.
    """
    kind = class_named(name)
    names = list(kind._get_param_names())  # noqa: SLF001 - scikit-learn's own list of what its constructor takes
    for key, value in settings.items():
        if key not in names:
            raise ParameterError(
                f"{name} has no setting {key!r}",
                expected=f"one of {', '.join(names)}",
                remedy=nearest(key, names).strip(),
                parameter=SETTINGS,
            )
        if key in ("memory", "verbose") and value:
            raise ParameterError(
                f"{name} came with {key} = {value!r}",
                expected="none: a model writes no files and prints nothing",
                parameter=SETTINGS,
            )
        if key == "n_jobs" and value not in (None, 1):
            raise ParameterError(
                f"{name} came with n_jobs = {value!r}",
                expected="none, or 1: sums of several threads differ in their last digits from time to time",
                remedy="Leave it out.",
                parameter=SETTINGS,
            )
    try:
        return kind(**{key: _part(value) for key, value in settings.items()})
    except TypeError as error:
        raise ParameterError(
            f"{name} cannot be made: {error}", expected="all settings that it needs", parameter=SETTINGS
        ) from error


def _part(value: Any) -> Any:
    """Return a setting's value, with names of estimators made into estimators."""
    if isinstance(value, str) and value.startswith("sklearn."):
        return estimator_for(value, {})
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("sklearn."):
        ((name, settings),) = value.items()
        return estimator_for(name, settings)
    if isinstance(value, list):
        parts = [_part(entry) for entry in value]
        # pairs of a name and an estimator are tuples to scikit-learn; plain lists of numbers stay lists
        return (
            tuple(parts)
            if len(parts) == 2 and isinstance(parts[0], str) and parts[1] is not value[1]
            else parts
        )
    return {key: _part(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def seeded(estimator: Any, seed: int) -> Any:
    """Return an estimator all of whose parts draw from one seed where none was set."""
    every = estimator.get_params(deep=True)
    seeds = {
        key: seed
        for key, value in every.items()
        if key.rpartition("__")[2] == "random_state" and value is None
    }
    return estimator.set_params(**seeds)


def weight_arguments(estimator: Any, weights: Vector | None, name: str) -> dict[str, Any]:
    """Return what a fit is given for weights of its rows: of a pipeline, those of its last step.

    Raises
    ------
    ModelError
        If it takes none.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    if weights is None:
        return {}
    pipeline = isinstance(estimator, Pipeline)
    last = estimator.steps[-1][1] if pipeline else estimator
    if not has_fit_parameter(last, "sample_weight"):
        raise ModelError(
            f"{name} takes no weights of rows",
            expected="--sample-weights none",
            remedy="Or choose another model.",
        )
    return {f"{estimator.steps[-1][0]}__sample_weight" if pipeline else "sample_weight": weights}
