"""The rival's figures of folds, years, tickers and states of the market, each with an interval from blocks of dates."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    import polars as pl
    from rival_rows import Judged

Vector = np.ndarray


class Parts:
    """The judged rows with the block of consecutive dates that each is of."""

    def __init__(self, rows: Judged, block: int, confidence: float) -> None:
        sizes = np.bincount(rows.fold_of_group).tolist()
        lengths = [max(1, min(block, size // 5)) for size in sizes]
        bounds = np.cumsum([0, *(-(-size // length) for size, length in zip(sizes, lengths, strict=True))])
        of_group = [first + np.arange(s) // n for first, s, n in zip(bounds, sizes, lengths, strict=False)]
        self.rows, self.bounds, self.blocks = rows, bounds.tolist(), int(bounds[-1])
        self.block = np.concatenate(of_group)[rows.group]
        self.fold, self.confidence = rows.fold_of_group[rows.group], confidence
        self.order = np.lexsort((rows.p, self.fold))

    def figures(self, frame: pl.DataFrame) -> dict[str, Any]:
        """Return by fold, year, ticker, third of volatility and direction of the market."""
        rows = self.rows
        years, year = np.unique(rows.days.astype("datetime64[Y]"), return_inverse=True)
        names = frame["ticker"].unique().cast(str).sort().to_list()
        volatility = frame["volatility20"].to_numpy()
        third = np.searchsorted(np.quantile(volatility, (1 / 3, 2 / 3)), volatility)
        mean = rows.sums(rows.gain) / np.bincount(rows.group)
        grown = np.append(0.0, np.cumsum(np.log1p(mean)))
        rising = np.append(np.full(19, -1), (grown[20:] > grown[:-20]).astype(int))
        return {
            "by_fold": self.of(self.fold, self.fold.max() + 1),
            "by_period": dict(zip(map(str, years), self.of(year[rows.group], len(years)), strict=True)),
            "by_ticker": dict(zip(names, self.of(rows.ticker, len(names)), strict=True)),
            "slices": {"volatility": self.of(third, 3), "market": self.of(rising[rows.group], 2)},
        }

    def of(self, number: Vector, parts: int) -> list[dict[str, float]]:
        """Return the figures of each part; ``number`` is -1 for a row of none."""
        rows, call = self.rows, self.rows.p >= 0.5
        inside = np.flatnonzero(number >= 0)
        cell, up = number[inside] * self.blocks + self.block[inside], rows.up[inside]
        each = (
            np.ones_like(up),
            up,
            call[inside],
            call[inside] * up,
            call[inside] == up,
            (rows.p[inside] - up) ** 2,
        )
        n, rose, called, rightly, right, squares = (
            np.bincount(cell, weights=values, minlength=parts * self.blocks).reshape(parts, -1)
            for values in each
        )
        shares = {
            "precision": (rightly, called, called),
            "hit_rate": (right, n, n),
            "brier": (squares, n, n),
            "recall": (rightly, rose, n),
        }
        figures = {}
        for name, (above, below, counted) in shares.items():
            value, added = _added(above, below)
            added = added - _added(called, n)[1] if name == "recall" else added
            figures[name] = self._spread(value, added, counted > 0, below.sum(axis=1))
        figures["auc"] = self._auc(number, parts)
        return [
            {
                name + end: float(array[i])
                for name, own in figures.items()
                for end, array in zip(("", "_low", "_high"), own, strict=True)
            }
            for i in range(parts)
        ]

    def _spread(
        self, value: Vector, added: Vector, has: Vector, rows: Vector
    ) -> tuple[Vector, Vector, Vector]:
        spread, freedom = np.zeros(len(value)), np.zeros(len(value))
        for first, last in pairwise(self.bounds):
            own, there = np.where(has[:, first:last], added[:, first:last], 0.0), has[:, first:last]
            count = there.sum(axis=1)
            apart = np.where(there, own - (own.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
            spread += (apart**2).sum(axis=1) * np.where(count > 1, count / np.maximum(count - 1, 1), 0)
            freedom += np.maximum(count - 1, 0)
        return self._ends(value, np.sqrt(spread), rows, freedom)

    def _ends(
        self, value: Vector, error: Vector, rows: Vector, freedom: Vector
    ) -> tuple[Vector, Vector, Vector]:
        enough = (rows >= 60) & (freedom >= 5) & (error > 0)
        reach = stdtrit(np.maximum(freedom, 1), (1 + self.confidence) / 2) * error
        reach = np.where(enough, reach, np.nan)
        return value, np.maximum(value - reach, 0), np.minimum(value + reach, 1)

    def _auc(self, number: Vector, parts: int) -> tuple[Vector, Vector, Vector]:
        """Return the AUC of each part within folds, by its rows, with the interval of placements in blocks."""
        weight, total, spread, freedom = (np.zeros(parts) for _ in range(4))
        ends = np.searchsorted(self.fold[self.order], np.arange(self.fold.max() + 2)).tolist()
        for start, stop in pairwise(ends):
            own = self.order[start:stop]
            own = own[number[own] >= 0]
            own = own[np.argsort(number[own].astype(np.int32), kind="stable")]
            part, p, rose = number[own], self.rows.p[own], self.rows.up[own] > 0
            size, ups = (np.bincount(part, weights=w, minlength=parts) for w in (None, rose))
            falls = size - ups
            new = np.append(True, (p[1:] != p[:-1]) | (part[1:] != part[:-1]))[: len(p)]
            run, edges = np.cumsum(new) - 1, np.append(np.flatnonzero(new), len(p))
            risen = np.append(0.0, np.cumsum(rose))
            first = (np.cumsum(size) - size).astype(int)[part]
            below = (risen[edges[:-1]] + risen[edges[1:]])[run] / 2 - risen[first]
            every = (edges[:-1] + edges[1:])[run] / 2 - first
            with np.errstate(divide="ignore", invalid="ignore"):
                placed = np.where(rose, (every - below) / falls[part], (ups[part] - below) / ups[part])
                value = np.bincount(part, weights=np.where(rose, placed, 0), minlength=parts) / ups
                added = (placed - value[part]) / np.where(rose, ups[part], falls[part])
            both = (ups > 0) & (falls > 0)
            usable, size = both[part], np.where(both, size, 0)
            cell = (part * self.blocks + self.block[own])[usable]
            sums = np.bincount(cell, weights=added[usable], minlength=parts * self.blocks).reshape(parts, -1)
            count = (np.bincount(cell, minlength=parts * self.blocks).reshape(parts, -1) > 0).sum(axis=1)
            weight += size
            total += size * np.where(both, value, 0.0)
            spread += (
                size**2 * (sums**2).sum(axis=1) * np.where(count > 1, count / np.maximum(count - 1, 1), 0)
            )
            freedom += np.maximum(count - 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._ends(total / weight, np.sqrt(spread) / weight, weight, freedom)


def _added(above: Vector, below: Vector) -> tuple[Vector, Vector]:
    total = below.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.sum(axis=1) / total
        return ratio, (above - ratio[:, None] * below) / total[:, None]
