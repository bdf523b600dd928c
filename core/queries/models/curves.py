"""Curves over the judged rows: ROC and precision with recall, as few points as a chart can show.

The ROC curve is the mean of the folds' own curves at equal false-alarm rates (Fawcett 2006, vertical
averaging), weighted by their rows, so the area under it is the AUC that is reported. Pooling
folds would draw a curve whose area is another number. Precision and recall are ratios over all rows at
one threshold, as reported, so that curve is pooled and passes through the reported pair at 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.breakdown import calibration
from core.evaluation.champion import common_rows
from core.evaluation.drift import windows
from core.label import Label
from core.measures.calibration import CalibrationBins
from core.measures.judged_rows import labelled_rows, numbers
from core.measures.metrics import THRESHOLD
from core.measures.performance import json_number
from core.measures.slices import RankedRows
from core.measures.weighted import WeightedScore

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling
    from core.measures.judged_rows import JudgedRows
    from core.tables.artifacts import Table


GRID = 201
"""Points of a curve; a chart of 600 pixels shows no more."""

Point = dict[str, Any]


def judged_rows(predictions: Table) -> JudgedRows:
    """Return the labelled rows of predictions, whose outcomes overlap as far as their label looks ahead."""
    return labelled_rows(predictions.frame, horizon_sessions=Label.of(predictions.header).horizon_sessions)


def roc(rows: JudgedRows) -> list[Point]:
    """Return the mean ROC curve of the folds, from (0, 0) to (1, 1).

    Parameters
    ----------
    rows : JudgedRows
        Folds with one outcome only are left out, as they are from the AUC.

    Returns
    -------
    list of dict
        ``false_up`` (share of falls that were called up) and ``true_up`` (share of rises that were), at
        :data:`GRID` equal steps of ``false_up`` and one more (0, 0) first; empty when no fold has both outcomes.
    """
    grid = np.linspace(0.0, 1.0, GRID)
    both = [part for part in rows.parts if 0 < rows.up[part].sum() < len(rows.up[part])]
    if not both:
        return []
    curves = [_roc_at(grid, rows.probability[part], rows.up[part]) for part in both]
    mean = np.average(curves, axis=0, weights=[len(rows.up[part]) for part in both])
    points = zip((0.0, *grid.tolist()), (0.0, *mean.tolist()), strict=True)
    return [{"false_up": x, "true_up": y} for x, y in points]


def _roc_at(
    grid: NDArray[np.float64], p: NDArray[np.float64], up: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of rises called up at each false-alarm rate; equal probabilities are a straight line."""
    rises, calls = _steps(p, up)
    falls = calls - rises
    x, y = np.append(0.0, falls / falls[-1]), np.append(0.0, rises / rises[-1])
    # where the curve is vertical its upper end counts
    heights: NDArray[np.float64] = np.interp(grid, x, y)
    return heights


