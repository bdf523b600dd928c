"""Splits that the source did not take out of the adjusted close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.prices.noise import Moves

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Floats

SPLITS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)
"""Shares that companies give for one (and, the other way round, take in for one)."""

DEVIATIONS = 4.0
"""The day's own return comes on top of the split: up to so many usual moves of the ticker. With tails as
fat as Student's t of four degrees of freedom 1 split in 85 is missed."""

WIDEST = 0.2
"""Largest tolerance (logarithmic): beyond it every fall would be near some split."""

EXTRAORDINARY = 8.0
"""A move this many times the usual one is not an ordinary move of the ticker. Below it a ticker that moves by 5 % a day
would have a split of 3:2 in every bad week."""

QUIET = 3.0
"""On the day of a split as many shares change hands as usual, counted before or after it; news that halves
a price brings many times that."""


@dataclass(frozen=True)
class UnadjustedSplit:
    """A row whose move looks like a split.

    Parameters
    ----------
    row : int
    shares : float
        Shares after the split for one before it: above 1 the price fell.
    """

    row: int
    shares: float

    @property
    def ratio(self) -> str:
        """Shares after and before, such as 3:2 or 1:10.

        >>> UnadjustedSplit(0, 1.5).ratio, UnadjustedSplit(0, 0.1).ratio
        ('3:2', '1:10')
        """
        more = max(self.shares, 1 / self.shares)
        whole, unit = (f"{more * 2:g}", "2") if round(more * 2) % 2 else (f"{more:g}", "1")
        return f"{whole}:{unit}" if self.shares > 1 else f"{unit}:{whole}"


def unadjusted_splits(
    moves: Moves, *, least_tolerance: float, excused: Flags | None = None
) -> list[UnadjustedSplit]:
    """Return the rows whose adjusted close moves by a usual split ratio while no news was traded on.

    The move may be off the ratio by the ticker's own return of the day: by :data:`DEVIATIONS` of its
    usual moves, at least ``least_tolerance`` and at most :data:`WIDEST`. It is extraordinary for the ticker,
    and the share volume is at most :data:`QUIET` times what a split makes usual: as many shares as before
    where the source adjusts volumes, the ratio times as many where it does not.

    Parameters
    ----------
    moves : Moves
    least_tolerance : float
        A share, such as 0.03.
    excused : ndarray of bool, shape (n_rows,), optional
        Rows that another rule explains: a change of unit, a gap, a factor that jumps.

    Examples
    --------
    >>> close, ones = np.array([100.0, 101.0, 51.0, 51.5]), np.ones(4)
    >>> moves = Moves(np.zeros(4, np.int64), close, noise=0.01 * ones, volume_times=ones)
    >>> unadjusted_splits(moves, least_tolerance=0.03)[0].ratio
    '2:1'
    """
    move = moves.logs
    tolerance = np.clip(DEVIATIONS * moves.noise, np.log1p(least_tolerance), WIDEST)
    logs = np.log(SPLITS)
    large = (np.abs(move) >= logs[0] - tolerance) & (np.abs(move) >= EXTRAORDINARY * moves.noise)
    if excused is not None:
        large &= ~excused
    rows = np.flatnonzero(large)
    distance = np.abs(np.abs(move[rows])[:, None] - logs)
    more = np.array(SPLITS)[distance.argmin(axis=1)]
    fits = (distance.min(axis=1) <= tolerance[rows]) & _quiet(moves.volume_times[rows], move[rows], more)
    shares = np.where(move[rows] < 0, more, 1 / more)
    return [UnadjustedSplit(int(rows[i]), float(shares[i])) for i in np.flatnonzero(fits).tolist()]


def _quiet(volume_times: Floats, move: Floats, more: Floats) -> Flags:
    """Return where the volume is usual, counted in old shares or in new ones; also where it is not known."""
    fell = move < 0
    most, least = np.where(fell, QUIET * more, QUIET), np.where(fell, 1 / QUIET, 1 / (QUIET * more))
    flags: Flags = ~((volume_times > most) | (volume_times < least))
    return flags
