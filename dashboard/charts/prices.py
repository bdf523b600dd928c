"""One ticker over time: adjusted close with its averages, volatility and volume below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from core import columns as col
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, GREEN, GREY, ORANGE, RED, VIOLET, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

_AVERAGES = (("ma5", ORANGE, "solid"), ("ma10", GREEN, "dash"), ("ma20", VIOLET, "dot"))
"""Each average has a line style of its own, so that colour is not needed to tell them apart."""

_FLAGS = (
    (col.IS_SPLIT, "Split", RED, "triangle-down"),
    (col.IS_DIVIDEND, "Dividend", GREY, "diamond-open"),
)


def price_figure(features: pd.DataFrame, prices: pd.DataFrame) -> go.Figure:
    """Return the chart of one ticker: three panels over the same dates.

    Parameters
    ----------
    features : pandas.DataFrame
        Rows of one ticker in date order: ``date``, ``adj_close``, ``ma5``, ``ma10``, ``ma20``,
        ``volatility20``. NaN while an average warms up: its line begins later.
    prices : pandas.DataFrame
        Rows of the same ticker: ``date``, ``adj_close``, ``volume`` and, where known, ``is_split`` and
        ``is_dividend``, drawn as markers.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points a line; every split and dividend is kept.
    """
    if features.empty:
        return nothing("No rows of this ticker in this period.")
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.045, row_heights=[0.6, 0.2, 0.2]
    )
    _prices(figure, outline(features, col.ADJ_CLOSE))
    _flags(figure, prices)
    _volatility(figure, outline(features, col.VOLATILITY20))
    _volume(figure, outline(prices, col.VOLUME))
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(title_text="Adjusted close", row=1, col=1)
    figure.update_yaxes(title_text="Volatility", tickformat=".1%", row=2, col=1)
    figure.update_yaxes(title_text="Volume", row=3, col=1)
    figure.update_xaxes(range=[features[col.DATE].iloc[0], features[col.DATE].iloc[-1]])
    # dates rather than the instants that a zoomed axis would show
    figure.update_xaxes(hoverformat="%Y-%m-%d")
    return quiet(figure, height=620)


def _prices(figure: go.Figure, rows: pd.DataFrame) -> None:
    line = {"color": BLUE, "width": 1.8}
    figure.add_scatter(
        x=rows[col.DATE], y=rows[col.ADJ_CLOSE], name="Adjusted close", mode="lines", line=line, row=1, col=1,
        hovertemplate="%{y:,.2f}",
    )  # fmt: skip
    for name, colour, dash in _AVERAGES:
        style = {"color": colour, "width": 1.1, "dash": dash}
        figure.add_scatter(
            x=rows[col.DATE], y=rows[name], name=f"Mean of {name.removeprefix('ma')}", mode="lines",
            line=style, row=1, col=1, hovertemplate="%{y:,.2f}",
        )  # fmt: skip


def _flags(figure: go.Figure, prices: pd.DataFrame) -> None:
    for column, name, colour, symbol in _FLAGS:
        marked = prices[prices[column]] if column in prices else prices.iloc[:0]
        if marked.empty:
            continue
        style = {"color": colour, "size": 9, "symbol": symbol, "line": {"width": 1.4, "color": colour}}
        figure.add_scatter(
            x=marked[col.DATE], y=marked[col.ADJ_CLOSE], name=name, mode="markers", marker=style,
            row=1, col=1, hovertemplate="yes",
        )  # fmt: skip


def _volatility(figure: go.Figure, rows: pd.DataFrame) -> None:
    figure.add_scatter(
        x=rows[col.DATE], y=rows[col.VOLATILITY20], name="Volatility of 20 sessions", mode="lines",
        line={"color": RED, "width": 1.2}, row=2, col=1, showlegend=False, hovertemplate="%{y:.2%} a day",
    )  # fmt: skip


def _volume(figure: go.Figure, rows: pd.DataFrame) -> None:
    figure.add_scatter(
        x=rows[col.DATE], y=rows[col.VOLUME], name="Volume", mode="lines", fill="tozeroy",
        line={"color": GREY, "width": 0.8}, row=3, col=1, showlegend=False, hovertemplate="%{y:,.0f} shares",
    )  # fmt: skip