def _steps(
    p: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rises and rows called up at each threshold, the highest first; equal probabilities go together."""
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    return np.cumsum(up[order])[ends], (ends + 1).astype(np.float64)


def precision_recall(rows: JudgedRows) -> list[Point]:
    """Return precision and recall from the highest threshold to the lowest.

    Returns
    -------
    list of dict
        ``threshold``, ``recall`` (share of rises called up), ``precision`` (share of calls that rose) and ``calls``,
        at most about :data:`GRID` points, each a true one: thresholds in between are left out, none is
        averaged. Empty when no row rose.
    """
    if not rows.up.sum():
        return []
    p = rows.probability
    rises, calls = _steps(p, rows.up)
    thresholds = np.unique(p)[::-1]
    recall, precision = rises / rises[-1], rises / calls
    keep = np.unique(np.linspace(0, len(recall) - 1, min(GRID, len(recall))).round().astype(int))
    return [
        {
            "threshold": float(thresholds[i]), "recall": float(recall[i]), "precision": float(precision[i]),
            "calls": int(calls[i]),
        }
        for i in keep.tolist()
    ]  # fmt: skip


def at_threshold(rows: JudgedRows) -> Point | None:
    """Return precision and recall where rows are called up in the report (0.5), None when either is undefined."""
    positive = rows.probability >= THRESHOLD
    if not positive.any() or not rows.up.sum():
        return None
    right = float(rows.up[positive].sum())
    return {
        "threshold": THRESHOLD,
        "recall": right / float(rows.up.sum()),
        "precision": right / int(positive.sum()),
    }


def reliability(rows: JudgedRows, how: Resampling) -> list[Point]:
    """Return the bins of :func:`core.evaluation.breakdown.calibration`, the share that rose with its interval.

    Returns
    -------
    list of dict
        A bin's fields, and ``up_low`` and ``up_high``: None where it has too few rows or blocks of sessions.
    """
    bins = calibration(rows)
    if not bins:
        return []
    # a rule that calls every row up is right as often as rows rose: its precision is the share, with an interval
    always = rows.with_probability(np.ones(len(rows)))
    places = CalibrationBins.of(rows).place
    used, place = np.unique(places, return_inverse=True)
    figure = RankedRows(always, how).ratios(place.astype(np.int32), len(used))["precision"]
    bounds = zip(figure.low.tolist(), figure.high.tolist(), strict=True)
    return [
        {**each, "up_low": json_number(low), "up_high": json_number(high)}
        for each, (low, high) in zip(bins, bounds, strict=True)
    ]


def curves(rows: JudgedRows, how: Resampling) -> dict[str, Any]:
    """Return everything that is drawn about judged rows; ``how`` its intervals are made.

    Returns
    -------
    dict
        ``roc``, ``precision_recall``, ``at_half`` (its point at 0.5), ``calibration``, and ``rows``, ``up_rate``
        (None without rows) and ``auc`` (mean of the within-fold AUCs by rows, None when undefined).
    """
    return {
        "roc": roc(rows),
        "precision_recall": precision_recall(rows),
        "at_half": at_threshold(rows),
        "calibration": reliability(rows, how),
        "rows": len(rows),
        "up_rate": float(rows.up.mean()) if len(rows) else None,
        "auc": json_number(WeightedScore.of(rows, rows.probability).point),
    }


def curves_of_both(
    rows: JudgedRows, theirs: NDArray[np.float64], how: Resampling
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the curves of the candidate and of the champion on the rows that count for both.

    Parameters
    ----------
    rows : JudgedRows
        The candidate's.
    theirs : ndarray of float, shape (rows,)
        The champion's probabilities, NaN where the row does not count (:func:`core.evaluation.champion.chances`).
    """
    common = common_rows(rows, theirs)
    both = rows.only(common)
    return curves(both, how), curves(both.with_probability(theirs[common]), how)


@dataclass(frozen=True, eq=False)
class TwoWindows:
    """One column's values in the latest sessions and in all before them, without NaN.

    Parameters
    ----------
    reference, current : ndarray of float64
    since : str or None
        First session of the current window, ISO; None when there is not a single session.
    """

    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    since: str | None


def two_windows(
    features: pd.DataFrame, column: str, drift_sessions: int, *, ticker: str | None = None
) -> TwoWindows:
    """Return ``column`` split as drift splits it: the last ``drift_sessions`` sessions, and the ones before.

    Parameters
    ----------
    features : pandas.DataFrame
        ``date`` and ``column``; sessions are counted over all rows, whatever the ticker. NaN is left out.
    column : str
    drift_sessions : int
        At least 1.
    ticker : str, optional
        Only this one's values; the windows stay those of all rows.
    """
    cut = windows(features, drift_sessions)
    values = numbers(features, column)
    current = cut.of(features[col.DATE].to_numpy("datetime64[s]")) == 0
    defined = ~np.isnan(values)
    if ticker is not None:
        defined &= (features[col.TICKER] == ticker).to_numpy()
    latest = cut.sessions[-drift_sessions:]
    since = str(latest[0].astype("datetime64[D]")) if len(latest) else None
    return TwoWindows(values[defined & ~current], values[defined & current], since)
