"""Predictions: probabilities over time, and what became of signals."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core import columns as col
from core.label import NEXT_SESSION, Label
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, GREY, ORANGE, RULE, nothing, quiet

_FEW = 10
"""Below this many sessions each one is drawn as a point, with room around them."""

_WHOLE_FROM = 0.05
"""Span of probabilities from which the axis is written in whole percents."""

MEAN_SESSIONS = 21
"""A month of sessions: probabilities of single ones go up and down from day to day."""


def probability_figure(
    rows: pd.DataFrame, label: Label = NEXT_SESSION, sessions: int | None = None
) -> go.Figure:
    """Return the out-of-sample probabilities of one ticker over time: a dot a session, and their mean as a line.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``date``, ``probability``, ``up_next`` (1, 0, NaN: not known yet), in date order.
    sessions : int or None
        How many of the last are drawn; the means rest on those before as well. None for all.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 dots.
    """
    if rows.empty:
        return nothing("No out-of-sample rows of this ticker.")
    window = rows if sessions is None else rows.tail(sessions)
    points = outline(window, col.PROBABILITY)
    few = len(points) < _FEW
    outcome = points[col.UP_NEXT].map(label.outcomes).fillna("not known yet")
    figure = go.Figure()
    figure.add_scatter(
        x=points[col.DATE], y=points[col.PROBABILITY], mode="lines+markers" if few else "markers",
        line={"color": BLUE, "width": 1.0}, name="Each session", showlegend=not few, text=outcome,
        marker={"color": BLUE, "size": 8 if few else 5, "opacity": 1.0 if few else 0.75},
        hovertemplate="after %{x|%Y-%m-%d}: %{y:.1%}, %{text}<extra></extra>",
    )  # fmt: skip
    if not few:
        _add_means(figure, rows.loc[:, [col.DATE, col.PROBABILITY]], len(window))
    _coin_toss(figure)
    chances = [0.5, *points[col.PROBABILITY]]
    # whole percents, unless several lines would read the same
    figure.update_yaxes(
        title_text=label.chance, tickformat=".0%" if max(chances) - min(chances) > _WHOLE_FROM else ".1%"
    )
    figure.update_xaxes(title_text="Session after which it was predicted")
    if few:
        # an axis over one point would count microseconds
        room = pd.Timedelta(days=_FEW)
        figure.update_xaxes(range=[points[col.DATE].iloc[0] - room, points[col.DATE].iloc[-1] + room])
    return quiet(figure, height=300)


def _add_means(figure: go.Figure, rows: pd.DataFrame, last: int) -> None:
    """Add the mean of the last :data:`MEAN_SESSIONS` probabilities of each session shown that has so many."""
    means = rows.assign(mean=rows[col.PROBABILITY].rolling(MEAN_SESSIONS).mean()).tail(last)
    drawn = outline(means.dropna(subset=["mean"]), "mean")
    figure.add_scatter(
        x=drawn[col.DATE], y=drawn["mean"], mode="lines", name=f"Mean of {MEAN_SESSIONS}",
        line={"color": ORANGE, "width": 2.2},
        hovertemplate=f"mean of {MEAN_SESSIONS} to %{{x|%Y-%m-%d}}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip


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


LEAN_WIDTH, LEAN_HEIGHT = 220, 18
"""Pixels of a probability's bar."""


def lean_svg(probability: float, reach: float, *, dark: bool) -> str:
    """Return a probability as a bar from one half, as wide as there is room: right for a rise, left for a fall.

    Parameters
    ----------
    probability : float
    reach : float
        Distance from one half at which a bar is as long as there is room.
    dark : bool
        The theme.
    """
    middle = LEAN_WIDTH / 2
    length = round(min(1.0, abs(probability - 0.5) / reach) * (middle - 4), 1)
    up = probability >= 0.5
    colour = _LEANS[dark][0 if up else 1]
    start = middle if up else middle - length
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEAN_WIDTH} {LEAN_HEIGHT}" '
        'preserveAspectRatio="none">'
        f'<path d="M{middle} 0V{LEAN_HEIGHT}" stroke="{GREY}" stroke-dasharray="2 3"/>'
        f'<rect x="{start}" y="4" width="{length}" height="{LEAN_HEIGHT - 8}" rx="2" fill="{colour}"/></svg>'
    )


_LEANS = {False: ("#0072b2", "#d55e00"), True: ("#56b4e9", "#e69f00")}
"""Rise and fall, by dark theme or not."""
