"""How the values of one feature are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from dashboard.charts.look import BLUE, RULE, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

BINS = 60
_TAIL = 0.001
"""Share at either end that may be left out: one crash would flatten everything else."""


def distribution_figure(values: pd.Series, label: str) -> go.Figure:
    """Return a histogram of ``values``.

    Parameters
    ----------
    values : pandas.Series
        Numbers; NaN is left out. Values beyond the outermost tenth of a percent are not drawn but counted.
    label : str
        The axis' name.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars (binned here, so that the browser gets 60 numbers), a line at the median, and in words how
        many values lie outside.
    """
    numbers = values.dropna().to_numpy(dtype="float64")
    if not len(numbers):
        return nothing("No values: every row is still warming up.")
    low, high = np.quantile(numbers, [_TAIL, 1 - _TAIL])
    drawn = numbers[(numbers >= low) & (numbers <= high)]
    counts, edges = np.histogram(drawn, bins=BINS)
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges), name="Rows", showlegend=False,
        marker={"color": BLUE, "line": {"width": 0}}, customdata=np.column_stack([edges[:-1], edges[1:]]),
        hovertemplate="%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y:,.0f} rows<extra></extra>",
    )  # fmt: skip
    median = float(np.median(numbers))
    figure.add_vline(
        x=median, line=RULE, annotation_text=f"median {median:.4g}", annotation_position="top right"
    )
    outside = len(numbers) - len(drawn)
    figure.update_xaxes(
        title_text=label + (f" ({outside:,} values outside are not drawn)" if outside else "")
    )
    figure.update_yaxes(title_text="Rows", tickformat=",")
    figure.update_layout(bargap=0)
    return quiet(figure, height=320)
