"""Rows in one canonical order, with what stands twice marked.

The order is by ticker, date and then content, so that nothing downstream can depend on the order in
which a source happened to write its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from core import columns as col

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]
    Days = npt.NDArray[np.datetime64]


class Arranged(NamedTuple):
    """The canonical order.

    Parameters
    ----------
    order : ndarray of int64, shape (n_rows,)
        Positions in the table, by (ticker, date, content).
    copy : ndarray of bool, shape (n_rows,)
        In that order: the row repeats, value for value, an earlier row of the same ticker and date.
    conflict : ndarray of bool, shape (n_rows,)
        In that order: another row of the same ticker and date has other values.
    """

    order: Whole
    copy: Flags
    conflict: Flags


def arrange(codes: Whole, days: Days, content: pd.DataFrame) -> Arranged:
    """Return the canonical order of rows, and which are copies or conflict.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Number of the ticker; -1 where there is none (such rows are never copies, nor in conflict).
    days : ndarray of datetime64[D], shape (n_rows,)
        NaT where there is none (as above).
    content : DataFrame, n_rows
        Every other column; two missing values count as equal.
    """
    order = np.lexsort((days.astype(np.int64), codes))
    same = _same_key(codes[order], days[order])
    tied = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
    keyed = ((codes >= 0) & ~np.isnat(days))[order]
    copy, conflict = np.zeros(len(order), bool), np.zeros(len(order), bool)
    if not len(tied):
        return Arranged(order, copy, conflict)
    ranks = _ranks(content.iloc[order[tied]])
    moved = np.lexsort((*reversed(ranks), days[order[tied]].astype(np.int64), codes[order[tied]]))
    order[tied] = order[tied][moved]
    equal = np.ones(len(tied) - 1, bool)
    for rank in ranks:
        equal &= rank[moved][1:] == rank[moved][:-1]
    joined = _same_key(codes[order[tied]], days[order[tied]])
    copy[tied[1:]] = joined & equal
    group = np.cumsum(np.r_[True, ~joined])
    conflict[tied] = np.isin(group, group[1:][joined & ~equal])
    return Arranged(order, copy & keyed & ~conflict, conflict & keyed)


def live_rows(codes: Whole, days: Days, conflict: Flags, cells: Mapping[str, Floats]) -> tuple[Flags, Flags]:
    """Return the earlier of two rows of a ticker's last day, taken while it was traded; and both of them.

    Both have the same open, and the one with the larger volume reaches at least as high and as low: the
    other is a snapshot of the same day. Two rows that differ in any other way
    contradict each other and are not such a pair.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Rows in canonical order.
    days : ndarray of datetime64[D], shape (n_rows,)
    conflict : ndarray of bool, shape (n_rows,)
        As :func:`arrange` gives it.
    cells : mapping of str to ndarray of float64, shape (n_rows,)
        Open to volume; a NaN is never equal, higher or lower.
    """
    earlier, both = np.zeros(len(codes), bool), np.zeros(len(codes), bool)
    last = np.r_[codes[1:] != codes[:-1], True] if len(codes) else earlier
    for here in np.flatnonzero(last & conflict).tolist():
        group = slice(here - 1, here + 1)
        again = here >= 2 and codes[here - 2] == codes[here] and days[here - 2] == days[here]
        if again or here < 1 or days[here - 1] != days[here] or codes[here - 1] != codes[here]:
            continue
        volume = cells[col.VOLUME][group]
        early, late = (0, 1) if volume[0] < volume[1] else (1, 0)
        opened, high, low = (cells[name][group] for name in (col.OPEN, col.HIGH, col.LOW))
        nested = high[late] >= high[early] and low[late] <= low[early] and opened[late] == opened[early]
        if nested and volume[late] > volume[early]:
            earlier[here - 1 + early] = both[group] = True
    return earlier, both


def _same_key(codes: Whole, days: Days) -> Flags:
    # As integers: NaT must equal NaT here, so that malformed rows too get one order.
    whole = days.astype(np.int64)
    joined: Flags = (codes[1:] == codes[:-1]) & (whole[1:] == whole[:-1])
    return joined


def _ranks(content: pd.DataFrame) -> list[Whole]:
    """Return, per column, equal numbers for equal cells and higher ones for later cells."""
    columns = (content[name] for name in content.columns)
    typed = (c if c.dtype.kind in "iufbM" else c.map(str).astype(object) for c in columns)
    return [pd.factorize(column, sort=True)[0].astype(np.int64) for column in typed]


def follows(codes: Whole) -> Flags:
    """Return where a row has the same ticker as the row before it (False for each first row)."""
    return np.r_[False, codes[1:] == codes[:-1]] if len(codes) else np.zeros(0, bool)


def before(values: Floats) -> Floats:
    """Return each row's predecessor, NaN for the very first row."""
    return np.r_[np.nan, values[:-1]] if len(values) else values
