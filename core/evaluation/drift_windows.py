"""The two windows that drift compares, as values: what a person looks at beside the statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.evaluation.drift import windows
from core.evaluation.rows import numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TwoWindows:
    """One column's values in the latest sessions and in all before them, without NaN.

    Parameters
    ----------
    reference, current : ndarray of float64
    since : str or None
        First session of the current window, ISO; None when there is not a single session.
    """

    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    since: str | None


def two_windows(
    features: pd.DataFrame, column: str, drift_sessions: int, *, ticker: str | None = None
) -> TwoWindows:
    """Return ``column`` split as drift splits it: the last ``drift_sessions`` sessions, and the ones before.

    Parameters
    ----------
    features : pandas.DataFrame
        ``date`` and ``column``; sessions are counted over all rows, whatever the ticker. NaN is left out.
    column : str
    drift_sessions : int
        At least 1.
    ticker : str, optional
        Only this one's values; the windows stay those of all rows.
    """
    cut = windows(features, drift_sessions)
    values = numbers(features, column)
    current = cut.of(features[col.DATE].to_numpy("datetime64[s]")) == 0
    known = ~np.isnan(values)
    if ticker is not None:
        known &= (features[col.TICKER] == ticker).to_numpy()
    latest = cut.sessions[-drift_sessions:]
    since = str(latest[0].astype("datetime64[D]")) if len(latest) else None
    return TwoWindows(values[known & ~current], values[known & current], since)
