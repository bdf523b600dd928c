"""Charts of prices, features and predictions: frame in, figure out; what is drawn is what the frame holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dashboard.charts import (
    candle_figure,
    cleaning_figure,
    correlation_figure,
    coverage_figure,
    feature_figure,
    price_figure,
    probability_figure,
    scorecard_figure,
    windows_figure,
)

DATES = pd.date_range("2024-01-01", periods=6, freq="D")
CLOSES = [10.0, 11.0, 12.0, 11.0, 10.5, 12.5]


def averages(**columns) -> pd.DataFrame:
    """Six sessions of one ticker, averages still warming up on the first."""
    held = {
        "date": DATES,
        "adj_close": CLOSES,
        "ma5": [math.nan, 10.5, 11.0, 11.0, 10.9, 11.4],
        "ma10": [math.nan] * 6,
        "ma20": [math.nan] * 6,
    }
    return pd.DataFrame(held | columns)


def prices(**columns) -> pd.DataFrame:
    held = {
        "date": DATES,
        "high": [value + 1 for value in CLOSES],
        "adj_close": CLOSES,
        "volume": [100.0, 120.0, 90.0, 300.0, 110.0, 105.0],
        "is_split": [False, False, True, False, False, False],
        "is_dividend": [False] * 6,
    }
    return pd.DataFrame(held | columns)


def findings(*rows) -> pd.DataFrame:
    """Marks: day, price, rule, severity."""
    held = [(pd.Timestamp(day), price, rule, severity, "look") for day, price, rule, severity in rows]
    return pd.DataFrame(held, columns=["date", "price", "rule", "severity", "action"])


def named(figure, name):
    """The trace called ``name``."""
    (trace,) = [t for t in figure.data if t.name == name]
    return trace


def words(figure) -> str:
    """All annotations of a figure."""
    return " ".join(a.text for a in figure.layout.annotations)


# ---- prices


def test_the_price_chart_has_the_table_s_numbers():
    """Close, averages and volume are the columns as they are."""
    figure = price_figure(prices(), averages())
    assert list(named(figure, "Adjusted close").y) == CLOSES
    assert list(named(figure, "Mean of 5").y[1:]) == [10.5, 11.0, 11.0, 10.9, 11.4]
    assert list(named(figure, "Volume").y) == [100.0, 120.0, 90.0, 300.0, 110.0, 105.0]


@pytest.mark.parametrize(("highest", "kind"), [(49.9, None), (50.0, "log")])
def test_prices_that_rose_fivefold_are_drawn_by_their_ratios(highest, kind):
    """Their early years would lie flat at the foot; a price of nothing has no ratio."""
    rows = prices(adj_close=[10.0, 11.0, 12.0, 20.0, 30.0, highest])
    assert price_figure(rows, None).layout.yaxis.type == kind
    assert (
        price_figure(prices(adj_close=[0.0, 11.0, 12.0, 20.0, 30.0, highest]), None).layout.yaxis.type is None
    )


def test_lines_can_be_told_apart_without_colour():
    """Each average has a dash of its own, each flag and each severity a symbol of its own."""
    both = findings(("2024-01-02", 11.0, "large_move", "warning"), ("2024-01-03", 12.0, "bad", "error"))
    figure = price_figure(prices(is_dividend=[True] + [False] * 5), averages(), both)
    dashes = [named(figure, f"Mean of {n}").line.dash for n in (5, 10, 20)]
    marks = [named(figure, name) for name in ("Split", "Dividend", "Warning found", "Error found")]
    assert len(set(dashes)) == 3
    assert len({mark.marker.symbol for mark in marks}) == 4


def test_a_split_is_marked_on_its_day_below_the_prices():
    """On the line it would hide what the price did; a flag that never occurs has no entry in the legend."""
    figure = price_figure(prices(), averages())
    assert [str(x)[:10] for x in named(figure, "Split").x] == ["2024-01-03"]
    assert max(named(figure, "Split").y) < min(CLOSES)
    assert "Dividend" not in {trace.name for trace in figure.data}


def test_a_finding_is_marked_with_its_rule_and_one_outside_the_dates_is_not():
    """Of two findings one lies in the period."""
    both = findings(
        ("2024-01-02", 11.0, "large_move", "warning"), ("2019-01-02", 1.0, "large_move", "warning")
    )
    mark = named(price_figure(prices(), None, both), "Warning found")
    assert (list(mark.y), list(mark.text)) == ([11.0], ["large move"])


def test_a_few_findings_are_named_above_their_marks_and_many_are_not():
    """A line leads from each of a few down to its day; of many, names and lines would cover the price."""
    one = findings(("2024-01-02", 11.0, "large_move", "warning"))
    figure = price_figure(prices(), None, one)
    (label,) = figure.layout.annotations
    assert (label.text, str(label.x)[:10], label.yref) == ("large move", "2024-01-02", "y domain")
    assert [str(line.x0)[:10] for line in figure.layout.shapes] == ["2024-01-02"]
    many = price_figure(prices(), None, pd.concat([one] * 9))
    assert not many.layout.annotations
    assert not many.layout.shapes


@pytest.mark.parametrize(("sessions", "means"), [(252, {5, 10, 20}), (756, {20}), (2_000, set())])
def test_the_longer_the_time_the_fewer_means_are_drawn(sessions, means):
    """Over three years the mean of five closes lies on the price, over eight that of twenty as well."""
    days = pd.date_range("2000-01-01", periods=sessions, freq="D")
    table = pd.DataFrame({"date": days, **dict.fromkeys(("adj_close", "volume", "ma5", "ma10", "ma20"), 1.0)})
    names = {trace.name for trace in price_figure(table, table).data}
    assert {int(name.rpartition(" ")[2]) for name in names if name.startswith("Mean")} == means


def test_without_features_and_flags_the_close_is_drawn_alone():
    """Prices brought by a user may lack the enrichment; a run may not have come to features."""
    bare = prices().drop(columns=["is_split", "is_dividend"])
    assert [trace.name for trace in price_figure(bare, None).data] == ["Adjusted close", "Volume"]


def test_thousands_of_sessions_become_at_most_two_thousand_points_and_keep_each_flag():
    """The flags are not thinned out with the line."""
    days = 9_000
    many = {"date": pd.date_range("2000-01-01", periods=days, freq="D"), "adj_close": np.linspace(1, 2, days)}
    table = pd.DataFrame(many | dict.fromkeys(("ma5", "ma10", "ma20"), many["adj_close"]))
    flags = pd.DataFrame(many | {"volume": many["adj_close"], "is_split": np.arange(days) % 1000 == 7})
    figure = price_figure(flags, table)
    assert max(len(trace.x) for trace in figure.data) <= 2_000
    assert len(named(figure, "Split").x) == 9


def test_candles_are_hollow_when_prices_rose():
    """So that colour is not needed, and the legend says which is which; days of splits stand below all candles."""
    bars = pd.DataFrame(
        {
            "date": DATES[:2], "open": [1.0, 3.0], "high": [4.0, 4.0], "low": [0.5, 1.0], "close": [3.0, 2.0],
            "volume": [5.0, 6.0],
        }
    )  # fmt: skip
    figure = candle_figure(bars, prices())
    candle = named(figure, "Price")
    assert (list(candle.open), list(candle.close)) == ([1.0, 3.0], [3.0, 2.0])
    assert candle.increasing.fillcolor == "rgba(0,0,0,0)"
    assert candle.decreasing.fillcolor != candle.increasing.fillcolor
    assert max(named(figure, "Split").y) < 0.5
    symbols = [named(figure, f"Close {side} open").marker.symbol for side in ("above", "below")]
    assert symbols == ["square-open", "square"]
    assert list(named(figure, "Volume").y) == [5.0, 6.0]


def test_candles_stand_beside_each_other_over_a_weekend_and_not_over_a_halt():
    """Friday to Monday leaves no gap unless a finding is about Sunday; two weeks without trade stay a hole."""
    days = pd.to_datetime(["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-22"])
    bars = pd.DataFrame(
        {"date": days, **{key: [1.0, 2.0, 3.0, 4.0] for key in ("open", "high", "low", "close", "volume")}}
    )

    def closed(findings=None):
        (breaks,) = candle_figure(bars, bars, findings).layout.xaxis.rangebreaks
        return list(breaks.values)

    assert closed() == ["2024-01-06", "2024-01-07"]
    columns = {"price": 2.0, "rule": "r", "severity": "warning", "action": "none"}
    assert closed(pd.DataFrame({"date": pd.to_datetime(["2024-01-07"]), **columns})) == ["2024-01-06"]


def test_no_rows_are_said_in_words():
    """An empty period is not an empty picture."""
    none = prices().iloc[:0]
    for figure in (price_figure(none, None), candle_figure(none, none), cleaning_figure(none, none, none)):
        assert "No rows" in words(figure)


# ---- quality


def test_coverage_has_a_row_per_ticker_the_first_above():
    """A month that nothing is known of stays empty."""
    shares = pd.DataFrame({"2024-01": [1.0, math.nan], "2024-02": [0.5, 1.0]}, index=["A", "1"])
    figure = coverage_figure(shares)
    assert list(figure.data[0].y) == ["A", "1"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.type == "category"
    assert figure.data[0].z[0][1] == 0.5
    assert not figure.data[0].hoverongaps
    assert [trace.name for trace in figure.data[1:]] == ["every session", "a few missing", "all missing"]
    assert [(note.y, note.text) for note in figure.layout.annotations] == [("1", "from 2024-02")], (
        "of A nothing is due"
    )
    assert [trace.name for trace in coverage_figure(shares[1:]).data[1:]] == [], "the sentence says it"
    assert "no rows" in words(coverage_figure(pd.DataFrame()))


def test_cleaning_shows_both_lines_and_what_was_done():
    """A repair without a price (a filled volume) is not drawn."""
    before = pd.DataFrame({"date": DATES, "close": [1.0, 99.0, 1.2, 1.1, 1.0, 1.0]})
    repairs = pd.DataFrame(
        {
            "date": DATES[:3],
            "price": [math.nan, 99.0, 1.2],
            "rule": ["fill", "outlier_spike", "fill"],
            "column": ["volume", "close", "close"],
            "what": ["filled", "removed", "filled"],
        }
    )
    figure = cleaning_figure(before, before.drop(index=1), repairs)
    assert list(named(figure, "Before cleaning").y)[1] == 99.0
    assert 99.0 not in list(named(figure, "After cleaning").y)
    assert list(named(figure, "Removed").y) == [99.0]
    assert list(named(figure, "Filled").y) == [1.2]


# ---- features


def test_a_feature_is_drawn_as_it_is_and_its_window_is_shaded():
    """The window begins inside the rows, or with them when it is longer."""
    rows = pd.DataFrame({"date": DATES, "return": [math.nan, 0.1, 0.2, 0.3, 0.2, 0.1]})
    figure = feature_figure(rows, "return", "2024-01-04")
    assert list(figure.data[0].y[1:]) == [0.1, 0.2, 0.3, 0.2, 0.1]
    (shade,) = figure.layout.shapes
    assert (shade.x0, shade.x1) == ("2024-01-04", "2024-01-06")
    assert feature_figure(rows, "return", "2020-01-01").layout.shapes[0].x0 == "2024-01-01"
    assert not feature_figure(rows, "return", "2025-01-01").layout.shapes
    assert "No values" in words(feature_figure(rows.head(1), "return", None))


def test_the_two_histograms_are_shares_of_their_own_window():
    """Whatever their sizes, each adds up to all of its drawn values; the words say what lies outside."""
    reference, current = np.array([*np.linspace(-1, 1, 5_000), 1e6, -1e6]), np.linspace(-1, 1, 100)
    figure = windows_figure(reference, current, "return")
    inside = round(5_002 * sum(figure.data[0].y)) + round(100 * sum(figure.data[1].y))
    assert f"({5_102 - inside} values outside" in figure.layout.xaxis.title.text
    assert 0 < 5_102 - inside <= 12
    assert [trace.type for trace in figure.data] == ["bar", "scatter"]


def test_medians_are_written():
    """By hand: the median of 1, 2, 3, 4, 100 is 3."""
    figure = windows_figure(np.array([1.0, 2.0, 3.0, 4.0, 100.0]), np.array([7.0]), "x")
    assert [trace.name for trace in figure.data] == ["Before, median 3", "Now, median 7"]


def test_a_window_may_be_empty_and_a_column_constant():
    """Neither is a fault; no values at all are said in words."""
    none = np.array([])
    assert sum(windows_figure(np.array([5.0, 5.0]), none, "x").data[0].y) == 1.0
    assert "No values" in words(windows_figure(none, none, "ma20"))


def test_each_pair_has_its_correlation_once():
    """From -1 to 1; nothing to correlate is said."""
    names = ["a", "b", "c"]
    held = pd.DataFrame([[1.0, -0.5, 0.1], [-0.5, 1.0, 0.2], [0.1, 0.2, 1.0]], names, names)
    figure = correlation_figure(held)
    assert (list(figure.data[0].y), list(figure.data[0].x)) == (["b", "c"], ["a", "b"])
    assert [list(row) for row in figure.data[0].text] == [["-.50", ""], [".10", ".20"]]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1.0, 1.0)
    assert figure.data[0].texttemplate
    shades = [figure.data[0].colorscale[1], correlation_figure(held, dark=True).data[0].colorscale[1]]
    assert shades[0] != shades[1], "pale cells would glare on a dark page"
    assert "Too few" in words(correlation_figure(held * math.nan))


# ---- predictions


def test_probabilities_have_their_outcome_in_words():
    """Also the last one, which nobody knows yet; few points leave room around them."""
    rows = pd.DataFrame({"date": DATES[:3], "probability": [0.6, 0.4, 0.5], "up_next": [1.0, 0.0, math.nan]})
    figure = probability_figure(rows)
    assert list(figure.data[0].y) == [0.6, 0.4, 0.5]
    assert list(figure.data[0].text) == ["rose", "did not rise", "not known yet"]
    assert figure.layout.xaxis.range[0] < rows["date"].iloc[0]
    assert named(figure, "Coin toss").line.dash == "dot"
    assert not figure.layout.annotations, "a label at the line lies under the curve"
    assert "No out-of-sample rows" in words(probability_figure(rows.iloc[:0]))


def test_a_month_of_probabilities_has_a_mean_that_rests_on_those_before_as_well():
    """Sessions are dots; of 42 sessions, 0.4 and then 0.6, the mean of the last 21 rises from 0.4 to 0.6."""
    dates = pd.bdate_range("2024-01-01", periods=42)
    rows = pd.DataFrame({"date": dates, "probability": [0.4] * 21 + [0.6] * 21, "up_next": 1.0})
    figure = probability_figure(rows, sessions=22)
    assert figure.data[0].mode == "markers"
    assert len(figure.data[0].x) == 22
    means = named(figure, "Mean of 21")
    assert (means.y[0], means.y[-1]) == pytest.approx((0.4, 0.6))
    assert pd.Timestamp(means.x[0]) == dates[20], "the first of the 22 has 20 before it"


def test_the_scorecard_has_a_symbol_per_model_and_its_intervals():
    """An interval that is not known is not drawn."""
    periods = pd.DataFrame(
        [
            ("a", "2024Q1", 80, 0.6, 0.5, 0.7),
            ("a", "2024Q2", 10, 0.5, math.nan, math.nan),
            ("b", "2024Q1", 80, 0.4, 0.3, 0.5),
        ],
        columns=["model_id", "period", "rows", "share", "low", "high"],
    )  # fmt: skip
    figure = scorecard_figure(periods)
    first = named(figure, "a")
    assert list(first.y) == [0.6, 0.5]
    assert first.error_y.array[0] == pytest.approx(0.1)
    assert first.error_y.arrayminus[0] == pytest.approx(0.1)
    assert first.marker.symbol != named(figure, "b").marker.symbol
    assert "No past signal" in words(scorecard_figure(periods.iloc[:0]))
