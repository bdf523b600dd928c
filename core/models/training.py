"""Training: walk-forward judgement of each model, then the candidate on all that is known."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.artifacts import Document, Table
from core.features import FEATURE_SET, definition_digest, model_features
from core.models.document import THRESHOLD, kind_named, load_model, model_id_of, self_check
from core.models.rows import Mask, Rows, rows_of
from core.models.scoring import predictions_frame
from core.models.signals import signals_of
from core.models.splits import HORIZON_SESSIONS, Fold, walk_forward
from core.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.models.kind import ModelKind
    from core.parameters import Value

MIN_TRAIN_ROWS = 60
"""Fewer labelled rows train nothing: six or seven to each of nine coefficients."""

INTERVAL_SAMPLES = 1000
INTERVAL_BLOCK_SESSIONS = 10
INTERVAL_CONFIDENCE = 0.95
INTERVAL_SEED = 11
"""How the walk-forward figures inside the model file are resampled. Constants rather than the
evaluate stage's settings: those are not in this stage's key."""


@dataclass(frozen=True)
class _Plan:
    """What is trained: the named model first, those beside it after, and the walk forward."""

    kinds: tuple[ModelKind, ...]
    seed: int
    min_train_sessions: int
    fold_sessions: int
    calendar: str

    @classmethod
    def of(cls, parameters: Mapping[str, Value]) -> _Plan:
        named = str(parameters["model"])
        beside = [name for name in str(parameters.get("beside") or "").split(",") if name]
        kinds = tuple(kind_named(name) for name in dict.fromkeys([named, *beside]))
        numbers = [int(str(parameters[name])) for name in ("seed", "min_train_sessions", "fold_sessions")]
        return cls(kinds, *numbers, calendar=str(parameters["calendar"]))

    def columns(self) -> list[str]:
        """Return the probability column of each kind."""
        return [col.PROBABILITY, *(col.probability_of(kind.name) for kind in self.kinds[1:])]


@dataclass(frozen=True)
class _Judged:
    """A fold with the rows its models learn from and the rows they are judged by."""

    fold: Fold
    train: Mask
    test: Mask


def train(
    features: Table,
    parameters: Mapping[str, Value],
    *,
    features_sha256: str,
    progress: Progress = silent,
) -> tuple[Table, Document | None]:
    """Return out-of-sample predictions and the candidate model.

    Only complete rows count. Walk-forward models are trained on the rows before their fold whose label
    was known before it, and predict the fold; the candidate is trained on every labelled row. One
    thread, rows in (date, ticker) order: the same features give the same bytes.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineer` gives it, in any row order.
    parameters : mapping
        ``model``, ``beside`` (comma list or None), ``seed``, ``min_train_sessions``, ``fold_sessions``
        and ``calendar`` are read.
    features_sha256 : str
        SHA-256 of the features file, for the model's record.
    progress : callable
        Told (models fitted, models to fit).

    Returns
    -------
    predictions : Table
        Labelled rows of all folds, sorted by (date, ticker), with a column per model beside; no rows
        when history is too short for one fold. The header has ``folds``, ``signals`` and, if there is
        no model, ``no_model_reason``.
    model : Document or None
        None when fewer than 60 labelled rows, or one outcome only, leave nothing to learn.

    Raises
    ------
    DataError
        If the features table is unusable.
    ModelError
        If a model does not converge.
    """
    plan, rows = _Plan.of(parameters), rows_of(features)
    with single_thread():
        folds = list(_usable_folds(rows, plan))
        steps = _Steps(progress, len(folds) * len(plan.kinds) + 1)
        frame = _out_of_sample(rows, folds, plan, steps)
        reason = _why_untrainable(rows.label[rows.labelled])
        model = None if reason else _candidate(rows, frame, len(folds), plan, features_sha256)
        steps.done()
    return Table("predictions", frame, _header(rows, folds, plan, model, reason)), model


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold every numeric library to one thread: sums in parallel differ from run to run.

    The libraries are imported first, because only loaded ones can be told.
    """
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401 - loads its BLAS
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


class _Steps:
    """Counts fitted models and tells the listener."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        progress(0, total)

    def done(self) -> None:
        self._done += 1
        self._progress(self._done, self._total)


def _usable_folds(rows: Rows, plan: _Plan) -> Iterator[_Judged]:
    """Yield the folds that have rows to judge and enough, of both outcomes, to learn from."""
    number = 0
    for fold in walk_forward(
        rows.sessions(), min_train_sessions=plan.min_train_sessions, fold_sessions=plan.fold_sessions
    ):
        judged = _split(rows, fold)
        if judged.test.any() and not _why_untrainable(rows.label[judged.train]):
            number += 1
            numbered = Fold(number, fold.train_from, fold.train_to, fold.test_from, fold.test_to)
            yield _Judged(numbered, judged.train, judged.test)


def _split(rows: Rows, fold: Fold) -> _Judged:
    """Return the rows on either side; a label made inside the test window is never trained on.

    The purge of the split covers a ticker that trades every session. After a hole in its data the next
    price may lie beyond the purge: the date that made the label decides.
    """
    known_before = rows.label_dates < np.datetime64(fold.test_from, "D")
    within = (rows.dates >= np.datetime64(fold.train_from, "D")) & (
        rows.dates <= np.datetime64(fold.train_to, "D")
    )
    tested = (rows.dates >= np.datetime64(fold.test_from, "D")) & (
        rows.dates <= np.datetime64(fold.test_to, "D")
    )
    return _Judged(fold, rows.labelled & within & known_before, rows.labelled & tested)


def _why_untrainable(label: np.ndarray) -> str | None:
    """Return why nothing can be learnt from these labels, or None."""
    if len(label) < MIN_TRAIN_ROWS:
        return f"{len(label)} labelled rows with all features; at least {MIN_TRAIN_ROWS} are needed"
    if len(np.unique(label)) < 2:
        return f"all {len(label)} labels are {int(label[0])}; both outcomes are needed"
    return None


def _out_of_sample(rows: Rows, folds: list[_Judged], plan: _Plan, steps: _Steps) -> pd.DataFrame:
    nothing = np.zeros(len(rows.label), dtype=bool)
    parts = [predictions_frame(rows, nothing, {name: np.empty(0) for name in plan.columns()})]
    for judged in folds:
        probabilities = {}
        for name, kind in zip(plan.columns(), plan.kinds, strict=True):
            learnt = kind.fit(rows.inputs[judged.train], rows.label[judged.train], seed=plan.seed)
            probabilities[name] = kind.probability(learnt, rows.inputs[judged.test])
            steps.done()
        parts.append(predictions_frame(rows, judged.test, probabilities, judged.fold.number))
    return pd.concat(parts, ignore_index=True)


def _candidate(rows: Rows, predictions: pd.DataFrame, folds: int, plan: _Plan, digest: str) -> Document:
    kind, used = plan.kinds[0], rows.labelled
    learnt = kind.fit(rows.inputs[used], rows.label[used], seed=plan.seed)
    body = {
        "model_kind": kind.name,
        "features": list(model_features()),
        "definition_digest": definition_digest(),
        "feature_set": FEATURE_SET,
        "label": col.UP_NEXT,
        "threshold": THRESHOLD,
        "parameters": learnt,
        "hyperparameters": dict(kind.hyperparameters),
        "training": _training(rows, plan.seed, digest),
        "walk_forward": _walk_forward(predictions, folds),
        "self_check": self_check(kind, learnt, rows.inputs[used]),
    }
    return Document("model", body)


def _training(rows: Rows, seed: int, features_sha256: str) -> dict[str, Any]:
    used = rows.labelled
    days = np.unique(rows.dates[used])
    return {
        "from": str(days[0]),
        "to": str(days[-1]),
        "rows": int(used.sum()),
        "sessions": len(days),
        "tickers": sorted(set(rows.tickers[used].tolist())),
        "features_sha256": features_sha256,
        "seed": seed,
        "horizon_sessions": HORIZON_SESSIONS,
        "libraries": _libraries(),
    }


def _libraries() -> dict[str, str]:
    import sklearn

    versions = {"scikit-learn": str(sklearn.__version__), "numpy": np.__version__}
    return {name: ".".join(version.split(".")[:2]) for name, version in versions.items()}


def _walk_forward(predictions: pd.DataFrame, folds: int) -> dict[str, Any] | None:
    from core.evaluation.performance import measure

    if not folds:
        return None
    performance = measure(
        predictions[list(col.PREDICTIONS)],
        samples=INTERVAL_SAMPLES,
        block_sessions=INTERVAL_BLOCK_SESSIONS,
        confidence=INTERVAL_CONFIDENCE,
        seed=INTERVAL_SEED,
    )
    return {"folds": folds, "performance": performance}


def _header(
    rows: Rows, folds: list[_Judged], plan: _Plan, model: Document | None, reason: str | None
) -> dict[str, Any]:
    # The candidate goes through the loader like any other: what cannot be loaded is never written.
    signals = signals_of(rows, load_model(model), plan.calendar) if model else []
    return {
        "mode": "train",
        "model_id": model_id_of(model) if model else None,
        "model_kind": plan.kinds[0].name,
        "signals": signals,
        "folds": [_fold_entry(judged) for judged in folds],
        "no_model_reason": reason,
    }


def _fold_entry(judged: _Judged) -> dict[str, Any]:
    fold = judged.fold
    return {
        "fold": fold.number,
        "train_from": fold.train_from.isoformat(),
        "train_to": fold.train_to.isoformat(),
        "test_from": fold.test_from.isoformat(),
        "test_to": fold.test_to.isoformat(),
        "train_rows": int(judged.train.sum()),
        "test_rows": int(judged.test.sum()),
    }
