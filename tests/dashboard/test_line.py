"""The picture of the line: a sign and a name for each stage, told in words as well as in colour."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from dashboard.line import describe, line_svg

SVG = "{http://www.w3.org/2000/svg}"
STAGES = [("ingest", "done"), ("train_or_score", "running"), ("report", "queued"), ("sign-off", "to sign")]


def test_every_stage_has_a_sign_and_its_name():
    """Well-formed, in order, underscores as spaces, the state readable without colour."""
    picture = ET.fromstring(line_svg(STAGES))
    assert [text.text for text in picture.iter(f"{SVG}text")] == [
        "ingest",
        "train or score",
        "report",
        "sign-off",
    ]
    assert [title.text for title in picture.iter(f"{SVG}title")] == [f"{n}: {s}" for n, s in STAGES]
    signs = [group.find(f"{SVG}path").get("d") for group in picture.iter(f"{SVG}g")]
    assert len(set(signs)) == 4


def test_the_line_is_dashed_until_the_work_has_come_that_far():
    joints = ET.fromstring(line_svg(STAGES)).findall(f"{SVG}path")
    assert [joint.get("stroke-dasharray") is None for joint in joints] == [True, False, False]


def test_dark_and_light_differ_and_say_the_same():
    light, dark = (ET.fromstring(line_svg(STAGES, dark=dark)) for dark in (False, True))
    assert ET.tostring(light) != ET.tostring(dark)
    assert [t.text for t in light.iter(f"{SVG}title")] == [t.text for t in dark.iter(f"{SVG}title")]


@pytest.mark.parametrize("state", ["failed", "cancelled", "<script>"])
def test_any_state_is_drawn_and_none_is_markup(state):
    picture = ET.fromstring(line_svg([("a<b", state)]))
    assert picture.find(f".//{SVG}title").text == f"a<b: {state}"
    assert describe([("train_or_score", state)]) == f"train or score {state}"
