"""Performance of probabilities on judged rows: each metric with its interval, or null and why."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from core.measures import metrics
from core.measures.bootstrap import Estimate, Quantity, Resampling, estimate, weighted_sums
from core.measures.expanded import coverage_of
from core.measures.judged_rows import JudgedRows, labelled_rows
from core.measures.skill import BrierSkill
from core.measures.weighted import WeightedScore

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

CLASSIFICATION = ("auc", *metrics.POOLED, "brier_skill")
"""Metrics of probabilities, in the order in which they are written."""

_NO_ROWS = "no labelled out-of-sample row"
_UNDEFINED = {
    "auc": "no fold has both outcomes",
    "precision": "no row is called up",
    "recall": "no row went up",
    "brier_skill": "the up-rate known before made no error",
    "long_flat_return": "no judged row has a next return, or a day lost everything",
    "long_flat_sharpe": "the daily returns do not vary",
}
_NO_INTERVAL = "no interval: undefined in over half of the resamples"
_ONE_BLOCK = "no interval: the sessions are one block, and every resample holds the same rows"


@dataclass(frozen=True, eq=False)
class PooledScore:
    """The metrics of a probability over all judged rows together."""

    by_group: metrics.Sums

    @classmethod
    def of(cls, rows: JudgedRows, probability: NDArray[np.float64]) -> PooledScore:
        """Return the sums per group of ``probability`` (shape (rows,), NaN: row left out)."""
        groups = len(rows.group_fold)
        sums = np.zeros((len(fields(metrics.Sums)), groups))
        for part in rows.parts:
            p = probability[part]
            has_probability = ~np.isnan(p)
            totals = metrics.totals_by(
                rows.group[part][has_probability], groups, p[has_probability], rows.up[part][has_probability]
            )
            # a group is of one fold alone: nothing is added to anything but 0
            sums += totals.stacked()
        return cls(metrics.Sums(*sums))

    def points(self) -> dict[str, float]:
        """The value of each metric; NaN where undefined."""
        sums = metrics.Sums(*self.by_group.stacked().sum(axis=1))
        return {name: float(value) for name, value in metrics.pooled(sums).items()}

    def draws(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return each metric per resample; ``weights`` has shape (groups, resamples).

        The recall is that of the calls as they were made: a resample draws sessions with more or fewer calls, too,
        and what its share of calls differs by is taken off. Where outcomes do not follow the calls a recall is that
        share, and only as unsure as the outcomes make it.
        """
        own = metrics.Sums(*self.by_group.stacked().sum(axis=1))
        sums = metrics.Sums(*weighted_sums(self.by_group.stacked(), weights))
        drawn = metrics.pooled(sums)
        more = metrics.up_call_share(sums) - metrics.up_call_share(own)
        return drawn | {"recall": np.clip(drawn["recall"] - more, 0, 1)}


def measure(
    predictions: pd.DataFrame,
    how: Resampling,
    *,
    up_rates: Mapping[int, float] | None = None,
    horizon_sessions: int = 1,
    consume: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return the classification metrics of ``predictions`` with intervals.

    AUC is the mean of the within-fold AUCs weighted by rows; the other metrics are taken over all rows
    together. Intervals are expanded percentiles over resamples of date blocks within folds.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns ``date``, ``ticker``, ``probability`` (0 to 1), ``up_next`` (1, 0 or null) and ``fold``
        (whole number or null). Rows without label or probability are ignored.
    how : Resampling
        How the intervals are made.
    up_rates : mapping of int to float, optional
        Share of rises known before each fold, by its number; with it the Brier skill is among the metrics.
    horizon_sessions, consume
        As in :func:`core.measures.judged_rows.labelled_rows`.

    Returns
    -------
    dict
        For each of :data:`CLASSIFICATION`: ``value``, ``low``, ``high`` (numbers or None) and, where one
        is None, ``reason``.

    Raises
    ------
    DataError
        If a probability or label is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"date": pd.to_datetime(["2020-01-02", "2020-01-03"]), "ticker": "A",
    ...     "probability": [0.2, 0.4], "up_next": [0.0, 1.0], "fold": 1})
    >>> found = measure(table, Resampling(samples=100, block_sessions=1, confidence=0.95, seed=1))
    >>> found["auc"]["value"], found["precision"]["reason"]
    (1.0, 'no row is called up')
    """
    rows = labelled_rows(predictions, horizon_sessions=horizon_sessions, consume=consume)
    quantities: dict[str, Quantity] = {
        "auc": WeightedScore.of(rows, rows.probability),
        "pooled": PooledScore.of(rows, rows.probability),
    }
    if up_rates is not None:
        by_fold = np.array([up_rates[number] for number in rows.folds])
        quantities["skill"] = BrierSkill.of(rows, rows.probability, by_fold[rows.fold])
    estimates = estimate(quantities, rows, how)
    figures = {name: value for part in estimates.values() for name, value in part.items()}
    return entries(figures, len(rows), coverage_of(rows, how))


def entries(estimates: Mapping[str, Estimate], rows: int, coverage: float) -> dict[str, dict[str, Any]]:
    """Return each estimate as ``value``, ``low``, ``high`` and, where one is null, ``reason``.

    ``coverage`` is the share of resamples within an interval (:func:`core.measures.expanded.coverage_of`).
    """
    return {name: _entry(name, figure, rows, coverage) for name, figure in estimates.items()}


def _entry(name: str, figure: Estimate, rows: int, coverage: float) -> dict[str, Any]:
    if np.isnan(figure.value):
        return undefined(_UNDEFINED.get(name, _NO_ROWS) if rows else _NO_ROWS)
    interval = figure.interval(coverage)
    if interval is None:
        reason = _ONE_BLOCK if np.isnan(coverage) else _NO_INTERVAL
        return {"value": figure.value, "low": None, "high": None, "reason": reason}
    return {"value": figure.value, "low": interval[0], "high": interval[1]}


def undefined(reason: str) -> dict[str, Any]:
    """Return the entry of a metric without a value.

    >>> undefined("no row")
    {'value': None, 'low': None, 'high': None, 'reason': 'no row'}
    """
    return {"value": None, "low": None, "high": None, "reason": reason}


def json_number(value: float) -> float | None:
    """Return a number for JSON: NaN is None."""
    return None if np.isnan(value) else float(value)
