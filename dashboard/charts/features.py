"""Features: one over time, its two windows, and how all hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from core import columns as col
from core.report.formatting import decimal
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, GREY, ORANGE, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BINS = 60
_TAIL = 0.001
"""Share at either end that may be left out: one crash would flatten everything else."""

_PAIR = 2

_FEW_NAMES = 14
"""Up to here a cell has room for its number."""


def feature_figure(rows: pd.DataFrame, name: str, since: str | None) -> go.Figure:
    """Return one feature of one ticker over time, the current drift window shaded.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``date`` and the column ``name`` in date order; NaN (warming up) leaves a hole.
    name : str
    since : str or None
        First session of the current window, ISO.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points.
    """
    if rows.empty or not rows[name].notna().any():
        return nothing("No values: every row is still warming up.")
    points = outline(rows, name)
    figure = go.Figure()
    figure.add_scatter(
        x=points[col.DATE], y=points[name], name=name, mode="lines", showlegend=False,
        line={"color": BLUE, "width": 1.2}, hovertemplate="%{x|%Y-%m-%d}: %{y:.4g}<extra></extra>",
    )  # fmt: skip
    last = str(rows[col.DATE].iloc[-1])[:10]
    if since is not None and since <= last:
        start = max(since, str(rows[col.DATE].iloc[0])[:10])
        figure.add_vrect(x0=start, x1=last, fillcolor=ORANGE, opacity=0.18, line_width=0)
    figure.update_yaxes(title_text=name)
    return quiet(figure, height=240)


_BEFORE = "Before"


def windows_figure(reference: NDArray[np.float64], current: NDArray[np.float64], label: str) -> go.Figure:
    """Return the histograms of a feature in the reference and in the current window, as shares of each.

    Parameters
    ----------
    reference, current : ndarray of float64
        Without NaN; either may be empty.
    label : str
        The axis' name. Values beyond the outermost tenth of a percent of both together are not drawn but
        counted there.
    """
    both = np.concatenate([reference, current])
    if not len(both):
        return nothing("No values: every row is still warming up.")
    low, high = np.quantile(both, [_TAIL, 1 - _TAIL])
    # a column that does not vary still needs bins of some width
    edges = np.linspace(low, high, BINS + 1) if high > low else np.linspace(low - 0.5, low + 0.5, BINS + 1)
    figure = go.Figure()
    for values, name, colour in ((reference, _BEFORE, GREY), (current, "Now", ORANGE)):
        if len(values):
            _add_window(figure, values, edges, name, colour)
    outside = int(((both < low) | (both > high)).sum())
    figure.update_xaxes(
        title_text=label + (f" ({outside:,} values outside are not drawn)" if outside else "")
    )
    figure.update_yaxes(title_text="Share of values", tickformat=".0%")
    figure.update_layout(bargap=0, barmode="overlay")
    return quiet(figure, height=380)


def _add_window(
    figure: go.Figure, values: NDArray[np.float64], edges: NDArray[np.float64], name: str, colour: str
) -> None:
    shares = np.histogram(values, bins=edges)[0] / len(values)
    centres, text = (edges[:-1] + edges[1:]) / 2, f"{name}, median {np.median(values):.2g}"
    if name == _BEFORE:
        figure.add_bar(
            x=centres, y=shares, width=np.diff(edges), name=text, opacity=0.55,
            marker={"color": colour, "line": {"width": 0}}, hovertemplate="%{x:.4g}: %{y:.1%}",
        )  # fmt: skip
    else:
        # an outline over bars: told apart without colour
        figure.add_scatter(
            x=centres, y=shares, name=text, mode="lines", line={"color": colour, "width": 2, "shape": "hvh"},
            hovertemplate="%{x:.4g}: %{y:.1%}",
        )  # fmt: skip


def correlation_figure(coefficients: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Return a heat map of coefficients from -1 (orange) over 0 (the page's own shade) to 1 (blue), each pair once.

    Parameters
    ----------
    coefficients : pandas.DataFrame
        The same names as index and columns; NaN stays empty. Up to 14 names a cell has its number.
    dark : bool
        The theme: pale cells would glare on the dark page.
    """
    if len(coefficients) < _PAIR or coefficients.isna().all(axis=None):
        return nothing("Too few rows with all features to correlate.")
    names = list(coefficients.columns)
    pairs = coefficients.where(np.tri(len(names), k=-1, dtype=bool)).iloc[
        1:, :-1
    ]  # the other half is its mirror
    figure = go.Figure()
    figure.add_heatmap(
        x=names[:-1], y=names[1:], z=pairs.to_numpy(), zmin=-1.0, zmax=1.0, xgap=1, ygap=1, hoverongaps=False,
        colorscale=[[0.0, ORANGE], [0.5, _NOTHING[dark]], [1.0, BLUE]], showscale=False,
        text=_short(pairs), texttemplate="%{text}" if len(names) <= _FEW_NAMES else None,
        textfont={"size": 10},
        hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickangle=-45, showgrid=False)
    return quiet(figure, height=380)


_NOTHING = {False: "#e4e8ec", True: "#222c36"}
"""A coefficient of 0, by dark theme or not."""


def _short(coefficients: pd.DataFrame) -> list[list[str]]:
    """Return the numbers with two decimals, without the 0 before them, which would not fit on a phone; NaN is empty."""
    rows = coefficients.to_numpy().tolist()
    return [["" if z != z else decimal(z, 2).replace("0.", ".", 1) for z in row] for row in rows]
