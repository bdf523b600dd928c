"""One figure over time, a line for each line of work; signed reports stand out by their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from dashboard.charts.look import BLUE, GREEN, GREY, ORANGE, RED, VIOLET, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

ALONG = {"When it ran": "at", "Last session": "to"}
"""What the horizontal axis may be, and the column for it."""

_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, RED, GREY)
_HEIGHT = 240


def trend_figure(frame: pd.DataFrame, column: str, label: str, *, along: str = "at") -> go.Figure:
    """Return a line over the runs of each profile, with signed reports as filled diamonds.

    Parameters
    ----------
    frame : DataFrame
        As :func:`core.queries.runs.trends.trends` gives it.
    along : {'at', 'to'}
        The column of the horizontal axis.
    """
    import pandas as pd

    drawn = frame.assign(x=pd.to_datetime(frame[along], utc=True)).dropna(subset=[column])
    if drawn.empty:
        return nothing(f"None of these runs has a value: {label}", height=_HEIGHT)
    figure = go.Figure()
    profiles = list(dict.fromkeys(frame["profile"]))
    for number, profile in enumerate(profiles):
        part = drawn[drawn["profile"] == profile].sort_values("x", kind="stable")
        figure.add_scatter(**_line(part, column, profile, _COLOURS[number % len(_COLOURS)]))
    quiet(figure, height=_HEIGHT)
    figure.update_layout(showlegend=len(profiles) > 1)
    figure.update_xaxes(range=_room(drawn["x"], least=pd.Timedelta(hours=12)))
    low, high = float(drawn[column].min()), float(drawn[column].max())
    if low == high:  # or the axis would spell out digits that mean nothing
        room = abs(low) / 10 or 1.0
        figure.update_yaxes(range=[low - room, high + room])
    return figure


def _line(part: pd.DataFrame, column: str, name: str, colour: str) -> dict[str, Any]:
    signed = part["signed"]
    symbols = ["diamond" if is_signed else "circle-open" for is_signed in signed]
    hover = part["run"] + signed.map({True: ", signed", False: ""})
    return {
        "x": part["x"], "y": part[column], "mode": "lines+markers", "name": name, "text": hover,
        "line": {"color": colour}, "marker": {"symbol": symbols, "size": [11 if s else 8 for s in signed]},
        "hovertemplate": "%{text}<br>%{x}<br>%{y:.4g}<extra></extra>",
    }  # fmt: skip


def _room(moments: pd.Series[Any], *, least: Any) -> list[Any]:
    """Return bounds with room beside the first and last moment; without it one moment alone has no axis."""
    first, last = moments.min(), moments.max()
    beside = max((last - first) / 20, least)
    return [first - beside, last + beside]
