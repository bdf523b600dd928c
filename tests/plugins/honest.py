"""Forty honest features as people write them: windows, recursions, whole histories, pandas, other tickers."""

import functools

import numpy as np
import pandas as pd

from core.plugins import feature


def by_ticker(panel, values, function):
    """A function of one ticker's values, applied to each."""
    result = np.full(len(values), np.nan)
    for ticker in np.unique(panel.ticker):
        rows = panel.ticker == ticker
        result[rows] = function(pd.Series(values[rows]))
    return result


def returns(panel):
    return panel.adj_close / panel.lag(panel.adj_close, 1) - 1


@functools.lru_cache
def weights(n):
    """A cache of what depends on no data is no leak."""
    return tuple(np.arange(1, n + 1) / np.arange(1, n + 1).sum())


@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    return panel.mean((panel.high - panel.low) / panel.close, 20)


@feature(warm_up=0, text="where the close stands between low and high")
def close_location(panel):
    width = panel.high - panel.low
    return np.where(width > 0, (panel.close - panel.low) / np.where(width > 0, width, 1), 0.5)


@feature(warm_up=0, text="the day's move from open to close")
def body(panel):
    return panel.close / panel.open - 1


@feature(warm_up=1, text="the open over the close before, adjusted by nothing")
def gap(panel):
    return panel.open / panel.lag(panel.close, 1) - 1


@feature(warm_up=20, text="volume over its mean of the 20 sessions before")
def relative_volume(panel):
    return panel.volume / panel.lag(panel.mean(panel.volume, 20), 1)


@feature(warm_up=19, text="log volume less its mean of 20")
def log_volume(panel):
    return np.log(panel.volume) - panel.mean(np.log(panel.volume), 20)


@feature(warm_up=19, text="how far below the highest adjusted close of 20")
def drawdown20(panel):
    return panel.adj_close / panel.maximum(panel.adj_close, 20) - 1


@feature(warm_up=19, text="how far above the lowest adjusted close of 20")
def rise20(panel):
    return panel.adj_close / panel.minimum(panel.adj_close, 20) - 1


@feature(warm_up=60, text="return over 60 sessions but the last 5")
def momentum(panel):
    return panel.lag(panel.adj_close, 5) / panel.lag(panel.adj_close, 60) - 1


@feature(warm_up=20, text="skewness of 20 returns")
def skew20(panel):
    moves = returns(panel)
    centre = panel.mean(moves, 20)
    cubes, squares = np.zeros(len(moves)), np.zeros(len(moves))
    for back in range(20):
        distance = panel.lag(moves, back) - centre
        cubes, squares = cubes + distance**3, squares + distance**2
    return cubes / 20 / (squares / 20) ** 1.5


@feature(warm_up=20, text="Parkinson volatility over 20 sessions")
def parkinson(panel):
    return np.sqrt(panel.mean(np.log(panel.high / panel.low) ** 2, 20) / (4 * np.log(2)))


@feature(warm_up=14, text="relative strength over 14 sessions")
def rsi14(panel):
    moves = returns(panel)
    up, down = panel.mean(np.maximum(moves, 0), 14), panel.mean(np.maximum(-moves, 0), 14)
    return np.where(up + down > 0, up / np.where(up + down > 0, up + down, 1), 0.5)


@feature(warm_up=0, text="Monday is 0")
def weekday(panel):
    return panel.weekday


@feature(warm_up=0, text="the month as a wave")
def season(panel):
    return np.sin(2 * np.pi * panel.month / 12)


@feature(warm_up=0, text="1 in the first five days of a month")
def month_start(panel):
    return (panel.day <= 5).astype(float)


@feature(warm_up=1, text="calendar days since the row before")
def days_between(panel):
    return panel.days_since_last


@feature(warm_up=1, text="exponential mean of returns, span 10, from the ticker's start")
def ewm10(panel):
    return by_ticker(panel, returns(panel), lambda x: x.ewm(span=10, adjust=False).mean())


@feature(warm_up=10, text="mean of all returns so far")
def expanding_mean(panel):
    return by_ticker(panel, returns(panel), lambda x: x.expanding(10).mean())


@feature(warm_up=1, text="rank of the return among the ticker's own so far")
def own_rank(panel):
    return by_ticker(panel, returns(panel), lambda x: x.expanding().rank(pct=True))


