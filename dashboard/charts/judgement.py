"""How good the model is: estimates beside baselines, test periods and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboard.charts.look import BLUE, GREEN, GREY, RULE, VIOLET, nothing, quiet

if TYPE_CHECKING:
    import pandas as pd

_GROUPS = (
    ("This model", BLUE, "circle"),
    ("Model beside", VIOLET, "square"),
    ("Baseline", GREY, "diamond"),
)
"""Each group has a marker of its own beside its colour."""

_ROW_PIXELS = 38


def estimates_figure(estimates: pd.DataFrame, *, label: str, chance: float | None) -> go.Figure:
    """Return a forest plot: one row for each predictor, its value and interval.

    Parameters
    ----------
    estimates : pandas.DataFrame
        ``who``, ``group`` (This model, Model beside, Baseline), ``value``, ``low``, ``high``; NaN where
        there is no interval (baselines) or no value (left out).
    label : str
        The measure's name.
    chance : float or None
        Where a line marks what knowing nothing scores.
    """
    shown = estimates.dropna(subset=["value"])
    if shown.empty:
        return nothing(f"{label} has no value in this run; the table says why.")
    figure = go.Figure()
    for group, colour, symbol in _GROUPS:
        rows = shown[shown["group"] == group]
        if not rows.empty:
            _add_group(figure, rows, colour, symbol)
    if chance is not None:
        figure.add_vline(x=chance, line=RULE, annotation_text="knowing nothing", annotation_position="top")
    order = shown["who"].tolist()[::-1]
    figure.update_yaxes(categoryorder="array", categoryarray=order, title_text=None)
    figure.update_xaxes(title_text=label)
    return quiet(figure, height=96 + _ROW_PIXELS * len(shown))


def _add_group(figure: go.Figure, rows: pd.DataFrame, colour: str, symbol: str) -> None:
    bars = {
        "type": "data", "symmetric": False, "thickness": 2, "width": 6, "color": colour,
        "array": rows["high"] - rows["value"], "arrayminus": rows["value"] - rows["low"],
    }  # fmt: skip
    figure.add_scatter(
        x=rows["value"], y=rows["who"], mode="markers", name=str(rows["group"].iloc[0]),
        marker={"color": colour, "size": 10, "symbol": symbol},
        error_x=bars if rows["low"].notna().any() else None, customdata=rows[["low", "high"]],
        hovertemplate="%{y}: %{x:.4f}<br>interval %{customdata[0]:.4f} to %{customdata[1]:.4f}<extra></extra>"
        if rows["low"].notna().any()
        else "%{y}: %{x:.4f}<extra></extra>",
    )  # fmt: skip


def folds_figure(folds: pd.DataFrame) -> go.Figure:
    """Return the AUC of each test period in time order, with a line at a coin toss.

    Parameters
    ----------
    folds : pandas.DataFrame
        ``fold``, ``from``, ``to``, ``rows``, ``auc``; a NaN AUC (a fold with one class) is left out.
    """
    shown = folds.dropna(subset=["auc"]) if len(folds) else folds
    if shown.empty:
        return nothing("No test period has an AUC.")
    figure = go.Figure()
    figure.add_scatter(
        x=shown["to"], y=shown["auc"], mode="lines+markers", name="AUC", showlegend=False,
        line={"color": BLUE, "width": 1.2}, marker={"size": 8, "color": BLUE},
        customdata=shown[["fold", "from", "to", "rows"]],
        hovertemplate="fold %{customdata[0]}, %{customdata[1]} to %{customdata[2]}<br>"
        "AUC %{y:.3f} over %{customdata[3]:,} rows<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0.5, line=RULE, annotation_text="coin toss", annotation_position="top left")
    figure.update_xaxes(title_text="End of the test period")
    figure.update_yaxes(title_text="AUC")
    return quiet(figure, height=320)


def calibration_figure(bins: pd.DataFrame) -> go.Figure:
    """Return the share that rose by predicted probability; the diagonal is perfect.

    Parameters
    ----------
    bins : pandas.DataFrame
        ``mean_probability``, ``share_up``, ``rows``, in order of probability.
    """
    if bins.empty:
        return nothing("There are no judged rows to compare with.")
    ends = [
        min(bins["mean_probability"].min(), bins["share_up"].min()) - 0.01,
        max(bins["mean_probability"].max(), bins["share_up"].max()) + 0.01,
    ]
    figure = go.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", name="Perfect", line=RULE, hoverinfo="skip")
    figure.add_scatter(
        x=bins["mean_probability"], y=bins["share_up"], mode="lines+markers", name="This model",
        line={"color": GREEN, "width": 1.4}, marker={"size": 8, "color": GREEN}, customdata=bins[["rows"]],
        hovertemplate="expected %{x:.1%}, rose %{y:.1%}<br>%{customdata[0]:,} rows<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="Expected to rise", tickformat=".0%", range=ends)
    figure.update_yaxes(title_text="Rose", tickformat=".0%", range=ends)
    return quiet(figure, height=320)
