"""The adjustment factor (adjusted close / close): its steps, and how large a step is mere rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.prices.row_order import before, follows

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Floats, Whole

HALF_CENT = 0.005
"""Sources round prices to cents: each price may be off by half of one."""

_QUIET_QUANTILE = 0.9
"""Nine steps in ten are mere rounding: even monthly dividends are 1 step in 21."""

_NOISE_MULTIPLE = 3.0
"""The bound of a sum of two to four rounding errors is 1.5 to 2.1 times its 0.9 quantile; 3 is safe."""

_SINGLE_PRECISION = 1e-6
"""Four single-precision roundings (Yahoo's own) are 2.4e-7; no dividend is a ten-thousandth of 1 %."""


class FactorSteps(NamedTuple):
    """Change of the factor from the ticker's row before.

    Parameters
    ----------
    ratio : ndarray of float64, shape (n_rows,)
        Factor divided by the factor before; 1 on each ticker's first row.
    noise : ndarray of float64, shape (n_rows,)
        Largest absolute logarithm of ``ratio`` that rounding of prices explains.
    """

    ratio: Floats
    noise: Floats

    @property
    def rises(self) -> Flags:
        """Rows where the factor rises by more than rounding: a dividend or a split."""
        return np.log(self.ratio) > self.noise

    @property
    def falls(self) -> Flags:
        """Rows where the factor falls by more than rounding: a reverse split or an inconsistency."""
        return np.log(self.ratio) < -self.noise


def factor_steps(codes: Whole, close: Floats, adj_close: Floats) -> FactorSteps:
    """Return how the adjustment factor changes from row to row, and what of it is rounding.

    Rounding to cents can move the factor by at most half a cent of each of the four prices in it:
    ``0.005 * (1/close + 1/adj_close)`` of both rows. An adjusted close rounded before a later split
    was applied is finer than that, so each ticker's own noise is measured too (three times the 0.9
    quantile of its steps in units of that bound) and the smaller of both is used.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker; rows sorted by (ticker, date).
    close, adj_close : ndarray of float64, shape (n_rows,)
        Above 0, no NaN.

    Examples
    --------
    >>> import numpy as np
    >>> steps = factor_steps(np.zeros(4, np.int64), np.array([9., 9., 9., 9.]), np.array([8.5, 8.5, 9., 9.]))
    >>> steps.rises.tolist()
    [False, False, True, False]
    """
    joined = follows(codes)
    factor = adj_close / close
    ratio = np.where(joined, factor / before(factor), 1.0)
    bound = HALF_CENT * (1 / close + 1 / adj_close)
    bound = np.where(joined, bound + before(bound), 1.0)
    share = np.where(joined, np.abs(np.log(ratio)) / bound, 0.0)
    own = _NOISE_MULTIPLE * _quiet_share(codes, joined, share)
    return FactorSteps(ratio, np.maximum(bound * np.minimum(own, 1.0), _SINGLE_PRECISION))


def _quiet_share(codes: Whole, joined: Flags, share: Floats) -> Floats:
    """Return, for each row, its ticker's 0.9 quantile of ``share`` over the rows that have a step."""
    if not joined.any():
        return np.zeros(len(codes))
    steps, owner = share[joined], codes[joined]
    count = np.bincount(owner, minlength=int(codes.max()) + 1)
    ordered = steps[np.lexsort((steps, owner))]
    start = np.cumsum(count) - count
    place = start + np.floor(_QUIET_QUANTILE * np.maximum(count - 1, 0)).astype(np.int64)
    quiet: Floats = ordered[np.minimum(place, len(ordered) - 1)][codes]
    return quiet
