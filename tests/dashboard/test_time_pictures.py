"""Time as pictures: each session leads where its state says; each run has its stages."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from core.journal import Journal
from core.queries.operations.profile_history import SessionDay, history
from dashboard import time_pictures

NOW = datetime(2013, 3, 5, 12, tzinfo=UTC)


def test_each_state_of_a_session_leads_where_it_is_acted_on():
    """A report, a run, or filling it in."""
    days = [SessionDay("2013-02-28", "signed", "r1"), SessionDay("2013-03-01", "failed", "r2"),
            SessionDay("2013-03-04", "not made"), SessionDay("2013-03-05", "no data")]  # fmt: skip
    assert re.findall(r'class="day d-(\w+)" href="([^"]+)"', time_pictures.strip(days, "files:a b")) == [
        ("signed", "report?profile=files%3Aa+b&amp;session=2013-02-28"),
        ("bad", "run?run=r2"),
        ("none", "schedules?fill=files%3Aa+b&amp;session=2013-03-04"),
        ("nothing", "schedules?fill=files%3Aa+b&amp;session=2013-03-05"),
    ]


def test_a_strip_says_from_when_to_when():
    """Its first and its last session stand below it."""
    days = [SessionDay("2013-02-28", "draft", "r1"), SessionDay("2013-03-01", "not made")]
    markup = time_pictures.strip(days, "p")
    assert re.findall(r"<span>([^<]+)</span>", markup) == ["2013-02-28", "2013-03-01"]
    assert time_pictures.strip([], "p") == ""


def test_a_profiles_sessions_say_what_became_of_them(desk_settings, fake_run):
    """A run that ended before its session's report: failed. One that goes: running. The rest: not made."""
    fake_run("r1", "failed", request={"source": "sample", "end": "2013-03-01"})
    fake_run("r2", None, request={"source": "sample", "end": "2013-03-04"})
    past = history(desk_settings, Journal(desk_settings.data), "sample", "XNYS", NOW)
    states = {day.session: day.state for day in past.days}
    assert list(states)[-3:] == ["2013-02-28", "2013-03-01", "2013-03-04"]
    assert (states["2013-02-28"], states["2013-03-01"], states["2013-03-04"]) == (
        "not made",
        "failed",
        "running",
    )
    assert [each.run.run_id for each in past.runs] == ["r1", "r2"]
    assert len(past.days) == 60


def test_the_grid_has_a_column_for_each_run_read_out_with_its_state(desk_settings, fake_run):
    """Eight things to see, one link."""
    fake_run("r1", "failed", request={"source": "sample"})
    past = history(desk_settings, Journal(desk_settings.data), "sample", "XNYS", NOW)
    markup = time_pictures.grid(past.runs)
    (column,) = re.findall(r'<a class="run-column".+?</a>', markup, re.DOTALL)
    assert column.count('class="sq ') == 7
    assert re.search(r'aria-label="Run r1, failed, ', column)


def test_a_legend_names_what_is_drawn_and_nothing_else():
    """Two sessions, no run: two marks; without either there is no legend."""
    days = [SessionDay("2013-02-28", "in_review", "r1"), SessionDay("2013-03-01", "not made")]
    markup = time_pictures.legends([], days)
    assert re.findall(r"</i>([^<]+)", markup) == ["in review", "not made"]
    assert "Stages" not in markup
    assert "<b>" not in time_pictures.legends([], [])
