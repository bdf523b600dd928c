"""One look for every chart: colours that read on light and dark, no frame, no tool bar."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

BLUE = "#3b7dd8"
ORANGE = "#d9822b"
GREEN = "#2a9d74"
VIOLET = "#9a6bd1"
RED = "#d1495b"
GREY = "#8a949c"
"""Mid-tones: each keeps a contrast of 3:1 or more on white and on the dark background."""

CONFIG: dict[str, Any] = {"displayModeBar": False, "displaylogo": False, "responsive": True}
"""For ``st.plotly_chart``: no tool bar, no link to anywhere."""

RULE = {"color": GREY, "width": 1, "dash": "dot"}
"""Reference lines: chance, perfect calibration, the median."""

STROKES = (
    (BLUE, "circle", "solid"), (ORANGE, "square", "dash"), (VIOLET, "diamond", "dot"), (GREEN, "cross", "dashdot"),
)  # fmt: skip
"""Of each line a colour, a marker and a dash: never colour alone."""


def quiet(figure: go.Figure, *, height: int) -> go.Figure:
    """Return ``figure`` with the common look: small margins, legend above, no background of its own."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "x": -0.0001,
            "xanchor": "left",
            "title": None,
        },
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )
    figure.update_xaxes(automargin=True, fixedrange=True, zeroline=False)
    figure.update_yaxes(automargin=True, fixedrange=True, zeroline=False)
    return figure


def nothing(text: str, *, height: int = 160) -> go.Figure:
    """Return an empty figure that says in words why there is nothing to draw."""
    figure = quiet(go.Figure(), height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=text, showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
    return figure
