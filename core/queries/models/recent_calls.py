"""How often a model's last calls on each ticker came true, beside what a coin toss would get right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

from core import columns as col

if TYPE_CHECKING:
    import pandas as pd

SESSIONS = 63
"""A quarter of a year of sessions, as the drift windows have it."""


@dataclass(frozen=True)
class RecentCalls:
    """The last calls on one ticker whose outcome is known.

    Parameters
    ----------
    right, calls : int
        Calls that came true, of so many.
    """

    right: int
    calls: int

    @property
    def share(self) -> float:
        """The part that came true, in [0, 1]."""
        return self.right / self.calls


def recent_calls(predictions: pd.DataFrame, sessions: int = SESSIONS) -> Mapping[str, RecentCalls]:
    """Return each ticker's last ``sessions`` judged rows, counted; tickers without one are left out.

    Parameters
    ----------
    predictions : pandas.DataFrame
        ``date``, ``ticker``, ``probability`` (no NaN), ``up_next`` (1, 0; NaN: not known yet), in any order.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"date": [1, 2, 3], "ticker": "A", "probability": [0.6, 0.5, 0.4], "up_next": [0, 1, None]})
    >>> recent_calls(rows)["A"]
    RecentCalls(right=1, calls=2)
    """
    outcomes = predictions[predictions[col.UP_NEXT].notna()].sort_values(col.DATE, kind="stable")
    last = outcomes.groupby(col.TICKER, sort=True, observed=True).tail(sessions)
    right = (last[col.PROBABILITY] >= 0.5) == (
        last[col.UP_NEXT] > 0
    )  # up from one half on, as signals are called
    counts = right.groupby(last[col.TICKER], observed=True).agg(["sum", "count"])
    return {
        str(ticker): RecentCalls(int(hits), int(rows))
        for ticker, hits, rows in counts.itertuples(index=True, name=None)
    }


def coin_toss_range(calls: int) -> tuple[int, int]:
    """Return the fewest and the most right calls that at least 95 of 100 fair coins get, as many below as above.

    Examples
    --------
    >>> coin_toss_range(63)
    (24, 39)
    >>> coin_toss_range(1)
    (0, 1)
    """
    tail, low = 0, 0
    while (tail + comb(calls, low)) * 40 <= 2**calls:  # 2.5 % on each side
        tail += comb(calls, low)
        low += 1
    return low, calls - low
