"""Range and volume: how wide a ticker's bars are, and how busy its trading is beside its own past."""

from core.plugins import feature


@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    """Row t uses the bars of its ticker up to t; raw prices, whose ratios within a bar no split touches."""
    return panel.mean((panel.high - panel.low) / panel.close, 20)


@feature(warm_up=20, text="volume over the mean of the 20 sessions before")
def relative_volume(panel):
    """Today's volume is not in the mean that it is compared with."""
    return panel.volume / panel.lag(panel.mean(panel.volume, 20), 1)
