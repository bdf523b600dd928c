"""Rules about prices that do not move, and bars with no range or too much of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.prices.panel import sessions_of
from core.prices.row_order import before

if TYPE_CHECKING:
    from core.prices.findings import Finding
    from core.prices.panel import PricePanel
    from core.prices.row_order import Flags


def frozen_findings(panel: PricePanel, *, stale_sessions: int) -> tuple[list[Finding], Flags]:
    """Return closes that stand still and rows equal to the row before; and the rows so reported.

    Parameters
    ----------
    panel : PricePanel
        Complete rows, each once, without spikes.
    stale_sessions : int
        Rows in a row with the very same close from which they are reported (once, at the first).

    Returns
    -------
    findings, reported
        ``reported`` has shape (n_rows,). A row inside a stale run is not reported again as repeated.
    """
    close = panel.cells[col.CLOSE]
    same = panel.follows & (close == before(close))
    run = np.cumsum(~same) - 1
    length = np.bincount(run, minlength=1)[run]
    stale = length >= stale_sessions
    starts = stale & ~same
    equal = [values == before(values) for values in panel.cells.values()]
    repeated = np.logical_and.reduce([same, ~stale, *equal])
    expected = f"fewer than {stale_sessions} rows in a row with the same close"
    findings = [
        # the first row stands for the run and is flagged alone; the dates are of every row in it
        replace(
            panel.finding("stale_price", row, int(length[row]), expected=expected),
            sessions=sessions_of(panel.days[row : row + int(length[row])]),
        )
        for row in np.flatnonzero(starts).tolist()
    ]
    return [*findings, *panel.each("repeated_row", repeated, close)], stale | repeated


def bar_findings(panel: PricePanel, reported: Flags, *, bar_ratio: float) -> list[Finding]:
    """Return bars without a range and bars with too much of it, once per ticker.

    Parameters
    ----------
    panel : PricePanel
    reported : ndarray of bool, shape (n_rows,)
        Rows already reported as frozen or without trade.
    bar_ratio : float
        A high of more than this many times the low is too much.
    """
    opened, high, low, close = (panel.cells[name] for name in col.OHLC)
    flat = (high == low) & (opened == close) & (high == close)
    expected = f"a high of at most {bar_ratio:g} times the low"
    return [
        *panel.grouped("flat_bar", flat & ~reported),
        *panel.grouped("wide_bar", high > bar_ratio * low, expected=expected),
    ]
