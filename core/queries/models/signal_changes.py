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
        1 for the highest probability; None for a signal that is withheld.
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
    before = {each["ticker"]: _probability(each) for each in earlier}
    order = sorted(signals, key=lambda each: (-(_probability(each) or 0.0), each["ticker"]))
    counted = [each for each in order if _probability(each) is not None]
    withheld = [each for each in order if _probability(each) is None]
    return [
        RankedSignal(
            place if place <= len(counted) else None, each, _probability(each), before.get(each["ticker"])
        )
        for place, each in enumerate([*counted, *withheld], start=1)
    ]


def _probability(signal: Mapping[str, Any]) -> float | None:
    """Return a signal's probability, None where a doubt about its ticker withholds it."""
    return None if signal.get("reason") else signal["probability"]
