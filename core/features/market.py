"""The panel that user-defined features are computed from: every price column, the calendar, and other tickers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.features.comparing import Across, Groups, Mask, within_sessions
from core.features.panel import Panel, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = (col.OPEN, col.HIGH, col.LOW, col.CLOSE, col.ADJ_CLOSE, col.VOLUME)
"""What a panel has of each row, in the order of the prices."""


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
    return copy.view()  # a view of what cannot be written to cannot be made writable again
