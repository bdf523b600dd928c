"""Ranges and volume: three features of a ticker alone."""

import numpy as np

from core.plugins import feature


@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    """Row t uses the bars of its ticker from t - 19 to t."""
    return panel.mean((panel.high - panel.low) / panel.close, 20)


@feature(warm_up=0, text="where the close stands between low and high, 0 to 1; 0.5 for a bar without a range")
def close_location(panel):
    """Row t uses its own bar alone."""
    width = panel.high - panel.low
    return np.where(width > 0, (panel.close - panel.low) / np.where(width > 0, width, 1.0), 0.5)


@feature(warm_up=20, text="volume over its mean of the 20 sessions before")
def relative_volume(panel):
    """Row t compares its volume with the mean of the rows before it; 1 where nothing was traded before."""
    before = panel.lag(panel.mean(panel.volume, 20), 1)
    return np.where(before == 0, 1.0, panel.volume / np.where(before == 0, 1.0, before))
