"""A sector-neutral label: does a ticker do better than the mean of its sector?"""

import numpy as np

from core.plugins import label

SECTORS = {
    "AAPL": "technology",
    "FB": "communication",
    "GOOG": "communication",
    "IBM": "technology",
    "JPM": "financials",
    "META": "communication",
    "MSFT": "technology",
    "WMT": "consumer",
    "XOM": "energy",
}
"""Sector by ticker. Those of 500 would stand in a Python file beside this one: its text is in the keys as well."""


@label(
    text="the ticker's return is above the mean of its sector", event="better than its sector", across=True
)
def sector_neutral(panel):
    """Row t compares its return over the horizon with the mean of its sector's; one that equals it is no outcome."""
    gained = panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close - 1
    beyond = gained - panel.mean_across(gained, within=panel.of_ticker(SECTORS, "other"))
    # a ticker alone in its sector is its mean; and sums differ by rounding on tables of several parts
    return np.where(np.abs(beyond) > 1e-12, beyond > 0, np.nan)
