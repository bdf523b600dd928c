"""The evidence for a model in use, after every session since its training: valid however often it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.breakdown import iso_dates
from core.measures.judged_rows import numbers
from core.measures.sequential import Sequential, brier_differences, daily_differences, e_process

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows
    from core.tables.artifacts import Table

EVEN = 0.5

SIMPLE_RULES, UP_RATE = "simple_rules", "up_rate"
"""What a model in use is held against at every look, beside chance."""


def sequential(rows: JudgedRows, features: Table, *, confidence: float) -> dict[str, Any]:
    """Return the evidence so far that the judged model is better, and that it is worse, than chance.

    Where the label looks H sessions ahead every H-th session is staked upon: before each stake the outcome of the
    one before is known, as the bound over all looks requires.

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
        stakes laid the other way round; ``line``: ``date``, ``e_value`` and ``worse_e_value`` after each session;
        ``beside``: the same four now, of the model beside the simple rules and beside the up-rate so far.
    """
    rate = up_rate_before(rows, features)
    rows = without_overlap(rows, features)
    gains = daily_differences(rows, rate)
    better, worse = (e_process(side, confidence=confidence) for side in (gains, -gains))
    days = iso_dates(rows.frame[col.DATE].to_numpy()[rows.begins])
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
        "beside": {
            SIMPLE_RULES: _beside_rules(rows, rate, gains, confidence),
            UP_RATE: _beside(*_both_sides(brier_differences(rows, rate), confidence)),
        },
    }


def without_overlap(rows: JudgedRows, features: Table) -> JudgedRows:
    """Return the rows of every H-th session from the first judged one on: the labels of those in between overlap."""
    horizon = rows.horizon_sessions
    if horizon == 1 or not len(rows):
        return rows
    calendar = np.unique(features[col.DATE].to_numpy("datetime64[D]"))
    session = np.searchsorted(calendar, rows.frame[col.DATE].to_numpy("datetime64[D]"))
    chosen = (session - session.min()) % horizon == 0
    return rows.only(chosen)


def _both_sides(differences: NDArray[np.float64], confidence: float) -> tuple[Sequential, Sequential]:
    """Return the evidence that the differences are above 0, and that they are below."""
    return e_process(differences, confidence=confidence), e_process(-differences, confidence=confidence)


def _beside_rules(
    rows: JudgedRows, rate: float, gains: NDArray[np.float64], confidence: float
) -> dict[str, Any]:
    """Return the evidence that the model ranks better than both simple rules, and worse than one of them.

    The bets of a rule are those of its calls; reversal turns them round. Better than both is as sure as the less
    sure of the two; for worse than one the mean of both e-values counts, which is an e-value itself: whoever
    looks at two rules has looked twice.
    """
    ours = numbers(rows.frame, col.RETURN)
    calls = np.where(np.isnan(ours), np.nan, (ours > 0).astype(np.float64))
    sign = daily_differences(rows, rate, score=calls)
    sides = [_both_sides((gains - rule) / 2, confidence) for rule in (sign, -sign)]
    better = min((side[0] for side in sides), key=lambda evidence: evidence.e_value)
    mean = np.mean([side[1].line for side in sides], axis=0)
    return _beside(better, Sequential(np.asarray(mean, dtype=np.float64), better.threshold))


def _beside(better: Sequential, worse: Sequential) -> dict[str, Any]:
    return {
        "e_value": better.e_value, "better": better.better, "worse_e_value": worse.e_value, "worse": worse.better,
    }  # fmt: skip


def up_rate_before(rows: JudgedRows, features: Table) -> float:
    """Return the share of rises known before the first judged session, one half where nothing is.

    The labels of the sessions just before, as many as it looks ahead, are made of the first judged one's close and
    later ones, and are left out as in training.
    """
    if not len(rows):
        return EVEN
    dates, label = features[col.DATE].to_numpy("datetime64[D]"), numbers(features, col.UP_NEXT)
    calendar = np.unique(dates)
    first = np.searchsorted(calendar, rows.frame[col.DATE].to_numpy("datetime64[D]").min())
    earlier = label[(dates < calendar[max(int(first) - rows.horizon_sessions, 0)]) & ~np.isnan(label)]
    return float(earlier.mean()) if len(earlier) else EVEN
