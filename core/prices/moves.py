"""Rules that compare a row with the rows before it: moves, the adjustment factor, frozen prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.prices.adjustment import factor_steps
from core.prices.findings import Finding
from core.prices.panel import figure
from core.prices.rows import before

if TYPE_CHECKING:
    from core.prices.panel import Panel
    from core.prices.rows import Flags, Floats

_SPLIT = "Explained by a split: the adjustment factor jumps by {factor:.6g}; nothing to do."
_FLAT = (
    "A genuine move or a missing split: the adjustment factor is flat (times {factor:.6g}); "
    "compare with news."
)
_BOTH = (
    "Not explained: the adjustment factor jumps by {factor:.6g}, yet the adjusted close moves too; check it."
)


def move_findings(panel: Panel, *, jump_ratio: float) -> list[Finding]:
    """Return large moves, each explained by the adjustment factor, and factors that fall.

    Parameters
    ----------
    panel : Panel
        Complete rows, each once, without spikes; row t is compared with the ticker's row before.
    jump_ratio : float
        A close (or adjusted close) beyond this ratio, or its inverse, is a large move.

    Notes
    -----
    The factor explains a move if it makes up for more than half of it (in logarithms) and leaves the
    adjusted close within ``jump_ratio``. A factor that moves by less than half of it counts as flat:
    a dividend on the day of a crash does not make a split. A reverse split lowers the factor; told
    as a large move, it is not told again as ``falling_factor``.
    """
    close, adjusted = panel.cells[col.CLOSE], panel.cells[col.ADJ_CLOSE]
    steps = factor_steps(panel.codes, close, adjusted)
    ratio = np.where(panel.follows, close / before(close), 1.0)
    large = _beyond(ratio, jump_ratio) | _beyond(ratio * steps.ratio, jump_ratio)
    moves = [
        Finding(
            "large_move",
            *panel.name(row),
            figure(ratio[row]),
            f"a close between 1/{jump_ratio:g} and {jump_ratio:g} times the row before",
            explained(ratio[row], steps.ratio[row], jump_ratio),
        )
        for row in np.flatnonzero(large).tolist()
    ]
    return [*moves, *panel.grouped("falling_factor", steps.falls & ~large)]


def _beyond(ratio: Floats, limit: float) -> Flags:
    return (ratio > limit) | (ratio < 1 / limit)


def explained(move: float, factor: float, limit: float) -> str:
    """Return the sentence that explains a large move.

    Parameters
    ----------
    move, factor : float
        Close, and adjustment factor, divided by the row before.
    limit : float
        Ratio from which a move is large.

    Examples
    --------
    >>> explained(0.5, 2.0, 1.5)
    'Explained by a split: the adjustment factor jumps by 2; nothing to do.'
    """
    whole, made_up = abs(np.log(move)), -np.log(factor) * np.sign(np.log(move))
    left = move * factor
    if made_up > whole / 2 and 1 / limit <= left <= limit:
        return _SPLIT.format(factor=factor)
    return (_FLAT if abs(np.log(factor)) < whole / 2 else _BOTH).format(factor=factor)


def frozen_findings(panel: Panel, *, stale_sessions: int) -> tuple[list[Finding], Flags]:
    """Return closes that stand still and rows equal to the row before; and the rows so told.

    Parameters
    ----------
    panel : Panel
        Complete rows, each once, without spikes.
    stale_sessions : int
        Rows in a row with the very same close from which they are told (once, at the first).

    Returns
    -------
    findings, told
        ``told`` has shape (n_rows,). A row inside a stale run is not told again as repeated.
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
    findings = panel.each("stale_price", starts, length.astype(np.float64), expected=expected)
    return [*findings, *panel.each("repeated_row", repeated, close)], stale | repeated


def bar_findings(panel: Panel, told: Flags) -> list[Finding]:
    """Return bars without a range and bars with too much of it, once per ticker.

    ``told`` (bool, shape (n_rows,)) marks rows already told as frozen or without trade.
    """
    opened, high, low, close = (panel.cells[name] for name in col.OHLC)
    flat = (high == low) & (opened == close) & (high == close)
    return [*panel.grouped("flat_bar", flat & ~told), *panel.grouped("wide_bar", high > 2 * low)]
