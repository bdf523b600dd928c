"""Runs beside each other: what one unit of money became, and a difference with its interval as a line of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.charts.look import GREY, STROKES, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

WIDTH, HEIGHT, _MARGIN = 220, 24, 8
"""Pixels of the line of a difference."""


def wealth_figure(lines: Mapping[str, pd.DataFrame], *, height: int = 340) -> go.Figure:
    """Return what one unit of money became by following each run's calls, and by holding the first one's tickers.

    Of runs that judged different sessions each line begins at 1 on its own first one.

    Parameters
    ----------
    lines : mapping of str to pandas.DataFrame
        By run: ``date``, ``model``, ``buy_and_hold``.
    """
    drawn = {name: points for name, points in lines.items() if not points.empty}
    if not drawn:
        return nothing("None of these runs has judged sessions.")
    figure = go.Figure()
    for (name, points), (colour, _, dash) in zip(drawn.items(), STROKES, strict=False):
        figure.add_scatter(
            x=points["date"], y=points["model"], mode="lines", name=name,
            line={"color": colour, "width": 1.6, "dash": dash},
            hovertemplate="%{x|%Y-%m-%d}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    first, points = next(iter(drawn.items()))
    title = "Buy and hold" if len(drawn) == 1 else f"Buy and hold, {first}"
    figure.add_scatter(
        x=points["date"], y=points["buy_and_hold"], mode="lines", name=title,
        line={"color": GREY, "width": 1.2}, hovertemplate=f"%{{x|%Y-%m-%d}}: %{{y:.2f}}<extra>{title}</extra>",
    )  # fmt: skip
    figure.update_yaxes(title_text="Value of 1 invested", type="log", dtick="D2", tickformat=".2~f")
    return quiet(figure, height=height)


def interval_svg(value: float, low: float | None, high: float | None, *, reading: str, dark: bool) -> str:
    """Return a difference as a dot on a line with 0 in its middle; the line's ends are its own scale.

    Parameters
    ----------
    value, low, high : float or None
        The difference, and its interval where it has one.
    reading : str
        Picks the colour, beside the word that stands in the same row: ``better``, ``worse``, or neither.
    """
    ends = [abs(bound) for bound in (value, low, high) if bound is not None]
    half = (max(ends) or 1.0) * 1.15
    middle, y = WIDTH / 2, HEIGHT / 2
    colour = _COLOURS[dark].get(reading, _COLOURS[dark][""])

    def at(number: float) -> float:
        return round(middle + number / half * (middle - _MARGIN), 1)

    bar = (
        f'<path d="M{at(low)} {y}H{at(high)}M{at(low)} {y - 5}v10M{at(high)} {y - 5}v10" stroke="{colour}" '
        'stroke-width="2" fill="none"/>'
        if low is not None and high is not None
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<path d="M{middle} 1V{HEIGHT - 1}" stroke="{GREY}" stroke-dasharray="2 3"/>{bar}'
        f'<circle cx="{at(value)}" cy="{y}" r="4.5" fill="{colour}"/></svg>'
    )


_COLOURS = {
    False: {"better": "#1b6b3a", "worse": "#a3262a", "": "#56626e"},
    True: {"better": "#7bd39a", "worse": "#ff9a97", "": "#a4b0bc"},
}
"""The theme's own colours of words, by dark theme or not."""
