"""Rules about volume: none, far from usual, or the largest number of a data type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col

if TYPE_CHECKING:
    from core.prices.findings import Finding
    from core.prices.panel import PricePanel
    from core.prices.row_order import Flags, Floats

_TYPE_MAXIMA = np.array([2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1], dtype=np.float64)
"""What overflowing sources write; also seen a hundredth of it, where prices and volumes are scaled."""


def volume_findings(
    panel: PricePanel, *, ratio: float, window: int, frozen: Flags
) -> tuple[list[Finding], Flags]:
    """Return odd volumes, and the rows without any trade.

    Parameters
    ----------
    panel : PricePanel
        Complete rows, each once, without spikes.
    ratio : float
        A volume beyond this many times the median of the ticker's last rows (this row included), or
        below its inverse, is an outlier.
    window : int
        Rows in that median. The rows of a ticker before the window is full have none.
    frozen : ndarray of bool, shape (n_rows,)
        Rows already told as stale or repeated; a missing trade there is part of that.

    Returns
    -------
    findings, silent
        ``silent`` has shape (n_rows,): rows with a volume of 0.
    """
    volume = panel.cells[col.VOLUME]
    silent, limit = volume == 0, _is_maximum(volume)
    median = usual(panel, volume, window)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = volume / median
    odd = ((times > ratio) | (times < 1 / ratio)) & (median > 0) & (volume > 0) & ~limit
    expected = f"between 1/{ratio:g} and {ratio:g} times its {window}-row median"
    findings = [
        *panel.grouped("zero_volume", silent & ~frozen),
        *panel.each("type_maximum", limit, volume),
        *panel.each("volume_outlier", odd, volume, expected=expected),
    ]
    return findings, silent


def _is_maximum(volume: Floats) -> Flags:
    hundredths = np.concatenate(
        [_TYPE_MAXIMA / 100, np.floor(_TYPE_MAXIMA / 100), np.round(_TYPE_MAXIMA / 100)]
    )
    flags: Flags = np.isin(volume, np.concatenate([_TYPE_MAXIMA, hundredths]))
    return flags


def usual(panel: PricePanel, values: Floats, window: int) -> Floats:
    """Return the median of each ticker's last ``window`` rows, this row included; NaN until it is full."""
    # Rolling over the whole sorted column and masking each ticker's first rows: a third of the time
    # of a rolling per group.
    median: Floats = pd.Series(values).rolling(window).median().to_numpy(copy=True)
    position = np.arange(len(panel))
    start = np.maximum.accumulate(np.where(panel.follows, 0, position)) if len(panel) else position
    median[position - start < window - 1] = np.nan
    return median
