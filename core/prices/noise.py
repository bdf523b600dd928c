"""How much a ticker moves and trades on an ordinary day: what an extraordinary one is measured by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.prices.row_order import before, follows

if TYPE_CHECKING:
    from core.prices.row_order import Flags, Floats, Whole

WINDOW = 63
"""Rows before a row that its usual move is taken from: a quarter, so that calm and wild years differ."""

LEAST = 20
"""With fewer moves than this a median says nothing."""

UNKNOWN = 0.02
"""Usual move of a ticker with less history than that: 2 % a day, 32 % a year."""

LEAP = 0.2
"""Smallest move (logarithmic) that a rule about units or splits can name: a split of 3:2 less its tolerance."""

_NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, eq=False)
class Moves:
    """Rows of some tickers, how each moves, and what is usual for it.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker; rows sorted by (ticker, date), each once, spikes that revert set aside.
    adj_close : ndarray of float64, shape (n_rows,)
        Above 0, no NaN.
    noise : ndarray of float64, shape (n_rows,)
        The row's usual move (:func:`own_noise`).
    volume_times : ndarray of float64, shape (n_rows,)
        Share volume over its usual value (:func:`times_usual`); where it is not known (NaN) the price alone
        decides.
    """

    codes: Whole
    adj_close: Floats
    noise: Floats
    volume_times: Floats

    @classmethod
    def of(cls, codes: Whole, adj_close: Floats, volume: Floats, volume_sessions: int) -> Moves:
        """Return the moves with what is usual for them, the volume over ``volume_sessions`` rows."""
        noise, times = own_noise(codes, adj_close), times_usual(codes, volume, volume_sessions)
        return cls(codes, adj_close, noise, times)

    @cached_property
    def logs(self) -> Floats:
        """The logarithm of each adjusted close over the row before, NaN on a ticker's first row."""
        return log_moves(self.codes, self.adj_close)


def log_moves(codes: Whole, price: Floats) -> Floats:
    """Return the logarithm of each price over the ticker's row before, NaN on its first row.

    >>> log_moves(np.array([0, 0, 1]), np.array([1.0, np.e, 9.0])).tolist()
    [nan, 1.0, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        moves: Floats = np.where(follows(codes), np.log(price / before(price)), np.nan)
    return moves


def leaping(codes: Whole, adj_close: Floats) -> Flags:
    """Return the rows of every ticker that moves by :data:`LEAP` or more from one row to the next.

    Only these need a usual move and a usual volume, which cost a rolling median each.

    Parameters
    ----------
    codes, adj_close
        As :class:`Moves` has them.

    Examples
    --------
    >>> leaping(np.array([0, 0, 1, 1]), np.array([10.0, 10.1, 10.0, 20.0])).tolist()
    [False, False, True, True]
    """
    leaps = np.abs(log_moves(codes, adj_close)) >= LEAP
    flags: Flags = np.bincount(codes[leaps], minlength=int(codes.max(initial=-1)) + 1)[codes] > 0
    return flags


def own_noise(codes: Whole, adj_close: Floats) -> Floats:
    """Return each row's usual move: a standard deviation of log returns that outliers do not widen.

    It is 1.4826 times the median absolute log return of the ticker's :data:`WINDOW` rows before; with
    fewer rows before that of its whole history, and where that has fewer than :data:`LEAST` moves
    :data:`UNKNOWN`. Row t uses rows up to t - 1, a ticker's first rows all of its own.

    Parameters
    ----------
    codes, adj_close
        As :class:`Moves` has them.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Logarithmic, a day, at least 0 (a price that never moves).
    """
    size = np.abs(log_moves(codes, adj_close))
    local = _rolling(codes, size, WINDOW, LEAST)
    whole, count = _whole(codes, size)
    young = np.where(count[codes] >= LEAST, whole[codes], UNKNOWN / _NORMAL)
    return _NORMAL * np.where(np.isnan(local), young, local)


def _rolling(codes: Whole, values: Floats, window: int, least: int) -> Floats:
    """Return the median of the ticker's ``window`` rows before each row, NaN where there are fewer."""
    # Rolling over the whole column and masking each ticker's first rows: a third of the time of a
    # rolling per group.
    median = pd.Series(values).rolling(window, min_periods=least).median().to_numpy()
    position = np.arange(len(codes))
    start = np.maximum.accumulate(np.where(follows(codes), 0, position)) if len(codes) else position
    rolled: Floats = np.where(position - start >= window, before(median), np.nan)
    return rolled


def _whole(codes: Whole, size: Floats) -> tuple[Floats, Whole]:
    """Return each ticker's median move over its history, and how many moves there are."""
    grouped = pd.Series(size).groupby(codes).agg(["median", "count"])
    whole, count = (
        np.zeros(int(codes.max(initial=-1)) + 1),
        np.zeros(int(codes.max(initial=-1)) + 1, np.int64),
    )
    whole[grouped.index] = grouped["median"].fillna(0.0)
    count[grouped.index] = grouped["count"]
    return whole, count


def times_usual(codes: Whole, volume: Floats, window: int) -> Floats:
    """Return the share volume over its median of the ticker's ``window`` rows before.

    Parameters
    ----------
    volume : ndarray of float64, shape (n_rows,)
        In shares, not money: on the day of a unit mix-up money is off by the same factor as the price.
    window : int
        Rows in the median; a ticker's first so many rows have none.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        NaN where the volume or the median is not known, or the median is 0.
    """
    usual = _rolling(codes, volume, window, window)
    with np.errstate(divide="ignore", invalid="ignore"):
        times: Floats = np.where(usual > 0, volume / usual, np.nan)
    return times