@feature(warm_up=0, text="how far below the highest adjusted close so far")
def drawdown(panel):
    return by_ticker(panel, panel.adj_close, lambda x: x / x.cummax() - 1)


@feature(warm_up=0, text="rows of the ticker so far")
def age(panel):
    return panel.position.astype(float)


@feature(warm_up=20, text="return in units of its standard deviation of 20")
def scaled_return(panel):
    moves = returns(panel)
    return moves / panel.standard_deviation(moves, 20)


@feature(warm_up=25, text="return less the mean so far, over the deviation so far")
def expanding_score(panel):
    return by_ticker(panel, returns(panel), lambda x: (x - x.expanding(25).mean()) / x.expanding(25).std())


@feature(warm_up=5, text="autocorrelation of returns at lag 1 over the history so far, signs alone")
def sign_runs(panel):
    return by_ticker(panel, np.sign(returns(panel)), lambda x: (x * x.shift(1)).expanding(4).mean())


@feature(warm_up=9, text="linearly weighted mean of 10 returns, as a share of the last")
def weighted(panel):
    total = sum(w * panel.lag(panel.adj_close, 9 - n) for n, w in enumerate(weights(10)))
    return total / panel.adj_close - 1


@feature(warm_up=20, text="rolling mean by pandas")
def pandas_rolling(panel):
    return by_ticker(panel, returns(panel), lambda x: x.rolling(20).mean())


@feature(warm_up=10, text="rolling median by pandas, grouped")
def grouped_median(panel):
    frame = pd.DataFrame({"ticker": panel.ticker, "x": returns(panel)})
    return frame.groupby("ticker")["x"].rolling(10).median().to_numpy()


@feature(warm_up=1, text="log return")
def log_return(panel):
    return np.log(panel.adj_close) - panel.lag(np.log(panel.adj_close), 1)


@feature(warm_up=20, text="Amihud illiquidity over 20 sessions, per billion")
def illiquidity(panel):
    return panel.mean(np.abs(returns(panel)) / (panel.close * panel.volume), 20) * 1e9


@feature(warm_up=20, text="correlation of return and volume over 20 sessions")
def volume_correlation(panel):
    x, y = returns(panel), np.log(panel.volume)
    both = panel.mean(x * y, 20) - panel.mean(x, 20) * panel.mean(y, 20)
    return both / (panel.standard_deviation(x, 20) * panel.standard_deviation(y, 20) + 1e-12)


@feature(warm_up=0, text="1 where the bar closes at its high")
def at_high(panel):
    return panel.close == panel.high


@feature(warm_up=5, text="share of rises in 5 sessions")
def rises5(panel):
    moves = returns(panel)
    return panel.mean(np.where(np.isnan(moves), np.nan, moves > 0), 5)


@feature(warm_up=2, text="standard scaler fitted anew on all rows up to each")
def refitted_scaler(panel):
    def scale(x):
        mean, variance = x.expanding(2).mean(), x.expanding(2).var(ddof=0)
        return (x - mean) / np.sqrt(variance)

    return by_ticker(panel, returns(panel), scale)


@feature(warm_up=1, text="rank of the return among the session's tickers", across=True)
def return_rank(panel):
    return panel.rank(returns(panel))


@feature(warm_up=1, text="return less the session's mean", across=True)
def excess(panel):
    return returns(panel) - panel.mean_across(returns(panel))


@feature(warm_up=20, text="rank of the momentum of 20 sessions", across=True)
def momentum_rank(panel):
    return panel.rank(panel.adj_close / panel.lag(panel.adj_close, 20) - 1)


@feature(warm_up=20, text="beta to the mean over 20 sessions", across=True)
def beta20(panel):
    return panel.beta(returns(panel), 20)


@feature(warm_up=5, text="mean over 5 sessions of the rank in volume", across=True)
def volume_rank(panel):
    return panel.mean(panel.rank(panel.volume), 5)


@feature(warm_up=1, text="exponential mean of the excess return", across=True)
def excess_ewm(panel):
    over = returns(panel) - panel.mean_across(returns(panel))
    return by_ticker(panel, over, lambda x: x.ewm(span=5, adjust=False).mean())


@feature(warm_up=1, text="share of tickers that rose", across=True)
def breadth(panel):
    moves = returns(panel)
    return panel.mean_across(np.where(np.isnan(moves), np.nan, moves > 0))
