"""The walk forward once more without some of the inputs: what a feature adds, on the same folds and the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import ParameterError, listed, nearest
from core.label import Label
from core.models.choosing import fitter_of
from core.models.training import learning_rows, single_thread, usable_folds

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.models.train_settings import TrainSettings
    from core.tables.artifacts import Table


def walk_without(features: Table, settings: TrainSettings, without: Collection[str]) -> pd.DataFrame:
    """Return out-of-sample probabilities of the named model trained without some of its inputs.

    Folds, rows to learn from, rows to judge, seed and settings are those of :func:`core.models.training.train` with
    every input: a row on which an input that is left out has no value counts in neither.

    Parameters
    ----------
    features : Table
        As they were trained on.
    settings : TrainSettings
        As they were trained with.
    without : collection of str
        Names of inputs.

    Returns
    -------
    DataFrame
        ``date`` (datetime64[s]), ``ticker`` and ``probability`` of each judged row; of a large table those of the
        tickers that models learn from.

    Raises
    ------
    ParameterError
        If a name is not an input, or none would be left.
    ModelError
        If a model does not converge.
    """
    rows, _ = learning_rows(features)
    horizon = Label.of(features.header).horizon_sessions
    chosen = [place for place, name in enumerate(rows.names) if name not in without]
    if unknown := sorted(set(without) - set(rows.names)):
        raise ParameterError(
            f"the model has no input {unknown[0]!r}",
            expected=f"one of {listed(rows.names, 99)}",
            remedy=nearest(unknown[0], rows.names).strip(),
            parameter="without",
        )
    if not chosen:
        raise ParameterError("no input would be left", expected="at least one", parameter="without")
    fewer = replace(rows, inputs=rows.inputs[:, chosen])
    fitter, parts = fitter_of(settings, horizon), []
    with single_thread():
        for fold in usable_folds(rows, settings, horizon):
            model = fitter.fit(fewer, fold.train)
            parts.append(
                pd.DataFrame(
                    {
                        col.DATE: rows.dates[fold.test].astype("datetime64[s]"),
                        col.TICKER: pd.Series(rows.tickers[fold.test], dtype="str"),
                        col.PROBABILITY: model.kind.probability(model.parameters, fewer.inputs[fold.test]),
                    }
                )
            )
    empty = {
        col.DATE: np.empty(0, "datetime64[s]"),
        col.TICKER: pd.Series([], dtype="str"),
        col.PROBABILITY: np.empty(0),
    }
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(empty)
