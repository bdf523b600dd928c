"""One figure over time, a line for each profile: its usual range shaded, signed reports by their shape."""

from __future__ import annotations

from itertools import cycle
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from core.evaluation.drift import ALARM, WARN
from core.queries.runs.run_labels import run_name
from core.queries.runs.trends import level, usual
from core.report.formatting import percentile
from dashboard.charts.look import BLUE, GREEN, GREY, ORANGE, RED, RULE, VIOLET, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

ALONG = {"Session": "to", "When it ran": "at"}
"""What the horizontal axis may be, and the column for it."""

_COLOURS = (BLUE, ORANGE, GREEN, VIOLET, RED, GREY)
_HEIGHT, _ROW_PIXELS = 170, 26
_WHOLE = ("rows", "rows_added", "findings")
"""Counts: written without decimals."""

_FROM_ZERO = ("rows_added", "seconds")
"""What is compared by its length: an axis that began elsewhere would make much of little."""

_LEFT_PX, _RIGHT_PX = 50, 16
"""Room for the numbers of an axis, and for half of the last date: the same in each chart, so that charts line up."""


def trend_figure(frame: pd.DataFrame, column: str, label: str, *, along: str = "to") -> go.Figure:
    """Return a line over the reports of each profile, signed ones as large diamonds, others as dots.

    Runs that scored are hollow points; their durations have a line of their own: training takes longer by nature. A
    single profile's usual range (:func:`core.queries.runs.trends.usual`) is shaded where there is one; AUC has its
    intervals. Each point carries its run's id.

    Parameters
    ----------
    frame : DataFrame
        As :func:`core.queries.runs.trends.trends` gives it; the axis is as long as its rows, with a value or without.
    along : {'to', 'at'}
        The column of the horizontal axis.
    """
    import pandas as pd

    dated = frame.assign(x=pd.to_datetime(frame[along], utc=True), hollow=hollow(frame))
    drawn = dated.dropna(subset=[column])
    if drawn.empty:
        return nothing(f"None of these reports has a value: {label}", height=_HEIGHT)
    figure = go.Figure()
    band = shaded(frame, column)
    if band is not None:
        figure.add_hrect(y0=band[0], y1=band[1], fillcolor=GREY, opacity=0.16, line_width=0)
    for profile, colour in colour_by_profile(frame).items():
        own = drawn[drawn["profile"] == profile].sort_values("x", kind="stable")
        lines = own["hollow"] & (column == "seconds")
        for (is_pale, _), part in own.groupby([pale(own, column), lines], sort=True):
            line = _line(part, column, profile, colour)
            figure.add_scatter(**{**line, "mode": "markers", "opacity": _PALE} if is_pale else line)
    # what colours and shades mean is said once for all charts, beside them
    quiet(figure, height=_HEIGHT).update_layout(
        showlegend=False, clickmode="event+select", margin_l=_LEFT_PX, margin_r=_RIGHT_PX, margin_t=8
    )
    least = pd.Timedelta(days=2) if along == "to" else pd.Timedelta(minutes=5)
    figure.update_xaxes(range=_room(dated["x"], least=least), type="date", **_ticks(dated, along))
    _up(figure, drawn, column, band)
    return figure


def colour_by_profile(frame: pd.DataFrame) -> dict[str, str]:
    """Return the profiles of a frame in their order, each with its colour in every chart."""
    return dict(zip(dict.fromkeys(frame["profile"]), cycle(_COLOURS)))


