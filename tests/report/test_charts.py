"""Drawings place each figure where it belongs, and draw nothing when there is nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from core.report import charts


def circles(svg: str) -> list[tuple[str, float, float]]:
    return [
        (c.get("class"), float(c.get("cx")), float(c.get("cy"))) for c in ET.fromstring(svg).iter("circle")
    ]


@pytest.mark.parametrize("draw", [charts.comparison, charts.folds, charts.calibration])
def test_each_drawing_is_well_formed_and_named(draw, trained):
    """An XML parser reads it, and a screen reader has a name for it."""
    root = ET.fromstring(draw(trained))
    assert root.tag == "svg"
    assert root.get("aria-label")


@pytest.mark.parametrize("draw", [charts.comparison, charts.folds, charts.calibration])
def test_each_drawing_is_left_out_when_there_is_nothing_to_draw(draw, too_little):
    """An empty frame would suggest that something was measured."""
    assert draw(too_little) == ""


@pytest.mark.parametrize("draw", [charts.comparison, charts.folds, charts.calibration])
def test_a_drawing_keeps_hostile_names_as_text(draw, hostile):
    """The drawing's own tags are the only ones."""
    tags = set(re.findall(r"<(\w+)", draw(hostile)))
    assert tags <= {"svg", "line", "circle", "text", "title"}


def test_the_model_and_rules_stand_in_order_of_their_auc(trained):
    """Figures .498, .513, .500, .488, .512, .500: positions must rank the same."""
    across = [x for _, x, _ in circles(charts.comparison(trained))]
    assert sorted(range(6), key=across.__getitem__) == [3, 0, 2, 5, 4, 1]


def test_a_rule_of_exactly_one_half_stands_on_the_line_of_a_coin_toss(trained):
    """The line and the dot use the same scale."""
    svg = charts.comparison(trained)
    line = re.search(r'class="half" x1="([\d.]+)"', svg)
    assert line is not None
    assert circles(svg)[2][1] == float(line[1])


def test_a_calibrated_bin_stands_on_the_diagonal(trained):
    """Expected equals risen: the dot lies on the dashed line whatever the scale."""
    trained["calibration"] = [
        {"low": 0.4, "high": 0.5, "rows": 10, "mean_probability": 0.45, "share_up": 0.45},
        {"low": 0.5, "high": 0.6, "rows": 40, "mean_probability": 0.55, "share_up": 0.7},
    ]
    svg = charts.calibration(trained)
    found = re.search(r'class="half" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', svg)
    assert found is not None
    x1, y1, x2, y2 = map(float, found.groups())
    (_, x, y), (_, _, above) = circles(svg)
    assert y == pytest.approx(y1 + (x - x1) / (x2 - x1) * (y2 - y1), abs=0.2)
    assert above < y


def test_folds_above_a_coin_toss_stand_above_its_line(trained):
    """On a page, above means a smaller coordinate."""
    svg = charts.folds(trained)
    line = float(re.search(r'class="half" x1="[\d.]+" y1="([\d.]+)"', svg)[1])
    above = [y < line for _, _, y in circles(svg)]
    assert above == [False, True, True, False, True, False, True, False, True, True]


def test_equal_values_still_give_an_axis_with_room():
    """A scale without extent would divide by zero."""
    axis = charts.axis([0.5, 0.5], 0, 100)
    assert axis.low < 0.5 < axis.high
    assert axis.at(0.5) == pytest.approx(50)
