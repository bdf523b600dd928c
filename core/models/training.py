"""Training: walk-forward judgement of each model, then the candidate on all that is known."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.models.candidate import Fitting, candidate
from core.models.document import kind_named, model_id_of
from core.models.loader import load_model
from core.models.rows import Mask, Rows, rows_of
from core.models.scoring import predictions_frame
from core.models.signals import signals_of
from core.models.splits import Fold, walk_forward
from core.platform.progress import Progress, silent
from core.tables.artifacts import Document, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.models.kind import ModelKind
    from core.parameters import Value

MIN_TRAIN_ROWS = 60
"""Fewer labelled rows train nothing: six or seven to each of nine coefficients."""


@dataclass(frozen=True)
class Training:
    """What is trained: the named model first, those beside it after, and the walk forward."""

    kinds: tuple[ModelKind, ...]
    seed: int
    min_train_sessions: int
    fold_sessions: int
    embargo_sessions: int
    rolling_sessions: int | None
    calendar: str

    @classmethod
    def of(cls, parameters: Mapping[str, Value]) -> Training:
        """Return what the stage's parameters ask for."""
        named = str(parameters["model"])
        beside = [name for name in str(parameters.get("beside") or "").split(",") if name]
        kinds = tuple(kind_named(name) for name in dict.fromkeys([named, *beside]))
        numbers = {name: int(str(parameters[name])) for name in ("min_train_sessions", "fold_sessions")}
        rolling = parameters.get("window") == "rolling"
        return cls(
            kinds,
            int(str(parameters["seed"])),
            **numbers,
            embargo_sessions=int(str(parameters.get("embargo_sessions") or 0)),
            rolling_sessions=int(str(parameters["rolling_sessions"])) if rolling else None,
            calendar=str(parameters["calendar"]),
        )

    def columns(self) -> list[str]:
        """Return the probability column of each kind."""
        return [col.PROBABILITY, *(col.probability_of(kind.name) for kind in self.kinds[1:])]


@dataclass(frozen=True)
class Judged:
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
    was known before it, and predict the fold; the candidate is trained on every labelled row (of the
    last ``rolling_sessions`` when the window rolls). One thread, rows in (date, ticker) order: the same
    features give the same bytes.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineer` gives it, in any row order.
    parameters : mapping
        ``model``, ``beside`` (comma list or None), ``seed``, ``min_train_sessions``, ``fold_sessions``
        and ``calendar`` are read, and if there ``window`` (``expanding`` or ``rolling``),
        ``rolling_sessions`` and ``embargo_sessions``.
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
    DataError, ModelError
        If the features table is unusable, or a model does not converge.
    """
    plan, rows = Training.of(parameters), rows_of(features)
    with single_thread():
        folds = list(usable_folds(rows, plan))
        steps = _Steps(progress, len(folds) * len(plan.kinds) + 1)
        frame = _out_of_sample(rows, folds, plan, steps)
        used = used_by_candidate(rows, plan)
        reason = why_untrainable(rows.label[used])
        fitting = Fitting(plan.kinds[0], plan.seed, features_sha256)
        model = None if reason else candidate(rows, used, frame, len(folds), fitting)
        steps.done()
    entries = [fold_entry(judged) for judged in folds]
    return Table("predictions", frame, header_of(rows, entries, plan, model, reason)), model


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


def usable_folds(rows: Rows, plan: Training) -> Iterator[Judged]:
    """Yield the folds that have rows to judge and enough, of both outcomes, to learn from."""
    number = 0
    for fold in walk_forward(
        rows.sessions(),
        min_train_sessions=plan.min_train_sessions,
        fold_sessions=plan.fold_sessions,
        embargo_sessions=plan.embargo_sessions,
        rolling_sessions=plan.rolling_sessions,
    ):
        judged = split(rows, fold)
        if judged.test.any() and not why_untrainable(rows.label[judged.train]):
            number += 1
            numbered = Fold(number, fold.train_from, fold.train_to, fold.test_from, fold.test_to)
            yield Judged(numbered, judged.train, judged.test)


def used_by_candidate(rows: Rows, plan: Training) -> Mask:
    """Return the rows the candidate learns from: all that are labelled, or those of its rolling window.

    A candidate trained on another length of history than its folds would be another model than the one
    that was judged.
    """
    sessions = rows.sessions()
    if plan.rolling_sessions is None or len(sessions) <= plan.rolling_sessions:
        return rows.labelled
    used: Mask = rows.labelled & (rows.dates >= np.datetime64(sessions[-plan.rolling_sessions], "D"))
    return used


def split(rows: Rows, fold: Fold) -> Judged:
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
    return Judged(fold, rows.labelled & within & known_before, rows.labelled & tested)


def why_untrainable(label: np.ndarray) -> str | None:
    """Return why nothing can be learnt from these labels, or None."""
    if len(label) < MIN_TRAIN_ROWS:
        return f"{len(label)} labelled rows with all features; at least {MIN_TRAIN_ROWS} are needed"
    if len(np.unique(label)) < 2:
        return f"all {len(label)} labels are {int(label[0])}; both outcomes are needed"
    return None


def _out_of_sample(rows: Rows, folds: list[Judged], plan: Training, steps: _Steps) -> pd.DataFrame:
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


def header_of(
    rows: Rows, folds: list[dict[str, Any]], plan: Training, model: Document | None, reason: str | None
) -> dict[str, Any]:
    """Return the header of a training's predictions; of ``rows`` each ticker's last one is read."""
    # The candidate goes through the loader like any other: what cannot be loaded is never written.
    signals = signals_of(rows, load_model(model), plan.calendar) if model else []
    return {
        "mode": "train",
        "model_id": model_id_of(model) if model else None,
        "model_kind": plan.kinds[0].name,
        "signals": signals,
        "folds": folds,
        "no_model_reason": reason,
    }


def fold_entry(judged: Judged) -> dict[str, Any]:
    """Return a fold as the header has it."""
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
