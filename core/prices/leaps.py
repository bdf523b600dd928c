"""Leaps that a change of unit or a split explains: looked for before any other cause of a large move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.prices.adjustment import factor_steps
from core.prices.noise import Moves, leaping
from core.prices.panel import figure, sessions_of
from core.prices.row_order import before
from core.prices.unadjusted import unadjusted_splits
from core.prices.units import unit_runs

if TYPE_CHECKING:
    from core.prices.findings import Finding
    from core.prices.gate_settings import ValidateSettings
    from core.prices.panel import PricePanel
    from core.prices.row_order import Flags, Floats
    from core.prices.unadjusted import UnadjustedSplit
    from core.prices.units import UnitRun

_UNIT = (
    "Prices are {times} from this row {until}, {volume}: probably another unit (pence for pounds, cents for "
    "dollars); correct it at the source and run again."
)
_SPLIT = (
    "Probably a split of {split} that the source did not take out: the adjustment factor is flat and "
    "{volume}; get adjusted prices, or leave the ticker out."
)


def leap_findings(panel: PricePanel, settings: ValidateSettings) -> tuple[list[Finding], Flags]:
    """Return changes of unit and splits that were not taken out, and the rows whose move they explain.

    Units are looked for first: a factor of 100 at the usual share volume is no split. A row after a gap of
    ``gap_days`` begins another company and is neither; a row whose adjustment factor jumps is no split.

    Parameters
    ----------
    panel : PricePanel
        Complete rows, each once, without spikes.
    settings : ValidateSettings
        ``gap_days``, ``volume_sessions``, and ``split_tolerance`` (the least that a split may be off).

    Returns
    -------
    findings, explained
        ``explained`` has shape (n_rows,).
    """
    explained = np.zeros(len(panel), bool)
    leaps = leaping(panel.codes, panel.cells[col.ADJ_CLOSE])
    if not leaps.any():
        return [], explained
    rows = panel.take(leaps)
    cells = rows.cells
    moves = Moves.of(rows.codes, cells[col.ADJ_CLOSE], cells[col.VOLUME], settings.volume_sessions)
    excused = _after_gap(rows, settings.gap_days)
    units = unit_runs(moves, excused=excused)
    changes = [*(run.start for run in units), *(run.stop for run in units if run.returns)]
    excused |= _factor_jumps(rows)
    excused[changes] = True
    splits = unadjusted_splits(moves, least_tolerance=settings.split_tolerance, excused=excused)
    explained[np.flatnonzero(leaps)[[*changes, *(split.row for split in splits)]]] = True
    findings = [_unit(rows, run, moves.volume_times) for run in units]
    return [*findings, *(_split(rows, split, moves.volume_times) for split in splits)], explained


def _after_gap(panel: PricePanel, gap_days: int) -> Flags:
    gap = np.diff(panel.days.astype(np.int64), prepend=0)
    flags: Flags = panel.follows & (gap >= gap_days)
    return flags


def _factor_jumps(panel: PricePanel) -> Flags:
    """Return the rows whose adjustment factor moves by at least half of what the close does."""
    close = panel.cells[col.CLOSE]
    ratio = np.where(panel.follows, close / before(close), 1.0)
    factor = factor_steps(panel.codes, close, panel.cells[col.ADJ_CLOSE]).ratio
    size = np.abs(np.log(factor))
    flags: Flags = (size >= np.abs(np.log(ratio)) / 2) & (size > 0)
    return flags


def _unit(panel: PricePanel, run: UnitRun, times: Floats) -> Finding:
    count = run.stop - run.start
    until = f"on, for {count} {'row' if count == 1 else 'rows'}" if run.returns else "to the ticker's last"
    size = f"{run.factor:g} times" if run.factor > 1 else f"1/{1 / run.factor:g} of"
    volume = "there is no volume to compare" if np.isnan(times[run.start]) else "at the usual share volume"
    action = _UNIT.format(times=f"{size} what they were", until=until, volume=volume)
    finding = panel.finding("unit_mixup", run.start, figure(run.factor), action=action)
    rows = slice(run.start, run.stop)
    return replace(finding, rows=panel.rows[rows].tolist(), sessions=sessions_of(panel.days[rows]))


def _split(panel: PricePanel, split: UnadjustedSplit, times: Floats) -> Finding:
    close, row = panel.cells[col.CLOSE], split.row
    volume = (
        "there is no volume to compare"
        if np.isnan(times[row])
        else "the share volume is what a split makes usual"
    )
    action = _SPLIT.format(split=split.ratio, volume=volume)
    return panel.finding("unadjusted_split", row, figure(close[row] / close[row - 1]), action=action)
