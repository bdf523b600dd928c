"""The column names of every table, in their order, and how each is written.

The names are part of the contract: further columns may follow, these never move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

DATE = "date"
TICKER = "ticker"
OPEN = "open"
HIGH = "high"
LOW = "low"
CLOSE = "close"
ADJ_CLOSE = "adj_close"
VOLUME = "volume"

PRICES = (DATE, TICKER, OPEN, HIGH, LOW, CLOSE, ADJ_CLOSE, VOLUME)
OHLC = (OPEN, HIGH, LOW, CLOSE)
PRICE_VALUES = (*OHLC, ADJ_CLOSE)
NUMBERS = (*PRICE_VALUES, VOLUME)
REQUIRED = (DATE, OPEN, HIGH, LOW, CLOSE, VOLUME)
"""Columns without which prices are unusable; a missing adjusted close is only a warning."""

ADJUSTMENT_FACTOR = "adjustment_factor"
IS_SPLIT = "is_split"
IS_DIVIDEND = "is_dividend"
SESSIONS_SINCE_LAST = "sessions_since_last"
DOLLAR_VOLUME = "dollar_volume"
ENRICHMENT = (ADJUSTMENT_FACTOR, IS_SPLIT, IS_DIVIDEND, SESSIONS_SINCE_LAST, DOLLAR_VOLUME)

ROW_FLAGS = "flags"
"""Rules that have something to say about a row, as a comma list; ``waived:`` before those a person accepted.
The column is there only if some row has a flag."""
ABSENT = "absent_columns"
"""Header field of a table of closes: the columns that the source does not have."""

RETURN = "return"
VOLATILITY20 = "volatility20"
UP_NEXT = "up_next"
MEMBER = "member"
"""Of features under a membership: 1 on days on which the ticker belongs to the universe, 0 on those after its last."""

FEATURES = (
    DATE, TICKER, ADJ_CLOSE, RETURN, "ma5", "ma10", "ma20", "ma5_ratio", "ma10_ratio", "ma20_ratio",
    VOLATILITY20, "lag1", "lag2", "lag3", "lag5", UP_NEXT,
)  # fmt: skip

PROBABILITY = "probability"
FOLD = "fold"
PREDICTIONS = (DATE, TICKER, PROBABILITY, UP_NEXT, FOLD)

TEXT = frozenset({TICKER})
FLAGS = frozenset({IS_SPLIT, IS_DIVIDEND})
WHOLE = frozenset({VOLUME, UP_NEXT, FOLD, SESSIONS_SINCE_LAST, MEMBER})
"""Columns written as integers while every value is one (a fractional volume stays fractional)."""


def probability_of(model_kind: str) -> str:
    """Return the prediction column of a model that runs beside the one named in the settings."""
    return f"{PROBABILITY}_{model_kind}"


class Columns(Protocol):
    """What is read column by column: a frame, or a table whose rows are on disk."""

    def __getitem__(self, name: str, /) -> pd.Series:
        """Return one column."""

    def __contains__(self, name: object, /) -> bool:
        """Return whether there is a column of that name."""
