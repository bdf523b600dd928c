"""What the data is like: coverage by ticker and month, and prices before and after cleaning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from core import columns as col
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, GREEN, GREY, RED, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

_ROW_PIXELS, _LEGEND_PIXELS = 26, 20
_WHOLE, _SAND = "rgba(59,125,216,0.7)", "#e8c37a"
_SHADES = ((0.0, RED), (0.999, _SAND), (0.9999, _WHOLE), (1.0, _WHOLE))
"""A whole month is a quiet blue, one with a gap runs from red to sand: a single missing session must be seen."""

_LEGEND = ((_WHOLE, "every session"), (_SAND, "a few missing"), (RED, "all missing"))
"""What a shade means; where every month is whole the first says it all."""

_DONE = (("removed", "Removed", RED, "x"), ("filled", "Filled", GREEN, "diamond-open"))


def coverage_figure(shares: pd.DataFrame) -> go.Figure:
    """Return a heat map: one row per ticker, one column per month.

    Parameters
    ----------
    shares : pandas.DataFrame
        Index tickers, columns months (``2013-03``), values from 0 to 1; NaN stays empty.
    """
    if shares.empty:
        return nothing("There are no rows.")
    figure = go.Figure()
    figure.add_heatmap(
        x=[f"{month}-01" for month in shares.columns], y=list(shares.index), z=shares.to_numpy(),
        zmin=0.0, zmax=1.0, colorscale=[list(shade) for shade in _SHADES], showscale=False, ygap=9,
        hoverongaps=False, hovertemplate="%{y}, %{x|%Y-%m}: %{z:.1%} of sessions<extra></extra>",
    )  # fmt: skip
    for ticker, row in shares.iterrows():
        month = str(row.first_valid_index() or "")
        if month not in ("", shares.columns[0]):  # what is white before it is nobody's gap
            figure.add_annotation(
                x=_begin(f"{month}-01"), y=ticker, text=f"from {month}", xanchor="right", xshift=-3,
                showarrow=False, font={"size": 11},
            )  # fmt: skip
    with_gaps = bool((shares < 1.0).any(axis=None))
    for colour, name in _LEGEND if with_gaps else ():
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=name,
            marker={"symbol": "square", "size": 11, "color": colour},
            showlegend=True,
        )
    # text, not numbers, although a ticker may look like one; the first ticker stands above
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(type="date", showgrid=False)
    legend = _LEGEND_PIXELS if with_gaps else 0
    return quiet(figure, height=48 + legend + _ROW_PIXELS * len(shares)).update_layout(margin_t=8 + legend)


def _begin(month: str) -> str:
    """Return where the cell of a month begins: it is drawn around the first of the month."""
    return f"{date.fromisoformat(month) - timedelta(days=15)}"


def cleaning_figure(before: pd.DataFrame, after: pd.DataFrame, repairs: pd.DataFrame) -> go.Figure:
    """Return the closes of one ticker before and after cleaning, and what was done where.

    Parameters
    ----------
    before, after : pandas.DataFrame
        ``date`` and ``close`` in date order. NaN leaves a hole in the line.
    repairs : pandas.DataFrame
        ``date``, ``price``, ``rule``, ``what`` (``removed`` or ``filled``); without a price nothing is drawn.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points a line; every repair is kept.
    """
    if before.empty and after.empty:
        return nothing("No rows of this ticker in this period.")
    figure = go.Figure()
    for rows, name, colour, width, dash in (
        (before, "Before cleaning", GREY, 3.0, "solid"),
        (after, "After cleaning", BLUE, 1.2, "solid"),
    ):
        points = outline(rows, col.CLOSE)
        figure.add_scatter(
            x=points[col.DATE], y=points[col.CLOSE], name=name, mode="lines",
            line={"color": colour, "width": width, "dash": dash}, hovertemplate="%{y:,.2f}",
        )  # fmt: skip
    for what, name, colour, symbol in _DONE:
        marked = repairs[(repairs["what"] == what) & repairs["price"].notna()]
        if len(marked):
            figure.add_scatter(
                x=marked["date"], y=marked["price"], name=name, mode="markers",
                marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2, "color": colour}},
                text=marked["rule"].str.replace("_", " "), hovertemplate="%{text}: %{y:,.2f}",
            )  # fmt: skip
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(title_text="Close as traded")
    figure.update_xaxes(hoverformat="%Y-%m-%d")
    return quiet(figure, height=420)
