"""Forty leaks as they happen to people: each is the body of a function of ``panel`` that must not pass the audit."""

HEAD = """
import numpy as np
import pandas as pd
from core.plugins import feature

def returns(panel):
    return panel.adj_close / panel.lag(panel.adj_close, 1) - 1

def by_ticker(panel, values, function):
    result = np.full(len(values), np.nan)
    for ticker in np.unique(panel.ticker):
        rows = panel.ticker == ticker
        result[rows] = function(pd.Series(values[rows]).reset_index(drop=True))
    return result

def ahead(panel, values, n=1):
    moved = by_ticker(panel, values, lambda x: x.shift(-n))
    return np.where(np.isnan(moved), values, moved)

CACHE = {}

"""

LEAKS = {
    "next_open": (0, "return ahead(panel, panel.open) / panel.close - 1"),
    "next_volume": (0, "return np.log(ahead(panel, panel.volume) / panel.volume)"),
    "next_high": (0, "return ahead(panel, panel.high) / panel.high"),
    "next_low": (0, "return ahead(panel, panel.low) / panel.low"),
    "next_close": (0, "return ahead(panel, panel.close) / panel.close - 1"),
    "next_return_sign": (0, "return np.sign(ahead(panel, panel.adj_close) - panel.adj_close)"),
    "five_sessions_later": (0, "return ahead(panel, panel.adj_close, 5) / panel.adj_close - 1"),
    "a_year_later": (0, "return ahead(panel, panel.adj_close, 200) / panel.adj_close - 1"),
    "adjustment_factor": (0, "return panel.adj_close / panel.close"),
    "adjusted_level": (0, "return panel.adj_close"),
    "log_adjusted_level": (0, "return np.log(panel.adj_close)"),
    "adjusted_over_raw_high": (4, "return panel.adj_close / panel.maximum(panel.high, 5)"),
    "adjusted_gap": (1, "return panel.open / panel.lag(panel.adj_close, 1) - 1"),
    "one_row_a_year": (
        1,
        (
            "last = (panel.month == 12) & (panel.day >= 31)\n"
            "return np.where(last, ahead(panel, returns(panel)), returns(panel))"
        ),
    ),
    "one_row_in_all": (
        1,
        (
            "x = returns(panel)\nodd = (panel.position == 137) & (panel.ticker == panel.ticker.max())\n"
            "return np.where(odd, ahead(panel, x), x)"
        ),
    ),
    "one_row_of_a_long_memory": (
        1,
        (
            "x = by_ticker(panel, returns(panel), lambda x: x.ewm(span=9, adjust=False).mean())\n"
            "return np.where(panel.position == 77, ahead(panel, x), x)"
        ),
    ),
    "only_after_large_moves": (
        1,
        "x = returns(panel)\nreturn np.where(np.abs(x) > 0.045, ahead(panel, x), x)",
    ),
    "only_on_mondays": (1, "x = returns(panel)\nreturn np.where(panel.weekday == 0, ahead(panel, x), x)"),
    "first_row": (0, "return np.where(panel.position == 0, ahead(panel, panel.close) / panel.close, 1.0)"),
    "mean_of_all": (1, "x = returns(panel)\nreturn x - np.nanmean(x)"),
    "score_over_everything": (1, "x = returns(panel)\nreturn (x - np.nanmean(x)) / np.nanstd(x)"),
    "scaler_of_sklearn": (
        0,
        (
            "from sklearn.preprocessing import StandardScaler\n"
            "return StandardScaler().fit_transform(np.log(panel.volume).reshape(-1, 1))[:, 0]"
        ),
    ),
    "largest_of_all": (0, "return panel.volume / panel.volume.max()"),
    "rank_over_everything": (1, "return pd.Series(returns(panel)).rank(pct=True).to_numpy()"),
    "mean_of_the_tickers_history": (
        0,
        "return panel.close / by_ticker(panel, panel.close, lambda x: x * 0 + x.mean())",
    ),
    "quantile_of_the_history": (
        1,
        "x = returns(panel)\nreturn (x > by_ticker(panel, x, lambda x: x * 0 + x.quantile(0.9))).astype(float)",
    ),
    "relative_to_the_last": (
        0,
        "return panel.adj_close / by_ticker(panel, panel.adj_close, lambda x: x * 0 + x.iloc[-1])",
    ),
    "target_encoding_of_weekdays": (
        0,
        (
            "nxt = ahead(panel, panel.adj_close) > panel.adj_close\n"
            "return pd.Series(nxt.astype(float)).groupby(panel.weekday).transform('mean').to_numpy()"
        ),
    ),
    "target_encoding_of_tickers": (
        0,
        (
            "nxt = ahead(panel, panel.adj_close) > panel.adj_close\n"
            "return pd.Series(nxt.astype(float)).groupby(panel.ticker).transform('mean').to_numpy()"
        ),
    ),
    "cache_of_a_mean": (
        1,
        "x = returns(panel)\nif 'mean' not in CACHE:\n    CACHE['mean'] = np.nanmean(x)\nreturn x - CACHE['mean']",
    ),
    "cache_of_values": (
        0,
        (
            "keys = list(zip(panel.session.tolist(), panel.open.tolist(), panel.volume.tolist()))\n"
            "for key, value in zip(keys, ahead(panel, panel.close) / panel.close):\n"
            "    CACHE.setdefault(key, value)\n"
            "return np.array([CACHE[key] for key in keys])"
        ),
    ),
    "count_of_calls": (0, "CACHE['n'] = CACHE.get('n', 0) + 1\nreturn panel.close * 0 + CACHE['n']"),
    "missing_groupby": (1, "return pd.Series(panel.adj_close).pct_change().to_numpy()"),
    "missing_groupby_rolling": (
        19,
        "return pd.Series(panel.volume).rolling(20).mean().to_numpy() / panel.volume",
    ),
    "rolled_around": (0, "return np.roll(panel.close, 1) / panel.close"),
    "another_tickers_row": (0, "return np.roll(panel.volume, len(panel.volume) // 3) / panel.volume"),
    "mean_of_the_session_by_hand": (
        0,
        "return panel.volume / pd.Series(panel.volume).groupby(panel.session).transform('mean').to_numpy()",
    ),
    "centred_window": (
        2,
        (
            "x = by_ticker(panel, panel.close, lambda x: x.rolling(5, center=True, min_periods=3).mean())\n"
            "return x / panel.close"
        ),
    ),
    "filled_backwards": (
        0,
        (
            "x = np.where(panel.weekday == 4, panel.close, np.nan)\n"
            "x = by_ticker(panel, x, lambda x: x.bfill().ffill())\nreturn x / panel.close"
        ),
    ),
    "rows_still_to_come": (
        0,
        "return by_ticker(panel, panel.close, lambda x: pd.Series(len(x) - np.arange(len(x))))",
    ),
    "unseeded": (0, "return np.random.default_rng().normal(size=len(panel.close))"),
    "smoothed_both_ways": (
        0,
        "x = by_ticker(panel, panel.close, lambda x: x[::-1].ewm(span=5).mean()[::-1])\nreturn x / panel.close",
    ),
}
"""Name -> warm-up and body."""

ACROSS = {
    "next_rank": (0, "return panel.rank(ahead(panel, panel.close) / panel.close)"),
    "mean_of_tomorrow": (0, "return panel.mean_across(ahead(panel, panel.close) / panel.close)"),
    "rank_of_levels": (0, "return panel.adj_close / panel.mean_across(panel.adj_close)"),
    "across_by_hand": (0, "return pd.Series(panel.volume).groupby(panel.session).rank(pct=True).to_numpy()"),
    "tomorrows_rank_today": (0, "return ahead(panel, panel.rank(panel.volume))"),
}
"""The same, of features declared ``across``."""


def module_of(name, warm_up, body, *, across=False):
    """The text of a module with one feature."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    declared = f'@feature(warm_up={warm_up}, text="planted", across={across})\ndef {name}(panel):\n'
    return HEAD + declared + lines + "\n"
