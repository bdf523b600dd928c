"""LightGBM and XGBoost, of the extra ``models``, in their own text formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError, ParameterError, nearest
from core.models.boosted_text import check_lightgbm, check_xgboost
from core.models.classifier import DECIMALS, MODEL, SETTINGS, checked_text, faults_said, text_parameters
from core.models.kind import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.model_rows import Matrix, Vector

LIGHTGBM, XGBOOST = "lightgbm.LGBMClassifier", "xgboost.XGBClassifier"
BOOSTERS = (LIGHTGBM, XGBOOST)

_FIXED: Mapping[str, Mapping[str, Any]] = {
    LIGHTGBM: {"n_jobs": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1},
    XGBOOST: {"n_jobs": 1, "verbosity": 0, "tree_method": "hist", "device": "cpu"},
}
"""Settings that are not a user's: one thread and one way to add up, so that equal rows give equal models."""


@dataclass(frozen=True)
class BoosterKind:
    """A classifier of LightGBM or XGBoost.

    Parameters
    ----------
    name : str
        One of :data:`BOOSTERS`.
    hyperparameters : mapping
        Its settings, as JSON.
    """

    name: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return the trees in the library's own text, and the version of the library.

        Raises
        ------
        ModelError
            If the library refuses settings or rows.
        """
        estimator = booster_for(self.name, {"random_state": seed, **self.hyperparameters})
        with faults_said(f"{self.name} cannot be fitted"):
            estimator.fit(inputs, label.astype(np.int64), sample_weight=weights)
            text = _text(self.name, estimator)
        return text_parameters(text, _library(self.name))

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the probability of label 1, shape (n,), for rows of shape (n, features) without NaN."""
        if not len(inputs):
            return np.empty(0)
        chances = _predicted(self.name, _booster(self.name, parameters["text"]), inputs)
        rounded: Vector = np.clip(np.round(np.asarray(chances, dtype=np.float64), DECIMALS), 0.0, 1.0)
        return rounded

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse other keys, another version of the library, and trees of other inputs or outcomes."""
        text = checked_text(parameters, _library(self.name))
        (check_lightgbm if self.name == LIGHTGBM else check_xgboost)(text, features)
        booster = _booster(self.name, text)
        inputs = booster.num_feature() if self.name == LIGHTGBM else booster.num_features()
        chance = np.asarray(_predicted(self.name, booster, np.zeros((1, inputs))))
        if inputs != features or chance.shape != (1,) or not 0 <= chance[0] <= 1:
            raise ModelError(
                f"the trees take {inputs} inputs", expected=f"{features} inputs, and one probability"
            )


def booster_for(name: str, settings: Mapping[str, Any]) -> Any:
    """Return a classifier of LightGBM or XGBoost that is not fitted yet.

    Raises
    ------
    ParameterError
        If the extra is not installed, a setting is unknown, or one is not a user's.
    """
    kind = getattr(_module(name), name.rpartition(".")[2])
    names = set(kind().get_params()) - {"callbacks"}
    for key, value in settings.items():
        if key in _FIXED[name]:
            raise ParameterError(
                f"{name} came with {key} = {value!r}",
                expected=f"it is always {_FIXED[name][key]!r} here: equal rows give equal models",
                parameter=SETTINGS,
            )
        if key not in names:
            raise ParameterError(
                f"{name} has no setting {key!r}",
                expected=f"one of {', '.join(sorted(names - set(_FIXED[name])))}",
                remedy=nearest(key, names).strip(),
                parameter=SETTINGS,
            )
    return kind(**{**settings, **_FIXED[name]})


def _module(name: str) -> Any:
    module = name.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise ParameterError(
            f"--model is {name}, and {module} is not installed",
            expected="the extra models",
            remedy="Install it: pip install 'afterclose[models]'",
            parameter=MODEL,
        ) from error


def _library(name: str) -> list[str]:
    module = _module(name)
    return [str(module.__name__), ".".join(str(module.__version__).split(".")[:2])]


def _text(name: str, estimator: Any) -> str:
    if name == LIGHTGBM:
        return str(estimator.booster_.model_to_string())
    return bytes(estimator.get_booster().save_raw("json")).decode()


@lru_cache(maxsize=16)
def _booster(name: str, text: str) -> Any:
    """Return the trees of a text.

    Raises
    ------
    ModelError
        If the library cannot read it.
    """
    module = _module(name)
    try:
        if name == LIGHTGBM:
            return module.Booster(model_str=text)
        booster = module.Booster({"nthread": 1})
        booster.load_model(bytearray(text.encode()))
    except Exception as error:
        what = f"parameters.text is no model of {module.__name__} ({str(error).strip()[:120]})"
        raise ModelError(what, expected="the text that training wrote") from error
    return booster


def _predicted(name: str, booster: Any, inputs: Matrix) -> Any:
    if name == LIGHTGBM:
        return booster.predict(inputs, num_threads=1)
    return booster.inplace_predict(inputs)