def _ticks(drawn: pd.DataFrame, along: str) -> dict[str, Any]:
    """Return the marks of an axis of sessions: each session, of many every second, third or further one."""
    if along != "to":
        return {}
    moments = sorted(set(drawn["x"]))
    chosen = moments[:: -1 * -(-len(moments) // _MOST_SESSIONS)][::-1]  # the newest among them
    days = [f"{each:%Y-%m-%d}" for each in chosen]
    return {"tickvals": days, "ticktext": days}


_MOST_SESSIONS = 4
"""Dates that stand beside each other below half a page, or on a phone."""


def shaded(frame: pd.DataFrame, column: str) -> tuple[float, float] | None:
    """Return the range that is shaded behind a figure; None of several profiles, of few reports, or of a level one.

    Parameters
    ----------
    frame : DataFrame
        As :func:`core.queries.runs.trends.trends` gives it.
    """
    band = usual(frame[column].dropna()) if len(set(frame["profile"])) == 1 else None
    return None if band is None or band[0] == band[1] else band


def hollow(frame: pd.DataFrame) -> list[bool]:
    """Return which points are hollow: of runs that scored, where others of the frame trained."""
    scored = [mode == "score" for mode in frame["mode"]]
    return scored if not all(scored) else [False] * len(scored)


def pale(frame: pd.DataFrame, column: str) -> pd.Series[bool]:
    """Return which points with a value are pale, and in no line: of a session that has a newer report."""
    earlier = frame["earlier"] if "earlier" in frame else frame["signed"] & False
    return earlier & frame[column].notna() if column in frame else earlier


_PALE = 0.5


def _up(figure: go.Figure, drawn: pd.DataFrame, column: str, band: tuple[float, float] | None) -> None:
    """Set the axis of values: three ticks or more, and the lines that a value is held against."""
    if column == "drift_percentile":  # how many of 100: a whole scale shows how far an alarm is
        # no line of the grid beside those two: 99 and 100 would be one
        figure.update_yaxes(range=[0, 114], tickvals=[0, 25, 50, 75])
        for bound, word, colour, side in (
            (WARN, "warning", ORANGE, "bottom"), (ALARM, "alarm", RED, "top"),
        ):  # fmt: skip
            figure.add_hline(
                y=bound, line={"color": colour, "width": 1.4, "dash": "dash" if side == "bottom" else "solid"},
                name=word, annotation={"text": f"{bound:.0f} {word}", "font": {"size": 11}},
                annotation_position=f"{side} left",
            )  # fmt: skip
        return
    low, high = _bounds(drawn, column, band)
    whole = column in _WHOLE
    if column in _FROM_ZERO and low >= 0:
        low, high = 0.0, 1.07 * (max(high, 2.0 if whole else 0.0) or 1.0)
    else:
        low, high = _with_room(low, high, whole=whole, stays=level(drawn[column], column) is not None)
    if column == "auc":
        figure.update_yaxes(tickformat=".3f")
        figure.add_hline(y=0.5, line=RULE)
    if whole:
        figure.update_yaxes(tickformat=",d")
    figure.update_yaxes(range=[low, high], tick0=0, dtick=max(_step(low, high), 1.0 if whole else 0.0))


def _with_room(low: float, high: float, *, whole: bool, stays: bool) -> tuple[float, float]:
    """Return the ends of an axis with room beyond the lowest and the highest value."""
    if stays:  # or the axis would spell out digits that mean nothing
        room = max(abs(low) / 10, 1.0) if whole else abs(low) / 10 or 1.0
    else:
        high = max(high, low + 2.0) if whole else high  # three whole numbers
        room = (high - low) * 0.07
    return low - room, high + room


def _bounds(drawn: pd.DataFrame, column: str, band: tuple[float, float] | None) -> tuple[float, float]:
    """Return the lowest and the highest value that has to be seen, intervals and what is shaded included."""
    several = [*drawn[column].astype(float), *(band or ())]
    if column == "auc":
        several += [0.5, *drawn["auc_low"].dropna(), *drawn["auc_high"].dropna()]
    return min(several), max(several)


def _step(low: float, high: float) -> float:
    """Return the longest round step of which three or more lie between two bounds."""
    power = 10.0 ** floor(log10((high - low) / 3))
    steps = [part * power for part in (10.0, 5.0, 2.0, 1.0, 0.5)]
    fitting = (step for step in steps if floor(high / step) - ceil(low / step) >= _LEAST_TICKS - 1)
    return next(fitting, steps[-1])


_LEAST_TICKS = 3
"""Numbers along an axis: two say nothing of the distance between."""


def _line(part: pd.DataFrame, column: str, name: str, colour: str) -> dict[str, Any]:
    signed = part["signed"]
    symbols = [
        ("diamond" if is_signed else "circle") + ("-open" if is_hollow else "")
        for is_signed, is_hollow in zip(signed, part["hollow"], strict=True)
    ]
    edges = [2 * is_hollow for is_hollow in part["hollow"]]
    kinds = part["mode"].map({"score": "scored, ", "train": "trained, "}).fillna("")
    run_names = part["run"].map(run_name)
    hover = (
        kinds
        + "data to "
        + part["to"].astype(str)
        + signed.map({True: ", signed", False: ""})
        + "<br>run "
        + run_names
    )
    digits = ",d" if column in _WHOLE else ".4g"  # 12,154 rows are not 1.215e+4
    line = {
        "x": part["x"], "y": part[column], "mode": "lines+markers", "name": name, "text": hover,
        "line": {"color": colour, "width": 1.6}, "cliponaxis": False,
        "marker": {"symbol": symbols, "size": [13 if s else 7 for s in signed], "opacity": 1, "line": {"width": edges}},
        "customdata": part[["run"]], "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": f"%{{text}}<br>%{{y:{digits}}}<extra></extra>",
    }  # fmt: skip
    if column == "auc" and part["auc_low"].notna().any():
        line["error_y"] = {
            "type": "data", "symmetric": False, "thickness": 1, "width": 3, "color": colour,
            "array": part["auc_high"] - part["auc"], "arrayminus": part["auc"] - part["auc_low"],
        }  # fmt: skip
    return line


def _room(moments: pd.Series[Any], *, least: Any) -> list[Any]:
    """Return bounds with room beside the first and last moment; without it one moment alone has no axis."""
    first, last = moments.min(), moments.max()
    beside = max((last - first) / 20, least)
    return [first - beside, last + beside]


def drift_figure(percentiles: pd.DataFrame, *, dark: bool) -> go.Figure:
    """Return how unusual each column was in each session's report: a heat map, the most unusual column first.

    Parameters
    ----------
    percentiles : DataFrame
        As :func:`core.queries.runs.trends.drift_by_session` gives it; NaN stays empty.
    dark : bool
        The theme: quiet cells take the page's colour, so that only what is unusual catches the eye.
    """
    if percentiles.empty or percentiles.isna().all(axis=None):
        return nothing("No report has enough history to rank its drift.")
    quiet_cell, warning, alarm = _SHADES[dark]
    figure = go.Figure()
    figure.add_heatmap(
        x=list(percentiles.columns), y=[str(name) for name in percentiles.index], z=percentiles.to_numpy(),
        zmin=0, zmax=100, xgap=2, ygap=2, hoverongaps=False,
        # the bounds of warning and alarm are those of the evaluation: unlike 95 and 99 of 100 past windows
        colorscale=[
            [0.0, quiet_cell], [0.8, quiet_cell], [0.95, warning], [0.989, warning], [0.99, alarm], [1.0, alarm],
        ],
        colorbar={
            "title": {"text": "unlike so many of<br>100 past windows", "font": {"size": 11}}, "thickness": 10,
            "tickvals": [0, 50, 80, 95], "len": 1.0, "outlinewidth": 0,
        },
        text=[["" if z != z else percentile(z) for z in row] for row in percentiles.to_numpy().tolist()],
        texttemplate="%{text}" if len(percentiles.columns) <= FEW_SESSIONS else None, textfont={"size": 11},
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="category", tickangle=-45, nticks=24)
    figure.update_yaxes(type="category", autorange="reversed")
    return quiet(figure, height=130 + _ROW_PIXELS * len(percentiles))


FEW_SESSIONS = 8
"""Up to here a cell has room for its number, and the whole for half a page."""

_SHADES = {False: ("#e7edf2", "#e69f00", "#b3261e"), True: ("#26323d", "#b97d00", "#ff8a80")}
"""By dark theme or not: nothing unusual, a warning, an alarm."""
