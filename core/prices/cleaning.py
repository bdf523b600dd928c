"""Cleaning by named rules, each removal on record; nothing is ever filled. Then enrichment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from core import columns as col
from core.artifacts import Document, Table
from core.errors import DataError, listed
from core.prices.calendar import check_calendar
from core.prices.cells import plain
from core.prices.enrichment import enrich
from core.prices.rows import arrange
from core.prices.spikes import find_spikes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.parameters import Value
    from core.prices.rows import Flags, Whole

NUMBERS = (*col.PRICE_VALUES, col.VOLUME)

_VALIDATE_FIRST = "Run validate on the table first; it names every such row."


def clean(prices: Table, parameters: Mapping[str, Value]) -> tuple[Table, Document]:
    """What the rules name has been removed, on record, and the rest is enriched.

    The rules, in this order: ``exact_duplicate`` (the same ticker, date and values again),
    ``missing_value`` (no open, high, low, close, adj_close or volume), ``outlier_spike`` (see
    :func:`core.prices.spikes.find_spikes`). Cleaning a cleaned table removes nothing and gives the same
    table. Rows on closed days and under dates that came with a time are kept.

    Parameters
    ----------
    prices : Table
        ``prices_valid``: typed, raw prices in the ticker's currency, volume in shares; rows in any order.
    parameters : mapping
        ``calendar``, ``spike_ratio``, ``spike_reversion``, ``split_ratio``.

    Returns
    -------
    prices_clean : Table
        The kept rows sorted by (date, ticker): contract columns, further columns of the source, then
        the enrichment, free of missing values in all but the source's further columns.
    repairs : Document
        ``rows_in``, ``rows_out`` and one record per removed row, by rule, ticker and date.

    Raises
    ------
    DataError
        If a contract column is missing or of another type, a date or ticker is missing, two rows of a
        ticker and date contradict each other, a price is not above 0, or no row is left.
    ParameterError
        If there is no such calendar.
    """
    calendar = check_calendar(str(parameters["calendar"]))
    ratio, reversion, split = (float(cast("float", parameters[name])) for name in _SETTINGS)
    _check_form(prices.frame)
    repairs: list[dict[str, Any]] = []
    kept = _without_gaps(_arranged(prices.frame), repairs)
    kept = _without_spikes(kept, repairs, ratio=ratio, reversion=reversion)
    enriched = enrich(kept, calendar=calendar, split_ratio=split)
    by_date = enriched.sort_values([col.DATE, col.TICKER], kind="stable", ignore_index=True)
    body = {"rows_in": len(prices.frame), "rows_out": len(by_date), "repairs": repairs}
    return Table("prices_clean", by_date, dict(prices.header)), Document("repairs", body)


def _without_gaps(frame: pd.DataFrame, repairs: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows without copies and without incomplete ones."""
    frame = _remove(frame, "exact_duplicate", _copies(frame), None, repairs)
    blank = frame[list(NUMBERS)].isna().to_numpy()
    columns = np.array(NUMBERS)[blank.argmax(axis=1)]
    incomplete: Flags = np.logical_or.reduce(blank, axis=1)
    frame = _remove(frame, "missing_value", incomplete, columns, repairs)
    _check_values(frame)
    return frame


def _without_spikes(
    frame: pd.DataFrame, repairs: list[dict[str, Any]], *, ratio: float, reversion: float
) -> pd.DataFrame:
    close, adjusted = frame[col.CLOSE].to_numpy(), frame[col.ADJ_CLOSE].to_numpy()
    spikes = find_spikes(_codes(frame), close, adjusted, ratio=ratio, reversion=reversion)
    columns = np.where(spikes.close, col.CLOSE, col.ADJ_CLOSE)
    return _remove(frame, "outlier_spike", spikes.any, columns, repairs)


_SETTINGS = ("spike_ratio", "spike_reversion", "split_ratio")


def _check_form(frame: pd.DataFrame) -> None:
    missing = [name for name in col.PRICES if name not in frame]
    if missing:
        raise DataError(
            f"the table of prices has no column {listed(missing)}",
            expected=f"the columns {', '.join(col.PRICES)}",
            remedy="Give clean what validate wrote (prices_valid).",
        )
    if not len(frame):
        raise DataError("the table of prices has no rows", expected="at least one row")
    wrong = [name for name in NUMBERS if frame[name].dtype.kind not in "iuf"]
    wrong += [col.DATE] if frame[col.DATE].dtype.kind != "M" else []
    wrong += [col.TICKER] if not frame[col.TICKER].map(lambda t: isinstance(t, str)).all() else []
    if wrong or frame[col.DATE].isna().any():
        came = f"column {listed(wrong)} of another type" if wrong else "a row without a date"
        raise DataError(
            f"the table of prices has {came}", expected="dates, tickers and numbers", remedy=_VALIDATE_FIRST
        )


def _arranged(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the canonical order, contract columns first, without enrichment."""
    further = [name for name in frame.columns if name not in (*col.PRICES, *col.ENRICHMENT)]
    table = frame[[*col.PRICES, *further]].reset_index(drop=True)
    table = table.astype(dict.fromkeys(NUMBERS, "float64"))
    table[col.DATE] = table[col.DATE].to_numpy("datetime64[D]").astype("datetime64[s]")
    order = arrange(_codes(table), table[col.DATE].to_numpy("datetime64[D]"), _content(table)).order
    return table.iloc[order].reset_index(drop=True)


def _codes(frame: pd.DataFrame) -> Whole:
    return pd.factorize(frame[col.TICKER], sort=True)[0].astype(np.int64)


def _content(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[col.DATE, col.TICKER])


def _copies(frame: pd.DataFrame) -> Flags:
    arranged = arrange(_codes(frame), frame[col.DATE].to_numpy("datetime64[D]"), _content(frame))
    if arranged.conflict.any():
        row = frame.iloc[int(np.argmax(arranged.conflict))]
        raise DataError(
            f"{row[col.TICKER]} has several rows of {row[col.DATE]:%Y-%m-%d} with different values",
            expected="one row per ticker and date",
            remedy=_VALIDATE_FIRST,
        )
    return arranged.copy


def _check_values(frame: pd.DataFrame) -> None:
    if not len(frame):
        raise DataError(
            "every row lacks a price or volume: none is left", expected="at least one complete row"
        )
    values = frame[list(NUMBERS)].to_numpy()
    bad = np.isinf(values).any(axis=1) | (values[:, :-1] <= 0).any(axis=1)
    if bad.any():
        row = frame.iloc[int(np.argmax(bad))]
        raise DataError(
            f"{row[col.TICKER]} on {row[col.DATE]:%Y-%m-%d} has a price that is not above 0, or is infinite",
            expected="finite prices above 0",
            remedy=_VALIDATE_FIRST,
        )


def _remove(
    frame: pd.DataFrame, rule: str, flags: Flags, columns: np.ndarray | None, repairs: list[dict[str, Any]]
) -> pd.DataFrame:
    """Return the rows that are not flagged; append a record of each flagged one to ``repairs``."""
    for row in np.flatnonzero(flags).tolist():
        values = frame.iloc[row].to_dict()
        repairs.append(
            {
                "rule": rule,
                "ticker": values.pop(col.TICKER),
                "date": values.pop(col.DATE).strftime("%Y-%m-%d"),
                "column": None if columns is None else str(columns[row]),
                "before": {name: plain(value) for name, value in values.items()},
                "after": None,
            }
        )
    return frame[~flags].reset_index(drop=True) if flags.any() else frame
