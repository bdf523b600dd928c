"""Outlier spikes that revert: one definition, pointed out by validate and removed by clean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Floats, Whole


class Spikes(NamedTuple):
    """Where a spike stands, in the close or (only) in the adjusted close."""

    close: Flags
    adj_close: Flags

    @property
    def any(self) -> Flags:
        """Rows with a spike in either price."""
        return self.close | self.adj_close


def find_spikes(codes: Whole, close: Floats, adj_close: Floats, *, ratio: float, reversion: float) -> Spikes:
    """Return the rows whose price leaps away from both neighbours, which agree with each other.

    A price is a spike if it is at least ``ratio`` times both neighbours, or at most 1/``ratio`` of
    both, and the later neighbour is within ``reversion`` of the earlier one. The neighbours are the
    ticker's rows before and after, so a first or last row is never a spike, and row t uses row t+1:
    this is a rule for history, not for the latest price. Found spikes are set aside and the search
    repeats until there is none, so that a second search of what remains finds nothing.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker; rows sorted by (ticker, date), each once.
    close, adj_close : ndarray of float64, shape (n_rows,)
        In the ticker's currency, raw and adjusted. No NaN; a price of 0 or less is no neighbour.
    ratio, reversion : float
        As above.

    Returns
    -------
    Spikes
        Flags of shape (n_rows,).

    Examples
    --------
    >>> import numpy as np
    >>> close = np.array([10.0, 10.1, 101.0, 10.2, 10.1])
    >>> spikes = find_spikes(np.zeros(5, dtype=np.int64), close, close, ratio=1.5, reversion=0.1)
    >>> spikes.any.tolist()
    [False, False, True, False, False]
    """
    remaining = np.arange(len(codes))
    spikes = Spikes(np.zeros(len(codes), bool), np.zeros(len(codes), bool))
    while True:
        of_close = _leaps(codes[remaining], close[remaining], ratio, reversion)
        of_either = of_close | _leaps(codes[remaining], adj_close[remaining], ratio, reversion)
        removed = _every_other(of_either)
        if not removed.any():
            return spikes
        spikes.close[remaining[removed & of_close]] = True
        spikes.adj_close[remaining[removed & ~of_close]] = True
        remaining = remaining[~removed]


def _leaps(codes: Whole, price: Floats, ratio: float, reversion: float) -> Flags:
    leaps = np.zeros(len(codes), bool)
    earlier, here, later = price[:-2], price[1:-1], price[2:]
    inside = (codes[:-2] == codes[2:]) & (earlier > 0) & (here > 0) & (later > 0)
    above = here >= ratio * np.maximum(earlier, later)
    below = here * ratio <= np.minimum(earlier, later)
    reverted = np.abs(later - earlier) <= reversion * earlier
    if len(price) > 2:
        leaps[1:-1] = inside & (above | below) & reverted
    return leaps


def _every_other(leaps: Flags) -> Flags:
    """Return the first, third, ... of each run: beside a spike, its sound neighbour looks like one."""
    starts = leaps & ~np.r_[False, leaps[:-1]]
    position = np.arange(len(leaps))
    start = np.maximum.accumulate(np.where(starts, position, 0)) if len(leaps) else position
    odd: Flags = leaps & ((position - start) % 2 == 0)
    return odd
