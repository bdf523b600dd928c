"""How good the model is: estimates beside baselines, test periods and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from core.label import NEXT_SESSION, Label
from dashboard.charts.look import BLUE, GREY, RED, RULE, STROKES, VIOLET, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

_GROUPS = (
    ("This model", BLUE, "circle"),
    ("Model beside", VIOLET, "square"),
    ("Baseline", GREY, "diamond"),
)
"""Each group has a marker of its own beside its colour."""

_ROW_PIXELS = 34


def estimates_figure(
    estimates: pd.DataFrame, *, label: str, chance: tuple[float | None, str], ticks: str = ".3f"
) -> go.Figure:
    """Return a forest plot: one row for each predictor, its value and interval.

    Parameters
    ----------
    estimates : pandas.DataFrame
        ``who``, ``group`` (This model, Model beside, Baseline), ``value``, ``low``, ``high``; NaN where
        there is no interval (baselines) or no value (left out).
    label : str
        The measure's name.
    chance : tuple of float or None, and str
        Where a line marks what needs no skill, and what that is.
    ticks : str
        How the measure is written, as a format of d3.
    """
    drawn = estimates.dropna(subset=["value"])
    if drawn.empty:
        return nothing(f"{label} has no value in this run; the table says why.")
    figure = go.Figure()
    for group, colour, symbol in _GROUPS:
        rows = drawn[drawn["group"] == group]
        if not rows.empty:
            _add_group(figure, rows, (colour, symbol), ticks)
    at, what = chance
    if at is not None:
        figure.add_vline(x=at, line=RULE)
        # named in the legend, which wraps on a phone; a label at the line would be printed over it
        figure.add_scatter(x=[None], y=[None], mode="lines", line=RULE, name=what, showlegend=True)
    order = drawn["who"].tolist()[::-1]
    figure.update_yaxes(categoryorder="array", categoryarray=order, title_text=None)
    figure.update_xaxes(title_text=label, tickformat=ticks)
    quiet(figure, height=96 + _ROW_PIXELS * len(drawn))
    # of what can be lost or earned: drawn only where 0 is on the axis
    return figure.update_xaxes(zeroline=True, zerolinecolor=GREY, zerolinewidth=1.5)


def _add_group(figure: go.Figure, rows: pd.DataFrame, look: tuple[str, str], ticks: str) -> None:
    colour, symbol = look
    bars = {
        "type": "data", "symmetric": False, "thickness": 2, "width": 6, "color": colour,
        "array": rows["high"] - rows["value"], "arrayminus": rows["value"] - rows["low"],
    }  # fmt: skip
    figure.add_scatter(
        x=rows["value"], y=rows["who"], mode="markers", name=str(rows["group"].iloc[0]), showlegend=False,
        marker={"color": colour, "size": 10, "symbol": symbol},
        error_x=bars if rows["low"].notna().any() else None, customdata=rows[["low", "high"]],
        hovertemplate=f"%{{y}}: %{{x:{ticks}}}<br>interval %{{customdata[0]:{ticks}}} to %{{customdata[1]:{ticks}}}"
        "<extra></extra>"
        if rows["low"].notna().any()
        else f"%{{y}}: %{{x:{ticks}}}<extra></extra>",
    )  # fmt: skip


def folds_figure(folds: pd.DataFrame) -> go.Figure:
    """Return the AUC of each test period in time order, with a line at a coin toss.

    Parameters
    ----------
    folds : pandas.DataFrame
        ``fold``, ``from``, ``to``, ``rows``, ``auc``; a NaN AUC (a fold with one class) is left out. ``auc_low`` and
        ``auc_high`` where there are intervals.
    """
    drawn = folds.dropna(subset=["auc"]) if len(folds) else folds
    if drawn.empty:
        return nothing("No test period has an AUC.")
    figure = go.Figure()
    bars = None
    if "auc_low" in drawn and drawn["auc_low"].notna().any():
        high, low = (drawn[key].astype(float) for key in ("auc_high", "auc_low"))
        bars = {
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 4, "color": BLUE,
            "array": high - drawn["auc"], "arrayminus": drawn["auc"] - low,
        }  # fmt: skip
    figure.add_scatter(
        x=drawn["to"], y=drawn["auc"], mode="lines+markers", name="AUC", showlegend=False, error_y=bars,
        line={"color": BLUE, "width": 1.2}, marker={"size": 8, "color": BLUE},
        customdata=drawn[["fold", "from", "to", "rows"]],
        hovertemplate="fold %{customdata[0]}, %{customdata[1]} to %{customdata[2]}<br>"
        "AUC %{y:.3f} over %{customdata[3]:,} rows<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0.5, line=RULE, annotation_text="coin toss", annotation_position="top left")
    figure.update_xaxes(title_text="End of the test period")
    figure.update_yaxes(title_text="AUC")
    return quiet(figure, height=320)


def rolling_figure(months: pd.DataFrame) -> go.Figure:
    """Return the Sharpe ratio of the last 252 sessions at the end of each month, with a line at 0.

    Parameters
    ----------
    months : pandas.DataFrame
        ``month`` (its first day) and ``sharpe``, NaN in the first year.
    """
    drawn = months.dropna(subset=["sharpe"])
    if drawn.empty:
        return nothing("There are fewer than 252 judged sessions: no rolling Sharpe ratio.")
    figure = go.Figure()
    figure.add_scatter(
        x=drawn["month"], y=drawn["sharpe"], mode="lines", name="Sharpe ratio", showlegend=False,
        line={"color": BLUE, "width": 1.4}, hovertemplate="%{x|%Y-%m}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line=RULE)
    figure.update_xaxes(title_text="End of the month")
    figure.update_yaxes(title_text="Sharpe ratio")
    return quiet(figure, height=260)


Lines = Mapping[str, "pd.DataFrame"]
"""What is drawn by name: the judged model first, the champion beside it second."""


def calibration_figure(lines: Lines, label: Label = NEXT_SESSION) -> go.Figure:
    """Return the share that rose by predicted probability; the diagonal is perfect.

    Parameters
    ----------
    lines : mapping of str to pandas.DataFrame
        By model: ``mean_probability``, ``share_up``, ``up_low``, ``up_high``, ``rows``, in order of probability.
    """
    drawn = {name: bins for name, bins in lines.items() if not bins.empty}
    if not drawn:
        return nothing("There are no judged rows to compare with.")
    columns = ["mean_probability", "share_up", "up_low", "up_high"]
    numbers = [bins[columns].astype("float64") for bins in drawn.values()]
    lowest = min(bins.min().min() for bins in numbers)
    highest = max(bins.max().max() for bins in numbers)
    ends, realised = [lowest - 0.01, highest + 0.01], label.realised.lower()
    figure = go.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", name="Perfect", line=RULE, hoverinfo="skip")
    for (name, bins), (colour, symbol, dash) in zip(drawn.items(), STROKES, strict=False):
        figure.add_scatter(
            x=bins["mean_probability"], y=bins["share_up"], mode="lines+markers", name=name,
            line={"color": colour, "width": 1.4, "dash": dash}, customdata=bins[["rows"]],
            marker={"size": 8, "color": colour, "symbol": symbol}, error_y=_reach(bins, colour),
            hovertemplate=f"expected %{{x:.1%}}, {realised} %{{y:.1%}}<br>%{{customdata[0]:,}} rows<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(
        title_text=f"{label.expected} ({_counts(drawn)} a point)", tickformat=".0%", range=ends
    )
    figure.update_yaxes(title_text=label.realised, tickformat=".0%", range=ends)
    return quiet(figure, height=_CURVE_PIXELS)


def _reach(bins: pd.DataFrame, colour: str) -> dict[str, object] | None:
    """Return the bars of a bin's interval, None where no bin has one."""
    if bins["up_low"].isna().all():
        return None
    up = bins["share_up"]
    return {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 4, "color": colour,
        "array": bins["up_high"].astype("float64") - up, "arrayminus": up - bins["up_low"].astype("float64"),
    }  # fmt: skip


