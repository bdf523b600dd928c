"""Rules that need no model; a model that does not beat them has learnt nothing.

* ``majority``: in each fold, the up-rate of all earlier sessions as a constant probability.
* ``previous_day_sign``: tomorrow goes as today went: 1 if today's return is above 0, else 0.
* ``reversal``: the opposite, 1 - ``previous_day_sign`` (an unchanged price is called up).
* ``always_up``: 1 on every row.
* ``buy_and_hold``: the same calls as ``always_up``; listed for its return and Sharpe ratio, which
  are bought once and held.

The certain rules give probabilities 0 and 1, so their log loss is large by nature: it is capped at
36 per wrong row, where probabilities are clipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.evaluation.economics import earnings
from core.evaluation.performance import PooledScore, plain
from core.evaluation.ranking import grouped_auc, mean_auc
from core.evaluation.rows import Judged, numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

NAMES = ("majority", "previous_day_sign", "reversal", "always_up", "buy_and_hold")
FIGURES = ("auc", "precision", "recall", "hit_rate", "brier", "log_loss", "annual_return", "sharpe")


def probabilities(rows: Judged, features: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return the probability of an up move by each rule, shape (rows,), NaN where the rule has none.

    Row t uses data up to t: today's return, or labels of sessions before the fold.

    Parameters
    ----------
    rows : Judged
        With the column ``return`` (today's, a share).
    features : pandas.DataFrame
        Columns ``date`` and ``up_next`` of all sessions.
    """
    today = numbers(rows.frame, col.RETURN)
    sign = np.where(np.isnan(today), np.nan, (today > 0).astype(np.float64))
    ones = np.ones(len(rows))
    majority = up_rates(rows, features)[rows.fold] if len(rows) else ones
    return dict(zip(NAMES, (majority, sign, 1 - sign, ones, ones), strict=True))


def up_rates(rows: Judged, features: pd.DataFrame) -> NDArray[np.float64]:
    """Return by fold the up-rate of the sessions before it, shape (folds,).

    The session just before a fold is left out, as in training: its label is known only on the fold's
    first date. Where nothing comes before, the up-rate of the judged rows stands in.
    """
    dates, label = features[col.DATE].to_numpy(), numbers(features, col.UP_NEXT)
    sessions = np.unique(dates)
    judged_dates = rows.frame[col.DATE].to_numpy()
    rates = np.full(len(rows.folds), rows.up.mean())
    for code in range(len(rows.folds)):
        place = int(np.searchsorted(sessions, judged_dates[rows.fold == code][0])) - 1
        earlier = label[dates < sessions[max(place, 0)]]
        earlier = earlier[~np.isnan(earlier)]
        if len(earlier):
            rates[code] = earlier.mean()
    return rates


def figures(rows: Judged, probability: NDArray[np.float64], *, cost_bps: float) -> dict[str, float | None]:
    """Return :data:`FIGURES` of a rule's probabilities (shape (rows,)); None where undefined."""
    held = ~np.isnan(probability)
    within = grouped_auc(probability[held], rows.up[held], rows.fold[held], len(rows.folds))
    earned = earnings(rows, probability, cost_bps=cost_bps).points()
    values = {
        "auc": float(mean_auc(within)),
        **PooledScore.of(rows, probability).points(),
        "annual_return": earned["long_flat_return"],
        "sharpe": earned["long_flat_sharpe"],
    }
    return {name: plain(values[name]) for name in FIGURES}
