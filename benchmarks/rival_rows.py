"""The rival's judged rows, which all its figures are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

Vector = np.ndarray


@dataclass
class Judged:
    """The judged rows by fold, date and ticker: what each is, and which date of which fold it is of."""

    p: Vector
    up: Vector
    gain: Vector
    following: Vector
    ticker: Vector
    group: Vector
    fold_of_group: Vector
    days: Vector

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Judged:
        day, fold = frame["date"].to_numpy(), frame["fold"].to_numpy()
        begins = np.append(True, day[1:] != day[:-1])
        values = (frame[name].to_numpy() for name in ("probability", "up_next", "return", "next_return"))
        ticker = frame["ticker"].rank("dense").to_numpy().astype(np.int64) - 1
        return cls(*values, ticker, np.cumsum(begins) - 1, fold[begins] - 1, day[begins])

    def sums(self, values: Vector) -> Vector:
        """Return sums by date."""
        return np.bincount(self.group, weights=values, minlength=len(self.days))
