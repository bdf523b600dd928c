"""The leak audit: every feature computed again on data that is cut, changed and rescaled; no value may move.

Row t may rest on its ticker's rows up to t (declared ``across``: on every ticker's rows up to that session)
and on nothing else. Each feature is therefore computed again

- on all data cut after a session: those of each ticker's first 30 as far as a number of rows allows, and some drawn by
  the data's digest;
- for one row after another from that row and as many before it as its warm-up names, and nothing after it. Where it
  comes out the same, that row is proven free of what comes later, at the cost of a window
  (:mod:`core.features.audit_isolated`);
- where it does not (a memory longer than the warm-up, or a leak), from all its ticker's rows up to that row, in the
  order of sessions;
- with everything, one column and one ticker after a session changed; with each ticker alone;
- with the adjusted closes of all rows up to a session multiplied by one factor a ticker, as a later split does;
- once more on all data.

Of a table of several parts, features of this program are computed from windows in every part, and of whole tables in
the first: what these show is what code does, and that is the same in every part. They remember nothing, so a later part
needs no process of its own for them.

User-defined features are computed in copies of a process that has computed nothing, so that none remembers what
another has seen; the system lets these open no file and no connection.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.features.across import in_two_parts
from core.features.audit_isolated import IsolatedRows
from core.features.audit_record import (
    DRAWN_SESSIONS,
    FIRST_ROWS,
    MOST_ALONE,
    MOST_TURNS,
    PLAIN_ROWS,
    TOLERANCE,
)
from core.features.market import MarketPanel
from core.platform.forked import import_all, in_copied_process
from core.plugins.guard import system_files_read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.features.definitions import Feature

    Rows = NDArray[np.int64]


class Audit(IsolatedRows):
    """The audit of one table, or of one part of it."""

    def run(self) -> None:
        """Compute everything again, each part of the work in a copy of this process that has computed nothing before.

        Raises
        ------
        ValueChanged
            With the first value that moved.
        DataError
            If a feature raises on other data, or opens a file or a connection.
        EndedWithoutAnswer
            If one ends its process.
        """
        own = [feature for feature in self.features if feature.own is not None]
        if own:
            import_all(in_copied_process(partial(self._again, own))[0])
            self.opens = bool(in_copied_process(partial(self._again, own))[1])
        for warm_up in sorted({feature.warm_up for feature in own if not feature.across}):
            group = [f for f in own if f.warm_up == warm_up and not f.across]
            for several in [group] if self._every else [[feature] for feature in group]:
                self._isolated_rows(several, warm_up)
        for feature in own:
            if feature.across:
                self._isolated_sessions(feature)
        if own:
            in_copied_process(self._rest, opens=self.opens)
        else:
            self._rest()

    def _rest(self) -> None:
        """Compare whole tables, and rows of the features of this program, which remember nothing."""
        self._draw = np.random.default_rng(self.seed)
        alone = [feature for feature in self.features if not feature.across]
        if self._of_whole_tables:
            self._cut_whole()  # first: what a function remembers of its first call is of the first sessions
        together = [f for f in alone if f.own is None or f.warm_up >= MOST_TURNS]
        for warm_up in sorted({feature.warm_up for feature in together}):
            group = [feature for feature in together if feature.warm_up == warm_up]
            for several in [group] if self._every else [[feature] for feature in group]:
                self._row_by_row(several, warm_up)
        for feature in self.features:
            if feature.across:
                self._in_two_parts(feature)
        if self._of_whole_tables:
            self._changed()
            self._tickers_alone([feature for feature in self._of_whole_tables if not feature.across])
            self._later_splits()
            self._again([feature for feature in self._of_whole_tables if feature.own is None])

    def _again(self, features: Sequence[Feature]) -> tuple[set[str], set[str]]:
        """Compute features on all data once more; return the modules that they import then, and system files read."""
        before = set(sys.modules)
        for feature in features:
            rows = np.arange(len(self.prices))
            self._compare(feature, feature.compute(self.prices.panel()), rows, "again, on all data")
        return set(sys.modules) - before, set(system_files_read)

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
        days = self._days
        first = self._first_sessions
        drawn = self._draw.choice(days, min(DRAWN_SESSIONS, len(days)), replace=False)
        cost = np.searchsorted(np.sort(self.prices.cut_by), first, side="right")
        within = first[np.cumsum(cost) <= PLAIN_ROWS]
        for session in np.unique(np.concatenate([days[:FIRST_ROWS], within, drawn, days[-2:-1]])):
            self._cut(self._of_whole_tables, session)

    def _changed(self) -> None:
        """Change what comes after a session: everything, each column alone, one ticker alone."""
        days, names = self._days, list(self.prices.columns)
        for session in self._draw.choice(days, min(2, len(days)), replace=False):
            before = np.flatnonzero(self.prices.cut_by <= session)
            for changed in (names, *([name] for name in names if len(names) > 1)):
                self._change(
                    changed,
                    self.prices.cut_by > session,
                    before,
                    f"with {', '.join(changed)} after {session} changed",
                )
            ticker = self.prices.codes == self._draw.choice(self.prices.codes)
            later = ticker & (self.prices.cut_by > session)
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
        panel = self.prices.of_columns(columns).panel()
        for feature in self._of_whole_tables:
            if not (alone and feature.across):
                self._compare(feature, feature.compute(panel)[rows], rows, how)

    def _tickers_alone(self, features: Sequence[Feature]) -> None:
        codes = np.unique(self.prices.codes)
        for code in self._draw.permutation(codes)[:MOST_ALONE]:
            rows = np.flatnonzero(self.prices.codes == code)
            panel = self.prices.take(rows).panel()
            for feature in features:
                self._compare(feature, feature.compute(panel), rows, "on its ticker alone")

    def _later_splits(self) -> None:
        """Multiply adjusted closes up to a session by a factor a ticker: levels move, nothing else may."""
        days = self._days
        drawn = self._draw.choice(days, min(2, len(days)), replace=False)
        for session in np.unique([*drawn, days[-1]]):
            rows = np.flatnonzero(self.prices.cut_by <= session)
            prices = self.prices.take(rows)
            # powers of two change no digit of a ratio, and another one for each ticker shows mixtures
            factor = 0.5 ** (1 + prices.codes % 3)
            columns = {**prices.columns, col.ADJ_CLOSE: prices.columns[col.ADJ_CLOSE] * factor}
            panel = prices.of_columns(columns).panel()
            how = f"with the adjusted closes up to {session} halved, as a later split does"
            for feature in self._of_whole_tables:
                if feature.seen_by_model:
                    self._compare(feature, feature.compute(panel), rows, how, noise=TOLERANCE)
