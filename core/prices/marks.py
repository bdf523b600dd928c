"""What a chart of one ticker marks: findings and repairs, each at a date and a price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from core import columns as col

if TYPE_CHECKING:
    from collections.abc import Iterable

FINDING_COLUMNS = ("date", "price", "rule", "severity", "action")
REPAIR_COLUMNS = ("date", "price", "rule", "column", "what")


def finding_marks(
    findings: Iterable[Mapping[str, Any]], ticker: str, rows: pd.DataFrame, *, price: str = col.ADJ_CLOSE
) -> pd.DataFrame:
    """Return the findings about days of one ticker, each at a price of that day.

    Parameters
    ----------
    findings : iterable of mapping
        As in ``findings.json``. One without a ticker or a date has no place on a chart and is left out.
    ticker : str
    rows : pandas.DataFrame
        The ticker's ``date`` and ``price`` in date order. A finding about a day that has no row, as one that
        was removed, stands at the nearest row; NaN where there are no rows at all.
    price : str
        The column of ``rows`` whose line or bars the chart draws.

    Returns
    -------
    pandas.DataFrame
        ``date`` (datetime64), ``price``, ``rule``, ``severity``, ``action``, in date order.
    """
    held = [
        (pd.Timestamp(str(f["date"])), f["rule"], f["severity"], f["action"])
        for f in findings
        if f["ticker"] == ticker and f["date"]
    ]
    frame = pd.DataFrame(held, columns=["date", "rule", "severity", "action"])
    frame["date"] = frame["date"].astype("datetime64[s]")
    frame = frame.sort_values("date", kind="stable")
    known = rows[[col.DATE, price]].dropna().astype({col.DATE: "datetime64[s]"})
    found = pd.merge_asof(frame, known, on=col.DATE, direction="nearest")
    return found.rename(columns={price: "price"})[list(FINDING_COLUMNS)]


def repair_marks(repairs: Iterable[Mapping[str, Any]], ticker: str) -> pd.DataFrame:
    """Return the repairs of one ticker, each at the close that was there: of a filled cell, at the new value.

    Parameters
    ----------
    repairs : iterable of mapping
        As in ``repairs.json``: a removed row has its values under ``before`` and null under ``after``, a
        filled cell has its number under ``after``.
    ticker : str

    Returns
    -------
    pandas.DataFrame
        ``date`` (datetime64), ``price`` (NaN where the close was missing, or another column was filled),
        ``rule``, ``column`` and ``what`` (``removed`` or ``filled``), in date order.
    """
    held = [
        (
            pd.Timestamp(str(repair["date"])),
            _close_of(repair),
            repair["rule"],
            repair["column"],
            "removed" if repair["after"] is None else "filled",
        )
        for repair in repairs
        if repair["ticker"] == ticker
    ]
    frame = pd.DataFrame(held, columns=list(REPAIR_COLUMNS))
    typed = frame.astype({"date": "datetime64[s]", "price": "float64"})
    return typed.sort_values("date", kind="stable", ignore_index=True)


def _close_of(repair: Mapping[str, Any]) -> float | None:
    before = repair["before"]
    value = before.get(col.CLOSE) if isinstance(before, Mapping) else None
    if value is None and repair["column"] == col.CLOSE:
        value = repair["after"]
    return float(value) if isinstance(value, int | float) else None
