"""Beside the market: what a ticker did beyond the mean of all, for the label ``--label excess``."""

from core.plugins import feature


@feature(warm_up=1, text="return less the mean of the session's tickers", across=True)
def excess_return(panel):
    """Known at the close of row t, as the return is."""
    moves = panel.adj_close / panel.lag(panel.adj_close, 1) - 1
    return moves - panel.mean_across(moves)


@feature(warm_up=60, text="slope of the return on the session's mean, 60 sessions", across=True)
def beta60(panel):
    """Least squares with an intercept."""
    return panel.beta(panel.adj_close / panel.lag(panel.adj_close, 1) - 1, 60)
