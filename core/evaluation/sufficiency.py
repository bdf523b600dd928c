"""Whether the labelled rows are sufficient for a verdict, and which setting would make them so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.evaluation.verdict import MIN_NEW_ROWS
from core.label import Label
from core.measures.rows import JudgedRows, numbers
from core.models.splits import LEAST_TRAINING, MIN_TRAIN_ROWS, judged_sessions_needed
from core.parameters import AUTO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.tables.artifacts import Table


def why_insufficient(rows: JudgedRows, mode: str, no_model: str | None) -> str:
    """Return why the rows are insufficient for a verdict; empty where they are sufficient.

    Parameters
    ----------
    rows : JudgedRows
    mode : str
        ``train`` or ``score``.
    no_model : str or None
        Why training gave no model, where it said so.
    """
    if not len(rows) and mode == "train":
        return (no_model or "there is no labelled out-of-sample row").rstrip(".")
    after = " after the model's training" if mode == "score" else " out of sample"
    return too_few(len(rows), judged_sessions(rows), rows.horizon_sessions, after)


def too_few(
    rows: int, sessions: int, horizon_sessions: int, which: str = "", *, noun: str = "labelled row"
) -> str:
    """Return how many rows there are in how many sessions, and how many are needed; empty where they are sufficient.

    Many tickers have 60 rows in one session, which no interval can be made of.

    >>> too_few(60, 5, 1, " after both trainings")
    '60 labelled rows in 5 sessions after both trainings, at least 60 rows in 60 sessions are needed'
    """
    needed = judged_sessions_needed(horizon_sessions)
    if rows >= MIN_NEW_ROWS and sessions >= needed:
        return ""
    return (
        f"{_counted(rows, noun)} in {_counted(sessions, 'session')}{which}, "
        f"at least {MIN_NEW_ROWS} {noun.split()[-1]}s in {needed} sessions are needed"
    )


def judged_sessions(rows: JudgedRows) -> int:
    """Return the number of distinct dates of the judged rows."""
    return len(np.unique(rows.frame[col.DATE].to_numpy()))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def remedy(
    features: Table, model_features: Sequence[str], mode: str, setting: int | str | None = None
) -> str:
    """Return what would give enough to judge, naming ``min_train_sessions`` and a value that would do.

    Parameters
    ----------
    features : Table
        All sessions.
    model_features : sequence of str
        Features of the model: a row without one of them is not learnt from.
    mode : str
        ``train`` or ``score``.
    setting : int or str, optional
        What ``min_train_sessions`` was set to in training, where that is known.
    """
    horizon = Label.of(features.header).horizon_sessions
    sessions, most = _most_training(features, model_features, horizon)
    if most is None:
        least, to_judge = LEAST_TRAINING + horizon - 1, judged_sessions_needed(horizon)
        return (
            f"the data hold {_counted(sessions, 'labelled session')}, too few for any min_train_sessions "
            f"({least} at least, and {to_judge} sessions to judge): bring more history"
        )
    if mode == "score":
        return f"wait for more sessions, or train with min_train_sessions = {most} or fewer"
    # what fits the history was not enough: then something else than this setting stands in the way
    auto = f", or {AUTO}" if setting not in (None, AUTO) else ""
    return f"min_train_sessions = {most} or fewer{auto} would do"


def _most_training(features: Table, model_features: Sequence[str], horizon: int) -> tuple[int, int | None]:
    """Return the labelled sessions, and the largest ``min_train_sessions`` that leaves enough to judge."""
    dates, label = features[col.DATE].to_numpy(), numbers(features, col.UP_NEXT)
    usable = ~np.isnan(label)
    sessions = np.unique(dates[usable])
    most = len(sessions) - judged_sessions_needed(horizon)
    if most < LEAST_TRAINING + horizon - 1:
        return len(sessions), None
    for name in model_features:
        if name in features:
            usable &= features[name].notna().to_numpy()
    # the sessions just before the first test window, as many as the label looks ahead, are left out of training
    learnt = int((usable & (dates < sessions[most - horizon])).sum())
    return len(sessions), most if learnt >= MIN_TRAIN_ROWS else None
