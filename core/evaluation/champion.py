"""Two models on the same rows, none of which either has learnt from: challenger against champion.

Rows up to the later of the two trainings never count. In a train run the challenger's probabilities
are those of its walk-forward models, which saw only sessions before their fold; the champion's are its
own on rows dated after the last session it was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import ModelError
from core.evaluation.breakdown import iso_dates
from core.evaluation.comparison import CombinedQuantity
from core.evaluation.economics import earnings
from core.evaluation.joined import chances
from core.evaluation.sufficiency import too_few
from core.evaluation.summaries import age_of
from core.evaluation.verdict import CHANCE
from core.features import model_features
from core.features.definitions import OWN, own_of
from core.features.history import changes
from core.measures.bootstrap import Estimate, Quantity, Resampling, estimate
from core.measures.expanded import coverage_of
from core.measures.judged_rows import JudgedRows
from core.measures.performance import PooledScore, entries, json_number
from core.measures.weighted import WeightedScore
from core.models.document import model_id_of
from core.models.splits import MIN_TEST_SESSIONS, least_fold_sessions
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_INFERIOR = -0.01
"""A challenger whose AUC difference is surely above this is at most a hundredth worse: less than one
resampling of a year of five tickers moves it."""

COMPARED = ("auc", "brier", "log_loss", "hit_rate", "long_flat_sharpe")
"""Metrics whose paired differences are given."""

BETTER_THAN_BAD = "better than a bad model"
"""Of a challenger that beats the champion without being shown to be good itself: no reason to retrain."""

NOT_COMPARED, NO_AUC = "not compared", "there is no AUC to compare"
"""Of two models on the same rows, where one has no AUC or no interval of it: all rose, say."""

_SIDES = ("challenger", "champion")


def contest(
    rows: JudgedRows, theirs: NDArray[np.float64], how: Resampling, *, cost_bps: float
) -> dict[str, Any]:
    """Return both models' metrics on the rows that both may be judged by, and the paired differences.

    Parameters
    ----------
    rows : JudgedRows
        The challenger's; with the column ``next_return``.
    theirs : ndarray of float, shape (rows,)
        The champion's probabilities, NaN where the row does not count.
    how : Resampling
        Both are given the same resamples.
    cost_bps : float
        Cost of a change of position, in basis points.

    Returns
    -------
    dict
        ``compared`` and ``reason`` (why not); ``rows``, ``sessions``, ``from``, ``to``; ``performance`` (the
        champion's), ``challenger`` and ``paired`` (challenger less champion; of Brier score and log loss
        less is better).
    """
    common = common_rows(rows, theirs)
    both = rows.only(common)
    days = iso_dates(np.unique(both.frame[col.DATE].to_numpy()))
    ends = (days[0], days[-1]) if days else (None, None)
    extent = {"rows": len(both), "sessions": len(days), "from": ends[0], "to": ends[1]}
    reason = too_few(len(both), len(days), rows.horizon_sessions, " after both trainings")
    if reason:
        return {
            "compared": False,
            "reason": reason,
            **extent,
            "performance": {},
            "challenger": {},
            "paired": [],
        }
    probabilities = (both.probability, theirs[common])
    quantities: dict[str, Quantity] = {
        side: CombinedQuantity(
            (WeightedScore.of(both, p), PooledScore.of(both, p), earnings(both, p, cost_bps=cost_bps))
        )
        for side, p in zip(_SIDES, probabilities, strict=True)
    }
    estimates, coverage = estimate(quantities, both, how), coverage_of(both, how)
    ours, others = (estimates[side] for side in _SIDES)
    return {
        "compared": True,
        "reason": "",
        **extent,
        "performance": entries(others, len(both), coverage),
        "challenger": entries(ours, len(both), coverage),
        "paired": [_difference(name, ours[name], others[name], coverage) for name in COMPARED],
    }


def common_rows(rows: JudgedRows, theirs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the rows that count for both, shape (rows,).

    Of a fold that the champion's training end cuts, a rest of under :data:`MIN_TEST_SESSIONS` sessions (or two
    horizons) is left out: the blocks of so few sessions are hardly resampled.
    """
    has_probability = ~np.isnan(theirs)
    whole = np.bincount(rows.group_fold, minlength=len(rows.folds))
    has_rows = np.zeros(len(rows.group_fold), dtype=bool)
    has_rows[rows.group[has_probability]] = True
    sessions = np.bincount(rows.group_fold[has_rows], minlength=len(rows.folds))
    sliver = (sessions < whole) & (sessions < least_sessions(rows.horizon_sessions))
    common: NDArray[np.bool_] = has_probability & ~sliver[rows.fold]
    return common


