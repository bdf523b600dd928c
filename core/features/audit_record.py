"""What a leak audit counts and names: how much is computed again at most, what was, and a value that moved."""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 1e-9
"""A value moves when it differs by more than this share of itself: sums in another order stay far below."""

NOISE = 1e-12
"""Of a feature's median size: a difference below it is rounding around zero."""

EVERY_ROWS = 20_000
"""Up to so many rows there is a cut after every session of every ticker; the sample has 16,355."""

DRAWN_ROWS = 10_000
"""Beyond that: rows drawn at random, and as many where the feature changes most."""

FIRST_ROWS = 30
"""Rows at each ticker's start that are always looked at."""

LONG_ROWS = 30_000_000
"""Rows computed at most where a feature's memory is longer than its warm-up: 5 tickers of 13 years, every session."""

PLAIN_ROWS = 1_000_000
"""Rows computed at most at the starts of tickers, of whole tables cut there and of windows across tickers."""

BATCH_ROWS = 20_000
"""Rows computed at a time: functions that go through tickers one by one take the square of their number."""

MOST_TURNS = 64
"""Calls at most in which rows of one warm-up are computed, none with two windows that overlap; of a longer warm-up as
many are drawn, and the other rows are looked at with windows that do overlap."""

DRAWN_SESSIONS = 8
"""Sessions drawn for cuts and changes of whole tables."""

MOST_ALONE = 50
"""Tickers computed alone at most."""


@dataclass(frozen=True)
class ChangedValue:
    """A value that came out otherwise: what a feature is on all data, and what on other data.

    Parameters
    ----------
    feature : str
    row : int
        Number of the row.
    value, again : float
        NaN stands for no value.
    how : str
        What it was computed from the second time.
    """

    feature: str
    row: int
    value: float
    again: float
    how: str


class ValueChanged(Exception):
    """The first move of a feature; it ends the audit."""

    def __init__(self, move: ChangedValue) -> None:
        self.move = move
        super().__init__(move)
