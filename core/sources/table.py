"""From a source's frame to ``prices_raw``: column order, sorting and the header that names the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import SourceError, listed
from core.tables.artifacts import Table
from core.tables.codec import raw_series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from core.sources.ingest_settings import SessionSettings

_INFINITE = (float("inf"), float("-inf"))


def prices_table(frame: pd.DataFrame, *, name: str, uri: str, digest: str, price_basis: str) -> Table:
    """Return ``prices_raw``: contract columns first, rows sorted by (date, ticker).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per (date, ticker), any order; dates as text. Columns may be missing: the gate says so.
        Without ``adj_close`` a copy of ``close`` is taken, and the header tells.
    name, uri : str
        The source, for people and for lineage.
    digest : str
        SHA-256 of the bytes that were read.
    price_basis : {'raw', 'split_adjusted', 'unknown'}
        What the prices are, as far as the source says.
    """
    frame, adjusted = arranged(frame)
    by = [c for c in (col.DATE, col.TICKER) if c in frame]
    # stable: rows that share date and ticker stay in the source's order
    frame = frame.sort_values(by, kind="stable", ignore_index=True) if by else frame.reset_index(drop=True)
    typed = {c: _cells(frame[c], text=c in (col.DATE, col.TICKER)) for c in frame.columns}
    typed_frame = type(frame)(typed, columns=frame.columns)
    source = {"name": name, "uri": uri, "sha256": digest, "rows": len(typed_frame)}
    return Table("prices_raw", typed_frame, prices_header(source, ranges(typed_frame), price_basis, adjusted))


def prices_header(
    source: Mapping[str, Any], tickers: Mapping[str, Any], price_basis: str, adjusted: str
) -> dict[str, Any]:
    """Return the header of ``prices_raw``, from what is said of the source and the ranges by ticker."""
    return {
        "price_basis": price_basis,
        "adjusted_close": adjusted,
        "source": {**source, "tickers": tickers},
    }


def arranged(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return contract columns first, and where the adjusted close is from: ``source`` or ``copied_from_close``."""
    adjusted = "source"
    if col.ADJ_CLOSE not in frame and col.CLOSE in frame:
        frame = frame.assign(**{col.ADJ_CLOSE: frame[col.CLOSE]})
        adjusted = "copied_from_close"
    first = [c for c in col.PRICES if c in frame]
    return frame[first + [c for c in frame.columns if c not in first]], adjusted


def _cells(values: pd.Series, *, text: bool) -> pd.Series:
    """Return a column of JSON values; an infinity becomes text, which the gate names with its value."""
    if not text and (numbers := finite(values)) is not None:
        return numbers
    cells = values.astype(object).where(values.notna(), None).tolist()
    return raw_series([str(c) if c in _INFINITE else c for c in cells], text=text)


def finite(values: pd.Series) -> pd.Series | None:
    """Return a column of plain numbers as float64, None if it is something else or holds an infinity."""
    import numpy as np

    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "iuf":
        return None
    numbers = values.astype("float64")
    return None if np.isinf(numbers.to_numpy()).any() else numbers


def lacks_tickers(name: str, absent: Sequence[str], present: Sequence[str]) -> SourceError:
    """Return the refusal of a request for tickers that a file does not have."""
    return SourceError(
        f"{name} has no rows of {listed(absent)}",
        expected=f"any of {listed(present)}",
        remedy="Check --tickers.",
    )


def nothing_between(name: str, span: tuple[str, str], present: tuple[str, str]) -> SourceError:
    """Return the refusal of a range (ISO days, empty: open) in which a file has no row."""
    return SourceError(
        f"{name} has no rows from {span[0] or 'its start'} to {span[1] or 'its end'}",
        expected=f"a range that meets what it has: {present[0]} to {present[1]}",
        remedy="Widen --start and --end, or leave them out.",
    )


def needed_values(settings: SessionSettings) -> tuple[str, ...]:
    """Return the columns that a row needs a value in, where they are there, or cleaning drops it."""
    return (col.CLOSE,) if settings.fill == "forward" else (*col.PRICE_VALUES, col.VOLUME)


def usable_days(frame: pd.DataFrame, settings: SessionSettings, *, whole: bool) -> set[str]:
    """Return the days (ISO) of the rows that cleaning can keep.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of a source, with a column of dates.
    settings : SessionSettings
    whole : bool
        Whether these are all the rows that there are: a column that holds nothing is for the gate to judge then.
    """
    usable = frame[col.DATE].notna()
    for name in needed_values(settings):
        if name in frame:
            there = frame[name].notna()
            judged_elsewhere = name != col.CLOSE and (whole or settings.close_only) and not there.any()
            usable &= there | judged_elsewhere
    return {str(day)[:10] for day in frame.loc[usable, col.DATE].unique()}


def ranges(frame: pd.DataFrame) -> dict[str, Any]:
    """Return rows, first and last date and outcome per ticker, sorted by ticker."""
    if col.TICKER not in frame or col.DATE not in frame:
        return {}
    dates = frame.assign(**{col.DATE: frame[col.DATE].astype(str), col.TICKER: frame[col.TICKER].astype(str)})
    spans = dates.groupby(col.TICKER, sort=True)[col.DATE].agg(["size", "min", "max"])
    return {
        str(ticker): {"rows": int(rows), "first": str(first), "last": str(last), "outcome": "ok"}
        for ticker, rows, first, last in spans.itertuples()
    }
