"""Training: walk-forward judgement of each model, then the candidate on all that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.features.definitions import MODULES, own_of
from core.label import Label
from core.models.candidate import CandidateOrigin, Walk, candidate, recorded
from core.models.choosing import fitter_of
from core.models.document import OF_TABLE, kind_named, model_id_of
from core.models.fitting import Fitter, fit_plain
from core.models.folding import FoldRows, split
from core.models.importance import importance
from core.models.kind import ModelKind
from core.models.loader import load_model
from core.models.model_rows import Mask, Rows, check_features, needed, rows_from, rows_of
from core.models.predicting import Collected, PredictedPart, last_rows, packed_by_ticker, predictions_frame
from core.models.signals import signals_of, withheld
from core.models.splits import MIN_TRAIN_ROWS, Fold, fitting_min_train_sessions, walk_forward
from core.models.train_settings import TrainSettings
from core.parameters import AUTO
from core.platform.progress import Steps
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

TRAINING_ROWS = 2_000_000
"""Rows that models learn from at most: the fit of them peaks at about 1 GB."""


def train(
    features: Table,
    settings: TrainSettings,
    *,
    features_sha256: str,
    findings: Document | None = None,
    workplace: Workplace | None = None,
) -> tuple[Table, Document | None]:
    """Return out-of-sample predictions and the candidate model.

    Only complete rows count. Walk-forward models are trained on the rows before their fold whose label
    was known before it, and predict the fold; the candidate is trained on every labelled row (of the
    last ``rolling_sessions`` when the window rolls). One thread, rows in (date, ticker) order: the same
    features give the same bytes. Above :data:`TRAINING_ROWS` models learn from some tickers and predict all.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineer` gives it, in any row order.
    settings : TrainSettings
    features_sha256 : str
        SHA-256 of the features file, for the model's record.
    findings : Document, optional
        Of the gate: a signal whose row is in doubt has no direction.
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made; its progress counts folds
        fitted, the candidate and its record, and parts predicted where there are several.

    Returns
    -------
    predictions : Table
        Labelled rows of all folds, sorted by (date, ticker), with a column per model beside; no rows
        when history is too short for one fold. The header has ``folds``, ``signals``, ``min_train_sessions``
        (what was set, the ``sessions`` that it came to, and
        embargo and rolling window where they are set), ``importance`` (by fold), if there is no model
        ``no_model_reason``, and if models learnt from some tickers only ``trained_on``.
    model : Document or None
        None when fewer than 60 labelled rows, or one outcome only, leave nothing to learn.

    Raises
    ------
    DataError, ModelError
        If the features table is unusable, or a model does not converge.
    """
    workplace = workplace or Workplace()
    rows, trained_on = learning_rows(features)
    label = Label.of(features.header)
    first = min_train_sessions(rows, settings, label.horizon_sessions)
    with single_thread(), workplace.writer("predictions") as writer:
        folds = list(usable_folds(rows, settings, label.horizon_sessions))
        fitter = fitter_of(settings, label.horizon_sessions, workplace.memory)
        used = used_by_candidate(rows, settings)
        reason = why_untrainable(rows.label[used])
        origin = CandidateOrigin(settings.seed, features_sha256, label, features.header.get(MODULES) or {})
        tasks: list[Callable[[], Any]] = [partial(_fitted, rows, fold, fitter) for fold in folds]
        tasks += [] if reason else [partial(fitter.fit, rows, used)]
        steps = Steps(workplace.progress, len(tasks) + (features.parts if features.parts > 1 else 0) + 1)
        fits = []
        for fit in workplace.engine.beside(tasks, parts=features.parts):
            fits.append(fit)
            steps.done()
        fitted = fits[: len(folds)]
        body = None if reason else candidate(rows, used, fits[-1], origin)
        walk = Walk(first, _up_rates(rows, folds), label.horizon_sessions, settings.walk_limits)
        collected = Collected(writer, col.PREDICTIONS)
        work = partial(_predicted_part, features, settings, fitted, rows if features.parts == 1 else None)
        del rows, tasks  # of a large table they are not in memory beside its predictions
        for part in workplace.engine.each(work, range(features.parts)):
            collected.take(part)
            if features.parts > 1:
                steps.done()
        if body is not None and trained_on:
            body["training"][OF_TABLE] = sorted(collected.learnable)
        model = None if body is None else recorded(body, collected.frame(), walk)
        steps.done()
        entries = [_fold_entry(fold, collected.by_fold.get(fold.fold.number, 0)) for fold in folds]
        header = _training_header(collected.last_rows(), entries, settings, model, reason)
        header["signals"] = withheld(header["signals"], findings)
        setting = AUTO if settings.min_train_sessions is None else first
        header["min_train_sessions"] = {"setting": setting, "sessions": first, **settings.walk_limits}
        header["importance"] = [
            {"fold": entry.fold.number, **entry.importance} for entry in fitted if entry.importance
        ]
        choices = [{"fold": entry.fold.number, **entry.choice} for entry in fitted if entry.choice]
        header |= {"choices": choices} if choices else {}
        return writer.done(header | trained_on | label.field), model


def _up_rates(rows: Rows, folds: Sequence[FoldRows]) -> dict[int, float]:
    """Return the share of rises that was known before each fold, by its number."""
    starts = {entry.fold.number: np.datetime64(entry.fold.test_from, "D") for entry in folds}
    return {
        number: float(np.nanmean(rows.label[rows.label_dates < start])) for number, start in starts.items()
    }


def learning_rows(features: Table) -> tuple[Rows, dict[str, Any]]:
    """Return the rows that models learn from, and the header's ``trained_on`` where they are not all.

    A model of nine inputs learns nothing from ten million rows that two million do not tell it, and no
    solver in use here reads rows piece by piece: whole tickers are taken at even steps through the alphabet.
    Reasons and figures: ``docs/decisions/010-large-tables.md``.
    """
    if features.parts == 1 and features.rows <= TRAINING_ROWS:
        return rows_of(features), {}
    check_features(features)
    own = own_of(features.header)
    step = -(-features.rows // TRAINING_ROWS)
    frames, tickers, chosen = [], 0, 0
    for frame in features.each(needed(own)):
        codes, names = pd.factorize(frame[col.TICKER], sort=True)
        # counted over all parts: every step-th ticker, wherever parts begin
        chosen_tickers = (np.arange(len(names)) + tickers) % step == 0
        frames.append(frame[chosen_tickers[codes]])
        tickers += len(names)
        chosen += int(chosen_tickers.sum())
    whole = pd.concat([frame.astype({col.TICKER: "str"}) for frame in frames], ignore_index=True)
    frames.clear()
    about = {"tickers": chosen, "of_tickers": tickers, "rows": len(whole), "of_rows": features.rows}
    return rows_from(whole, Label.of(features.header), own), ({"trained_on": about} if step > 1 else {})


@dataclass(frozen=True)
class _FittedFold:
    """The models of one fold by probability column, what the main one's inputs are worth, and what was chosen."""

    fold: Fold
    models: Mapping[str, tuple[ModelKind, Any]]
    importance: Mapping[str, Any] | None
    choice: Mapping[str, Any]


def _probability_columns(settings: TrainSettings) -> list[str]:
    return [col.PROBABILITY, *(col.probability_of(name) for name in settings.kinds[1:])]


def _fitted(rows: Rows, fold: FoldRows, fitter: Fitter) -> _FittedFold:
    settings, horizon_sessions = fitter.settings, fitter.horizon_sessions
    model = fitter.fit(rows, fold.train)
    models = {col.PROBABILITY: (model.kind, model.parameters)}
    for column, name in zip(_probability_columns(settings)[1:], settings.kinds[1:], strict=True):
        beside = kind_named(name)
        models[column] = (
            beside,
            fit_plain(beside, rows, fold.train, settings, horizon_sessions, memory=fitter.memory),
        )
    kind, learnt = models[col.PROBABILITY]
    worth = importance(
        kind, learnt, rows.inputs[fold.test], rows.label[fold.test], names=rows.names, seed=settings.seed
    )
    return _FittedFold(fold.fold, models, worth, model.choice)


def _predicted_part(
    features: Table, settings: TrainSettings, fitted: Sequence[_FittedFold], whole: Rows | None, number: int
) -> PredictedPart:
    """Return the out-of-sample predictions of one part; ``whole`` are its rows where they are there already."""
    rows = rows_of(features, number) if whole is None else whole
    nothing = np.zeros(len(rows.label), dtype=bool)
    frames = [predictions_frame(rows, nothing, dict.fromkeys(_probability_columns(settings), np.empty(0)))]
    counts = {}
    for entry in fitted:
        test = split(rows, entry.fold).test
        chances = {
            name: kind.probability(fit, rows.inputs[test]) for name, (kind, fit) in entry.models.items()
        }
        frames.append(predictions_frame(rows, test, chances, entry.fold.number))
        counts[entry.fold.number] = int(test.sum())
    frame = pd.concat(frames, ignore_index=True)
    learnable = frozenset(pd.unique(rows.tickers[rows.labelled]).tolist())
    return PredictedPart(packed_by_ticker(frame, features), last_rows(rows), counts, learnable=learnable)


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


def min_train_sessions(rows: Rows, settings: TrainSettings, horizon_sessions: int = 1) -> int:
    """Return the sessions before the first fold: as they are set, else as they fit the history."""
    if settings.min_train_sessions is not None:
        return settings.min_train_sessions
    place = np.searchsorted(np.array(rows.sessions(), dtype="datetime64[D]"), rows.dates[rows.labelled])
    learnable = np.bincount(place, minlength=len(rows.sessions())).tolist()
    return fitting_min_train_sessions(
        learnable, horizon_sessions=horizon_sessions, embargo_sessions=settings.embargo_sessions
    )


def usable_folds(rows: Rows, settings: TrainSettings, horizon_sessions: int = 1) -> Iterator[FoldRows]:
    """Yield the folds that have rows to judge and enough, of both outcomes, to learn from."""
    number = 0
    for fold in walk_forward(
        rows.sessions(),
        min_train_sessions=min_train_sessions(rows, settings, horizon_sessions),
        fold_sessions=settings.fold_sessions,
        horizon_sessions=horizon_sessions,
        embargo_sessions=settings.embargo_sessions,
        rolling_sessions=settings.most_sessions,
    ):
        fold_rows = split(rows, fold)
        if fold_rows.test.any() and not why_untrainable(rows.label[fold_rows.train]):
            number += 1
            numbered = Fold(number, fold.train_from, fold.train_to, fold.test_from, fold.test_to)
            yield FoldRows(numbered, fold_rows.train, fold_rows.test)


def used_by_candidate(rows: Rows, settings: TrainSettings) -> Mask:
    """Return the rows the candidate learns from: all that are labelled, or those of its rolling window.

    A candidate trained on another length of history than its folds would be another model than the one
    that was judged.
    """
    sessions = rows.sessions()
    most = settings.most_sessions
    if most is None or len(sessions) <= most:
        return rows.labelled
    used: Mask = rows.labelled & (rows.dates >= np.datetime64(sessions[-most], "D"))
    return used


def why_untrainable(label: np.ndarray) -> str | None:
    """Return why nothing can be learnt from these labels, or None."""
    if len(label) < MIN_TRAIN_ROWS:
        return f"{len(label)} labelled rows with all features; at least {MIN_TRAIN_ROWS} are needed"
    if len(np.unique(label)) < 2:
        return f"all {len(label)} labels are {int(label[0])}; both outcomes are needed"
    return None


def _training_header(
    rows: Rows,
    folds: list[dict[str, Any]],
    settings: TrainSettings,
    model: Document | None,
    reason: str | None,
) -> dict[str, Any]:
    """Return the header of a training's predictions; of ``rows`` each ticker's last one is read."""
    # The candidate goes through the loader like any other: what cannot be loaded is never written.
    signals = signals_of(rows, load_model(model), settings.calendar) if model else []
    return {
        "mode": "train",
        "model_id": model_id_of(model) if model else None,
        "model_kind": settings.model,
        "signals": signals,
        "folds": folds,
        "no_model_reason": reason,
        "calendar": settings.calendar,
    }


def _fold_entry(fold_rows: FoldRows, test_rows: int) -> dict[str, Any]:
    """Return a fold as the header has it; ``test_rows`` counts those of all parts."""
    fold = fold_rows.fold
    return {
        "fold": fold.number,
        "train_from": fold.train_from.isoformat(),
        "train_to": fold.train_to.isoformat(),
        "test_from": fold.test_from.isoformat(),
        "test_to": fold.test_to.isoformat(),
        "train_rows": int(fold_rows.train.sum()),
        "test_rows": test_rows,
    }
