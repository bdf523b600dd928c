"""Outcomes of a model's signals by model and quarter, each figure with its interval.

Quarters, because a month of five tickers holds about 105 rows: its AUC is uncertain by .11 to either
side, and what looks like decay from one month to the next is noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.breakdown import iso_dates
from core.evaluation.sufficiency import too_few
from core.measures.judged_rows import labelled_rows
from core.measures.performance import measure, undefined

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling

MODEL_ID = "model_id"
WHOLE = "all"
"""The period that holds all others."""

METRICS = ("auc", "hit_rate", "precision", "brier")


def scorecard(signals: pd.DataFrame, how: Resampling, *, horizon_sessions: int = 1) -> list[dict[str, Any]]:
    """Return one entry per model and quarter, each model's whole time first.

    Parameters
    ----------
    signals : pandas.DataFrame
        Columns ``model_id``, ``date`` (the session after which the signal was given), ``ticker``,
        ``probability`` (of a rise over the label's horizon) and ``up_next`` (what happened: 1, 0 or null).
        Rows whose outcome is not known are left out.
    how : Resampling
        How intervals are made.
    horizon_sessions : int
        How many sessions a signal looks ahead.

    Returns
    -------
    list of dict
        ``model_id``, ``period`` (``all`` or such as ``2013Q1``), ``from``, ``to``, ``sessions``, ``rows``,
        ``right`` (signals whose direction came true), ``up_rate`` and the metrics ``auc``, ``hit_rate``,
        ``precision`` and ``brier`` with intervals; under 60 rows or 60 sessions these are null with the reason.
    """
    labelled = signals[signals[col.UP_NEXT].notna() & signals[col.PROBABILITY].notna()]
    entries = []
    for identity in sorted(set(labelled[MODEL_ID].tolist())):
        own = labelled[labelled[MODEL_ID] == identity]
        quarter = _quarters(own[col.DATE].to_numpy("datetime64[D]"))
        entries.append(_entry(identity, WHOLE, own, how, horizon_sessions))
        entries += [
            _entry(identity, str(name), own[quarter == name], how, horizon_sessions)
            for name in np.unique(quarter)
        ]
    return entries


def _quarters(dates: NDArray[np.datetime64]) -> NDArray[np.str_]:
    """Return the calendar quarter of each date.

    >>> _quarters(np.array(["2013-03-31", "2013-04-01"], dtype="datetime64[D]")).tolist()
    ['2013Q1', '2013Q2']
    """
    months = dates.astype("datetime64[M]").astype(np.int64)
    names = [f"{1970 + month // 12}Q{month % 12 // 3 + 1}" for month in months.tolist()]
    return np.array(names, dtype=np.str_)


def _entry(identity: str, period: str, frame: pd.DataFrame, how: Resampling, horizon: int) -> dict[str, Any]:
    rows = labelled_rows(frame.assign(**{col.FOLD: np.nan}))
    days = iso_dates(np.unique(rows.frame[col.DATE].to_numpy()))
    right = int(((rows.probability >= 0.5) == (rows.up > 0)).sum())
    entry = {
        MODEL_ID: identity, "period": period, "from": days[0], "to": days[-1], "sessions": len(days),
        "rows": len(rows), "right": right, "up_rate": float(rows.up.mean()),
    }  # fmt: skip
    reason = too_few(len(rows), len(days), horizon, " with a known outcome", noun="signal")
    if reason:
        return entry | {name: undefined(reason) for name in METRICS}
    figures = measure(rows.frame, how, horizon_sessions=horizon)
    return entry | {name: figures[name] for name in METRICS}
