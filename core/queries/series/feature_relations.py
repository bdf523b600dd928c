"""How features hang together, and from where on they have values: for a person who looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col

if TYPE_CHECKING:
    import numpy.typing as npt


def rank_correlation(features: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return Spearman's rank correlation of columns over the rows that have all of them.

    Ranks rather than values: a few crashes would decide Pearson's coefficient of returns.

    Parameters
    ----------
    features : pandas.DataFrame
        Numeric columns. A row with a NaN in any of ``names`` is left out.
    names : sequence of str
        The columns.

    Returns
    -------
    pandas.DataFrame
        ``names`` by ``names``, from -1 to 1; NaN for a column that does not vary, or under 3 rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 9.0], "b": [4.0, 3.0, 2.0, np.nan]})
    >>> rank_correlation(frame, ["a", "b"])["a"].tolist()
    [1.0, -1.0]
    """
    complete = features[list(names)].dropna()
    found = np.full((len(names), len(names)), np.nan)
    if len(complete) >= 3:
        ranks = complete.rank().to_numpy("float64")
        varies = ranks.std(axis=0) > 0
        found[np.ix_(varies, varies)] = _correlation(ranks[:, varies])
    return pd.DataFrame(found, list(names), list(names))


def _correlation(ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # rounding may leave 1.0000000000000002
    return np.clip(np.atleast_2d(np.corrcoef(ranks, rowvar=False)), -1.0, 1.0)


def warm_up_table(
    features: pd.DataFrame, warm_up: Mapping[str, int], texts: Mapping[str, str]
) -> pd.DataFrame:
    """Return what each feature needs before its first value, and where it has none.

    Parameters
    ----------
    features : pandas.DataFrame
        The rows of one ticker, in date order.
    warm_up : mapping of str to int
        Rows without a value at the start of a ticker, by feature, as the table's header has them.
    texts : mapping of str to str
        What each feature is; a feature without an entry has an empty text.

    Returns
    -------
    pandas.DataFrame
        ``feature``, ``warm_up`` (rows), ``first`` (date of the first value, None if there is none),
        ``empty`` (rows without a value) and ``gaps`` (those of them after the warm-up), ``definition``.
    """
    held = []
    for name, needs in warm_up.items():
        missing = features[name].isna().to_numpy()
        there = np.flatnonzero(~missing)
        first = str(features[col.DATE].iloc[there[0]])[:10] if len(there) else None
        held.append((name, needs, first, int(missing.sum()), int(missing[needs:].sum()), texts.get(name, "")))
    names = ["feature", "warm_up", "first", "empty", "gaps", "definition"]
    frame = pd.DataFrame(held, columns=names)
    # pandas would make the missing dates of a text column NaN
    return frame.assign(first=pd.Series([row[2] for row in held], dtype=object))