def _counts(lines: Lines) -> str:
    """Return how many rows a bin has, by model where there are two."""
    spans = [(int(bins["rows"].min()), int(bins["rows"].max())) for bins in lines.values()]
    words = [f"{low:,}" if low == high else f"{low:,} to {high:,}" for low, high in spans]
    return f"{' and '.join(dict.fromkeys(words))} rows"


_CURVE_PIXELS = 360

LEAST_CALLS = 60
"""Calls below which a precision is not drawn: the first of a curve is 0 or 1 and says nothing (no figure of the program
has an interval for fewer rows)."""


def roc_figure(lines: Lines, label: Label = NEXT_SESSION, *, height: int = _CURVE_PIXELS) -> go.Figure:
    """Return ROC curves: share of rises called up by share of falls called up, with a coin toss.

    Parameters
    ----------
    lines : mapping of str to pandas.DataFrame
        By model: ``false_up`` and ``true_up``, rising from 0 to 1.
    """
    drawn = {name: points for name, points in lines.items() if not points.empty}
    if not drawn:
        return nothing(f"No test period has {label.ones} and {label.zeros}: there is no ROC curve.")
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="Coin toss", line=RULE, hoverinfo="skip")
    hover = f"of {label.zeros} %{{x:.1%}}, of {label.ones} %{{y:.1%}} called up"
    _add_curves(figure, drawn, "false_up", "true_up", hover)
    ends = {"tickformat": ".0%", "range": [-0.01, 1.01], "tickvals": _QUARTERS, "constrain": "domain"}
    figure.update_xaxes(title_text=f"{label.zeros.capitalize()} called up", **ends)
    # as long as it is high, so that the distance from the diagonal can be seen
    figure.update_yaxes(
        title_text=f"{label.ones.capitalize()} called up", **ends, scaleanchor="x", scaleratio=1
    )
    return quiet(figure, height=height)


