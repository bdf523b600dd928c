"""From clean prices to the features table, one row per price row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError, listed, nearest
from core.features.definitions import (
    FEATURE_SET,
    FEATURES,
    Feature,
    columns,
    definition_digest,
    warm_up,
)
from core.features.labels import ReturnSums, SessionMeans, label_of, return_sums
from core.features.panel import Panel, Vector
from core.label import EXCESS, NEXT_SESSION, Label
from core.tables.artifacts import Table
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

_NEEDED = (col.DATE, col.TICKER, col.ADJ_CLOSE)
_REMEDY = "Run validate and clean on the prices first; the findings name what is wrong with them."


def engineer(
    prices_clean: Table,
    settings: Label = NEXT_SESSION,
    *,
    feature_set: Sequence[Feature] = FEATURES,
    workplace: Workplace | None = None,
) -> Table:
    """Return the features of each price row, from its ticker's rows up to that row, and its label.

    Parameters
    ----------
    prices_clean : Table
        Clean prices in any row order: ``date`` (datetime64, the session), ``ticker`` (text),
        ``adj_close`` (number above 0, adjusted for splits and dividends by the source). Other columns
        are not read.
    settings : Label
        What ``up_next`` says: direction or excess, and over how many sessions.
    feature_set : sequence of Feature
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made.

    Returns
    -------
    Table
        Kind ``features``, sorted by (date, ticker), one row per price row, default index. Features are
        float64 and NaN in each ticker's warm-up; ``up_next`` is 1, 0 or NaN (a ticker's last rows, as many as the
        label looks ahead). Row t of a ticker is bit-equal whatever stands in its later rows or in other tickers;
        ``up_next`` alone looks ahead, and as an excess at other tickers.

    Raises
    ------
    DataError
        If there are no rows, a column is missing or of the wrong type, a date, ticker or price is
        missing, a price is not above 0, a (date, ticker) comes twice, or a feature overflows.
    """
    workplace = workplace or Workplace()
    means = None
    if settings.label == EXCESS:  # of all tickers, so that all parts are gone through once before
        sums = partial(_return_sums, prices_clean, settings.horizon_sessions)
        means = SessionMeans.of(workplace.engine.each(sums, range(prices_clean.parts)))
    with workplace.writer("features") as writer:
        work = partial(_engineered, prices_clean, tuple(feature_set), settings, means)
        for rows in workplace.each_part(work, prices_clean):
            writer.add(rows)
        return writer.done({**header(feature_set), **settings.field})


def _return_sums(prices: Table, sessions: int, number: int) -> ReturnSums:
    """Return the returns of one part's tickers, added up by session."""
    _check_columns(prices)
    rows = _sorted_rows(prices.part(number, _NEEDED))
    return return_sums(Panel.of(rows.codes, rows.adj_close), rows.dates, sessions)


def _engineered(
    prices: Table, features: Sequence[Feature], label: Label, means: SessionMeans | None, number: int
) -> pd.DataFrame | pa.Table:
    """Return the features of one part of the prices, by ticker and date."""
    _check_columns(prices)
    rows = by_ticker(prices.part(number, _NEEDED), label, means, features=features)
    values = {name: rows.columns[name] for name in columns(features)}
    if prices.parts == 1:
        values[col.TICKER] = pd.Series(rows.names, dtype="str").take(rows.codes).to_numpy()
        return pd.DataFrame(values).astype({col.TICKER: "str"})
    import pyarrow as pa

    # tickers travel as codes: text of a million rows would be copied row by row
    values[col.TICKER] = pa.DictionaryArray.from_arrays(
        rows.codes.astype("int32"), pa.array(rows.names, pa.string())
    )
    return pa.table({name: pa.array(column, from_pandas=True) for name, column in values.items()})


@dataclass(frozen=True, eq=False)
class ByTicker:
    """Features of rows sorted by (ticker, date).

    Parameters
    ----------
    codes : int64 array, shape (n,)
        Number of the row's ticker.
    names : Index of str
        What the codes count, ascending.
    columns : mapping of str to array, shape (n,)
        Every column by name; the ticker as its code.
    """

    codes: NDArray[np.int64]
    names: pd.Index
    columns: dict[str, Any]


