"""The candidate: a model of all that is known, with the record of how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.features import FEATURE_SET, definition_digest
from core.features.definitions import MODULES, OWN
from core.label import NEXT_SESSION, Label
from core.measures.bootstrap import Resampling
from core.measures.performance import measure
from core.models.document import CHOICE, LABELS_TO, THRESHOLD, self_check
from core.tables.artifacts import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from core.models.fitting import FittedModel
    from core.models.model_rows import Mask, Rows

INTERVAL = Resampling(samples=1000, block_sessions=10, confidence=0.95, seed=11)
"""How the walk-forward figures inside the model file are resampled. Constants rather than the
evaluate stage's settings: those are not in this stage's key."""


@dataclass(frozen=True)
class CandidateOrigin:
    """What a candidate is made with: seed, the features file's SHA-256, the label, and plug-in modules."""

    seed: int
    features_sha256: str
    label: Label = NEXT_SESSION
    modules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Walk:
    """How the walk forward was made: sessions before its first fold, and the up-rate known before each.

    Parameters
    ----------
    min_train_sessions : int
    up_rates : mapping of int to float
        Share of rises known before each fold, by its number; empty without folds.
    horizon_sessions : int
        How far the label looks ahead.
    limits : mapping of str to int
        Those of ``WALK_LIMITS`` that were set.
    """

    min_train_sessions: int
    up_rates: Mapping[int, float]
    horizon_sessions: int = 1
    limits: Mapping[str, int] = field(default_factory=dict)


def candidate(rows: Rows, used: Mask, model: FittedModel, origin: CandidateOrigin) -> dict[str, Any]:
    """Return the body of the model of the rows ``used``; its walk forward is recorded later.

    Parameters
    ----------
    rows : Rows
        All rows.
    used : bool array, shape (n,)
        Complete rows with a label: those that are trained on.
    model : FittedModel
        What they taught.
    origin : CandidateOrigin
        Seed, origin, label, and the text of modules.
    """
    kind, learnt = model.kind, model.parameters
    return {
        "model_kind": kind.name,
        "features": list(rows.names),
        "definition_digest": definition_digest(own=rows.own),
        "feature_set": FEATURE_SET,
        "label": col.UP_NEXT,
        "threshold": THRESHOLD,
        "parameters": learnt,
        "hyperparameters": dict(kind.hyperparameters),
        **({CHOICE: dict(model.choice)} if model.choice else {}),
        "training": _training(rows, used, origin),
        "walk_forward": None,
        "self_check": self_check(kind, learnt, rows.inputs[used]),
        **({OWN: [dict(entry) for entry in rows.own]} if rows.own else {}),
        **(
            {MODULES: {sha256: dict(texts) for sha256, texts in origin.modules.items()}}
            if origin.modules
            else {}
        ),
    }


def recorded(body: Mapping[str, Any], predictions: pd.DataFrame, walk: Walk) -> Document:
    """Return the model with the record of how well its kind does.

    Parameters
    ----------
    body : mapping
        As :func:`candidate` gives it.
    predictions : pandas.DataFrame
        Out-of-sample predictions of the same kind of model (:data:`core.columns.PREDICTIONS`); the frame is used up.
    walk : Walk
        The folds that those come from; none leaves the record null.
    """
    return Document(
        "model", {**body, "walk_forward": _walk_forward(predictions, walk) if walk.up_rates else None}
    )


def _training(rows: Rows, used: Mask, origin: CandidateOrigin) -> dict[str, Any]:
    days = np.unique(rows.dates[used])
    return {
        "from": str(days[0]),
        "to": str(days[-1]),
        "rows": int(used.sum()),
        "sessions": len(days),
        "tickers": sorted(set(rows.tickers[used].tolist())),
        "features_sha256": origin.features_sha256,
        "seed": origin.seed,
        **origin.label.training,
        **_labels_to(rows, used, origin.label),
        "libraries": _libraries(),
    }


def _labels_to(rows: Rows, used: Mask, label: Label) -> dict[str, str]:
    """Return the last session that a label is made of; after a label of one session that is the next."""
    return {LABELS_TO: str(rows.label_dates[used].max())} if label.horizon_sessions > 1 else {}


def _libraries() -> dict[str, str]:
    import sklearn

    versions = {"scikit-learn": str(sklearn.__version__), "numpy": np.__version__}
    return {name: ".".join(version.split(".")[:2]) for name, version in versions.items()}


def _walk_forward(predictions: pd.DataFrame, walk: Walk) -> dict[str, Any]:
    performance = measure(
        predictions,
        INTERVAL,
        up_rates=walk.up_rates,
        horizon_sessions=walk.horizon_sessions,
        consume=True,
    )
    return {
        "folds": len(walk.up_rates),
        "min_train_sessions": walk.min_train_sessions,
        **walk.limits,
        "performance": performance,
    }
