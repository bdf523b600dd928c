"""Large moves from one row to the next, each told once and with its cause as far as prices tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.prices.adjustment import factor_steps
from core.prices.panel import figure
from core.prices.rows import before
from core.prices.volumes import usual

if TYPE_CHECKING:
    from core.prices.findings import Finding
    from core.prices.panel import Panel
    from core.prices.rows import Days, Flags, Floats
    from core.prices.settings import ValidateSettings

_SPLIT = "Explained by a split: the adjustment factor jumps by {factor:.6g}; nothing to do."
_UNADJUSTED = (
    "Probably a split of {split} that the source did not take out: the adjustment factor is flat and "
    "{money}; get adjusted prices, or leave the ticker out."
)
_REUSED = "No row for {gap} days before: probably another company under the same ticker; keep one of the two."
_GENUINE = "A genuine move as far as prices tell: the adjustment factor is flat, {why}; compare with news."
_BOTH = (
    "Not explained: the adjustment factor jumps by {factor:.6g}, yet the adjusted close moves too; check it."
)

SPLITS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)
"""Shares that companies give for one (and, the other way round, take in for one)."""

QUIET = 3.0
"""On the day of a split as much money changes hands as usual; news that halves a price brings many times that."""


def move_findings(panel: Panel, settings: ValidateSettings) -> list[Finding]:
    """Return large moves by their cause, and factors that fall.

    Parameters
    ----------
    panel : Panel
        Complete rows, each once, without spikes; row t is compared with the ticker's row before.
    settings : ValidateSettings
        ``jump_ratio`` (a close or adjusted close beyond this ratio, or its inverse, is a large move),
        ``split_tolerance``, ``gap_days``, ``volume_sessions``.

    Notes
    -----
    The factor explains a move if it makes up for more than half of it (in logarithms) and leaves the
    adjusted close within ``jump_ratio``: ``split``. A factor that moves by less than half of it counts
    as flat: a dividend on the day of a crash does not make a split. With a flat factor, a gap of
    ``gap_days`` before is ``reused_ticker``; a ratio within ``split_tolerance`` of a usual one while no
    unusual sum changed hands is ``unadjusted_split``; all else is ``large_move``. A reverse split lowers
    the factor; told as a split, it is not told again as ``falling_factor``.
    """
    close, adjusted = panel.cells[col.CLOSE], panel.cells[col.ADJ_CLOSE]
    steps = factor_steps(panel.codes, close, adjusted)
    ratio = np.where(panel.follows, close / before(close), 1.0)
    limit = settings.jump_ratio
    large = _beyond(ratio, limit) | _beyond(ratio * steps.ratio, limit)
    rows = np.flatnonzero(large).tolist()
    money = _money(panel, settings.volume_sessions) if rows else close
    moves = []
    for row in rows:
        gap = int((panel.days[row] - panel.days[row - 1]).astype(int))
        rule, action = cause(float(ratio[row]), float(steps.ratio[row]), gap, float(money[row]), settings)
        expected = f"a close between 1/{limit:g} and {limit:g} times the row before"
        moves.append(panel.one(rule, row, figure(ratio[row]), expected=expected, action=action))
    return [*moves, *panel.grouped("falling_factor", steps.falls & ~large)]


def _beyond(ratio: Floats, limit: float) -> Flags:
    return (ratio > limit) | (ratio < 1 / limit)


def _money(panel: Panel, window: int) -> Floats:
    """Return close times volume over its median up to the row before; NaN where that is not known."""
    traded = panel.cells[col.CLOSE] * panel.cells[col.VOLUME]
    median = np.where(panel.follows, before(usual(panel, traded, window)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        times: Floats = np.where(median > 0, traded / median, np.nan)
    return times


def cause(move: float, factor: float, gap: int, money: float, settings: ValidateSettings) -> tuple[str, str]:
    """Return the rule that a large move belongs to, and the sentence that explains it.

    Parameters
    ----------
    move, factor : float
        Close, and adjustment factor, divided by the row before.
    gap : int
        Days since the row before.
    money : float
        Close times volume over its usual value; NaN where that is not known.
    settings : ValidateSettings
        ``jump_ratio``, ``split_tolerance``, ``gap_days``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> number = SimpleNamespace(jump_ratio=1.5, split_tolerance=0.03, gap_days=30)
    >>> cause(0.5, 2.0, 1, 1.0, number)[0], cause(0.5, 1.0, 1, 1.0, number)[0]
    ('split', 'unadjusted_split')
    >>> cause(0.48, 1.0, 1, 9.0, number)[0], cause(0.5, 1.0, 400, 1.0, number)[0]
    ('large_move', 'reused_ticker')
    """
    limit = settings.jump_ratio
    whole, made_up = abs(np.log(move)), -np.log(factor) * np.sign(np.log(move))
    if made_up > whole / 2 and 1 / limit <= move * factor <= limit:
        return "split", _SPLIT.format(factor=factor)
    if abs(np.log(factor)) >= whole / 2:
        return "large_move", _BOTH.format(factor=factor)
    if gap >= settings.gap_days:
        return "reused_ticker", _REUSED.format(gap=gap)
    split = nearest_split(move, settings.split_tolerance)
    if split is None:
        return "large_move", _GENUINE.format(why="no usual split ratio fits")
    if not 1 / QUIET <= money <= QUIET and not np.isnan(money):
        return "large_move", _GENUINE.format(why=f"and {money:.3g} times the usual sum changed hands")
    told = "there is no volume to compare" if np.isnan(money) else "no unusual sum changed hands"
    return "unadjusted_split", _UNADJUSTED.format(split=split, money=told)


def nearest_split(move: float, tolerance: float) -> str | None:
    """Return the usual split within ``tolerance`` (relative) of a move, as shares after and before.

    >>> nearest_split(0.505, 0.03), nearest_split(10.1, 0.03), nearest_split(0.4814, 0.03)
    ('2:1', '1:10', None)
    """
    shares = max(move, 1 / move)
    best = min(SPLITS, key=lambda split: abs(np.log(shares / split)))
    if abs(np.log(shares / best)) > np.log1p(tolerance):
        return None
    whole, one = (f"{best * 2:g}", "2") if best != int(best) else (f"{best:g}", "1")
    return f"{whole}:{one}" if move < 1 else f"{one}:{whole}"


def edges(panel: Panel) -> Flags:
    """Return the first and the last row of each ticker: all that :func:`rename_findings` looks at."""
    flags: Flags = ~panel.follows | ~np.r_[panel.follows[1:], False] if len(panel) else panel.follows
    return flags


def rename_findings(panel: Panel, days: Days, settings: ValidateSettings) -> list[Finding]:
    """Return tickers that begin where another one ends: on the next day, near its price and its turnover.

    The price must be within ``split_tolerance`` plus an ordinary day's move of a tenth, the money that
    changed hands within a third and three times.

    Parameters
    ----------
    panel : Panel
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
    found = []
    for row, place in zip(first.tolist(), np.searchsorted(days, panel.days[first]).tolist(), strict=True):
        former = [e for e in ending.get(place - 1, ()) if _continues(panel, e, row, settings)]
        if len(former) == 1:  # of several any could be it: then none is named
            found.append(panel.one("renamed_ticker", row, panel.name(former[0])[0]))
    return found


def _continues(panel: Panel, end: int, start: int, settings: ValidateSettings) -> bool:
    close, volume = panel.cells[col.CLOSE], panel.cells[col.VOLUME]
    if panel.codes[end] == panel.codes[start]:
        return False
    near = abs(np.log(close[start] / close[end])) <= np.log(1.1 + settings.split_tolerance)
    sums = (close * volume)[[end, start]]
    alike = bool(np.isnan(sums).any()) or bool(sums[0] <= QUIET * sums[1] and sums[1] <= QUIET * sums[0])
    return bool(near) and alike
