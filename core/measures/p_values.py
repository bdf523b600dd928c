"""P values: of a Kolmogorov-Smirnov statistic, and adjusted where several are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_SERIES_TERMS = 100
_CERTAIN_BELOW = 0.2
"""Below this the Kolmogorov distribution's tail is 1 to 12 digits and its series converges slowly."""


def ks_p(statistic: float, reference_rows: int, current_rows: int) -> float:
    """Return the chance of so large a KS statistic when both samples come from one distribution.

    Asymptotic with Stephens' (1970) correction for small samples, within about 3 % of the exact value
    where p is above 0.001. It takes rows as independent, which prices never are: it is evidence for
    a reader, and no severity rests on it.

    >>> round(ks_p(0.2, 300, 62), 3)
    0.028
    """
    root = np.sqrt(reference_rows * current_rows / (reference_rows + current_rows))
    x = (root + 0.12 + 0.11 / root) * statistic
    if x < _CERTAIN_BELOW:
        return 1.0
    k = np.arange(1, _SERIES_TERMS + 1)
    tail = 2 * np.sum((-1.0) ** (k - 1) * np.exp(-2 * k**2 * x**2))
    return float(min(1.0, max(0.0, tail)))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979), in the order they came.

    >>> [round(value, 6) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return [float(value) for value in adjusted]
