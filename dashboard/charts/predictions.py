"""Predictions: probabilities over time, and what became of signals."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core import columns as col
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, RULE, nothing, quiet

_FEW = 10
"""Below this many sessions each one is drawn as a point, with room around them."""


def probability_figure(rows: pd.DataFrame) -> go.Figure:
    """Return the out-of-sample probabilities of one ticker over time, with a line at a coin toss.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``date``, ``probability``, ``up_next`` (1, 0, NaN: not known yet), in date order.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points.
    """
    if rows.empty:
        return nothing("No out-of-sample rows of this ticker.")
    points = outline(rows, col.PROBABILITY)
    outcome = points[col.UP_NEXT].map({1.0: "rose", 0.0: "did not rise"}).fillna("not known yet")
    figure = go.Figure()
    figure.add_scatter(
        x=points[col.DATE], y=points[col.PROBABILITY], mode="lines+markers" if len(points) < _FEW else "lines",
        line={"color": BLUE, "width": 1.0}, showlegend=False, text=outcome,
        hovertemplate="after %{x|%Y-%m-%d}: %{y:.1%}, %{text}<extra></extra>",
    )  # fmt: skip
    _coin_toss(figure)
    figure.update_yaxes(title_text="Probability of a rise", tickformat=".1%")
    if len(points) < _FEW:
        # an axis over one point would count microseconds
        room = pd.Timedelta(days=_FEW)
        figure.update_xaxes(range=[points[col.DATE].iloc[0] - room, points[col.DATE].iloc[-1] + room])
    return quiet(figure, height=300)


def scorecard_figure(periods: pd.DataFrame) -> go.Figure:
    """Return the share of signals that came true by quarter and model, with intervals where there are any.

    Parameters
    ----------
    periods : pandas.DataFrame
        ``model_id``, ``period``, ``rows``, ``share``, ``low``, ``high`` (NaN: too few signals).
    """
    if periods.empty:
        return nothing("No past signal has a known outcome yet.")
    figure = go.Figure()
    symbols = ("circle", "square", "diamond", "x", "triangle-up")
    for number, (model, rows) in enumerate(periods.groupby("model_id", sort=True)):
        bars = {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 5,
            "array": rows["high"] - rows["share"], "arrayminus": rows["share"] - rows["low"],
        }  # fmt: skip
        figure.add_scatter(
            x=rows["period"], y=rows["share"], mode="markers", name=str(model), error_y=bars,
            marker={"size": 10, "symbol": symbols[number % len(symbols)]}, customdata=rows[["rows"]],
            hovertemplate="%{x}: %{y:.1%} of %{customdata[0]:,} signals<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    _coin_toss(figure)
    figure.update_xaxes(type="category", categoryorder="category ascending")
    figure.update_yaxes(title_text="Signals that came true", tickformat=".0%")
    return quiet(figure, height=320)


def _coin_toss(figure: go.Figure) -> None:
    """Draw a line at one half; it is named in the legend: a label at the line would lie under the curve."""
    figure.add_hline(y=0.5, line=RULE)
    figure.add_scatter(x=[None], y=[None], mode="lines", line=RULE, name="Coin toss", showlegend=True)
