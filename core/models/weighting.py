"""How much each row counts in a fit: less where its outcome is shared with others, less the older it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.models.model_rows import Mask, Rows, Vector
    from core.models.train_settings import TrainSettings

NONE, UNIQUENESS, DECAY, BOTH = "none", "uniqueness", "decay", "both"


def weights_of(rows: Rows, used: Mask, settings: TrainSettings, horizon_sessions: int) -> Vector | None:
    """Return the weights of the rows ``used``, with a mean of 1; None where all rows count alike.

    Parameters
    ----------
    rows : Rows
        Whole tickers.
    used : bool array, shape (n,)
    settings : TrainSettings
        Which weights, and the half-life of the decay.
    horizon_sessions : int
        How far the label looks ahead.
    """
    how = settings.sample_weights
    if how == NONE:
        return None
    weights = np.ones(int(used.sum()))
    if how in (UNIQUENESS, BOTH):
        weights *= uniqueness(rows, used, horizon_sessions)
    if how in (DECAY, BOTH):
        session = np.unique(rows.dates[used], return_inverse=True)[1]
        weights *= 0.5 ** ((session.max() - session) / settings.half_life_sessions)
    scaled: Vector = weights / weights.mean()
    return scaled


def uniqueness(rows: Rows, used: Mask, horizon_sessions: int) -> Vector:
    """Return the mean share that each row used has in the sessions its label is made of.

    A session that c labels of its ticker are made of counts 1 / c for each of them (Lopez de Prado 2018,
    Advances in Financial Machine Learning, 4.3 and 4.4).

    Parameters
    ----------
    rows : Rows
        Whole tickers.
    used : bool array, shape (n,)
        Rows with a label.
    horizon_sessions : int

    Returns
    -------
    float64 array, shape (rows used,)
        1 / horizon in the middle of a history without holes, more where fewer labels meet.
    """
    order = np.lexsort((rows.dates, rows.tickers.astype(str)))
    starts = np.flatnonzero(used[order])
    # the label of row i is made of the rows i + 1 to i + horizon of its ticker
    steps = np.zeros(len(order) + 1)
    np.add.at(steps, starts + 1, 1)
    np.add.at(steps, np.minimum(starts + horizon_sessions + 1, len(order)), -1)
    labels = np.cumsum(steps[:-1])
    shares = np.concatenate(
        ([0.0], np.cumsum(np.divide(1.0, labels, out=np.zeros(len(labels)), where=labels > 0)))
    )
    mean = (shares[starts + horizon_sessions + 1] - shares[starts + 1]) / horizon_sessions
    result = np.empty(len(order))
    result[order[starts]] = mean
    weights: Vector = result[used]
    return weights