_QUARTERS = [0, 0.25, 0.5, 0.75, 1]


def precision_recall_figure(lines: Lines, *, up_rate: float | None, marks: pd.DataFrame) -> go.Figure:
    """Return precision by recall; a line marks the share of rises, points the threshold 0.5.

    Parameters
    ----------
    lines : mapping of str to pandas.DataFrame
        By model: ``recall``, ``precision`` and ``calls`` from the highest threshold to the lowest. Under
        :data:`LEAST_CALLS` calls nothing is drawn, unless no point has more.
    up_rate : float or None
        Precision of always calling up.
    marks : pandas.DataFrame
        ``recall`` and ``precision`` at 0.5, one row for each model that calls anything up there.
    """
    drawn = {name: points for name, points in lines.items() if not points.empty}
    if not drawn:
        return nothing("No judged row rose: there is no precision-recall curve.")
    drawn = {name: _enough_calls(points) for name, points in drawn.items()}
    figure = go.Figure()
    _add_curves(figure, drawn, "recall", "precision", "recall %{x:.1%}, precision %{y:.1%}")
    if not marks.empty:
        figure.add_scatter(
            x=marks["recall"], y=marks["precision"], mode="markers", name="At 0.5",
            marker={"size": 12, "symbol": "x-thin", "line": {"width": 2, "color": RED}},
            hovertemplate="at 0.5: recall %{x:.1%}, precision %{y:.1%}<extra></extra>",
        )  # fmt: skip
    if up_rate is not None:
        figure.add_hline(y=up_rate, line=RULE)
        # named in the legend: a label at the line would be printed over the curve
        figure.add_scatter(x=[None], y=[None], mode="lines", line=RULE, name="Always up", showlegend=True)
    figure.update_xaxes(title_text="Recall", tickformat=".0%", range=[-0.01, 1.01], tickvals=_QUARTERS)
    figure.update_yaxes(title_text="Precision", tickformat=".0%")
    return quiet(figure, height=_CURVE_PIXELS)


def _enough_calls(points: pd.DataFrame) -> pd.DataFrame:
    enough = points[points["calls"] >= LEAST_CALLS]
    return points if enough.empty else enough


def _add_curves(figure: go.Figure, curves: Lines, x: str, y: str, hover: str) -> None:
    for (name, points), (colour, _, dash) in zip(curves.items(), STROKES, strict=False):
        figure.add_scatter(
            x=points[x], y=points[y], mode="lines", name=name, hovertemplate=f"{hover}<extra></extra>",
            line={"color": colour, "width": 1.6, "dash": dash},
        )  # fmt: skip