def least_sessions(horizon_sessions: int) -> int:
    """Return the sessions below which what is left of a fold is too short to be resampled.

    >>> least_sessions(1), least_sessions(20)
    (20, 40)
    """
    return max(MIN_TEST_SESSIONS, least_fold_sessions(horizon_sessions))


def _difference(metric: str, ours: Estimate, theirs: Estimate, coverage: float) -> dict[str, Any]:
    difference = Estimate(ours.value - theirs.value, ours.draws - theirs.draws)
    low, high = difference.interval(coverage) or (None, None)
    return {"metric": metric, "difference": json_number(difference.value), "low": low, "high": high}


def judgement(result: Mapping[str, Any]) -> str:
    """Return what a contest shows, in words.

    ``better`` when the interval of the AUC difference lies above 0, that of the challenger's own AUC above
    .5, and its Brier score is no worse; with the first alone ``better than a bad model``. ``worse`` when the
    difference's interval lies below 0; ``not inferior`` when it lies above -0.01 and the Brier score is no
    worse; else ``no difference shown``, or ``not compared``.

    >>> pair = {"metric": "auc", "difference": 0.002, "low": -0.004, "high": 0.008}
    >>> brier = {"metric": "brier", "difference": -0.0001, "low": -0.001, "high": 0.001}
    >>> judgement({"compared": True, "paired": [pair, brier]})
    'not inferior'
    """
    pairs = {pair["metric"]: pair for pair in result["paired"]}
    auc = pairs.get("auc")
    if not result["compared"] or auc is None or auc["low"] is None:
        return NOT_COMPARED
    brier = pairs["brier"]["difference"]
    if auc["low"] > 0:
        own = result["challenger"]["auc"]["low"]
        is_good = own is not None and own > CHANCE and brier <= 0
        return "better" if is_good else BETTER_THAN_BAD
    if auc["high"] < 0:
        return "worse"
    return "not inferior" if auc["low"] > NOT_INFERIOR and brier <= 0 else "no difference shown"


def against(
    champion: Document | None,
    champion_id: str | None,
    rows: JudgedRows,
    features: Table,
    how: Resampling,
    *,
    cost_bps: float,
    calendar: str | None,
    workplace: Workplace | None = None,
) -> dict[str, Any] | None:
    """Return the contest of the judged model with the champion; None when there is no champion.

    A champion that cannot be used here (its file is gone, or its features were defined otherwise) is
    named with the reason and ``compared`` is False: training a successor must not be stopped by it.

    Parameters
    ----------
    champion : Document or None
        Its model file.
    champion_id : str or None
        As the plan resolved it; a champion whose file was unreadable then is named all the same.
    """
    if champion is None:
        return None if champion_id is None else _unusable(champion_id, "its file is missing or damaged")
    identity, changed = model_id_of(champion), _feature_changes(champion.body, features)
    try:
        theirs = chances(champion, features, rows.frame, workplace=workplace)
    except ModelError as error:
        return {**_unusable(identity, str(error)), "feature_changes": changed}
    body = champion.body
    end = str(body["training"]["to"])
    about = {"model_id": identity, "model_kind": body["model_kind"], "trained_to": end}
    about |= {"age_sessions": age_of(end, features, calendar), "feature_changes": changed}
    result = contest(rows, theirs, how, cost_bps=cost_bps)
    outcome = judgement(result)
    if outcome == NOT_COMPARED and not result["reason"]:
        result["reason"] = NO_AUC
    return {**about, "judgement": outcome, **result}


def _feature_changes(body: Mapping[str, Any], features: Table) -> dict[str, Any]:
    """Return what is different between the features of a model, usable or not, and those of this run."""
    names = body.get("features")
    before = {
        "feature_set": body.get("feature_set"),
        "definition_digest": body.get("definition_digest"),
        "features": [str(name) for name in names] if isinstance(names, list) else [],
        OWN: own_of(body),
    }
    present = model_features(own=own_of(features.header))
    return changes(before, {**features.header, "features": list(present)})


def _unusable(identity: str, reason: str) -> dict[str, Any]:
    return {
        "model_id": identity.split(maxsplit=1)[0],
        "model_kind": None,
        "trained_to": None,
        "age_sessions": None,
        "feature_changes": None,
        "judgement": NOT_COMPARED,
        "compared": False,
        "reason": reason,
        "rows": 0,
        "sessions": 0,
        "from": None,
        "to": None,
        "performance": {},
        "challenger": {},
        "paired": [],
    }
