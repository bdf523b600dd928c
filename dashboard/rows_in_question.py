"""The rows that a finding of the gate speaks of: as they came, with file and line, and the closes around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from core import columns as col
from core.errors import AftercloseError
from core.journal import Run
from core.report.formatting import spaced
from dashboard import compact, data, price_sketch, shell, wrapped
from dashboard.words import literal

Finding = Mapping[str, Any]
MOST_ROWS = 25
"""Rows of a finding that are drawn."""

NUMBERS = ("Open", "High", "Low", "Close", "Adj close", "Volume")
"""Columns of figures."""

AROUND = 30
"""Rows before and after the day that a picture shows."""


@dataclass(frozen=True)
class RawRows:
    """The rows that a finding speaks of, as they came, and the closes around them.

    Parameters
    ----------
    columns : dict
        Of a table: for each row the file and line where they are known, then its values, by name.
    days, closes, concerned : list
        Of the rows around: session, close (None: none) and whether the finding speaks of it.
    """

    columns: dict[str, list[object]]
    days: list[str]
    closes: list[float | None]
    concerned: list[bool]


def of(run: Run, finding: Finding) -> RawRows | None:
    """Return the rows of a finding; None where they are not there."""
    store = shell.store()
    raw = data.artifact_of(store, run.keys, "prices_raw")
    if raw is None or not (finding.get("ticker") and finding.get("date")):
        return None
    rows = data.rows_of(store, raw, str(finding["ticker"]), None)
    days = rows[col.DATE].astype(str).str[:10]
    concerned = days.isin(finding.get("dates") or [finding["date"]])
    if not concerned.any():
        return None
    first = int(concerned.to_numpy().argmax())
    window = slice(max(0, first - AROUND), first + AROUND)
    closes = [None if close != close else float(close) for close in rows[col.CLOSE][window]]
    cells = (
        rows[concerned]
        .head(MOST_ROWS)
        .map(lambda value: f"{value:.10g}" if isinstance(value, float) else str(value))
    )
    places = [str(line).partition(": ")[0] for line in finding.get("lines") or ()]
    columns: dict[str, list[object]] = {"File": list(places)} if len(places) == len(cells) else {}
    columns |= {spaced(str(name)).capitalize(): list(cells[name]) for name in cells}
    wrong = str(finding.get("expected") or "").partition(" ")[0].capitalize()
    if wrong in NUMBERS and len(cells) == 1:  # of one row it is known which value is not as expected
        columns[wrong] = [wrapped.Drawn(f"<mark>{escape(str(columns[wrong][0]))}</mark>")]
    return RawRows(columns, list(days[window]), closes, list(concerned[window]))


def picture(rows: RawRows, finding: Finding) -> None:
    """Draw the closes around the rows of a finding; nothing where there are too few."""
    svg = price_sketch.sketch(rows.days, rows.closes, rows.concerned, dark=st.context.theme.type == "dark")
    with st.container(key="finding-picture", width=640):
        if svg:
            compact.draw(compact.picture(svg, f"Closes of {finding['ticker']} around {finding['date']}"))
            st.caption(
                f"Closes of {literal(str(finding['ticker']))} as they came, 30 rows around; rings are in question."
            )


def prices(run: Run, finding: Finding) -> dict[str, float] | None:
    """Return open, high, low and close of the day that a finding is about; None where there is no one such row."""
    ticker, day = finding.get("ticker"), finding.get("date")
    try:
        raw = data.artifact_of(shell.store(), run.keys, "prices_raw") if ticker and day else None
        if raw is None:
            return None
        rows = data.rows_of(shell.store(), raw, str(ticker), None)
        (row,) = (
            rows[rows[col.DATE].astype(str).str[:10] == day][list(col.OHLC)]
            .astype("float64")
            .to_dict("records")
        )
    except (AftercloseError, ValueError, TypeError):
        return None
    return {str(name): value for name, value in row.items()}
