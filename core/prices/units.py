"""Prices whose unit changes: pence for pounds, cents for dollars, thousands for ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.prices.noise import Moves

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Floats, Whole

FACTORS = (100.0, 1000.0)
"""Hundredths of a currency, and the thousands that some exchanges quote in."""

DEVIATIONS = 6.0
"""The price moves by itself on the day, too: by so many of its usual moves at most. Between 1 and 100 there
is so much room that hardly any own move need be left out."""

TOLERANCE = (0.05, 0.7)
"""Bounds of that tolerance (logarithmic): half a tenth for a ticker that hardly moves, a factor of 2 for a
wild one."""

USUAL = 10.0
"""A share volume within a tenth and ten times its median is usual. Shares that are merged 100 into one trade
in a hundredth of their number, so the middle between the two (the root of 100) tells them apart."""


@dataclass(frozen=True)
class UnitRun:
    """Rows of one ticker in another unit than the rows before.

    Parameters
    ----------
    start, stop : int
        First row, and one past the last: where the unit changes back, or the ticker ends.
    factor : float
        What prices are multiplied by: 100, 1000 or the inverse.
    returns : bool
        Whether the unit changes back; else nothing tells which side is the wrong one.
    """

    start: int
    stop: int
    factor: float
    returns: bool


def unit_runs(moves: Moves, *, excused: Flags | None = None) -> list[UnitRun]:
    """Return where prices are multiplied or divided by 100 or 1,000 while as many shares trade as usual.

    The adjusted close is looked at, because returns are made of it: a real split of a hundred for one
    that the source has taken out does not move it.

    Parameters
    ----------
    moves : Moves
    excused : ndarray of bool, shape (n_rows,), optional
        Rows that begin something else, such as another company after a long gap.

    Returns
    -------
    list of UnitRun
        By row; the last row of a ticker can be one.

    Examples
    --------
    >>> pence = np.array([10.0, 10.1, 1010.0, 1020.0, 10.1])
    >>> ones = np.ones(5)
    >>> unit_runs(Moves(np.zeros(5, np.int64), pence, noise=0.01 * ones, volume_times=ones))
    [UnitRun(start=2, stop=4, factor=100.0, returns=True)]
    """
    move, times = moves.logs, moves.volume_times
    usual = ~((times > USUAL) | (times < 1 / USUAL))
    tolerance = np.clip(DEVIATIONS * moves.noise, *TOLERANCE)
    near = [np.abs(np.abs(move) - np.log(factor)) <= tolerance for factor in FACTORS]
    changes = np.logical_or.reduce(near) & usual
    if excused is not None:
        changes &= ~excused
    size = np.select(near, FACTORS, 1.0)
    factor = np.where(move > 0, size, 1 / size)
    return _runs(moves.codes, np.flatnonzero(changes), factor)


def _runs(codes: Whole, changes: Whole, factor: Floats) -> list[UnitRun]:
    """Return the runs that begin at changes of unit; one that undoes the change before ends its run."""
    ends = np.searchsorted(codes, codes[changes], side="right")
    runs: list[UnitRun] = []
    is_open = False
    for row, end in zip(changes.tolist(), ends.tolist(), strict=True):
        unit = float(factor[row])
        last = runs[-1] if runs else None
        if last and is_open and last.stop == end and np.isclose(last.factor * unit, 1.0):
            runs[-1] = UnitRun(last.start, row, last.factor, returns=True)
            is_open = False
        else:
            runs.append(UnitRun(row, end, unit, returns=False))
            is_open = True
    return runs
