"""What the best of several candidates reaches by chance, and a Sharpe ratio corrected for the tries.

Whoever trains ten candidates and shows the best has looked ten times. Two corrections: the maximum over
the candidates in resamples that are centred at chance (White 2000, A reality check for data snooping,
Econometrica 68(5), 1097-1126), for any figure whose resamples are at hand; and the deflated Sharpe ratio
(Bailey and Lopez de Prado 2014, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 94-107).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.measures.bootstrap import Estimate

FEWEST_RETURNS = 3
"""Below three returns there is neither skewness nor a standard error."""


@dataclass(frozen=True)
class BestByChance:
    """What the best of several candidates without skill would reach.

    Parameters
    ----------
    tries : int
        How many candidates.
    typical : float
        Median of the best one's figure, had none of them skill.
    high : float
        Reached by the best of them with probability (1 - confidence) / 2 only.
    p_value : float
        Probability that the best of them reaches what was reached, at least.
    """

    tries: int
    typical: float
    high: float
    p_value: float


def best_by_chance(
    estimates: Sequence[Estimate],
    *,
    chance: float,
    confidence: float,
    tries: int | None = None,
    reached: float | None = None,
    stretch: float = 1.0,
    seed: int = 0,
) -> BestByChance | None:
    """Return what the best of these candidates would reach by chance.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of one figure that rises with skill, one per candidate. Candidates judged on the same rows must be
        resampled alike (the same seed and blocks): then what they share is kept, and ten copies of one
        candidate count as one try.
    chance : float
        The figure without skill, such as 0.5 for an AUC.
    confidence : float
        Coverage of a two-sided interval, such as 0.95; ``high`` is one of its sides.
    tries : int, optional
        Candidates tried in all. Those whose predictions are not at hand count as independent of the
        others and as variable: more tries than there were, if anything.
    reached : float, optional
        Figure of the candidate that the p value is of; that of the best one unless it is given.
    stretch : float
        How many times wider deviations are than resamples of few blocks show
        (:func:`core.measures.expanded.stretch`).
    seed : int
        Of the order in which the resamples stand in for candidates that are not at hand.

    Returns
    -------
    BestByChance or None
        None where no candidate has a value.

    Examples
    --------
    >>> from core.measures.bootstrap import Estimate
    >>> drawn = np.linspace(0.48, 0.56, 1001)
    >>> best = best_by_chance([Estimate(0.52, drawn)], chance=0.5, confidence=0.95, tries=1)
    >>> round(best.typical, 3), round(best.high, 3)
    (0.5, 0.538)
    """
    candidates = [c for c in estimates if not np.isnan(c.value) and not np.isnan(c.draws).all()]
    if not candidates:
        return None
    count = max(len(candidates), tries or 0)
    best = chance + stretch * _highest(candidates, count, seed)
    value = max(c.value for c in candidates) if reached is None else reached
    typical, high = np.quantile(best, (0.5, 1 - (1 - confidence) / 2))
    # the candidates themselves are one more draw: a p value of 0 cannot be had from few resamples
    p_value = (1 + int((best >= value).sum())) / (1 + len(best))
    return BestByChance(count, float(typical), float(high), p_value)


def _highest(candidates: Sequence[Estimate], tries: int, seed: int) -> NDArray[np.float64]:
    """Return the highest deviation among so many tries in each resample, shape (resamples,)."""
    # an undefined resample is no try: it never is the best one
    centred = [np.where(np.isnan(c.draws), -np.inf, c.draws - c.value) for c in candidates]
    random = np.random.default_rng(seed)
    unknown = [random.permutation(centred[n % len(centred)]) for n in range(tries - len(centred))]
    return np.asarray(np.max([*centred, *unknown], axis=0), dtype=np.float64)


@dataclass(frozen=True)
class DeflatedSharpe:
    """A Sharpe ratio held against what the best of so many tries would reach.

    Parameters
    ----------
    sharpe : float
        Mean over standard deviation (ddof 1) of a session, not annualised.
    expected_best : float
        What the best of the tries is expected to reach without skill, likewise.
    probability : float
        That the true ratio is above 0 in spite of the tries: from .95 on it counts as shown.
    tries : int
    """

    sharpe: float
    expected_best: float
    probability: float
    tries: int


def expected_best_sharpe(tries: int, deviation: float) -> float:
    """Return the highest Sharpe ratio expected of ``tries`` independent ones that are 0 in truth.

    Parameters
    ----------
    tries : int
        At least 1.
    deviation : float
        Standard deviation over the tries, in the unit of the result.

    Examples
    --------
    >>> round(expected_best_sharpe(10, 1.0), 4), expected_best_sharpe(1, 1.0)
    (1.5746, 0.0)
    """
    from scipy.special import ndtri

    if tries <= 1 or deviation == 0:
        return 0.0
    weight = float(np.euler_gamma)
    first, second = float(ndtri(1 - 1 / tries)), float(ndtri(1 - 1 / (tries * math.e)))
    return deviation * ((1 - weight) * first + weight * second)


def deflated_sharpe(
    daily: NDArray[np.float64], others: Sequence[float], *, tries: int | None = None
) -> DeflatedSharpe | None:
    """Return the deflated Sharpe ratio of the candidate that was chosen.

    Parameters
    ----------
    daily : ndarray of float, shape (sessions,)
        Its daily returns after costs; NaN left out.
    others : sequence of float
        Sharpe ratios of a session (not annualised) of all candidates, its own among them.
    tries : int, optional
        Candidates tried in all, where more than ``others`` are known of.

    Returns
    -------
    DeflatedSharpe or None
        None below three returns or without spread. Where two or more ratios are known their deviation
        (ddof 1) counts, else the standard error of the ratio itself.
    """
    present = daily[~np.isnan(daily)]
    count = len(present)
    if count < FEWEST_RETURNS or present.std() <= np.finfo(float).eps * abs(present.mean()):
        return None
    ratio = float(present.mean() / present.std(ddof=1))
    return deflated_sharpe_of(ratio, _standard_error(present, ratio), others, tries=tries)


def deflated_sharpe_of(
    ratio: float, error: float, others: Sequence[float], *, tries: int | None = None
) -> DeflatedSharpe:
    """Return the same of a ratio whose standard error is known, all in one unit.

    Parameters
    ----------
    ratio, error : float
        The Sharpe ratio of the candidate that was chosen and its standard error, above 0.
    others, tries
        As in :func:`deflated_sharpe`.

    Examples
    --------
    >>> found = deflated_sharpe_of(1.0, 0.5, [1.0, 0.0])
    >>> round(found.expected_best, 4), round(found.probability, 4)
    (0.3675, 0.8971)
    """
    from scipy.special import ndtr

    ratios = [other for other in others if not np.isnan(other)]
    number = max(1, len(ratios), tries or 0)
    deviation = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else error
    best = expected_best_sharpe(number, deviation)
    return DeflatedSharpe(ratio, best, float(ndtr((ratio - best) / error)), number)


def _standard_error(daily: NDArray[np.float64], ratio: float) -> float:
    """Return that of a Sharpe ratio of returns that are not normal (Mertens 2002)."""
    standardized = (daily - daily.mean()) / daily.std()
    skewness, kurtosis = float((standardized**3).mean()), float((standardized**4).mean())
    variance = max(1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2, np.finfo(float).tiny)
    return float(np.sqrt(variance / (len(daily) - 1)))
