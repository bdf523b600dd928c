"""Large moves from one row to the next, each told once and with its cause as far as prices tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.prices.adjustment import factor_steps
from core.prices.panel import figure
from core.prices.row_order import before

if TYPE_CHECKING:
    from core.prices.findings import Finding
    from core.prices.gate_settings import ValidateSettings
    from core.prices.panel import PricePanel
    from core.prices.row_order import Days, Flags, Floats

_SPLIT = "Explained by a split: the adjustment factor jumps by {factor:.6g}; nothing to do."
_REUSED = "No row for {gap} days before: probably another company under the same ticker; keep one of the two."
_GENUINE = (
    "A genuine move as far as prices tell: the adjustment factor is flat, and no usual "
    "split ratio fits at a quiet volume; compare with news."
)
_BOTH = (
    "Not explained: the adjustment factor jumps by {factor:.6g}, yet the adjusted close moves too; check it."
)

QUIET = 3.0
"""A ticker that goes on under another name trades between a third and three times as much money."""


def move_findings(panel: PricePanel, settings: ValidateSettings, explained: Flags) -> list[Finding]:
    """Return large moves by their cause, and factors that fall.

    Parameters
    ----------
    panel : PricePanel
        Complete rows, each once, without spikes; row t is compared with the ticker's row before.
    settings : ValidateSettings
        ``jump_ratio`` (a close or adjusted close beyond this ratio, or its inverse, is a large move),
        ``gap_days``.
    explained : ndarray of bool, shape (n_rows,)
        Rows that a change of unit or a split explains (:func:`core.prices.leaps.leap_findings`).

    Notes
    -----
    The factor explains a move if it makes up for more than half of it (in logarithms) and leaves the
    adjusted close within ``jump_ratio``: ``split``. A factor that moves by less than half of it counts
    as flat: a dividend on the day of a crash does not make a split. With a flat factor, a gap of
    ``gap_days`` before is ``reused_ticker``; all else is ``large_move``. A reverse split lowers
    the factor; told as a split, it is not told again as ``falling_factor``.
    """
    close, adjusted = panel.cells[col.CLOSE], panel.cells[col.ADJ_CLOSE]
    steps = factor_steps(panel.codes, close, adjusted)
    ratio = np.where(panel.follows, close / before(close), 1.0)
    limit = settings.jump_ratio
    large = _beyond(ratio, limit) | _beyond(ratio * steps.ratio, limit)
    large &= ~explained
    rows = np.flatnonzero(large).tolist()
    moves = []
    for row in rows:
        gap = int((panel.days[row] - panel.days[row - 1]).astype(int))
        rule, action = cause(float(ratio[row]), float(steps.ratio[row]), gap, settings)
        expected = f"a close between 1/{limit:g} and {limit:g} times the row before"
        moves.append(panel.finding(rule, row, figure(ratio[row]), expected=expected, action=action))
    return [*moves, *panel.grouped("falling_factor", steps.falls & ~large & ~explained)]


def _beyond(ratio: Floats, limit: float) -> Flags:
    return (ratio > limit) | (ratio < 1 / limit)


def cause(move: float, factor: float, gap: int, settings: ValidateSettings) -> tuple[str, str]:
    """Return the rule that a large move belongs to, and the sentence that explains it.

    Parameters
    ----------
    move, factor : float
        Close, and adjustment factor, divided by the row before.
    gap : int
        Days since the row before.
    settings : ValidateSettings
        ``jump_ratio``, ``gap_days``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> settings = SimpleNamespace(jump_ratio=1.5, gap_days=30)
    >>> cause(0.5, 2.0, 1, settings)[0], cause(0.5, 1.0, 1, settings)[0], cause(0.5, 1.0, 400, settings)[0]
    ('split', 'large_move', 'reused_ticker')
    """
    limit = settings.jump_ratio
    whole, made_up = abs(np.log(move)), -np.log(factor) * np.sign(np.log(move))
    if made_up > whole / 2 and 1 / limit <= move * factor <= limit:
        return "split", _SPLIT.format(factor=factor)
    if abs(np.log(factor)) >= whole / 2:
        return "large_move", _BOTH.format(factor=factor)
    if gap >= settings.gap_days:
        return "reused_ticker", _REUSED.format(gap=gap)
    return "large_move", _GENUINE


def edges(panel: PricePanel) -> Flags:
    """Return the first and the last row of each ticker: all that :func:`rename_findings` looks at."""
    flags: Flags = ~panel.follows | ~np.r_[panel.follows[1:], False] if len(panel) else panel.follows
    return flags


def rename_findings(panel: PricePanel, days: Days, settings: ValidateSettings) -> list[Finding]:
    """Return tickers that begin where another one ends: on the next day, near its price and its turnover.

    The price must be within ``split_tolerance`` plus an ordinary day's move of a tenth, the money that
    changed hands within a third and three times.

    Parameters
    ----------
    panel : PricePanel
        At least the first and the last row of each ticker.
    days : ndarray of datetime64[D]
        Every day on which some ticker has a row, ascending.
    settings : ValidateSettings
        ``split_tolerance``.
    """
    if not len(panel):
        return []
    first = np.flatnonzero(~panel.follows)
    last = np.r_[first[1:], len(panel)] - 1
    ending: dict[int, list[int]] = {}
    for row, place in zip(last.tolist(), np.searchsorted(days, panel.days[last]).tolist(), strict=True):
        ending.setdefault(place, []).append(row)
    findings = []
    for row, place in zip(first.tolist(), np.searchsorted(days, panel.days[first]).tolist(), strict=True):
        former = [e for e in ending.get(place - 1, ()) if _continues(panel, e, row, settings)]
        if len(former) == 1:  # of several any could be it: then none is named
            findings.append(panel.finding("renamed_ticker", row, panel.name(former[0])[0]))
    return findings


def _continues(panel: PricePanel, end: int, start: int, settings: ValidateSettings) -> bool:
    close, volume = panel.cells[col.CLOSE], panel.cells[col.VOLUME]
    if panel.codes[end] == panel.codes[start]:
        return False
    near = abs(np.log(close[start] / close[end])) <= np.log(1.1 + settings.split_tolerance)
    sums = (close * volume)[[end, start]]
    alike = bool(np.isnan(sums).any()) or bool(sums[0] <= QUIET * sums[1] and sums[1] <= QUIET * sums[0])
    return bool(near) and alike
