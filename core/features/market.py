"""The panel that features of one's own are computed from: every price column, the calendar, and other tickers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import columns as col
from core.features.panel import Panel, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

COLUMNS = (col.OPEN, col.HIGH, col.LOW, col.CLOSE, col.ADJ_CLOSE, col.VOLUME)
"""What a panel has of each row, in the order of the prices."""

Groups = Any
"""An array of numbers or texts, shape (n,): rows of one session that share one are compared."""


class Across(Protocol):
    """Returns the rank, or the mean, of values among the rows of the same session and group."""

    def __call__(self, what: str, values: Vector, within: Groups = None) -> Vector: ...


class NotAcross(ValueError):
    """A function looks at other tickers and was not declared to."""


class TooFarAhead(ValueError):
    """A function looks further ahead than it may."""


@dataclass(frozen=True)
class MarketPanel(Panel):
    """Daily prices of many tickers, all rows of a ticker together and in date order; arrays cannot be written to.

    Parameters
    ----------
    open, high, low, close, volume : float64 array, shape (n,)
        As the source gives them, in the ticker's currency and in shares; NaN where the source has none.
    session : datetime64[D] array, shape (n,)
        The row's date.
    ticker : int64 array, shape (n,)
        A number that all rows of a ticker share.
    across : callable or None
        How values of a session are compared; None where other tickers are out of sight.
    member : bool array, shape (n,), or None
        Which rows are of a ticker that belongs to the universe on its day; None where all do.
    names : tuple of str
        The tickers as texts.
    name_codes : int64 array, shape (n,)
        The place of each row's ticker among them.
    horizon_sessions : int
        How far a label looks ahead; 0 for features and rules.
    """

    open: Vector
    high: Vector
    low: Vector
    close: Vector
    volume: Vector
    session: NDArray[np.datetime64]
    ticker: NDArray[np.int64]
    across: Across | None = None
    member: Mask | None = None
    names: tuple[str, ...] = ()
    name_codes: NDArray[np.int64] | None = None
    horizon_sessions: int = 0

    @classmethod
    def of_rows(
        cls,
        codes: NDArray[np.int64],
        session: NDArray[np.datetime64],
        columns: Mapping[str, Vector],
        names: tuple[str, ...] = (),
        *,
        name_codes: NDArray[np.int64] | None = None,
        member: Mask | None = None,
    ) -> MarketPanel:
        """Return the panel of rows that stand sorted by (ticker, date), as arrays of its own.

        Without ``name_codes`` the codes are the places of the tickers among ``names``.

        Examples
        --------
        >>> days = np.array(["2024-01-02", "2024-01-03", "2024-01-02"], "datetime64[D]")
        >>> panel = MarketPanel.of_rows(np.array([0, 0, 1]), days, {name: np.array([1.0, 2, 3]) for name in COLUMNS})
        >>> panel.position.tolist(), panel.weekday.tolist(), panel.maximum(panel.close, 2).tolist()
        ([0, 1, 0], [1, 2, 1], [nan, 2.0, nan])
        """
        own: dict[str, Any] = {name: _frozen(columns[name]) for name in COLUMNS}
        own |= {"ticker": _frozen(codes), "session": _frozen(session.astype("datetime64[D]"))}
        own |= {"name_codes": own["ticker"] if name_codes is None else _frozen(name_codes)}
        position = _frozen(Panel.of(own["ticker"], own[col.ADJ_CLOSE]).position)
        of_members = None if member is None else _frozen(member)
        return cls(position=position, names=names, member=of_members, **own)

    def looking_across(self, across: Across | None = None) -> MarketPanel:
        """Return the panel with other tickers in sight; default: those of this panel."""
        return replace(self, across=across or within_sessions(self.session.astype("int64"), self.member))

    def looking_ahead(self, sessions: int) -> MarketPanel:
        """Return the panel of a label that looks so many sessions ahead."""
        return replace(self, horizon_sessions=sessions)

    def later(self, values: Vector, sessions: int) -> Vector:
        """Return each row's value ``sessions`` rows later in its ticker, NaN where there is none; for labels.

        Raises
        ------
        TooFarAhead
            If that is further than the label's horizon; features have none.
        """
        if not 0 <= sessions <= self.horizon_sessions:
            raise TooFarAhead(
                f"panel.later looks {sessions} sessions ahead; a label may look 0 to {self.horizon_sessions}, "
                "its horizon"
                if self.horizon_sessions
                else "panel.later looks ahead; only a label may"
            )
        return self.lag(np.asarray(values, dtype="float64"), -sessions)

    @cached_property
    def symbol(self) -> NDArray[Any]:
        """The row's ticker as text."""
        return self.of_ticker({name: name for name in self.names}, "")

    def of_ticker(self, values: Mapping[str, Any], missing: Any) -> NDArray[Any]:
        """Return the value of each row's ticker, such as its sector; ``missing`` for tickers without one.

        Examples
        --------
        >>> days = np.array(["2024-01-02", "2024-01-02"], "datetime64[D]")
        >>> bars = {name: np.array([1.0, 2.0]) for name in COLUMNS}
        >>> panel = MarketPanel.of_rows(np.array([0, 1]), days, bars, ("AAPL", "XOM"))
        >>> panel.of_ticker({"AAPL": "technology"}, "other").tolist()
        ['technology', 'other']
        """
        assert self.name_codes is not None, "of_rows sets it"
        result: NDArray[Any] = np.array([values.get(name, missing) for name in self.names])[self.name_codes]
        return result

    @cached_property
    def weekday(self) -> NDArray[np.int64]:
        """The day of the week: Monday is 0."""
        weekday: NDArray[np.int64] = (self.session.astype("int64") + 3) % 7  # 1970-01-01 was a Thursday
        return weekday

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """The month, 1 to 12."""
        month: NDArray[np.int64] = self.session.astype("datetime64[M]").astype("int64") % 12 + 1
        return month

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """The day of the month, 1 to 31."""
        day: NDArray[np.int64] = (self.session - self.session.astype("datetime64[M]")).astype("int64") + 1
        return day

    @cached_property
    def days_since_last(self) -> Vector:
        """Calendar days since the ticker's row before; NaN on its first row."""
        days = self.session.astype("float64")
        return days - self.lag(days, 1)

    def maximum(self, values: Vector, window: int) -> Vector:
        """Return the largest of the last ``window`` rows, the present one included; NaN as in :meth:`mean`."""
        return self._extreme(np.maximum, values, window)

    def minimum(self, values: Vector, window: int) -> Vector:
        """Return the smallest of the last ``window`` rows, the present one included; NaN as in :meth:`mean`."""
        return self._extreme(np.minimum, values, window)

    def _extreme(self, larger: np.ufunc, values: Vector, window: int) -> Vector:
        result = np.array(values, dtype="float64")
        for back in range(1, window):
            result = larger(result, self.lag(values, back))
        return result

    def rank(self, values: Vector, within: Groups = None) -> Vector:
        """Return the rank among the session's tickers: ``(r - 1) / (n - 1)``, ties averaged, 0.5 for one ticker.

        Rows without a value (NaN) have no rank and do not count; of a universe, its members of the day count alone.
        For features and labels declared ``across``.

        Parameters
        ----------
        within : array, shape (n,), optional
            Groups, such as sectors by :meth:`of_ticker`: tickers are compared with those of their own alone.
        """
        return self._compared("rank", values, within)

    def mean_across(self, values: Vector, within: Groups = None) -> Vector:
        """Return the mean among the session's tickers that have a value; NaN where none has. ``within`` as above.

        Of a universe, its members of the day count alone.
        """
        return self._compared("mean_across", values, within)

    def _compared(self, what: str, values: Vector, within: Groups) -> Vector:
        if self.across is None:
            raise NotAcross(f"panel.{what} looks at other tickers; declare it with across=True")
        if within is not None:
            within = np.asarray(within)
            if within.shape != self.position.shape:
                raise ValueError(
                    f"within has shape {within.shape}; expected {self.position.shape}, a group for each row"
                )
            within = within.astype("str") if within.dtype.kind == "O" else within
        return self.across(what, np.asarray(values, dtype="float64"), within)

    def beta(self, values: Vector, window: int, within: Groups = None) -> Vector:
        """Return the slope of a ticker's values on the mean across tickers, over the last ``window`` rows.

        Ordinary least squares with an intercept; NaN where the mean does not vary, and as in :meth:`mean`.
        """
        market = self.mean_across(values, within)
        ours, theirs = self.mean(values, window), self.mean(market, window)
        shared, squared = np.zeros(len(ours)), np.zeros(len(ours))
        for back in range(window):
            distance = self.lag(market, back) - theirs
            shared += (self.lag(np.asarray(values), back) - ours) * distance
            squared += distance * distance
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(squared > 0, shared / squared, np.nan)


