"""Momentum across tickers: where a ticker stands among all of its session."""

from core.plugins import feature


@feature(warm_up=60, text="rank of the return of 60 sessions but the last 5, 0 to 1", across=True)
def momentum_rank(panel):
    """The last week is left out: it tends to turn around."""
    return panel.rank(panel.lag(panel.adj_close, 5) / panel.lag(panel.adj_close, 60) - 1)
