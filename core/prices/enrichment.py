"""What clean adds to each row: adjustment factor, split and dividend flags, gaps, dollar volume."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import columns as col
from core.prices.adjustment import factor_steps
from core.prices.calendar import session_numbers
from core.prices.row_order import follows


def enrich(frame: pd.DataFrame, *, calendar: str, split_ratio: float) -> pd.DataFrame:
    """Return ``frame`` with the enrichment columns computed from nothing but its own rows.

    Row t uses prices of t and of the ticker's row before, except that ``is_dividend`` uses each
    ticker's own rounding noise, measured over all its rows (see
    :func:`core.prices.adjustment.factor_steps`); no feature of a model is made from it.

    Parameters
    ----------
    frame : DataFrame
        Contract columns, typed, no missing values, prices above 0, one row per (ticker, date), sorted
        by (ticker, date).
    calendar : str
        Sessions are counted by this calendar.
    split_ratio : float
        A factor that rises at least this many times, or falls to at most its inverse (a reverse
        split), is a split; a smaller rise beyond rounding is a dividend.

    Returns
    -------
    DataFrame
        The same rows and columns, then ``adjustment_factor`` (float, adjusted close / close),
        ``is_split`` and ``is_dividend`` (bool, False on a ticker's first row), ``sessions_since_last``
        (int: sessions after the ticker's row before, up to and including this one; 1 without a gap, 0
        on a ticker's first row and on a row on a closed day right after a session), and
        ``dollar_volume`` (float, close times volume, in the ticker's currency).
    """
    codes = pd.factorize(frame[col.TICKER], sort=True)[0].astype(np.int64)
    close, adjusted = frame[col.CLOSE].to_numpy(), frame[col.ADJ_CLOSE].to_numpy()
    steps = factor_steps(codes, close, adjusted)
    split = (steps.ratio >= split_ratio) | (steps.ratio <= 1 / split_ratio)
    numbers = session_numbers(calendar, frame[col.DATE].to_numpy("datetime64[D]"))
    since = np.where(follows(codes), numbers - np.r_[numbers[:1], numbers[:-1]], 0)
    return frame.assign(
        **{
            col.ADJUSTMENT_FACTOR: adjusted / close,
            col.IS_SPLIT: split,
            col.IS_DIVIDEND: steps.rises & ~split,
            col.SESSIONS_SINCE_LAST: since.astype(np.int64),
            col.DOLLAR_VOLUME: close * frame[col.VOLUME].to_numpy(),
        }
    )
