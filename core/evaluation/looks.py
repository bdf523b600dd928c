"""The evidence for a model in use, after every session since its training: valid however often it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.breakdown import iso_dates
from core.measures.rows import numbers
from core.measures.sequential import daily_differences, e_process

if TYPE_CHECKING:
    from core.measures.rows import JudgedRows
    from core.tables.artifacts import Table

EVEN = 0.5


def sequential(rows: JudgedRows, features: Table, *, confidence: float) -> dict[str, Any]:
    """Return the evidence so far that the judged model is better, and that it is worse, than chance.

    Parameters
    ----------
    rows : JudgedRows
        Every labelled row of the model since its training, however few.
    features : Table
        Columns ``date`` and ``up_next`` of all sessions.
    confidence : float
        Coverage of the interval beside it; each side has half of the rest.

    Returns
    -------
    dict
        ``e_value``, ``threshold``, ``sessions``, ``better``; ``worse_e_value`` and ``worse`` of the same
        stakes laid the other way round; ``line``: ``date``, ``e_value`` and ``worse_e_value`` after each session.
    """
    gains = daily_differences(rows, up_rate_before(rows, features))
    better, worse = (e_process(side, confidence=confidence) for side in (gains, -gains))
    begins = np.searchsorted(rows.group, np.arange(len(rows.group_fold)))
    days = iso_dates(rows.frame[col.DATE].to_numpy()[begins])
    return {
        "e_value": better.e_value,
        "threshold": better.threshold,
        "sessions": better.sessions,
        "better": better.better,
        "worse_e_value": worse.e_value,
        "worse": worse.better,
        "line": [
            {"date": day, "e_value": up, "worse_e_value": down}
            for day, up, down in zip(days, better.line.tolist(), worse.line.tolist(), strict=True)
        ],
    }


def up_rate_before(rows: JudgedRows, features: Table) -> float:
    """Return the share of rises known before the first judged session, one half where nothing is.

    The label of the session just before is made of the first judged one's close, and is left out as in training.
    """
    if not len(rows):
        return EVEN
    dates, label = features[col.DATE].to_numpy("datetime64[D]"), numbers(features, col.UP_NEXT)
    calendar = np.unique(dates)
    first = np.searchsorted(calendar, rows.frame[col.DATE].to_numpy("datetime64[D]").min())
    earlier = label[(dates < calendar[max(int(first) - 1, 0)]) & ~np.isnan(label)]
    return float(earlier.mean()) if len(earlier) else EVEN
