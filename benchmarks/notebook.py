"""What a plain notebook claims: one AUC over all rows after DeLong, everything else from rows drawn singly.

The usual tools, used as usual: ``roc_auc_score`` over all rows, its interval after DeLong et al. (1988),
and percentiles of resamples in which every row (for a Sharpe ratio every day) is drawn by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score

from core.measures.metrics import Sums, contributions, pooled

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL = 1.959963985
RESAMPLES = 500
Interval = tuple[float, float]


def _placements(
    p: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each up row the share of down rows below it, and for each down row that of up rows above."""
    rose = up > 0
    ups, downs = np.sort(p[rose]), np.sort(p[~rose])
    above = (np.searchsorted(downs, p[rose], "left") + np.searchsorted(downs, p[rose], "right")) / 2
    below = (np.searchsorted(ups, p[~rose], "left") + np.searchsorted(ups, p[~rose], "right")) / 2
    return above / len(downs), 1 - below / len(ups)


def auc_interval(p: NDArray[np.float64], up: NDArray[np.float64]) -> Interval:
    """Return the 95 % interval of one AUC over all rows, taken as independent."""
    above, below = _placements(p, up)
    error = np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    auc = float(roc_auc_score(up, p))
    return auc - NORMAL * error, auc + NORMAL * error


def difference_interval(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], up: NDArray[np.float64]
) -> Interval:
    """Return that of the difference of two AUCs on the same rows (DeLong's test of correlated curves)."""
    pairs = zip(_placements(ours, up), _placements(theirs, up), strict=True)
    above, below = (first - second for first, second in pairs)
    error = np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    apart = float(roc_auc_score(up, ours) - roc_auc_score(up, theirs))
    return apart - NORMAL * error, apart + NORMAL * error


def intervals(p: NDArray[np.float64], up: NDArray[np.float64], seed: int) -> dict[str, Interval]:
    """Return the 95 % interval of each figure, the AUC's after DeLong, the others from rows drawn singly."""
    rows = contributions(p, up)
    random = np.random.default_rng((seed, 2))
    drawn = np.empty((len(rows), RESAMPLES))
    for number in range(RESAMPLES):
        drawn[:, number] = rows @ np.bincount(random.integers(0, len(up), len(up)), minlength=len(up))
    sums = Sums(*drawn)
    rate = sums.up / sums.rows
    # beside the up-rate of the very rows, which nobody knew beforehand
    skill = 1 - sums.squared_error / sums.rows / np.where(rate * (1 - rate) > 0, rate * (1 - rate), np.nan)
    figures = pooled(sums) | {"brier_skill": skill}
    return {"auc": auc_interval(p, up)} | {name: _percentiles(values) for name, values in figures.items()}


def sharpe_interval(daily: NDArray[np.float64], seed: int) -> Interval:
    """Return the 95 % interval of an annual Sharpe ratio from days drawn singly."""
    days = daily[~np.isnan(daily)]
    drawn = days[np.random.default_rng((seed, 3)).integers(0, len(days), (RESAMPLES, len(days)))]
    with np.errstate(divide="ignore", invalid="ignore"):
        return _percentiles(drawn.mean(axis=1) / drawn.std(axis=1, ddof=1) * np.sqrt(252))


def _percentiles(values: NDArray[np.float64]) -> Interval:
    present = values[np.isfinite(values)]
    low, high = np.quantile(present, (0.025, 0.975)) if len(present) else (-np.inf, np.inf)
    return float(low), float(high)
