"""Which models a training was asked for: a kind, its settings, and the grid that they are chosen from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError, ParameterError, nearest
from core.models.boosters import BOOSTERS, booster_for
from core.models.calibrated import NONE
from core.models.classifier import estimator_for
from core.models.document import KINDS, kind_named
from core.models.fitting import Fitter, grid_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.models.kind import ModelKind
    from core.models.train_settings import TrainSettings
    from core.tables.workplace import Memory

MODEL, SETTINGS, GRID = "model", "model_parameters", "model_grid"

MOST_SETTINGS = 20
"""Settings in a grid at most: each is fitted three times in every fold, and counts as a try."""

SETTABLE: Mapping[str, Sequence[str]] = {
    "logistic_regression": ("C", "max_iter"),
    "hist_gradient_boosting": (
        "learning_rate", "l2_regularization", "max_bins", "max_depth", "max_features", "max_iter", "max_leaf_nodes",
        "min_samples_leaf",
    ),
}  # fmt: skip
"""Settings of the built-in kinds that are a user's; the others make them what they are."""

_BOUNDS = {"max_iter": 2_000, "max_leaf_nodes": 128}
"""What a model file of a built-in kind holds at most: see :mod:`core.models.boosting`."""

_TRIAL_ROWS = (120, 2_000)
"""Made-up rows of a trial; what fails on few is tried on more: 200 neighbours do not stand in 120 rows."""


def fitter_of(settings: TrainSettings, horizon_sessions: int, memory: Memory | None = None) -> Fitter:
    """Return how the named model is fitted, with one kind for each setting of its grid."""
    fixed, grid = _object(settings.model_parameters), _object(settings.model_grid)
    kinds = tuple(kind_named(settings.model, each) for each in grid_of(fixed, grid))
    return Fitter(kinds, settings, horizon_sessions, memory)


def check_models(settings: TrainSettings, features: int) -> None:
    """Refuse models and settings that could not be trained or kept, by a trial of each on a few made-up rows.

    Raises
    ------
    ParameterError
        Naming the parameter, what came and the nearest name.
    """
    grid = _object(settings.model_grid)
    _check_grid(grid)
    fixed = _object(settings.model_parameters)
    for name in dict.fromkeys((settings.model, *settings.beside)):
        several = grid_of(fixed, grid) if name == settings.model else [{}]
        for each in several:
            _check_names(name, each)
            _check_trial(name, each, features, weighted=settings.sample_weights != NONE)


def _check_grid(grid: Mapping[str, Any]) -> None:
    lists = all(isinstance(values, list) and values for values in grid.values())
    size = len(grid_of({}, grid)) if lists else 0
    if not lists or size > MOST_SETTINGS:
        raise ParameterError(
            f"--model-grid asks for {size} settings"
            if lists
            else "--model-grid holds a value that is no list",
            expected=f'lists of values, {MOST_SETTINGS} settings at most, such as {{"C": [0.1, 1, 10]}}',
            parameter=GRID,
        )


def _check_names(name: str, settings: Mapping[str, Any]) -> None:
    if name in KINDS:
        _judge_built_in(name, settings)
    elif name in BOOSTERS:
        booster_for(name, settings)
    else:
        _judge_known(name)
        estimator = estimator_for(name, settings)
        if not hasattr(estimator, "predict_proba"):
            raise ParameterError(
                f"{name} gives no probabilities{' with these settings' if settings else ''}",
                expected="a classifier with predict_proba",
                remedy="Wrap it in sklearn.calibration.CalibratedClassifierCV, or choose another.",
                parameter=MODEL,
            )


def _judge_known(name: str) -> None:
    if name.startswith(("lightgbm.", "xgboost.")) or not name.startswith("sklearn."):
        raise ParameterError(
            f"--model is {name!r}",
            expected=f"one of {', '.join(KINDS)}, a classifier of scikit-learn, or {' or '.join(BOOSTERS)}",
            remedy=nearest(name, [*KINDS, *BOOSTERS]).strip() or "No other code is loaded for a model.",
            parameter=MODEL,
        )


def _judge_built_in(name: str, settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        if key not in SETTABLE[name]:
            raise ParameterError(
                f"{name} has no setting {key!r}",
                expected=f"one of {', '.join(SETTABLE[name])}",
                remedy=nearest(key, SETTABLE[name]).strip(),
                parameter=SETTINGS,
            )
        if key in _BOUNDS and isinstance(value, int | float) and value > _BOUNDS[key]:
            raise ParameterError(f"{key} is {value}", expected=f"at most {_BOUNDS[key]}", parameter=SETTINGS)


def _check_trial(name: str, settings: Mapping[str, Any], features: int, *, weighted: bool) -> None:
    if name in KINDS and not settings:
        return
    kind, fault = kind_named(name, settings), None
    for rows in _TRIAL_ROWS:
        try:
            _try(kind, rows, features, weighted=weighted)
        except (ModelError, ValueError, TypeError) as error:
            fault = error
        else:
            return
    problem = (
        fault.problem if isinstance(fault, ModelError) else f"{name} cannot be fitted: {str(fault)[:300]}"
    )
    raise ParameterError(
        problem,
        expected=getattr(fault, "expected", "") or "settings as scikit-learn documents them",
        remedy=getattr(fault, "remedy", ""),
        parameter=SETTINGS if settings else MODEL,
    ) from fault


def _try(kind: ModelKind, rows: int, features: int, *, weighted: bool) -> None:
    """Fit, check and ask a model on made-up rows."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(rows, features))
    label = (inputs[:, 0] + draw.normal(size=rows) > 0).astype(np.float64)
    weights = {"weights": np.ones(rows)} if weighted else {}
    learnt = kind.fit(inputs, label, seed=0, **weights)
    kind.check(learnt, features)
    kind.probability(learnt, inputs)


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
