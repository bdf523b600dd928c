"""Scoring: an existing model judges the sessions that came after its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.models.loader import load_model
from core.models.rows import Mask, Rows, rows_of
from core.models.signals import signals_of
from core.tables.artifacts import Document, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.document import Model
    from core.models.rows import Vector
    from core.parameters import Value


def score(features: Table, model: Document, parameters: Mapping[str, Value]) -> Table:
    """Return a model's probabilities for the sessions after its training, and its signals.

    Parameters
    ----------
    features : Table
        As :func:`core.features.engineer` gives it, in any row order.
    model : Document
        As the train stage wrote it.
    parameters : mapping
        ``calendar`` is read.

    Returns
    -------
    Table
        Kind ``predictions``, sorted by (date, ticker): complete rows dated after the last session the
        model was trained on (earlier rows are no test of it). ``up_next`` is NaN where not yet known,
        ``fold`` is NaN throughout. The header has ``mode`` ``score``, the model's id and age in sessions,
        and a signal per ticker.

    Raises
    ------
    ModelError
        If the model is damaged or was trained on features defined otherwise (hard stop).
    DataError
        If the features table is unusable.
    """
    loaded = load_model(model)
    rows = rows_of(features)
    new = rows.complete & (rows.dates > np.datetime64(loaded.trained_to, "D"))
    frame = predictions_frame(rows, new, {col.PROBABILITY: loaded.probability(rows.inputs[new])})
    header = scored_header(rows, _age_sessions(rows, loaded), loaded, str(parameters["calendar"]))
    return Table("predictions", frame, header)


def scored_header(rows: Rows, age_sessions: int, model: Model, calendar: str) -> dict[str, Any]:
    """Return the header of a scoring's predictions; of ``rows`` each ticker's last one is read."""
    return {
        "mode": "score",
        "model_id": model.model_id,
        "model_kind": model.kind.name,
        "age_sessions": age_sessions,
        "signals": signals_of(rows, model, calendar),
        "folds": [],
        "no_model_reason": None,
    }


def _age_sessions(rows: Rows, model: Model) -> int:
    """Return how many sessions of the features come after the model's training: data against data."""
    sessions = np.unique(rows.dates)
    return int((sessions > np.datetime64(model.trained_to, "D")).sum())


def predictions_frame(
    rows: Rows, chosen: Mask, probabilities: Mapping[str, Vector], fold: float = float("nan")
) -> pd.DataFrame:
    """Return the predictions table of the ``chosen`` rows.

    Parameters
    ----------
    rows : Rows
        All rows, sorted by (date, ticker).
    chosen : bool array, shape (n,)
        Those that are predicted.
    probabilities : mapping of str to float64 array
        By column name, ``probability`` first; one value per chosen row.
    fold : float
        Number of the fold, NaN for none.
    """
    frame = pd.DataFrame(
        {
            col.DATE: rows.dates[chosen].astype("datetime64[s]"),
            col.TICKER: pd.Series(rows.tickers[chosen], dtype="str"),
            col.PROBABILITY: probabilities[col.PROBABILITY],
            col.UP_NEXT: rows.label[chosen],
            col.FOLD: np.full(int(chosen.sum()), fold),
        }
    )
    return frame.assign(**{name: p for name, p in probabilities.items() if name != col.PROBABILITY})
