"""What every part of a leak audit does: choose rows, lay their windows side by side, compare, and name what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.features.audit_record import (
    BATCH_ROWS,
    DRAWN_ROWS,
    EVERY_ROWS,
    FIRST_ROWS,
    LONG_ROWS,
    NOISE,
    TOLERANCE,
    ChangedValue,
    ValueChanged,
)
from core.features.price_rows import Prices, in_disjoint_years, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.features.definitions import Feature
    from core.features.panel import Panel, Vector

    Rows = NDArray[np.int64]


@dataclass
class FeatureComparison:
    """The audit of one table, or of one part of it.

    Parameters
    ----------
    prices : Prices
    features : sequence of Feature
    values : mapping of str to float64 array, shape (n,)
        As they were computed for the table, the warm-up not yet blanked.
    seed : int
        Of what is drawn: from the data's digest.
    opens : bool
        Whether user-defined features may open files: where their libraries read the system's.
    first : bool
        Whether this is the first part of its table, where features of this program are computed of whole tables, too.
    """

    prices: Prices
    features: Sequence[Feature]
    values: Mapping[str, Vector]
    seed: int
    opens: bool = False
    first: bool = True

    def __post_init__(self) -> None:
        self._draw = np.random.default_rng(self.seed)
        # here and not in a copy that may open nothing: its first call imports a part of numpy
        self._days: NDArray[np.datetime64] = np.unique(self.prices.cut_by)

    @cached_property
    def _of_whole_tables(self) -> list[Feature]:
        """Features compared on whole tables: what these show of code of this program is the same in every part."""
        return [feature for feature in self.features if self.first or feature.own is not None]

    @property
    def _every(self) -> bool:
        return len(self.prices) <= EVERY_ROWS

    def _chosen(self, feature: Feature) -> Rows:
        """Return the rows whose windows are looked at, ascending."""
        total = len(self.prices)
        if total <= EVERY_ROWS:
            return np.arange(total)
        values = self.values[feature.name]
        change = np.nan_to_num(np.abs(np.diff(values, prepend=np.nan)), nan=0.0)
        most = np.argpartition(-change, DRAWN_ROWS)[:DRAWN_ROWS]
        chosen = self._always_chosen.copy()
        chosen[most] = True
        return np.flatnonzero(chosen)

    @cached_property
    def _always_chosen(self) -> NDArray[np.bool_]:
        """Rows whose windows are looked at whatever the feature: each ticker's first, and some drawn."""
        chosen = self.prices.position < FIRST_ROWS
        drawn = np.random.default_rng(self.seed).choice(len(chosen), DRAWN_ROWS, replace=False)
        chosen[drawn] = True
        return chosen

    @cached_property
    def _first_sessions(self) -> NDArray[np.datetime64]:
        """The sessions of each ticker's first rows."""
        return np.unique(self.prices.cut_by[self.prices.position < FIRST_ROWS])

    def _within_budget(self, rows: Rows, cost: NDArray[np.int64]) -> Rows:
        """Return the rows, or as many of them drawn at random as the budget allows, ascending."""
        if int(cost.sum()) <= LONG_ROWS:
            return rows
        order = self._draw.permutation(len(rows))
        return np.sort(rows[order[np.cumsum(cost[order]) <= LONG_ROWS]])

    def _windows(
        self, rows: Rows, warm_up: int, *, in_other_years: bool = False
    ) -> Iterator[tuple[Rows, Rows, Panel]]:
        """Yield some of the rows, where each stands, and the panel in which each ends a ticker of its own."""
        length = self.prices.position[rows] + 1
        length = np.minimum(length, warm_up + 1)
        batch = np.cumsum(length) // BATCH_ROWS
        for number in np.unique(batch):
            chosen, size = rows[batch == number], length[batch == number]
            inside, codes = ranges(chosen - size + 1, size)
            prices = self.prices.take(inside)
            prices = in_disjoint_years(prices, codes) if in_other_years else prices
            yield chosen, np.cumsum(size) - 1, prices.panel(codes)

    def _cut(self, features: Sequence[Feature], session: np.datetime64) -> None:
        rows = np.flatnonzero(self.prices.cut_by <= session)
        panel = self.prices.take(rows).panel()
        for feature in features:
            self._compare(feature, feature.compute(panel), rows, f"on data up to {session}")

    def _differ(self, feature: Feature, again: Vector, rows: Rows, noise: float = NOISE) -> NDArray[np.bool_]:
        """Return which rows came out otherwise, shape (rows,)."""
        before = self.values[feature.name][rows]
        if np.array_equal(before.view(np.int64), again.view(np.int64)):
            return np.zeros(len(rows), dtype=bool)
        room = TOLERANCE * np.maximum(np.abs(before), np.abs(again)) + noise * self._sizes[feature.name]
        with np.errstate(invalid="ignore"):
            same = (before == again) | (np.abs(before - again) <= room) | (np.isnan(before) & np.isnan(again))
        moved: NDArray[np.bool_] = ~same
        return moved

    @cached_property
    def _sizes(self) -> dict[str, float]:
        """The median size of each feature."""
        sizes = {}
        for feature in self.features:
            values = np.abs(self.values[feature.name])
            finite = values[np.isfinite(values)]
            sizes[feature.name] = float(np.median(finite)) if len(finite) else 0.0
        return sizes

    def _compare(self, feature: Feature, again: Vector, rows: Rows, how: str, noise: float = NOISE) -> None:
        wrong = np.flatnonzero(self._differ(feature, again, rows, noise))
        if len(wrong):
            row = int(rows[wrong[0]])
            value, other = float(self.values[feature.name][row]), float(again[wrong[0]])
            raise ValueChanged(ChangedValue(feature.name, row, value, other, how))
