"""From clean prices to the features table, one row per price row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.artifacts import Table
from core.errors import DataError, listed, nearest
from core.features.definitions import (
    FEATURE_SET,
    FEATURES,
    Feature,
    columns,
    definition_digest,
    up_next,
    warm_up,
)
from core.features.panel import Panel, Vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NEEDED = (col.DATE, col.TICKER, col.ADJ_CLOSE)
_REMEDY = "Run validate and clean on the prices first; the findings name what is wrong with them."


def engineer(prices: Table, *, features: Sequence[Feature] = FEATURES) -> Table:
    """Return the features of each price row, from its ticker's rows up to that row.

    Parameters
    ----------
    prices : Table
        Clean prices in any row order: ``date`` (datetime64, the session), ``ticker`` (text),
        ``adj_close`` (number above 0, adjusted for splits and dividends by the source). Other columns
        are not read.
    features : sequence of Feature
        The feature set.

    Returns
    -------
    Table
        Kind ``features``, sorted by (date, ticker), one row per price row, default index. Features are
        float64 and NaN in each ticker's warm-up; ``up_next`` is 1, 0 or NaN (a ticker's last row). Row
        t of a ticker is bit-equal whatever stands in its later rows or in other tickers; ``up_next``
        alone looks one row ahead.

    Raises
    ------
    DataError
        If there are no rows, a column is missing or of the wrong type, a date, ticker or price is
        missing, a price is not above 0, a (date, ticker) comes twice, or a feature overflows.
    """
    frame = prices.frame
    _check_columns(frame)
    codes, names = pd.factorize(frame[col.TICKER], sort=True)
    dates = frame[col.DATE].to_numpy("datetime64[s]")
    order = np.lexsort((dates, codes))
    codes, dates = codes[order].astype("int64"), dates[order]
    adj_close = frame[col.ADJ_CLOSE].to_numpy("float64")[order]
    _check_rows(codes, dates, adj_close, names)
    panel = Panel.of(codes, adj_close)
    values: dict[str, Any] = {col.DATE: dates, col.TICKER: pd.Series(names, dtype="str").to_numpy()[codes]}
    values |= {feature.name: _computed(feature, panel, values) for feature in features}
    values[col.UP_NEXT] = up_next(panel)
    by_date = np.lexsort((codes, dates))
    out = pd.DataFrame({name: values[name][by_date] for name in columns(features)})
    return Table("features", out.astype({col.TICKER: "str"}), _header(features))


def _header(features: Sequence[Feature]) -> dict[str, Any]:
    return {
        "feature_set": FEATURE_SET,
        "definition_digest": definition_digest(features),
        "warm_up": warm_up(features),
    }


def _computed(feature: Feature, panel: Panel, keys: dict[str, Any]) -> Vector:
    # Rows of two tickers meet in a shifted window before they are masked, so overflow there means nothing.
    with np.errstate(over="ignore", invalid="ignore"):
        values = feature.compute(panel)
    wrong = np.flatnonzero(~np.isfinite(values) & (panel.position >= feature.warm_up))
    if len(wrong):
        where = f"{keys[col.TICKER][wrong[0]]} on {_day(keys[col.DATE][wrong[0]])}"
        raise DataError(
            f"feature {feature.name} of {where} is {values[wrong[0]]}",
            expected="a finite number after the warm-up",
            remedy="Look for an absurdly large or small adj_close in the rows before.",
        )
    return values


def _check_columns(frame: pd.DataFrame) -> None:
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        hint = nearest(missing[0], map(str, frame.columns))
        raise DataError(
            f"the prices lack {listed(missing)}",
            expected=f"columns {', '.join(_NEEDED)}",
            remedy=_REMEDY + hint,
        )
    if not len(frame):
        raise DataError("the prices have no rows", expected="at least one price row", remedy=_REMEDY)
    kinds = {col.DATE: ("M", "calendar dates"), col.ADJ_CLOSE: ("fiu", "numbers")}
    for name, (kind, expected) in kinds.items():
        if frame[name].dtype.kind not in kind:
            raise DataError(
                f"column {name} is of type {frame[name].dtype}", expected=expected, remedy=_REMEDY
            )
    for name in (col.DATE, col.TICKER):
        if empty := int(frame[name].isna().sum()):
            raise DataError(f"{empty} price row(s) have no {name}", expected="none", remedy=_REMEDY)


def _check_rows(
    codes: NDArray[np.int64], dates: NDArray[np.datetime64], adj_close: Vector, names: pd.Index
) -> None:
    """Refuse rows that no feature can be computed from; rows stand sorted by (ticker, date)."""
    twice = np.flatnonzero((codes[1:] == codes[:-1]) & (dates[1:] == dates[:-1]))
    unusable = np.flatnonzero(~(np.isfinite(adj_close) & (adj_close > 0)))
    if len(twice):
        shown = listed([f"{names[codes[row]]} {_day(dates[row])}" for row in twice])
        raise DataError(f"rows come twice: {shown}", expected="one row per (date, ticker)", remedy=_REMEDY)
    if len(unusable):
        cells = [f"{names[codes[row]]} {_day(dates[row])} {adj_close[row]}" for row in unusable]
        raise DataError(
            f"adj_close is unusable: {listed(cells)}", expected="a number above 0", remedy=_REMEDY
        )


def _day(moment: Any) -> str:
    return str(np.datetime_as_string(moment, unit="D"))
