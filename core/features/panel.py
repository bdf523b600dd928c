"""Windows that look back along each ticker, as sums of shifted arrays.

A running accumulator (pandas ``rolling``) carries rounding from one row to the next, so a change of
an early row, or of the ticker before, moves the last bits of later rows. Here each row adds up its own
window, oldest first, so its bits depend on that window alone. A window costs as many vector passes as
it has rows, and memory stays at a few columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """One price column of many tickers, all rows of a ticker together and in date order.

    Parameters
    ----------
    adj_close : float64 array, shape (n,)
        Adjusted close in the ticker's currency, positive, without NaN.
    position : int64 array, shape (n,)
        The row's number within its ticker: 0 for the ticker's first row.
    """

    adj_close: Vector
    position: NDArray[np.int64]

    @classmethod
    def of(cls, ticker_codes: NDArray[np.int64], adj_close: Vector) -> Panel:
        """Return the panel of rows that stand sorted by (ticker, date).

        >>> Panel.of(np.array([0, 0, 1]), np.array([1.0, 2.0, 5.0])).position.tolist()
        [0, 1, 0]
        """
        rows = np.arange(len(ticker_codes))
        first = np.ones(len(rows), dtype=bool)
        first[1:] = ticker_codes[1:] != ticker_codes[:-1]
        return cls(adj_close, rows - np.maximum.accumulate(np.where(first, rows, 0)))

    def lag(self, values: Vector, sessions: int) -> Vector:
        """Return each row's value ``sessions`` rows earlier in its ticker; NaN where there is none.

        A negative number looks ahead: the leak audit finds whoever does.

        >>> Panel.of(np.array([0, 0, 1, 1]), np.ones(4)).lag(np.array([1.0, 2.0, 7.0, 8.0]), 1).tolist()
        [nan, 1.0, nan, 7.0]
        """
        shifted = np.full(len(values), np.nan)
        if sessions < 0:
            shifted[:sessions] = values[-sessions:]
            shifted[:sessions][self.position[-sessions:] < -sessions] = np.nan
            return shifted
        shifted[sessions:] = values[: max(0, len(values) - sessions)]
        shifted[self.position < sessions] = np.nan
        return shifted

    def mean(self, values: Vector, window: int) -> Vector:
        """Return the mean of the last ``window`` rows, the present one included.

        NaN on a ticker's first ``window - 1`` rows and wherever the window holds a NaN.

        >>> Panel.of(np.array([0, 0, 0]), np.ones(3)).mean(np.array([1.0, 2.0, 6.0]), 2).tolist()
        [nan, 1.5, 4.0]
        """
        means = np.full(len(values), np.nan)
        if len(values) >= window:
            means[window - 1 :] = _sum_of(_shifts(values, window)) / window
            means[self.position < window - 1] = np.nan
        return means

    def standard_deviation(self, values: Vector, window: int) -> Vector:
        """Return the sample standard deviation (ddof 1) of the last ``window`` rows.

        Two passes, first the mean, then the squared distances from it: the one-pass form loses all
        digits when the spread is small against the level. NaN as in :meth:`mean`.

        >>> Panel.of(np.array([0, 0, 0]), np.ones(3)).standard_deviation(np.array([1.0, 2.0, 3.0]), 3)
        array([nan, nan,  1.])
        """
        spread = np.full(len(values), np.nan)
        means = self.mean(values, window)[window - 1 :]
        if len(means):
            squares = np.zeros(len(means))
            for shifted in _shifts(values, window):
                distance = shifted - means
                squares += distance * distance
            spread[window - 1 :] = np.sqrt(squares / (window - 1))
        return spread


def _shifts(values: Vector, window: int) -> list[Vector]:
    """Return ``window`` views of equal length, oldest first; row i of all of them is one window."""
    rows = len(values) - window + 1
    return [values[start : start + rows] for start in range(window)]


def _sum_of(parts: list[Vector]) -> Vector:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total
