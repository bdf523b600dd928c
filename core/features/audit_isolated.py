"""Rows computed again from their own window alone, in fresh copies of the process: isolated from rows after them.

A row's window is the row and as many before it as the warm-up names. A value that comes out of it the same is proven
free of what comes later, if nothing later can be found in that call or remembered from another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.features.audit_compare import FeatureComparison
from core.features.audit_record import BATCH_ROWS, DRAWN_SESSIONS, EVERY_ROWS, MOST_TURNS, PLAIN_ROWS
from core.features.comparing import within_sessions
from core.features.market import MarketPanel
from core.features.price_rows import in_disjoint_years, ranges
from core.platform.forked import in_copied_process
from core.plugins.loading import forget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.features.definitions import Feature
    from core.features.panel import Panel, Vector

    Rows = NDArray[np.int64]


class IsolatedRows(FeatureComparison):
    """The part of an audit that computes rows, and sessions, isolated from all that comes after them."""

    def _turns(self, step: int) -> list[int]:
        """Return which of ``step`` ways to lay windows side by side, without any two that overlap, are looked at."""
        if step <= MOST_TURNS:
            return list(range(step))
        drawn = np.random.default_rng(self.seed).choice(step, MOST_TURNS, replace=False)
        return sorted(int(first) for first in drawn)

    def _isolated_rows(self, features: Sequence[Feature], warm_up: int) -> None:
        """Compute rows from their windows; those that move, in the order of their sessions, from all rows up to them.

        Windows of one call do not overlap and stand in years of their own, so that no row in it is followed by its
        next; before each call the modules are loaded anew.
        """
        moved = in_copied_process(partial(self._moved_by_turns, features, warm_up), opens=self.opens)
        for feature in features:
            if len(moved[feature.name]):
                in_copied_process(partial(self._in_order, feature, moved[feature.name]), opens=self.opens)

    def _moved_by_turns(self, features: Sequence[Feature], warm_up: int) -> dict[str, Rows]:
        rows, position = self._chosen(features[0]), self.prices.position
        moved: dict[str, list[Rows]] = {feature.name: [rows[:0]] for feature in features}
        for first in self._turns(warm_up + 1):
            forget()
            of_call = self._mixed(rows[position[rows] % (warm_up + 1) == first])
            for name, wrong in self._moved(features, of_call, warm_up).items():
                moved[name].append(wrong)
        return {name: np.concatenate(parts) for name, parts in moved.items()}

    def _mixed(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in another order: the window behind one is not of the rows that follow it."""
        return np.random.default_rng(self.seed).permutation(values)

    def _moved(
        self, features: Sequence[Feature], rows: Rows, warm_up: int, *, in_other_years: bool = True
    ) -> dict[str, Rows]:
        """Return by feature which rows come out otherwise from their windows."""
        moved = {feature.name: [rows[:0]] for feature in features}
        for chosen, last, panel in self._windows(rows, warm_up, in_other_years=in_other_years):
            for feature in features:
                again = _attempt(feature, panel)
                wrong = chosen if again is None else chosen[self._differ(feature, again[last], chosen)]
                moved[feature.name].append(wrong)
        return {name: np.concatenate(parts) for name, parts in moved.items()}

    def _in_order(self, feature: Feature, rows: Rows) -> None:
        """Compute rows from all their tickers' rows up to them, one session after the other."""
        self._draw = np.random.default_rng(self.seed)
        rows = self._within_budget(rows, self.prices.position[rows] + 1)
        session = self.prices.cut_by[rows]
        for day in np.unique(session):
            chosen = rows[session == day]
            length = self.prices.position[chosen] + 1
            inside, codes = ranges(chosen - length + 1, length)
            again = feature.compute(self.prices.take(inside).panel(codes))[np.cumsum(length) - 1]
            self._compare(feature, again, chosen, "on its ticker's rows up to that session")

    def _isolated_sessions(self, feature: Feature) -> None:
        """Compute every ticker's row of a session from the rows in their windows, as :meth:`_isolated_rows` does."""
        self._draw = np.random.default_rng(self.seed)
        every = days = self._days
        if not self._every:
            rows, tickers = self._chosen(feature), len(np.unique(self.prices.codes))
            room = max(DRAWN_SESSIONS, EVERY_ROWS // max(1, tickers))
            every = self._draw.permutation(np.unique(self.prices.cut_by[rows]))[:room]
            # where a window is not full yet more goes wrong: whatever is drawn, as many of these as the bound holds
            starts = PLAIN_ROWS // ((feature.warm_up + 1) * max(1, tickers))
            every = np.union1d(every, self._draw.permutation(self._first_sessions)[:starts])
        again = in_copied_process(partial(self._sessions_by_turns, feature, days, every), opens=self.opens)
        if len(again):
            in_copied_process(partial(self._cut_in_order, feature, again), opens=self.opens)

    def _sessions_by_turns(
        self, feature: Feature, days: NDArray[np.datetime64], chosen: NDArray[np.datetime64]
    ) -> NDArray[np.datetime64]:
        step, moved = feature.warm_up + 1, [chosen[:0]]
        for first in self._turns(step):
            forget()
            of_call = self._mixed(chosen[np.searchsorted(days, chosen) % step == first])
            if len(of_call):
                moved.append(self._sessions_moved(feature, of_call))
        return np.unique(np.concatenate(moved))

    def _sessions_moved(self, feature: Feature, sessions: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        batches = max(
            1, len(sessions) * (feature.warm_up + 1) * len(np.unique(self.prices.codes)) // BATCH_ROWS
        )
        several = (each for each in np.array_split(sessions, batches) if len(each))
        return np.concatenate([self._across_windows(feature, each) for each in several])

    def _cut_in_order(self, feature: Feature, sessions: NDArray[np.datetime64]) -> None:
        self._draw = np.random.default_rng(self.seed)
        cost = np.searchsorted(np.sort(self.prices.cut_by), sessions, side="right")
        places = self._within_budget(np.arange(len(sessions)), cost)
        for session in sessions[places]:
            self._cut([feature], session)

    @cached_property
    def _numbers(self) -> Rows:
        """The number of the session that each row is cut by."""
        return np.searchsorted(self._days, self.prices.cut_by)

    @cached_property
    def _session_numbers(self) -> Rows:
        """The number of each row's own session."""
        return np.searchsorted(np.unique(self.prices.session), self.prices.session)

    def _across_windows(self, feature: Feature, sessions: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Return the sessions at which a value moved."""
        prices, number = self.prices, self._numbers
        places = np.searchsorted(self._days, sessions)
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
        panel = in_disjoint_years(prices.take(inside), np.repeat(block, size)).panel(codes)
        assert isinstance(panel, MarketPanel), "a feature across tickers is user-defined"
        groups = _sessions_by_window(self._session_numbers[inside], block, size)
        again = _attempt(feature, panel.looking_across(within_sessions(groups, panel.member)))
        if again is None:
            return sessions
        place = np.cumsum(size) - 1
        current = number[ending] == places[block]
        wrong = self._differ(feature, again[place[current]], ending[current])
        moved: NDArray[np.datetime64] = sessions[np.unique(block[current][wrong])]
        return moved

    def _row_by_row(self, features: Sequence[Feature], warm_up: int) -> None:
        """Compute rows from their windows in this process; those that move, from all their tickers' rows."""
        for name, wrong in self._moved(
            features, self._chosen(features[0]), warm_up, in_other_years=False
        ).items():
            if len(wrong):
                self._in_order(next(feature for feature in features if feature.name == name), wrong)


def _sessions_by_window(session: Rows, block: Rows, size: Rows) -> Rows:
    """Return a number for each session of each block of windows, without large gaps.

    Parameters
    ----------
    session : int64 array, shape (rows,)
        Number of the row's session.
    block, size : int64 array, shape (windows,)
        To which block each window belongs, ascending; and how many rows it has.

    Examples
    --------
    >>> _sessions_by_window(np.array([4, 5, 5, 8, 9]), np.array([0, 0, 1]), np.array([2, 1, 2])).tolist()
    [1, 0, 0, 3, 2]
    """
    first_row = np.cumsum(size) - size
    first_window = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
    rows = np.diff(np.r_[first_row[first_window], len(session)])
    newest = np.repeat(np.maximum.reduceat(session, first_row[first_window]), rows)
    before = newest - session
    numbers: Rows = np.repeat(block, size) * (int(before.max()) + 1) + before
    return numbers


def _attempt(feature: Feature, panel: Panel) -> Vector | None:
    """Return a feature on windows laid side by side; None where it fails there: whole tables decide then."""
    try:
        return feature.compute(panel)
    except DataError:
        return None
