"""One ticker over time: its adjusted close with averages, or candles; volume below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core import columns as col
from dashboard.charts.downsample import outline
from dashboard.charts.look import BLUE, GREEN, GREY, ORANGE, RED, VIOLET, nothing, quiet

_AVERAGES = (("ma5", VIOLET, "dot"), ("ma10", GREEN, "dash"), ("ma20", ORANGE, "longdash"))
"""Each average has a line style of its own, so that colour is not needed to tell them apart."""

_EVERY_MEAN_UP_TO, _LONGEST_MEAN_UP_TO = 260, 1_100
"""Sessions, about one and four years: over more, the lines of short means lie on that of the price."""

_RATIOS_FROM = 5
"""How many times the lowest price the highest is where a scale of differences shows the early years no more."""

_MOST_NAMED = 8
"""Findings up to which each is named above its mark: more names would lie over each other."""

_NAME_PX = 14
"""How much lower every second name stands: two findings may lie close to each other."""

_FLAGS = (
    (col.IS_SPLIT, "Split", RED, "triangle-down"),
    (col.IS_DIVIDEND, "Dividend", GREY, "diamond-open"),
)
_CANDLES = (("Close above open", GREEN, "square-open"), ("Close below open", RED, "square"))
_SEVERITIES = (("error", "Error found", RED, "x"), ("warning", "Warning found", ORANGE, "circle-open"))
_EMPTY = "No rows of this ticker in this period."


def price_figure(
    prices: pd.DataFrame, averages: pd.DataFrame | None, findings: pd.DataFrame | None = None
) -> go.Figure:
    """Return adjusted close and averages over volume.

    Parameters
    ----------
    prices : pandas.DataFrame
        Rows of one ticker in date order: ``date``, ``adj_close``, ``volume`` and, where known, ``is_split``
        and ``is_dividend``, drawn as markers.
    averages : pandas.DataFrame or None
        The features of the same rows: ``ma5``, ``ma10``, ``ma20``, of which :func:`means_drawn` are drawn; NaN while
        an average warms up: its line begins later. None: no features were made.
    findings : pandas.DataFrame or None
        ``date``, ``price``, ``rule``, ``severity``, ``action``; those outside the dates are left out.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 2,000 points a line; every split, dividend and finding is kept.
    """
    if prices.empty:
        return nothing(_EMPTY)
    figure = _panels()
    _line(
        figure, outline(prices, col.ADJ_CLOSE), col.ADJ_CLOSE, "Adjusted close", {"color": BLUE, "width": 1.8}
    )
    if averages is not None and len(averages):
        points, lengths = outline(averages, col.ADJ_CLOSE), means_drawn(len(prices))
        for name, colour, dash in _AVERAGES:
            if int(name.removeprefix("ma")) not in lengths:
                continue
            style = {"color": colour, "width": 1.5, "dash": dash}
            _line(figure, points, name, f"Mean of {name.removeprefix('ma')}", style)
    _flags(figure, prices, prices[col.ADJ_CLOSE], prices[col.ADJ_CLOSE])
    _findings(figure, findings, prices)
    _volume(figure, outline(prices, col.VOLUME))
    return _finished(figure, prices, "Adjusted close", ratios=by_ratio(prices, col.ADJ_CLOSE))


def means_drawn(sessions: int) -> tuple[int, ...]:
    """Return of how many closes the means are that a chart over so many sessions draws.

    >>> means_drawn(252), means_drawn(756), means_drawn(3_000)
    ((5, 10, 20), (20,), ())
    """
    if sessions <= _EVERY_MEAN_UP_TO:
        return 5, 10, 20
    return (20,) if sessions <= _LONGEST_MEAN_UP_TO else ()


def raw_figure(prices: pd.DataFrame, findings: pd.DataFrame) -> go.Figure:
    """Return one ticker's closes over its volume as the source gave them, what the gate found marked.

    Parameters
    ----------
    prices : pandas.DataFrame
        ``date``, ``close`` and ``volume`` in date order; a value that is no number is NaN and leaves a hole.
    findings : pandas.DataFrame
        As for :func:`price_figure`.
    """
    if prices.empty:
        return nothing(_EMPTY)
    figure = _panels()
    _line(figure, outline(prices, col.CLOSE), col.CLOSE, "Close as it came", {"color": BLUE, "width": 1.4})
    _findings(figure, findings, prices)
    _volume(figure, outline(prices, col.VOLUME))
    return _finished(figure, prices, "Close")


def candle_figure(
    bars: pd.DataFrame, prices: pd.DataFrame, findings: pd.DataFrame | None = None
) -> go.Figure:
    """Return candles over volume: hollow where the close is above the open, filled where it is below.

    Parameters
    ----------
    bars : pandas.DataFrame
        ``date``, ``open``, ``high``, ``low``, ``close``, ``volume``, as given by
        :func:`core.queries.series.price_charts.candles`.
    prices : pandas.DataFrame
        The rows that the candles stand for: ``date``, ``high`` and, where known, the flags.
    findings : pandas.DataFrame or None
        As for :func:`price_figure`.
    """
    if bars.empty:
        return nothing(_EMPTY)
    figure = _panels()
    figure.add_trace(
        go.Candlestick(
            x=bars[col.DATE], open=bars[col.OPEN], high=bars[col.HIGH], low=bars[col.LOW],
            close=bars[col.CLOSE], name="Price", showlegend=False,
            increasing={"line": {"color": GREEN, "width": 1.2}, "fillcolor": "rgba(0,0,0,0)"},
            decreasing={"line": {"color": RED, "width": 1.2}, "fillcolor": RED},
        ),
        row=1, col=1,
    )  # fmt: skip
    for name, colour, symbol in _CANDLES:  # the candles' own entry would show neither
        marker = {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 1.4, "color": colour}}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, row=1, col=1)
    figure.update_xaxes(rangeslider_visible=False)
    _flags(figure, prices, bars[col.LOW], bars[col.HIGH])
    _findings(figure, findings, prices)
    figure.add_bar(
        x=bars[col.DATE], y=bars[col.VOLUME], name="Volume", marker={"color": GREY, "line": {"width": 0}},
        row=2, col=1, showlegend=False, hovertemplate="%{y:,.0f} shares",
    )  # fmt: skip
    _finished(figure, prices, "Price as it came", ratios=by_ratio(prices, col.HIGH))
    half = (
        max(pd.Timedelta(days=1), bars[col.DATE].diff().min()) / 2
    )  # the first and the last candle are whole
    figure.update_xaxes(
        range=[prices[col.DATE].iloc[0] - half, prices[col.DATE].iloc[-1] + half],
        rangebreaks=[{"values": _closed_days(bars, findings)}],
    )
    return figure


def _closed_days(bars: pd.DataFrame, findings: pd.DataFrame | None) -> list[str]:
    """Return the days between two candles of a day each on which nothing was traded: weekends and holidays.

    A longer hole is drawn as one, and a day that a finding is about has its place.
    """
    days = pd.DatetimeIndex(bars[col.DATE])
    steps = days[1:] - days[:-1]
    if not len(steps) or steps.min() > pd.Timedelta(days=1):
        return []
    about = set() if findings is None else set(findings["date"])
    return [
        f"{day:%Y-%m-%d}"
        for before, step in zip(days, steps, strict=False)
        if step.days <= _MOST_CLOSED
        for day in pd.date_range(before, periods=step.days)[1:]
        if day not in about
    ]


_MOST_CLOSED = 5
"""Days from one session to the next up to which an exchange was closed as it often is."""


def by_ratio(prices: pd.DataFrame, column: str) -> bool:
    """Return whether prices are drawn by their ratios: the highest is :data:`_RATIOS_FROM` times the lowest or more.

    On a scale of differences the early years of such a time would lie flat at the foot.
    """
    lowest, highest = prices[column].min(), prices[column].max()
    return bool(lowest > 0 and highest >= _RATIOS_FROM * lowest)  # not where neither is known


def _panels() -> go.Figure:
    return make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.75, 0.25])


def _finished(figure: go.Figure, prices: pd.DataFrame, label: str, *, ratios: bool = False) -> go.Figure:
    figure.update_layout(hovermode="x unified")
    if ratios:
        figure.update_yaxes(type="log", dtick="D2", tickformat=".2~f", row=1, col=1)
    figure.update_yaxes(title_text=label, row=1, col=1)
    figure.update_yaxes(title_text="Volume", row=2, col=1)
    figure.update_xaxes(range=[prices[col.DATE].iloc[0], prices[col.DATE].iloc[-1]])
    # dates rather than the instants that a zoomed axis would show
    figure.update_xaxes(hoverformat="%Y-%m-%d")
    return quiet(figure, height=480)


def _line(figure: go.Figure, rows: pd.DataFrame, column: str, name: str, style: Mapping[str, Any]) -> None:
    figure.add_scatter(
        x=rows[col.DATE], y=rows[column], name=name, mode="lines", line=dict(style), row=1, col=1,
        hovertemplate="%{y:,.2f}",
    )  # fmt: skip


def _flags(figure: go.Figure, prices: pd.DataFrame, lows: pd.Series[float], highs: pd.Series[float]) -> None:
    """Mark splits and dividends at the foot of the panel, where they lie on no line and no candle."""
    foot = _foot(lows.min(), highs.max())
    for column, name, colour, symbol in _FLAGS:
        marked = prices[prices[column]] if column in prices else prices.iloc[:0]
        if marked.empty:
            continue
        style = {"color": colour, "size": 9, "symbol": symbol, "line": {"width": 1.4, "color": colour}}
        figure.add_scatter(
            x=marked[col.DATE], y=[foot] * len(marked), name=name, mode="markers", marker=style,
            cliponaxis=False, row=1, col=1, hovertemplate="yes",
        )  # fmt: skip


def _foot(lowest: float, highest: float) -> float:
    """Return a price a little below the lowest, on the scale that is drawn: of ratios or of differences.

    >>> _foot(100.0, 200.0), round(_foot(1.0, 100.0), 3)
    (94.0, 0.759)
    """
    if lowest > 0 and highest >= _RATIOS_FROM * lowest:
        return float(lowest * (lowest / highest) ** _BELOW)
    return lowest - _BELOW * (highest - lowest)


_BELOW = 0.06
"""How far below the lowest price marks of days stand, of the height between lowest and highest."""


def _findings(figure: go.Figure, findings: pd.DataFrame | None, prices: pd.DataFrame) -> None:
    if findings is None:
        return
    visible = findings[findings["date"].between(prices[col.DATE].iloc[0], prices[col.DATE].iloc[-1])]
    few = len(visible) <= _MOST_NAMED
    for severity, name, colour, symbol in _SEVERITIES:
        marked = visible[visible["severity"] == severity]
        if marked.empty:
            continue
        if few:
            for place, (day, rule) in enumerate(zip(marked["date"], marked["rule"], strict=True)):
                figure.add_vline(x=day, line={"color": colour, "width": 1, "dash": "dot"}, row=1, col=1)
                figure.add_annotation(  # at the top: beside its mark it would lie over the line of the prices
                    x=day, y=1, yref="y domain", xanchor="left", yanchor="top", yshift=-_NAME_PX * (place % 2),
                    text=rule.replace("_", " "), font={"size": 11}, showarrow=False,
                )  # fmt: skip
        style = {"color": colour, "size": 12, "symbol": symbol, "line": {"width": 2, "color": colour}}
        figure.add_scatter(
            x=marked["date"], y=marked["price"], name=name, mode="markers", marker=style,
            text=marked["rule"].str.replace("_", " "), row=1, col=1, hovertemplate="%{text}",
        )  # fmt: skip


def _volume(figure: go.Figure, rows: pd.DataFrame) -> None:
    figure.add_scatter(
        x=rows[col.DATE], y=rows[col.VOLUME], name="Volume", mode="lines", fill="tozeroy",
        line={"color": GREY, "width": 0.8}, row=2, col=1, showlegend=False, hovertemplate="%{y:,.0f} shares",
    )  # fmt: skip
