"""Time as pictures: each session stands under its weekday and leads where its state says; each run has its stages."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.queries.operations.profile_history import SessionDay, history
from dashboard import time_pictures

NOW = datetime(2013, 3, 5, 12, tzinfo=UTC)


def cells(markup: str) -> dict[str, tuple[int, int, str]]:
    """Day of the month -> column, row and where it leads."""
    found = re.findall(r'grid-column:(\d+);grid-row:(\d+)" href="([^"]+)"[^>]*>(\d+)<', markup)
    return {day: (int(column), int(row), address) for column, row, address, day in found}


def test_weeks_begin_on_monday_and_each_state_leads_where_it_is_acted_on():
    """Friday 2013-03-01 and Monday 2013-03-04: the column after; a report, a run, or filling it in."""
    days = [SessionDay("2013-02-28", "signed", "r1"), SessionDay("2013-03-01", "failed", "r2"),
            SessionDay("2013-03-04", "not made"), SessionDay("2013-03-05", "no data")]  # fmt: skip
    shown = cells(time_pictures.calendar(days, "files:a b"))
    assert shown == {
        "28": (2, 5, "report?profile=files%3Aa+b&amp;session=2013-02-28"),
        "1": (2, 6, "run?run=r2"),
        "4": (3, 2, "schedules?fill=files%3Aa+b&amp;session=2013-03-04"),
        "5": (3, 3, "schedules?fill=files%3Aa+b&amp;session=2013-03-05"),
    }


@pytest.mark.parametrize(("weekend", "rows"), [("2013-03-04", 5), ("2013-03-03", 7)])
def test_an_exchange_that_never_closes_has_seven_rows(weekend, rows):
    """Weekdays are named once each."""
    markup = time_pictures.calendar(
        [SessionDay("2013-03-01", "draft", "r"), SessionDay(weekend, "not made")], "p"
    )
    assert len(re.findall(r">(Mon|Tue|Wed|Thu|Fri|Sat|Sun)<", markup)) == rows


def test_the_name_of_a_month_never_lies_on_the_next():
    """The first has its year beside it: of two weeks in November only December is named; of three both are."""
    november, december = ["2012-11-26", "2012-11-27"], ["2012-12-10", "2012-12-24", "2013-01-14"]
    months = r'class="month" style="grid-column:(\d+)">([^<]+)<'
    markup = time_pictures.calendar([SessionDay(day, "not made") for day in [*november, *december]], "p")
    assert re.findall(months, markup)[0][1] == "Dec 2012"
    markup = time_pictures.calendar(
        [SessionDay(day, "not made") for day in ["2012-11-12", *november, *december]], "p"
    )
    assert [name for _, name in re.findall(months, markup)] == ["Nov 2012", "Dec", "Jan"]


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
    assert re.search(r'aria-label="Run [0-9: -]+ UTC, failed, ', column)