def by_ticker(
    frame: pd.DataFrame,
    label: Label = NEXT_SESSION,
    means: SessionMeans | None = None,
    *,
    features: Sequence[Feature] = FEATURES,
) -> ByTicker:
    """Return the features of whole tickers, as :func:`engineer` gives them, sorted by (ticker, date).

    ``means`` are those of all tickers, for a label that is an excess.

    Raises
    ------
    DataError
        As :func:`engineer`.
    """
    rows = _sorted_rows(frame)
    panel = Panel.of(rows.codes, rows.adj_close)
    values: dict[str, Any] = {col.DATE: rows.dates, col.TICKER: rows.codes}
    for feature in features:
        values[feature.name] = _computed(
            feature, panel, rows.dates, lambda row: str(rows.names[rows.codes[row]])
        )
    values[col.UP_NEXT] = label_of(panel, rows.dates, label, means)
    return ByTicker(rows.codes, pd.Index(rows.names), values)


class _SortedRows(NamedTuple):
    """Price rows by (ticker, date)."""

    codes: NDArray[np.int64]
    names: pd.Index
    dates: NDArray[np.datetime64]
    adj_close: Vector


def _sorted_rows(frame: pd.DataFrame) -> _SortedRows:
    """Return the rows by ticker and date, after a look at each.

    Raises
    ------
    DataError
        As :func:`engineer`.
    """
    _check_types(frame)
    codes, names = pd.factorize(frame[col.TICKER], sort=True)
    codes, dates = codes.astype("int64"), frame[col.DATE].to_numpy("datetime64[s]")
    adj_close = frame[col.ADJ_CLOSE].to_numpy("float64")
    if not _sorted(codes, dates):
        order = np.lexsort((dates, codes))
        codes, dates, adj_close = codes[order], dates[order], adj_close[order]
    _check_rows(codes, dates, adj_close, names)
    return _SortedRows(codes, names, dates, adj_close)


def _sorted(codes: NDArray[np.int64], dates: NDArray[np.datetime64]) -> bool:
    later, same = codes[1:] > codes[:-1], codes[1:] == codes[:-1]
    return bool((later | (same & (dates[1:] >= dates[:-1]))).all())


def header(features: Sequence[Feature] = FEATURES) -> dict[str, Any]:
    """Return the header of a features table."""
    return {
        "feature_set": FEATURE_SET,
        "definition_digest": definition_digest(features),
        "warm_up": warm_up(features),
    }


def _computed(
    feature: Feature, panel: Panel, dates: NDArray[np.datetime64], ticker: Callable[[int], str]
) -> Vector:
    # Rows of two tickers meet in a shifted window before they are masked, so overflow there means nothing.
    with np.errstate(over="ignore", invalid="ignore"):
        values = feature.compute(panel)
    wrong = np.flatnonzero(~np.isfinite(values) & (panel.position >= feature.warm_up))
    if len(wrong):
        where = f"{ticker(int(wrong[0]))} on {_day(dates[wrong[0]])}"
        raise DataError(
            f"feature {feature.name} of {where} is {values[wrong[0]]}",
            expected="a finite number after the warm-up",
            remedy="Look for an absurdly large or small adj_close in the rows before.",
        )
    return values


def _check_columns(prices: Table) -> None:
    missing = [name for name in _NEEDED if name not in prices.columns]
    if missing:
        hint = nearest(missing[0], prices.columns)
        raise DataError(
            f"the prices lack {listed(missing)}",
            expected=f"columns {', '.join(_NEEDED)}",
            remedy=_REMEDY + hint,
        )


def _check_types(frame: pd.DataFrame) -> None:
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
        repeated = listed([f"{names[codes[row]]} {_day(dates[row])}" for row in twice])
        raise DataError(f"rows come twice: {repeated}", expected="one row per (date, ticker)", remedy=_REMEDY)
    if len(unusable):
        cells = [f"{names[codes[row]]} {_day(dates[row])} {adj_close[row]}" for row in unusable]
        raise DataError(
            f"adj_close is unusable: {listed(cells)}", expected="a number above 0", remedy=_REMEDY
        )


def _day(moment: Any) -> str:
    return str(np.datetime_as_string(moment, unit="D"))
