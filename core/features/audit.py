"""The leak audit: every feature computed again on data that is cut, changed and rescaled; no value may move.

Row t may rest on its ticker's rows up to t (declared ``across``: on every ticker's rows up to that session)
and on nothing else. Each feature is therefore computed again

- on all data cut after a session: those of each ticker's first 30, and some drawn by the data's digest;
- for one row after another from that row and as many before it as its warm-up names, and nothing after it. Where it
  comes out the same, that row is proven free of what comes later, at the cost of a window;
- where it does not (a memory longer than the warm-up, or a leak), from all its ticker's rows up to that row;
- with everything, one column and one ticker after a session changed; with each ticker alone;
- with the adjusted closes of all rows up to a session multiplied by one factor a ticker, as a later split does;
- once more on all data.

All of it happens in a process that has not computed the values that it is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.errors import DataError
from core.features.across import in_two_parts
from core.features.audit_record import (
    BATCH_ROWS,
    DRAWN_ROWS,
    DRAWN_SESSIONS,
    EVERY_ROWS,
    FIRST_ROWS,
    LONG_ROWS,
    MOST_ALONE,
    NOISE,
    PLAIN_ROWS,
    TOLERANCE,
    Counts,
    Move,
    Moved,
)
from core.features.market import MarketPanel, within_sessions
from core.features.price_rows import Prices, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.features.definitions import Feature
    from core.features.panel import Panel, Vector

    Rows = NDArray[np.int64]


@dataclass
class Audit:
    """The audit of one table, or of one part of it.

    Parameters
    ----------
    prices : Prices
    features : sequence of Feature
    values : mapping of str to float64 array, shape (n,)
        As they were computed for the table, the warm-up not yet blanked.
    seed : int
        Of what is drawn: from the data's digest.
    """

    prices: Prices
    features: Sequence[Feature]
    values: Mapping[str, Vector]
    seed: int
    counts: Counts = field(default_factory=Counts)

    def run(self) -> Counts:
        """Return how much was computed again when nothing moved.

        Raises
        ------
        Moved
            With the first value that moved.
        DataError
            If a feature raises on other data.
        """
        self._draw = np.random.default_rng(self.seed)
        alone = [feature for feature in self.features if not feature.across]
        self._cut_whole()  # first: what a function remembers of its first call is of the first sessions
        for warm_up in sorted({feature.warm_up for feature in alone}):
            self._row_by_row([feature for feature in alone if feature.warm_up == warm_up], warm_up)
        for feature in self.features:
            if feature.across:
                self._session_by_session(feature)
                self._in_two_parts(feature)
        self._changed()
        self._tickers_alone(alone)
        self._later_splits()
        for feature in self.features:
            self._compare(
                feature,
                feature.compute(self.prices.panel()),
                np.arange(len(self.prices)),
                "again, on all data",
            )
        return self.counts

    def _chosen(self, feature: Feature) -> Rows:
        """Return the rows whose windows are looked at, ascending."""
        total = len(self.prices)
        if total <= EVERY_ROWS:
            return np.arange(total)
        values = self.values[feature.name]
        change = np.nan_to_num(np.abs(np.diff(values, prepend=np.nan)), nan=0.0)
        most = np.argpartition(-change, DRAWN_ROWS)[:DRAWN_ROWS]
        drawn = np.random.default_rng(self.seed).choice(total, DRAWN_ROWS, replace=False)
        return np.unique(np.concatenate([np.flatnonzero(self.prices.position < FIRST_ROWS), most, drawn]))

    def _row_by_row(self, features: Sequence[Feature], warm_up: int) -> None:
        """Compute rows from their windows; where one moves, from all their ticker's rows up to it."""
        every = len(self.prices) <= EVERY_ROWS
        for group in [features] if every else [[feature] for feature in features]:
            rows = self._chosen(group[0])
            moved: dict[str, list[Rows]] = {feature.name: [] for feature in group}
            for chosen, last, panel in self._windows(rows, warm_up):
                for feature in group:
                    again = _attempt(feature, panel)
                    wrong = chosen if again is None else chosen[self._differ(feature, again[last], chosen)]
                    moved[feature.name].append(wrong)
            self.counts.rows_cut += len(rows) * len(group)
            for feature in group:
                self._with_all_before(feature, np.concatenate(moved[feature.name]))

    def _with_all_before(self, feature: Feature, rows: Rows) -> None:
        """Compute rows from all their ticker's rows up to them."""
        rows = self._within_budget(rows, self.prices.position[rows] + 1)
        for chosen, last, panel in self._windows(rows, None):
            self._compare(
                feature, feature.compute(panel)[last], chosen, "on its ticker's rows up to that session"
            )
        self.counts.rows_long += len(rows)

    def _within_budget(self, rows: Rows, cost: NDArray[np.int64]) -> Rows:
        """Return the rows, or as many of them drawn at random as the budget allows, ascending."""
        if int(cost.sum()) <= LONG_ROWS:
            return rows
        order = self._draw.permutation(len(rows))
        return np.sort(rows[order[np.cumsum(cost[order]) <= LONG_ROWS]])

    def _windows(self, rows: Rows, warm_up: int | None) -> Iterator[tuple[Rows, Rows, Panel]]:
        """Yield some of the rows, where each stands, and the panel in which each ends a ticker of its own."""
        length = self.prices.position[rows] + 1
        length = length if warm_up is None else np.minimum(length, warm_up + 1)
        batch = np.cumsum(length) // BATCH_ROWS
        for number in np.unique(batch):
            chosen, size = rows[batch == number], length[batch == number]
            inside, codes = ranges(chosen - size + 1, size)
            yield chosen, np.cumsum(size) - 1, self.prices.take(inside).panel(codes)

    def _session_by_session(self, feature: Feature) -> None:
        """Compute every ticker's row of a session from the rows in their windows; where one moves, from all before."""
        every = np.unique(self.prices.session)
        if len(self.prices) > EVERY_ROWS:
            rows = self._chosen(feature)
            room = max(DRAWN_SESSIONS, EVERY_ROWS // max(1, len(np.unique(self.prices.codes))))
            every = np.unique(self._draw.permutation(np.unique(self.prices.session[rows]))[:room])
        batches = max(1, len(self.prices) * (feature.warm_up + 1) // BATCH_ROWS)
        several = (sessions for sessions in np.array_split(every, batches) if len(sessions))
        moved = [self._across_windows(feature, sessions) for sessions in several]
        self.counts.rows_cut += len(every)
        again = np.concatenate(moved) if moved else every[:0]
        cost = np.searchsorted(np.sort(self.prices.session), again, side="right")
        places = self._within_budget(np.arange(len(again)), cost)
        for session in again[places]:
            self._cut([feature], session)
        self.counts.rows_long += len(places)

    def _across_windows(self, feature: Feature, sessions: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Return the sessions at which a value moved."""
        prices, days = self.prices, np.unique(self.prices.session)
        number = np.searchsorted(days, prices.session)
        places = np.searchsorted(days, sessions)
        starts = np.flatnonzero(prices.position == 0)
        ends = np.append(starts[1:], len(prices))
        last = np.stack(
            [
                s + np.searchsorted(number[s:e], places, side="right") - 1
                for s, e in zip(starts, ends, strict=True)
            ],
            axis=1,
        )
        block, ticker = np.nonzero(
            (last >= starts) & (places[:, None] - number[np.maximum(last, 0)] <= feature.warm_up)
        )
        ending = last[block, ticker]
        size = np.minimum(prices.position[ending], feature.warm_up) + 1
        inside, codes = ranges(ending - size + 1, size)
        panel = prices.take(inside).panel(codes)
        assert isinstance(panel, MarketPanel), "a feature across tickers is one of somebody's own"
        groups = np.repeat(block, size) * len(days) + number[inside]
        again = _attempt(feature, panel.looking_across(within_sessions(groups)))
        if again is None:
            return sessions
        place = np.cumsum(size) - 1
        current = number[ending] == places[block]
        wrong = self._differ(feature, again[place[current]], ending[current])
        moved: NDArray[np.datetime64] = sessions[np.unique(block[current][wrong])]
        return moved

    def _in_two_parts(self, feature: Feature) -> None:
        """Compare tickers as a large table does: half of them in one part, half in another."""
        codes = np.unique(self.prices.codes)
        first = (
            self.prices.codes < codes[len(codes) // 2] if len(codes) > 1 else np.ones(len(self.prices), bool)
        )
        panels = [self.prices.take(np.flatnonzero(part)).panel() for part in (first, ~first) if part.any()]
        again = in_two_parts(feature, [panel for panel in panels if isinstance(panel, MarketPanel)])
        how = "with other tickers seen only by panel.rank, panel.mean_across and panel.beta"
        self._compare(feature, again, np.arange(len(self.prices)), how)

    def _cut_whole(self) -> None:
        days = np.unique(self.prices.session)
        first = np.unique(self.prices.session[self.prices.position < FIRST_ROWS])
        drawn = self._draw.choice(days, min(DRAWN_SESSIONS, len(days)), replace=False)
        cost = np.searchsorted(np.sort(self.prices.session), first, side="right")
        within = first[np.cumsum(cost) <= PLAIN_ROWS]
        for session in np.unique(np.concatenate([days[:FIRST_ROWS], within, drawn, days[-2:-1]])):
            self._cut(self.features, session)

    def _cut(self, features: Sequence[Feature], session: np.datetime64) -> None:
        rows = np.flatnonzero(self.prices.session <= session)
        panel = self.prices.take(rows).panel()
        for feature in features:
            self._compare(feature, feature.compute(panel), rows, f"on data up to {session}")
        self.counts.sessions_cut += 1

    def _changed(self) -> None:
        """Change what comes after a session: everything, each column alone, one ticker alone."""
        days, names = np.unique(self.prices.session), list(self.prices.columns)
        for session in self._draw.choice(days, min(2, len(days)), replace=False):
            before = np.flatnonzero(self.prices.session <= session)
            for changed in (names, *([name] for name in names if len(names) > 1)):
                self._change(
                    changed,
                    self.prices.session > session,
                    before,
                    f"with {', '.join(changed)} after {session} changed",
                )
            ticker = self.prices.codes == self._draw.choice(self.prices.codes)
            later = ticker & (self.prices.session > session)
            self._change(names, later, before, f"with one ticker after {session} changed")
            self._change(
                names,
                later,
                np.flatnonzero(~ticker),
                f"with another ticker after {session} changed",
                alone=True,
            )

    def _change(
        self, names: Sequence[str], where: NDArray[np.bool_], rows: Rows, how: str, *, alone: bool = False
    ) -> None:
        factor = np.where(where, np.exp(self._draw.normal(0, 0.3, len(where))), 1.0)
        columns = {n: v * factor if n in names else v for n, v in self.prices.columns.items()}
        panel = Prices(self.prices.codes, self.prices.session, columns).panel()
        for feature in self.features:
            if not (alone and feature.across):
                self._compare(feature, feature.compute(panel)[rows], rows, how)
        self.counts.changes += 1

    def _tickers_alone(self, features: Sequence[Feature]) -> None:
        codes = np.unique(self.prices.codes)
        for code in self._draw.permutation(codes)[:MOST_ALONE]:
            rows = np.flatnonzero(self.prices.codes == code)
            panel = self.prices.take(rows).panel()
            for feature in features:
                self._compare(feature, feature.compute(panel), rows, "on its ticker alone")
            self.counts.alone += 1

    def _later_splits(self) -> None:
        """Multiply adjusted closes up to a session by a factor a ticker: levels move, nothing else may."""
        days = np.unique(self.prices.session)
        drawn = self._draw.choice(days, min(2, len(days)), replace=False)
        for session in np.unique([*drawn, days[-1]]):
            rows = np.flatnonzero(self.prices.session <= session)
            prices = self.prices.take(rows)
            # powers of two change no digit of a ratio, and another one for each ticker shows mixtures
            factor = 0.5 ** (1 + prices.codes % 3)
            columns = {**prices.columns, col.ADJ_CLOSE: prices.columns[col.ADJ_CLOSE] * factor}
            panel = Prices(prices.codes, prices.session, columns).panel()
            how = f"with the adjusted closes up to {session} halved, as a later split does"
            for feature in self.features:
                if feature.seen_by_model:
                    self._compare(feature, feature.compute(panel), rows, how, noise=TOLERANCE)
            self.counts.splits += 1

    def _differ(self, feature: Feature, again: Vector, rows: Rows, noise: float = NOISE) -> NDArray[np.bool_]:
        """Return which rows came out otherwise, shape (rows,)."""
        before = self.values[feature.name][rows]
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
            raise Moved(Move(feature.name, row, value, other, how))


def _attempt(feature: Feature, panel: Panel) -> Vector | None:
    """Return a feature on windows laid side by side; None where it fails there: whole tables decide then."""
    try:
        return feature.compute(panel)
    except DataError:
        return None
