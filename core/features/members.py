"""Rows of tickers that belong to a universe on their day, of features that were made from all rows.

Features of a ticker that comes in rest on its earlier prices, as they would have on that day. Rows of other days are
left out, but for those on which the last labels of a ticker that goes out become known: they have no label, and the
column ``member`` says that nothing is learnt from them, judged on them or signalled after them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import DataError, listed
from core.universe import OUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from core.tables.artifacts import Table
    from core.tables.workplace import Workplace
    from core.universe import Membership

    Mask = NDArray[np.bool_]
    Whole = NDArray[np.int64]


def belongs(membership: Membership, codes: Whole, names: pd.Index, days: NDArray[Any]) -> Mask:
    """Return which rows, sorted by (ticker, date), are of a ticker that belongs on their day, shape (rows,)."""
    ends = np.searchsorted(codes, np.arange(len(names) + 1))
    spans = zip(names, ends[:-1], ends[1:], strict=True)
    members = [membership.on(str(name), days[first:last]) for name, first, last in spans]
    return np.concatenate(members) if members else np.zeros(0, dtype=bool)


def needed(member: Mask, codes: Whole, sessions: int) -> Mask:
    """Return the members and the ``sessions`` rows after each of them in its ticker, shape (rows,).

    >>> needed(np.array([True, False, False, True]), np.array([0, 0, 0, 1]), 1).tolist()
    [True, True, False, True]
    """
    chosen = member.copy()
    for ahead in range(1, min(sessions, len(member) - 1) + 1):
        chosen[ahead:] |= member[:-ahead] & (codes[ahead:] == codes[:-ahead])
    return chosen


def after_absence(member: Mask, codes: Whole, sessions: int) -> Mask:
    """Return the members after ``sessions`` rows of other days: :func:`needed` leaves out what may lie between.

    >>> after_absence(np.array([True, False, True, False, False, True]), np.zeros(6, int), 2).tolist()
    [False, False, False, False, False, True]
    """
    chosen = member.copy()
    chosen[:sessions] = False
    for back in range(1, min(sessions, len(member) - 1) + 1):
        chosen[back:] &= ~member[:-back] & (codes[back:] == codes[:-back])
    return chosen


def of_members(
    columns: Mapping[str, Any], codes: Whole, names: pd.Index, membership: Membership, sessions: int
) -> tuple[dict[str, Any], Whole]:
    """Return the columns of the rows that stay, with ``member``, and the numbers of their tickers.

    Parameters
    ----------
    columns : mapping of str to array, shape (rows,)
        Sorted by (ticker, date).
    sessions : int
        How far the label looks ahead.
    """
    member = belongs(membership, codes, names, columns[col.DATE])
    rows = needed(member, codes, sessions)
    label = np.where(member, columns[col.UP_NEXT], np.nan)
    values = {name: np.asarray(column)[rows] for name, column in {**columns, col.UP_NEXT: label}.items()}
    return {**values, col.MEMBER: member[rows].astype("float64")}, codes[rows]


def summary(prices: Table, membership: Membership, workplace: Workplace) -> dict[str, Any]:
    """Return what the header of the features says of a membership.

    Raises
    ------
    DataError
        If no price row is of a ticker that belongs on its day.
    """
    covered = list(workplace.engine.each(partial(_coverage, prices, membership), range(prices.parts)))
    there = frozenset[str]().union(*(tickers for tickers, _ in covered))
    universe = sorted(membership.changes)
    if not any(rows for _, rows in covered):
        raise DataError(
            f"no price row is of a ticker that belongs to the universe on its day; prices have {listed(sorted(there))}",
            expected=f"rows of {listed(universe)}",
            remedy="Check the membership file: its tickers are those of the source.",
        )
    return {
        "sha256": membership.sha256,
        "tickers": len(universe),
        "went_out": sum(membership.changes[ticker][-1][1] == OUT for ticker in universe),
        "without_prices": [ticker for ticker in universe if ticker not in there],
        "never_in": len(there - membership.changes.keys()),
    }


def _coverage(prices: Table, membership: Membership, number: int) -> tuple[frozenset[str], int]:
    """Return the tickers of one part, and how many rows of members it has."""
    days = prices.part(number, (col.DATE, col.TICKER)).groupby(col.TICKER, observed=True)[col.DATE]
    members = {str(ticker): membership.on(str(ticker), of.to_numpy("datetime64[D]")) for ticker, of in days}
    return frozenset(members), sum(int(member.sum()) for member in members.values())
