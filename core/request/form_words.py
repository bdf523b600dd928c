"""How a form calls the options of a run: a plain name, the unit, and the group that each stands in."""

from __future__ import annotations

from collections.abc import Mapping

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Reading the file": {
        "date_format": ("How dates are written", ""),
        "delimiter": ("Separator of cells", ""),
        "decimal": ("Decimal mark", ""),
        "encoding": ("Text encoding", ""),
        "columns": ("Which column is which", ""),
    },
    "Asking the service": {
        "on_missing": ("Tickers without an answer", ""),
        "yahoo_threads": ("Tickers asked for at once", "tickers"),
        "yahoo_timeout_s": ("Wait for one answer", "seconds"),
        "yahoo_limit_wait_s": ("First wait when told to slow down", "seconds"),
        "yahoo_overlap_sessions": ("Overlap with the earlier answer", "sessions"),
        "tiingo_threads": ("Tickers asked for at once", "tickers"),
        "tiingo_timeout_s": ("Wait for one answer", "seconds"),
        "tiingo_limit_wait_s": ("First wait when told to slow down", "seconds"),
        "tiingo_overlap_sessions": ("Overlap with the earlier answer", "sessions"),
    },
    "Calendar and universe": {
        "calendar": ("Exchange calendar", ""),
        "symbols": ("File of renamed tickers", ""),
        "membership": ("File of universe changes", ""),
    },
    "Checks before computing": {
        "max_missing_share": ("Most missing prices of a ticker", "share, 0 to 1"),
        "min_rows": ("Fewest rows of a ticker", "rows"),
        "price_tolerance": ("Tolerance of high, low, open, close", "share"),
        "jump_ratio": ("Large move from", "times"),
        "bar_ratio": ("Wide bar from (high by low)", "times"),
        "volume_ratio": ("Odd volume from", "times the median"),
        "volume_sessions": ("Rows in that median", "sessions"),
        "stale_sessions": ("Same close for", "sessions"),
        "gap_days": ("Long gap from", "days"),
        "split_tolerance": ("Tolerance of split ratios", "share"),
        "close_only": ("Accept closes alone", ""),
        "stop_on": ("Warnings that stop the run", "rules"),
        "waivers": ("File of accepted findings", ""),
    },
    "Cleaning": {
        "spike_ratio": ("Outlier spike from", "times"),
        "spike_reversion": ("Spike is over within", "share"),
        "split_ratio": ("Split (not dividend) from", "times"),
        "drop_row": ("Drop rows of", "rules"),
        "drop_ticker": ("Drop whole tickers of", "rules"),
        "fill": ("Missing cells", ""),
    },
    "What is predicted": {
        "horizon_sessions": ("Look ahead", "sessions"),
        "label": ("Question", ""),
    },
    "Model": {
        "model": ("Model in the report", ""),
        "beside": ("Models beside it", ""),
        "model_parameters": ("Its settings", "JSON"),
        "model_grid": ("Settings to choose from", "JSON"),
        "calibration": ("Calibration of probabilities", ""),
        "sample_weights": ("Weights of rows", ""),
        "half_life_sessions": ("Row counts half after", "sessions"),
        "seed": ("Seed of training", ""),
    },
    "Training and test periods": {
        "min_train_sessions": ("Learn from at least", "sessions, or auto"),
        "fold_sessions": ("Length of a test fold", "sessions"),
        "window": ("Training window", ""),
        "rolling_sessions": ("Length of a rolling window", "sessions"),
        "embargo_sessions": ("Gap before each test", "sessions"),
    },
    "Judging the result": {
        "cost_bps": ("Cost of a change of position", "basis points"),
        "confidence": ("Coverage of intervals", "share, 0.5 to 0.999"),
        "bootstrap_samples": ("Resamples behind an interval", "samples"),
        "block_sessions": ("Dates resampled together", "sessions"),
        "bootstrap_seed": ("Seed of resampling", ""),
        "drift_sessions": ("Window of drift", "sessions"),
        "drift_columns": ("Drifting columns that ask for retraining", "families"),
        "leak_auc": ("AUC that points to a leak", "AUC, 0.5 to 1"),
        "max_age_sessions": ("Model is old after", "sessions"),
        "min_new_rows": ("New rows for advice", "rows"),
    },
    "Code of your own": {
        "plugins_timeout_s": ("Limit of one call", "seconds"),
    },
}
"""Heading -> parameter -> plain name and unit, in the order of a form."""

MAIN_WORDS: Mapping[str, str] = {
    "source": "Where prices come from",
    "path": "File, folder or address",
    "tickers": "Tickers",
    "start": "From session",
    "end": "To session",
    "mode": "What the run does",
}

_WORDS = {name: words for group in GROUPS.values() for name, words in group.items()}


def plain_name(parameter: str) -> str:
    """Return what a form calls a parameter.

    >>> plain_name("fold_sessions")
    'Length of a test fold'
    """
    return (
        MAIN_WORDS.get(parameter) or _WORDS.get(parameter, (parameter.replace("_", " ").capitalize(), ""))[0]
    )


def unit(parameter: str) -> str:
    """Return the unit of a parameter, empty where it has none.

    >>> unit("cost_bps"), unit("seed")
    ('basis points', '')
    """
    return _WORDS.get(parameter, ("", ""))[1]
