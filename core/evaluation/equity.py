"""Growth of one unit of money by following the calls, beside buying and holding, for a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.economics import earnings

if TYPE_CHECKING:
    from core.evaluation.holding import Holdings
    from core.measures.judged_rows import JudgedRows

POINTS = 160
"""Points of the line; a picture of a page's width shows no more."""


def equity(rows: JudgedRows, holding: Holdings, *, cost_bps: float) -> list[dict[str, Any]]:
    """Return wealth after costs at up to :data:`POINTS` judged dates, the last one among them; 1 before the first.

    Parameters
    ----------
    rows : JudgedRows
        At least one, with the column ``next_return``.
    holding : Holdings
        Buying and holding the same tickers.
    cost_bps : float
        Cost of a change of position, in basis points.

    Returns
    -------
    list of dict
        ``date`` (ISO; what was called after its close is in), ``model`` (the long/flat rule; a date without a
        return leaves it as it was) and ``buy_and_hold``, which is held through sessions that are not judged, too.
    """
    followed = np.cumprod(1 + np.nan_to_num(earnings(rows, rows.probability, cost_bps=cost_bps).daily))
    bought = np.cumprod(1 + holding.bought_once.daily)[holding.sessions - holding.bought_once.session[0]]
    dates = rows.frame[col.DATE].to_numpy("datetime64[D]")[rows.begins]
    places = np.unique(np.linspace(0, len(dates) - 1, min(POINTS, len(dates))).round().astype(int))
    return [
        {"date": str(dates[place]), "model": float(followed[place]), "buy_and_hold": float(bought[place])}
        for place in places.tolist()
    ]
