"""Signals in the order of their probability, each beside what the report before said of the same ticker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RankedSignal:
    """One ticker's signal.

    Parameters
    ----------
    rank : int or None
        1 for the highest probability; None for a signal that is withheld, or of a ticker that ended.
    signal : mapping
        As the evaluation has it.
    probability, earlier : float or None
        Now, and in the report before; None where it is withheld or unknown.
    """

    rank: int | None
    signal: Mapping[str, Any]
    probability: float | None
    earlier: float | None

    @property
    def change(self) -> float | None:
        """How far the probability moved since the report before; None without one."""
        return None if self.probability is None or self.earlier is None else self.probability - self.earlier


def ranked(signals: Iterable[Mapping[str, Any]], earlier: Iterable[Mapping[str, Any]]) -> list[RankedSignal]:
    """Return signals by falling probability, withheld ones last, in the order of tickers where they are equal.

    Examples
    --------
    >>> now = [{"ticker": "A", "probability": 0.4}, {"ticker": "B", "probability": 0.6}]
    >>> [(each.rank, each.signal["ticker"], each.change) for each in ranked(now, [{"ticker": "B", "probability": 0.5}])]
    [(1, 'B', 0.09999999999999998), (2, 'A', None)]
    """
    before = {each["ticker"]: probability_of(each) for each in earlier}
    order = sorted(signals, key=lambda each: (-(probability_of(each) or 0.0), each["ticker"]))
    counted = [each for each in order if probability_of(each) is not None]
    withheld = [each for each in order if probability_of(each) is None]
    return [
        RankedSignal(
            place if place <= len(counted) else None, each, probability_of(each), before.get(each["ticker"])
        )
        for place, each in enumerate([*counted, *withheld], start=1)
    ]


def probability_of(signal: Mapping[str, Any]) -> float | None:
    """Return a signal's probability, None where it is withheld or its ticker ended."""
    return None if signal.get("reason") else signal["probability"]


def probabilities(signals: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the probability of each ticker that has a call.

    >>> probabilities([{"ticker": "A", "probability": 0.4}, {"ticker": "B", "probability": 0.6, "reason": "withheld"}])
    {'A': 0.4}
    """
    return {each["ticker"]: p for each in signals if (p := probability_of(each)) is not None}