def _frozen(values: NDArray) -> NDArray:  # type: ignore[type-arg] # of any type: it is given back as it came
    copy = np.array(values)
    copy.flags.writeable = False
    return copy


def within_sessions(session: NDArray[np.int64], member: Mask | None = None) -> Across:
    """Return how values compare among rows with the same number in ``session``.

    Where a universe has members of the day, values of members alone count. A row of another ticker is placed among
    them as if it came in that day; where no member has a value, all rows count, so that windows have no holes.

    Parameters
    ----------
    session : int64 array, shape (rows,)
    member : bool array, shape (rows,), or None
        Which rows are of members; None: all.

    Examples
    --------
    >>> across = within_sessions(np.array([1, 1, 1, 2]))
    >>> across("rank", np.array([3.0, 3.0, 1.0, 9.0])).tolist()
    [0.75, 0.75, 0.0, 0.5]
    >>> across("mean_across", np.array([3.0, np.nan, 1.0, 9.0])).tolist()
    [2.0, 2.0, 2.0, 9.0]
    >>> of_members = within_sessions(np.array([1, 1, 1]), np.array([True, True, False]))
    >>> of_members("rank", np.array([3.0, 1.0, 2.0])).tolist()
    [1.0, 0.0, 0.5]
    >>> of_members("mean_across", np.array([3.0, 1.0, 50.0])).tolist()
    [2.0, 2.0, 2.0]
    >>> across("rank", np.array([3.0, 2.0, 1.0, 9.0]), np.array(["a", "a", "b", "a"])).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    of_session = _numbered_days(session)

    def counted(values: Vector, group: NDArray[np.int64], groups: int) -> Mask:
        present = ~np.isnan(values)
        if member is None:
            return present
        without = np.bincount(group[present & member], minlength=groups) == 0
        chosen: Mask = present & (member | without[group])
        return chosen

    def mean_across(values: Vector, group: NDArray[np.int64]) -> Vector:
        groups = int(group.max(initial=-1)) + 1
        chosen = counted(values, group, groups)
        total = np.bincount(group[chosen], values[chosen], groups)
        count = np.bincount(group[chosen], minlength=groups)
        with np.errstate(invalid="ignore"):
            return (total / np.where(count, count, np.nan))[group]

    def rank(values: Vector, group: NDArray[np.int64]) -> Vector:
        result = np.full(len(values), np.nan)
        chosen = counted(values, group, int(group.max(initial=-1)) + 1)
        rows = np.flatnonzero(chosen)
        rows = rows[_order(values[rows], group[rows])]
        if len(rows):
            result[rows] = _ranks(values[rows], group[rows])
        others = np.flatnonzero(~np.isnan(values) & ~chosen)
        if len(others):
            result[others] = _places(values, group, rows, others)
        return result

    forms = {"rank": rank, "mean_across": mean_across}

    def across(what: str, values: Vector, within: Groups = None) -> Vector:
        if within is None:
            return forms[what](values, of_session)
        of_group = _numbered(within)
        return forms[what](values, of_session * (of_group.max(initial=0) + 1) + of_group)

    return across


def _numbered_days(session: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number from 0 on for each session, the same for equal ones; of days close together without a sort."""
    if len(session):
        distance: NDArray[np.int64] = session - session.min()
        if distance.max() <= 4 * len(session):
            return distance
    numbers: NDArray[np.int64] = np.unique(session, return_inverse=True)[1].reshape(-1)
    return numbers


