"""Stages as bars: placed by when they began, behind each how long it usually takes; what was much slower is marked."""

from __future__ import annotations

import re

import pytest

from core.journal import Journal
from core.queries.runs.progress import StageView
from core.queries.runs.usual import usual_seconds
from dashboard import stage_bars

START = "2026-03-02T21:05:00.000+00:00"


@pytest.fixture
def run(desk_settings, fake_run):
    """A run whose start is known."""
    from dataclasses import replace

    fake_run("r", "succeeded")
    return replace(Journal(desk_settings.data).run("r"), started_at=START)


def test_bars_begin_where_the_stage_did_and_usual_lies_behind(run):
    """4 s of 10 s after 6 s; usually 2 s: a fifth; half of it again is much slower."""
    views = [
        StageView("ingest", "done", seconds=6.0, since=START),
        StageView("validate", "done", seconds=4.5, since="2026-03-02T21:05:05.500+00:00"),
        StageView("clean", "reused", rows=10),
    ]
    shown = stage_bars.markup(views, run, {"ingest": 6.0, "validate": 2.0})
    places = re.findall(r'class="(\w+[ b-]*\w*)" style="left:([\d.]+)%;width:([\d.]+)%', shown)
    assert places == [
        ("usual", "0.00", "60.00"), ("own b-good", "0.00", "60.00"),
        ("usual", "55.00", "20.00"), ("own b-slow", "55.00", "45.00"),
    ]  # fmt: skip


def test_what_the_grey_bars_mean_is_said_or_why_there_are_none(run):
    """Below the table, with a picture of each."""
    views = [StageView("ingest", "done", seconds=6.0, since=START)]
    assert "</i>usual</span>" in stage_bars.markup(views, run, {"ingest": 6.0})
    without = stage_bars.markup(views, run, {})
    assert "grey" not in without
    assert "three runs" in without


def test_usual_is_the_median_of_runs_before_of_the_same_profile(desk_settings, fake_run):
    """Three times 1, 2 and 9 s; twice is not usual; what was reused took no time; later runs do not count."""
    journal = Journal(desk_settings.data)
    for number, seconds in enumerate((1.0, 9.0, 2.0, 50.0)):
        fake_run(f"r{number}", "succeeded")
        journal.event(f"r{number}", "ingest", "succeeded", {"seconds": seconds})
        journal.event(f"r{number}", "clean", "succeeded" if number < 2 else "reused", {"seconds": seconds})
    assert usual_seconds(journal, journal.run("r3")) == {"ingest": 2.0}
