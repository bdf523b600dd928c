"""Momentum across tickers: who did best over a quarter."""

from core.plugins import feature


@feature(
    warm_up=63, text="rank of the return over 63 sessions among the session's tickers, 0 to 1", across=True
)
def momentum_rank(panel):
    """Row t compares its ticker with the others of its session."""
    return panel.rank(panel.adj_close / panel.lag(panel.adj_close, 63) - 1)
