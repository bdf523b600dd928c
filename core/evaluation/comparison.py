"""The model, the models beside it and the simple rules, on the same rows and the same resamples.

Differences are paired: each resample gives both scores, so what moves both cancels out and the
interval is that of the difference itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation.economics import Earnings, earnings
from core.measures.bootstrap import Estimate, Quantity, Resampling, estimate
from core.measures.expanded import coverage_of
from core.measures.performance import PooledScore, json_number
from core.measures.skill import BrierSkill
from core.measures.weighted import WeightedScore
from core.report.formatting import HOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

SIGN, REVERSAL, MAJORITY = "previous_day_sign", "reversal", "majority"
NON_RANKING = ((MAJORITY, "brier"), ("always_up", "hit_rate"), (HOLD, "long_flat_sharpe"))
"""What ranks nothing, each with the measure in which a model must beat it."""

_MODEL = "model"
_ON_ROWS_OF = "model on the rows of "

Estimates = dict[str, dict[str, Estimate]]


@dataclass(frozen=True, eq=False)
class CombinedQuantity:
    """Several quantities of one predictor, resampled together as one."""

    parts: tuple[Quantity, ...]

    def points(self) -> dict[str, float]:
        return {name: value for part in self.parts for name, value in part.points().items()}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        return {name: drawn for part in self.parts for name, drawn in part.draws(weights).items()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Estimates of every metric for the model and each model beside, and the paired differences."""

    model: dict[str, Estimate]
    beside: Estimates
    paired: list[dict[str, Any]]


def compare(
    rows: JudgedRows,
    beside: Mapping[str, NDArray[np.float64]],
    rules: Mapping[str, NDArray[np.float64]],
    holding: NDArray[np.float64],
    how: Resampling,
    *,
    cost_bps: float,
) -> Comparison:
    """Return all estimates and the differences of the model from each other predictor.

    AUC against what ranks; Brier score, hit rate and Sharpe ratio against the rules of :data:`NON_RANKING`.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``next_return``.
    beside : mapping of str to ndarray of float, shape (rows,)
        Probabilities of the models beside, by kind; rows where one is NaN are left out for it, and for
        the model when the two are compared.
    rules : mapping of str to ndarray of float, shape (rows,)
        Probabilities of the simple rules, likewise: ``previous_day_sign``, and those of :data:`NON_RANKING`. That of
        ``majority`` is the up-rate known before each fold, which the Brier skill is measured against.
    holding : ndarray of float, shape (groups,)
        What buying and holding earned on each judged date.
    how : Resampling
        The resamples that all share.
    cost_bps : float
        Cost of a change of position, in basis points.
    """
    sign = rules[SIGN]
    scores = {_MODEL: rows.probability, **{f"beside {kind}": p for kind, p in beside.items()}}
    quantities: dict[str, Quantity] = {
        name: CombinedQuantity(
            (
                WeightedScore.of(rows, p),
                PooledScore.of(rows, p),
                BrierSkill.of(rows, p, rules[MAJORITY]),
                earnings(rows, p, cost_bps=cost_bps),
            )
        )
        for name, p in scores.items()
    }
    quantities[SIGN] = WeightedScore.of(rows, sign)
    quantities[HOLD] = Earnings(holding)
    for rule in (rule for rule, _ in NON_RANKING if rule != HOLD):
        quantities[rule] = PooledScore.of(rows, rules[rule])
    partial = {name: p for name, p in {**scores, SIGN: sign}.items() if np.isnan(p).any()}
    for name, p in partial.items():
        quantities[_ON_ROWS_OF + name] = WeightedScore.of(
            rows, np.where(np.isnan(p), np.nan, rows.probability)
        )
    estimates, coverage = estimate(quantities, rows, how), coverage_of(rows, how)
    against = {SIGN: SIGN, REVERSAL: REVERSAL, **{kind: f"beside {kind}" for kind in beside}}
    estimates[REVERSAL] = {"auc": _mirrored(estimates[SIGN]["auc"])}
    if SIGN in partial:
        estimates[_ON_ROWS_OF + REVERSAL] = estimates[_ON_ROWS_OF + SIGN]
    paired = [_difference(estimates, name, key, coverage) for name, key in against.items()]
    paired += [
        _paired_difference(rule, metric, estimates[_MODEL], estimates[rule], coverage)
        for rule, metric in NON_RANKING
    ]
    return Comparison(estimates[_MODEL], {kind: estimates[f"beside {kind}"] for kind in beside}, paired)


def _mirrored(auc: Estimate) -> Estimate:
    """Return the AUC of 1 - p from that of p: every pair is won the other way round."""
    return Estimate(1 - auc.value, 1 - auc.draws)


def _difference(estimates: Estimates, name: str, key: str, coverage: float) -> dict[str, Any]:
    return _paired_difference(
        name, "auc", estimates.get(_ON_ROWS_OF + key, estimates[_MODEL]), estimates[key], coverage
    )


def _paired_difference(
    name: str, metric: str, ours: Mapping[str, Estimate], theirs: Mapping[str, Estimate], coverage: float
) -> dict[str, Any]:
    difference = Estimate(
        ours[metric].value - theirs[metric].value, ours[metric].draws - theirs[metric].draws
    )
    low, high = difference.interval(coverage) or (None, None)
    entry = {
        "against": name,
        "metric": metric,
        "difference": json_number(difference.value),
        "low": low,
        "high": high,
    }
    missing = "AUC" if metric == "auc" else metric.replace("_", " ")
    return entry if low is not None else {**entry, "reason": f"one of the two has no {missing} to compare"}
