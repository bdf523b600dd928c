"""Scoring: an existing model judges the sessions that came after its training."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from core import columns as col
from core.features.definitions import own_of
from core.label import Label
from core.models.document import Model
from core.models.loader import load_model, require_features, require_label
from core.models.model_rows import Rows, rows_of
from core.models.predicting import Collected, PredictedPart, last_rows, packed_by_ticker, predictions_frame
from core.models.signals import signals_of, withheld
from core.models.train_settings import ScoreSettings
from core.prices.calendar import sessions_after
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace


def score(
    features: Table,
    model: Document,
    settings: ScoreSettings,
    *,
    findings: Document | None = None,
    workplace: Workplace | None = None,
) -> Table:
    """Return a model's probabilities for the sessions after its training, and its signals.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineer` gives it, in any row order.
    model : Document
        As the train stage wrote it.
    settings : ScoreSettings
    findings : Document, optional
        Of the gate: a signal whose row is in doubt has no direction.
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made.

    Returns
    -------
    Table
        Kind ``predictions``, sorted by (date, ticker): complete rows dated after the last session the
        model was trained on (earlier rows do not test it, nor do, with a label over several sessions, rows whose
        outcome began before the last label ended). ``up_next`` is NaN where not yet known,
        ``fold`` is NaN throughout. The header has ``mode`` ``score``, the model's id and age in sessions,
        and a signal per ticker.

    Raises
    ------
    ModelError
        If the model is damaged, or was trained on features defined otherwise or on another label (hard stop).
    DataError
        If the features table is unusable.
    """
    loaded, workplace = load_model(model), workplace or Workplace()
    require_label(loaded, Label.of(features.header))
    require_features(loaded, own_of(features.header))
    with workplace.writer("predictions") as writer:
        collected = Collected(writer, ())
        for part in workplace.each_part(partial(_scored_part, features, model), features):
            collected.take(part)
        header = _scoring_header(collected.last_rows(), len(collected.sessions), loaded, settings.calendar)
        return writer.done({**header, "signals": withheld(header["signals"], findings)})


def _scored_part(features: Table, model: Document, number: int) -> PredictedPart:
    loaded = load_model(model)
    rows = rows_of(features, number, loaded.own)
    after = rows.dates > np.datetime64(loaded.no_test_to, "D")
    new = rows.complete & after
    frame = predictions_frame(rows, new, {col.PROBABILITY: loaded.probability(rows.inputs[new])})
    sessions = tuple(np.unique(rows.dates[after]).tolist())
    return PredictedPart(packed_by_ticker(frame, features), last_rows(rows), sessions=sessions)


def _scoring_header(rows: Rows, dates: int, model: Model, calendar: str) -> dict[str, Any]:
    """Return the header of a scoring's predictions; of ``rows`` each ticker's last one is read."""
    return {
        "mode": "score",
        "model_id": model.model_id,
        "model_kind": model.kind.name,
        "age_sessions": _age(rows, model, calendar, dates),
        "signals": signals_of(rows, model, calendar),
        "folds": [],
        "no_model_reason": None,
        "calendar": calendar,
        **model.label.field,
    }


def _age(rows: Rows, model: Model, calendar: str, dates: int) -> int:
    """Return how many sessions of the exchange came after a model's training; dates where the calendar is silent."""
    if not len(rows.dates):
        return 0
    sessions = sessions_after(calendar, model.trained_to, rows.dates.max().astype("datetime64[D]").item())
    return dates if sessions is None else sessions
