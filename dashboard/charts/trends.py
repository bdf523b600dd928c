"""One figure of every run over time; signed reports stand out by shape as well as colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.charts.look import BLUE, GREEN, quiet

if TYPE_CHECKING:
    import pandas as pd


def trend_figure(frame: pd.DataFrame, column: str, label: str) -> go.Figure:
    """Return a line over runs in order, with signed reports as filled diamonds.

    Parameters
    ----------
    frame : DataFrame
        As :func:`core.history.trends.trends` gives it.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=frame["at"],
        y=frame[column],
        mode="lines",
        name=label,
        showlegend=False,
        line={"color": BLUE},
    )
    for signed, name, symbol in ((False, "not signed", "circle-open"), (True, "signed", "diamond")):
        part = frame[frame["signed"] == signed]
        figure.add_scatter(
            x=part["at"],
            y=part[column],
            mode="markers",
            name=name,
            text=part["run"],
            marker={"symbol": symbol, "size": 9, "color": GREEN if signed else BLUE},
            hovertemplate="%{text}<br>%{y:.4g}<extra></extra>",
        )
    return quiet(figure, height=240)
