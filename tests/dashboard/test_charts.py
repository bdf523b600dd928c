"""Charts: frame in, figure out; what is drawn is what the frame holds."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts import (
    calibration_figure,
    drift_figure,
    estimates_figure,
    folds_figure,
    precision_recall_figure,
    roc_figure,
    rolling_figure,
    trend_figure,
)
from dashboard.charts.compared import interval_svg, wealth_figure
from dashboard.charts.downsample import outline
from dashboard.charts.trends import shaded


def named(figure, name):
    """The trace called ``name``."""
    (trace,) = [t for t in figure.data if t.name == name]
    return trace


def words(figure) -> str:
    """All annotations of a figure."""
    return " ".join(a.text for a in figure.layout.annotations)


# ---- fewer points


def test_a_short_frame_is_drawn_whole():
    """Nothing is left out that a screen can show."""
    frame = pd.DataFrame({"y": [1.0, 2.0]})
    assert outline(frame, "y") is frame


def test_the_outline_keeps_every_bucket_s_lowest_and_highest():
    """One spike among 100,000 rows is still there; first and last row, too."""
    frame = pd.DataFrame({"y": np.sin(np.arange(100_000) / 900)})
    frame.loc[54_321, "y"], frame.loc[77_777, "y"] = 9.0, -9.0
    shown = outline(frame, "y")
    assert len(shown) <= 2_000
    assert {0, 54_321, 77_777, 99_999} <= set(shown.index)
    assert shown.index.is_monotonic_increasing


@given(
    st.lists(st.one_of(st.just(math.nan), st.floats(-1e9, 1e9)), min_size=0, max_size=400), st.integers(4, 60)
)
def test_the_outline_is_bounded_and_keeps_the_extremes(values, most):
    """For any numbers, gaps included: at most so many rows, same lowest and highest value, same order."""
    frame = pd.DataFrame({"y": pd.Series(values, dtype="float64")})
    shown = outline(frame, "y", most)
    assert len(shown) <= most or len(frame) <= most
    assert shown.index.is_monotonic_increasing
    assert shown["y"].isin(frame["y"]).all()
    if frame["y"].notna().any():
        assert (shown["y"].min(), shown["y"].max()) == (frame["y"].min(), frame["y"].max())


# ---- judgement

ESTIMATES = pd.DataFrame(
    [
        ("This model", "This model", 0.55, 0.51, 0.58),
        ("Gradient boosting", "Model beside", 0.53, 0.5, 0.56),
        ("Always up", "Baseline", 0.5, math.nan, math.nan),
        ("Reversal", "Baseline", math.nan, math.nan, math.nan),
    ],
    columns=["who", "group", "value", "low", "high"],
)


def test_the_forest_plot_draws_values_and_intervals():
    """The bar reaches from low to high; baselines have none; a predictor without value is left out."""
    figure = estimates_figure(ESTIMATES, label="AUC", chance=(0.5, "Coin toss"))
    ours = named(figure, "This model")
    assert (ours.x[0] - ours.error_x.arrayminus[0], ours.x[0] + ours.error_x.array[0]) == pytest.approx(
        (0.51, 0.58)
    )
    assert list(named(figure, "Baseline").y) == ["Always up"]
    assert named(figure, "Baseline").error_x.array is None
    assert figure.layout.shapes[0].x0 == 0.5
    assert len({trace.marker.symbol for trace in figure.data if trace.mode == "markers"}) == 3
    assert [trace.name for trace in figure.data if trace.showlegend] == ["Coin toss"], "each row has its name"
    assert named(figure, "Coin toss").line.dash == "dot"


def test_a_measure_without_any_value_is_said_in_words():
    """As for insufficient data."""
    assert "AUC has no value" in words(
        estimates_figure(ESTIMATES.assign(value=math.nan), label="AUC", chance=(0.5, "Coin toss"))
    )


def test_a_measure_without_chance_has_no_line():
    """Recall says nothing by itself."""
    assert not estimates_figure(ESTIMATES, label="Recall", chance=(None, "")).layout.shapes


def test_folds_stand_in_time_order_without_those_that_have_no_auc():
    """A coin toss is marked."""
    rows = [
        (1, "2020-01-01", "2020-12-31", 10, 0.6),
        (2, "2021-01-01", "2021-12-31", 5, None),
        (3, "2022-01-01", "2022-12-31", 9, 0.4),
    ]
    figure = folds_figure(pd.DataFrame(rows, columns=["fold", "from", "to", "rows", "auc"]))
    assert list(figure.data[0].y) == [0.6, 0.4]
    assert figure.layout.shapes[0].y0 == 0.5
    empty = pd.DataFrame(columns=["fold", "from", "to", "rows", "auc"])
    assert "No test period" in words(folds_figure(empty))


def test_calibration_draws_the_bins_beside_the_diagonal():
    """Perfect calibration is the line from corner to corner of equal axes; a bin has its rows and its interval."""
    bins = pd.DataFrame(
        {
            "mean_probability": [0.4, 0.6], "share_up": [0.45, 0.52], "rows": [10, 1234],
            "up_low": [None, 0.5], "up_high": [None, 0.54],
        }
    )  # fmt: skip
    figure = calibration_figure({"This model": bins})
    bars = named(figure, "This model").error_y
    assert (bars.array[1], bars.arrayminus[1]) == (pytest.approx(0.02), pytest.approx(0.02))
    assert "10 to 1,234 rows" in figure.layout.xaxis.title.text
    assert list(named(figure, "This model").y) == [0.45, 0.52]
    assert list(named(figure, "Perfect").x) == list(named(figure, "Perfect").y)
    assert figure.layout.xaxis.range == figure.layout.yaxis.range
    assert "no judged rows" in words(calibration_figure({"This model": bins.iloc[:0]}))


def test_two_models_curves_differ_in_more_than_colour():
    """Dash and marker tell candidate from champion; equal axes run from 0 to 1."""
    points = pd.DataFrame({"false_up": [0.0, 0.5, 1.0], "true_up": [0.0, 0.7, 1.0]})
    figure = roc_figure({"Candidate": points, "Champion": points})
    lines = [trace for trace in figure.data if trace.name != "Coin toss"]
    assert [line.name for line in lines] == ["Candidate", "Champion"]
    assert len({line.line.dash for line in lines}) == 2
    assert figure.layout.xaxis.range == figure.layout.yaxis.range
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.scaleratio) == ("x", 1)
    assert "no ROC curve" in words(roc_figure({"This model": points.iloc[:0]}))


def test_precision_is_drawn_by_recall_with_the_share_of_rises_and_the_point_at_one_half():
    """What always saying up scores is the line to be above."""
    points = pd.DataFrame(
        {"recall": [0.1, 1.0], "precision": [0.6, 0.5], "threshold": [0.6, 0.4], "calls": [90, 900]}
    )
    marks = pd.DataFrame({"recall": [0.4], "precision": [0.55]})
    figure = precision_recall_figure({"This model": points}, up_rate=0.51, marks=marks)
    assert [trace.name for trace in figure.data] == ["This model", "At 0.5", "Always up"]
    assert figure.layout.shapes[0].y0 == 0.51
    few = pd.concat([points.head(1).assign(recall=0.0, precision=0.0, calls=1), points])
    drawn = precision_recall_figure({"This model": few}, up_rate=0.51, marks=marks)
    assert list(named(drawn, "This model").y) == [0.6, 0.5], "the first calls' 0 or 1 is no figure"
    empty = precision_recall_figure({"This model": points.iloc[:0]}, up_rate=None, marks=marks)
    assert "No judged row rose" in words(empty)


def test_the_rolling_ratio_starts_where_it_is_defined():
    """Months without a ratio are not drawn; without any there is a sentence."""
    months = pd.DataFrame({"month": pd.to_datetime(["2020-01-01", "2020-02-01"]), "sharpe": [math.nan, 1.5]})
    assert named(rolling_figure(months), "Sharpe ratio").y.tolist() == [1.5]
    assert "fewer than 252" in words(rolling_figure(months.iloc[:1]))


def test_test_periods_have_their_intervals():
    """Bars from low to high where the evaluation has them."""
    folds = pd.DataFrame({"fold": [1], "from": ["a"], "to": ["b"], "rows": [9], "auc": [0.5]})
    assert folds_figure(folds).data[0].error_y.array is None
    bars = folds_figure(folds.assign(auc_low=0.4, auc_high=0.7)).data[0].error_y
    assert (bars.array[0], bars.arrayminus[0]) == (pytest.approx(0.2), pytest.approx(0.1))


def reports(rows):
    """Reports of one profile, a row each, as the trends have them."""
    frame = pd.DataFrame(
        {
            "rows": rows,
            "profile": "a",
            "signed": False,
            "mode": "train",
            "auc_low": math.nan,
            "auc_high": math.nan,
        }
    )
    days = pd.date_range("2020-01-01", periods=len(rows), tz="UTC")
    return frame.assign(run=[f"r{n}" for n in range(len(rows))], at=days, to=days.strftime("%Y-%m-%d"))


def test_a_brier_score_that_hardly_moves_is_drawn_level():
    """A millionth is no slope: a tenth of the score to each side; one that moves has an axis of its own."""
    hardly = reports([1, 2]).assign(brier=[0.250438, 0.250435])
    assert list(trend_figure(hardly, "brier", "Brier score").layout.yaxis.range) == pytest.approx(
        [0.250435 - 0.0250435, 0.250438 + 0.0250435]
    )
    moved = reports([1, 2]).assign(brier=[0.25, 0.2])
    low, high = trend_figure(moved, "brier", "Brier score").layout.yaxis.range
    assert 0.19 < low < 0.2 < 0.25 < high < 0.26


@pytest.mark.parametrize(
    ("column", "values"),
    [("rows", [12_084, 12_154]), ("rows", [7, 8]), ("findings", [0, 1]), ("auc", [0.4975, 0.4981]),
     ("brier", [0.25, 0.2]), ("seconds", [4.5, 18.6]), ("seconds", [99.0, 1_000.0])],
)  # fmt: skip
def test_a_chart_over_time_has_three_numbers_on_its_axis(column, values):
    """Two say nothing of the distance between; counts have whole ones."""
    axis = trend_figure(reports([1, 2]).assign(**{column: values}), column, column).layout.yaxis
    low, high = axis.range
    assert low <= min(values) < max(values) <= high
    ticks = [n * axis.dtick for n in range(math.ceil(low / axis.dtick), math.floor(high / axis.dtick) + 1)]
    assert 3 <= len(ticks) <= 10
    if column in ("rows", "findings"):
        assert axis.dtick >= 1


@pytest.mark.parametrize(("sessions", "marked"), [(2, [0, 1]), (4, [0, 1, 2, 3]), (9, [2, 5, 8])])
def test_an_axis_of_sessions_is_marked_at_sessions(sessions, marked):
    """A date between two has no report; of many, some, the newest among them."""
    several = reports(range(sessions))
    axis = trend_figure(several, "rows", "Rows").layout.xaxis
    assert list(axis.ticktext) == [several["to"][place] for place in marked]
    assert trend_figure(several, "rows", "Rows", along="at").layout.xaxis.tickvals is None


def test_drift_over_time_stands_below_the_lines_of_a_warning_and_an_alarm():
    """On the whole scale: how far an alarm is can be seen. The bounds are those of the evaluation."""
    figure = trend_figure(
        reports([1, 2]).assign(drift_percentile=[41.0, 54.0]), "drift_percentile", "Largest drift"
    )
    assert [line.y0 for line in figure.layout.shapes] == [95, 99]
    assert [line.line.dash for line in figure.layout.shapes] == ["dash", "solid"]
    assert [each.text for each in figure.layout.annotations] == ["95 warning", "99 alarm"]
    assert max(figure.layout.yaxis.tickvals) < 95, "a line of the grid would be taken for one of them"
    low, high = figure.layout.yaxis.range
    assert low <= 0 < 99 < high


def test_durations_of_runs_that_scored_are_hollow_and_joined_with_no_training():
    """They take less time by nature: a line from one to the other would be a fall that is none."""
    mixed = reports([1, 2, 3]).assign(mode=["train", "score", "train"], seconds=[15.0, 4.5, 14.0])
    trained, scored = trend_figure(mixed, "seconds", "Duration").data
    assert (list(trained.y), list(trained.marker.symbol)) == ([15.0, 14.0], ["circle", "circle"])
    assert (list(scored.y), list(scored.marker.symbol)) == ([4.5], ["circle-open"])
    assert [line.text[0].split(",")[0] for line in (trained, scored)] == ["trained", "scored"]
    (line,) = trend_figure(mixed.assign(mode="score"), "seconds", "Duration").data
    assert set(line.marker.symbol) == {"circle"}
    (line,) = trend_figure(mixed, "rows", "Rows").data
    assert list(line.marker.symbol) == ["circle", "circle-open", "circle"], (
        "one line, each point as everywhere"
    )


@pytest.mark.parametrize(("column", "values"), [("seconds", [8.0, 9.0]), ("rows_added", [25.0, 20.0])])
def test_what_is_compared_by_its_length_begins_at_zero(column, values):
    """From 8 to 9 seconds is an eighth more; an axis from 7.9 would show it as ten times as much."""
    low, high = trend_figure(reports([1, 2]).assign(**{column: values}), column, column).layout.yaxis.range
    assert low == 0 < max(values) < high


def test_charts_over_one_time_have_one_axis():
    """A session without a value has its place as well, or charts below each other would not line up."""
    several = reports([1, 2, 3]).assign(auc=[math.nan, 0.5, 0.51], seconds=[4.0, 5.0, 6.0])
    axes = [trend_figure(several, column, column).layout.xaxis for column in ("auc", "seconds")]
    assert axes[0].range == axes[1].range
    assert axes[0].ticktext == axes[1].ticktext


def test_what_is_said_to_be_shaded_is_shaded():
    """A figure that is missing in most reports has no band, however many reports there are."""
    many = reports(range(100, 111)).assign(auc=[0.5, 0.51, *[math.nan] * 9])
    assert shaded(many, "rows") == (101, 109)
    assert shaded(many, "auc") is None
    assert shaded(many.assign(rows=7), "rows") is None


def test_a_usual_range_is_shaded_for_one_profile_from_five_reports_on():
    """Eight of ten values lie between its bounds; of two profiles, and of equal values, none is drawn."""
    many = reports(range(100, 111))
    (band,) = trend_figure(many, "rows", "Rows").layout.shapes
    assert (band.y0, band.y1) == (101, 109)
    assert not trend_figure(many.head(4), "rows", "Rows").layout.shapes
    assert not trend_figure(many.assign(rows=7), "rows", "Rows").layout.shapes
    assert not trend_figure(many.assign(profile=["b", *["a"] * 10]), "rows", "Rows").layout.shapes


def test_an_auc_over_time_stands_beside_a_coin_toss():
    """The one figure of these whose value without any knowledge is the same for everybody."""
    (line,) = trend_figure(reports([1, 2]).assign(auc=[0.49, 0.53]), "auc", "AUC").layout.shapes
    assert (line.y0, line.y1) == (0.5, 0.5)


def test_drift_over_time_is_a_row_for_each_column():
    """Unusual cells have a colour of their own in both themes; nothing ranked is said in words."""
    table = pd.DataFrame({"2020-01-02": [99.5, 3.0]}, index=["lag1", "return"])
    figures = [drift_figure(table, dark=dark) for dark in (False, True)]
    assert [list(figure.data[0].y) for figure in figures] == [["lag1", "return"]] * 2
    assert figures[0].data[0].colorscale[0] != figures[1].data[0].colorscale[0]
    assert [list(row) for row in figures[0].data[0].text] == [["99"], ["3"]], "99.5 is no 100"
    assert "enough history" in words(drift_figure(table * math.nan, dark=False))


def test_holding_is_that_of_the_first_run_and_says_so():
    """Two runs judged other sessions: the line of holding belongs to one of them."""
    days = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"])
    line = pd.DataFrame({"date": days, "model": [1.0, 1.1, 1.2], "buy_and_hold": [1.0, 2.0, 3.0]})
    figure = wealth_figure({"old": line.iloc[1:], "new": line})
    assert [trace.name for trace in figure.data] == ["old", "new", "Buy and hold, old"]
    assert list(figure.data[-1].y) == [2.0, 3.0]
    assert wealth_figure({"only": line}).data[-1].name == "Buy and hold"


def test_a_difference_is_drawn_around_0():
    """Its dot on the side of its sign, its bar across the middle where it holds 0."""
    crossing = interval_svg(0.01, -0.01, 0.03, reading="no difference shown", dark=False)
    better = interval_svg(0.02, 0.01, 0.03, reading="better", dark=False)
    ends = [[float(x) for x in re.findall(r"M([\d.]+) 12.0H([\d.]+)", svg)[0]] for svg in (crossing, better)]
    assert ends[0][0] < 110 < ends[0][1]
    assert 110 < ends[1][0] < ends[1][1]
