"""Returns of holding the judged tickers, the benchmarks without a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.evaluation.joined import NEXT_RETURN
from core.measures.judged_rows import numbers
from core.measures.portfolio import HoldingReturns, PriceRows, Purchases, equal_weight_daily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows
    from core.tables.artifacts import Table
    from core.tables.workplace import Workplace


@dataclass(frozen=True, eq=False)
class Holdings:
    """Both ways of holding every judged ticker.

    Parameters
    ----------
    bought_once : HoldingReturns
        Each ticker bought at its first judged session and kept.
    rebalanced : ndarray of float, shape (groups,)
        Equal weights restored every session; NaN where no ticker has a next return.
    sessions : ndarray of int, shape (groups,)
        Number of each judged date's session in the calendar of the features.
    earned : ndarray of datetime64[D], shape (groups,)
        The session after it: at its close a call made at the judged one has earned its return.
    """

    bought_once: HoldingReturns
    rebalanced: NDArray[np.float64]
    sessions: NDArray[np.int64]
    earned: NDArray[np.datetime64]

    @property
    def on_judged_dates(self) -> NDArray[np.float64]:
        """What was bought once earned on each judged date, shape (groups,)."""
        return self.bought_once.on(self.sessions)


def holdings(rows: JudgedRows, features: Table, *, cost_bps: float, workplace: Workplace) -> Holdings:
    """Return what holding the judged tickers earned after costs, bought once and at equal weights.

    Parameters
    ----------
    rows : JudgedRows
        At least one, with the column ``next_return``.
    features : Table
        Columns ``date``, ``ticker`` and ``return`` of all rows, judged or not.
    cost_bps : float
        Cost of what is bought or changes, in basis points.
    workplace : Workplace
        Who reads the parts of large features.
    """
    days = [np.unique(part[col.DATE].to_numpy("datetime64[D]")) for part in features.each([col.DATE])]
    calendar = np.unique(np.concatenate(days))
    dates = rows.frame[col.DATE].to_numpy("datetime64[D]")
    sessions = np.searchsorted(calendar, dates[rows.begins])
    ticker, order = rows.by_ticker
    owner = ticker[order]
    first = order[np.concatenate(([True], owner[1:] != owner[:-1]))]
    names = rows.frame[col.TICKER].iloc[first].astype(str)
    purchase = pd.Series(np.searchsorted(calendar, dates[first]), index=names)
    purchases = Purchases(int(sessions.min()), int(sessions.max()), len(purchase), cost_bps)
    work = partial(_prices_of_part, features, calendar, purchase)
    for prices in workplace.engine.each(work, range(features.parts)):
        purchases.add(prices)
    rebalanced = equal_weight_daily(rows, numbers(rows.frame, NEXT_RETURN), cost_bps=cost_bps)
    earned = calendar[np.minimum(sessions + 1, len(calendar) - 1)]
    return Holdings(purchases.returns(), rebalanced, sessions, earned)


def _prices_of_part(
    features: Table, calendar: NDArray[np.datetime64], purchase: pd.Series, number: int
) -> PriceRows:
    """Return the rows of the part's tickers that are bought, from the purchase on; an unknown return counts as 0."""
    also = (col.MEMBER,) if col.MEMBER in features else ()
    frame = features.part(number, (col.DATE, col.TICKER, col.RETURN, *also))
    codes, names = pd.factorize(frame[col.TICKER], sort=True)
    since = purchase.reindex(pd.Index(names).astype(str)).to_numpy(np.float64)
    session = np.searchsorted(calendar, frame[col.DATE].to_numpy("datetime64[D]"))
    is_bought = session >= since[codes]
    chosen = np.flatnonzero(is_bought)[np.lexsort((session[is_bought], codes[is_bought]))]
    gain = np.nan_to_num(frame[col.RETURN].to_numpy(np.float64)[chosen])
    if also:  # who went out was sold at the close of its first day out, and is cash until it comes in again
        member = frame[col.MEMBER].to_numpy(np.float64)[chosen] == 1
        stayed = np.append(False, member[:-1] & (codes[chosen][1:] == codes[chosen][:-1]))
        gain = np.where(stayed, gain, 0.0)
    return PriceRows(codes[chosen], session[chosen], gain, np.ones(len(chosen), dtype=bool))