def _order(values: Vector, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by (group, value); of equal values in any order, since ties have one rank."""
    order = np.argsort(values)
    # two bytes are sorted by their digits, eight by comparing them
    keys = group.astype("uint16") if group.max(initial=0) < 2**16 else group
    by_group: NDArray[np.int64] = order[np.argsort(keys[order], kind="stable")]
    return by_group


def _numbered(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each value, the same for equal ones; rows of a ticker are mostly of one group."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    of_run = np.unique(values[first], return_inverse=True)[1].reshape(-1)
    numbers: NDArray[np.int64] = of_run[np.cumsum(first) - 1].astype("int64")
    return numbers


def _places(
    values: Vector, group: NDArray[np.int64], ranked: NDArray[np.int64], others: NDArray[np.int64]
) -> Vector:
    """Return the rank that each of ``others`` would have beside the rows that are ranked, which it does not move."""
    distinct, code = np.unique(values[np.r_[ranked, others]], return_inverse=True)
    key = group[np.r_[ranked, others]] * len(distinct) + code
    theirs, own = key[: len(ranked)], key[len(ranked) :]
    start, end = (np.searchsorted(group[ranked], group[others], side) for side in ("left", "right"))
    below, not_above = (np.searchsorted(theirs, own, side) for side in ("left", "right"))
    return ((below + not_above) / 2 - start) / (end - start)


def _ranks(values: Vector, group: NDArray[np.int64]) -> Vector:
    """Return ranks of values sorted by (group, value), from 0 to 1 within each group."""
    place = np.arange(len(values))
    new_group = np.r_[True, group[1:] != group[:-1]]
    new_value = new_group | np.r_[True, values[1:] != values[:-1]]
    start = np.maximum.accumulate(np.where(new_group, place, 0))
    size = np.bincount(np.cumsum(new_group) - 1)[np.cumsum(new_group) - 1]
    tie = np.cumsum(new_value) - 1
    average = (np.bincount(tie, place - start) / np.bincount(tie))[tie]
    return np.where(size > 1, average / np.maximum(size - 1, 1), 0.5)
