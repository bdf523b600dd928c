"""When a schedule is due: answers from the exchange's published calendar and from wall clocks, by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ParameterError
from core.schedule.timing import Timing

NYSE_2024 = [
    # published by the exchange: 3 July closes at 13:00 New York, 4 July is a holiday
    ("close+45m", "2024-07-02 21:00", ["07-03 17:45", "07-05 20:45", "07-08 20:45"], "half day, holiday, weekend"),
    ("close+45m", "2024-11-27 22:00", ["11-29 18:45", "12-02 21:45"], "Thanksgiving and the half day after"),
    # the same wall clock in New York: UTC moves by an hour on 10 March and on 3 November
    ("close+45m", "2024-03-08 22:00", ["03-11 20:45"], "summer time begins"),
    ("close+45m", "2024-11-01 21:00", ["11-04 21:45"], "summer time ends"),
    ("close", "2024-03-28 21:00", ["04-01 20:00"], "Good Friday"),
    ("close+1h30m", "2024-07-01 00:00", ["07-01 21:30"], "hours and minutes"),
    ("cron 0 18 * * mon-fri", "2024-03-08 00:00", ["03-08 23:00", "03-11 22:00"], "New York's clock"),
    ("cron 0 18 * * 1-5", "2024-07-03 23:00", ["07-05 22:00", "07-08 22:00"], "1 is Monday, holidays left out"),
    ("cron 0 18 * * 0", "2024-07-01 00:00", [], "Sundays are never sessions"),
    ("weekly fri 18:00", "2024-03-23 00:00", ["03-28 22:00", "04-05 22:00"], "Good Friday: the Thursday before"),
    ("weekly mon 18:00", "2024-05-25 00:00", ["05-24 22:00", "06-03 22:00"], "Memorial Day: the Friday before"),
]  # fmt: skip


def written(times):
    """Moments as the table writes them."""
    return [f"{moment:%m-%d %H:%M}" for moment in times]


@pytest.mark.parametrize(("text", "now", "expected", "why"), NYSE_2024, ids=[row[3] for row in NYSE_2024])
def test_times_follow_the_exchange(text, now, expected, why, at):
    """Sessions, half days, holidays, weekends and summer time."""
    begin = at(now)
    if text == "weekly mon 18:00":
        begin = at("2024-05-24 00:00")
    assert written(Timing(text).upcoming(begin, max(1, len(expected)))) == expected


def test_another_zone_and_days_without_session_when_asked(at):
    """18:00 in Berlin is 16:00 UTC in summer; ``every day`` takes Saturday too."""
    timing = Timing("cron 0 18 * * *", zone="Europe/Berlin", sessions_only=False)
    assert written(timing.upcoming(at("2024-07-05 12:00"), 3)) == [
        "07-05 16:00",
        "07-06 16:00",
        "07-07 16:00",
    ]
    assert written(Timing("weekly sat 09:00", sessions_only=False).upcoming(at("2024-07-05 12:00"), 1)) == [
        "07-06 13:00"
    ]


@pytest.mark.parametrize(
    ("text", "zone", "begin", "expected"),
    [
        ("cron 15 0 * * *", "America/New_York", "2026-03-08 05:00", ["03-08 05:15", "03-09 04:15", "03-10 04:15"]),
        ("cron 0 0 * * *", "Australia/Lord_Howe", "2026-10-03 13:00", ["10-03 13:30", "10-04 13:00", "10-05 13:00"]),
        ("cron 30 2 * * *", "America/New_York", "2026-03-07 07:00", ["03-07 07:30", "03-08 07:30", "03-09 06:30"]),
        ("cron 0 0 * * *", "Africa/Cairo", "2026-04-22 21:00", ["04-22 22:00", "04-23 22:00", "04-24 21:00"]),
        ("cron */30 2-3 * * *", "America/New_York", "2026-03-08 06:00", ["03-08 07:00", "03-08 07:30", "03-09 06:00"]),
    ],
)  # fmt: skip
def test_the_day_after_summer_time_begins_has_its_first_hour(text, zone, begin, expected, at):
    """Each day has its time: also in that hour, and where the clock leaves the time itself out, when it goes on."""
    timing = Timing(text, calendar="24/7", zone=zone, sessions_only=False)
    assert written(timing.upcoming(at(begin), 3)) == expected


def test_a_day_that_never_comes_is_not_looked_for_for_ever(at):
    """Until the year 9999, in a scheduler and behind each letter of a form."""
    begin = time.process_time()
    with pytest.raises(ParameterError, match="never due"):
        Timing("cron 0 0 31 2 *").check()
    assert time.process_time() - begin < 1


def test_a_wall_clock_time_that_comes_twice_is_due_once(at):
    """01:30 on 3 November 2024 comes twice in New York."""
    timing = Timing("cron 30 1 * * *", sessions_only=False)
    assert written(timing.times(at("2024-11-02 12:00"), at("2024-11-04 12:00"))) == [
        "11-03 05:30",
        "11-04 06:30",
    ]


def test_a_wall_clock_time_that_is_left_out_is_due_all_the_same(at):
    """02:30 on 10 March 2024 does not come in New York: that day is still due once."""
    timing = Timing("cron 30 2 * * *", sessions_only=False)
    times = list(timing.times(at("2024-03-09 12:00"), at("2024-03-11 12:00")))
    assert [f"{moment:%m-%d}" for moment in times] == ["03-10", "03-11"]


def test_each_time_carries_the_last_closed_session(at):
    """A run before the close is about the day before; a Saturday's about Friday; a half day's about itself."""
    timing = Timing("cron 30 12,18 * * *", sessions_only=False)
    fired = timing.firings(at("2024-07-03 00:00"), at("2024-07-07 00:00"))
    assert [(f"{f.at:%m-%d %H:%M}", f"{f.session:%m-%d}") for f in fired] == [
        ("07-03 16:30", "07-02"), ("07-03 22:30", "07-03"), ("07-04 16:30", "07-03"), ("07-04 22:30", "07-03"),
        ("07-05 16:30", "07-03"), ("07-05 22:30", "07-05"), ("07-06 16:30", "07-05"), ("07-06 22:30", "07-05"),
    ]  # fmt: skip


@given(
    start_hour=st.integers(0, 24 * 1460), cut=st.integers(1, 60 * 24 * 20),
    text=st.sampled_from(["close+45m", "weekly fri 18:00", "cron 30 18 * * mon-fri", "cron 30 1 * * *"]),
)  # fmt: skip
def test_looking_at_the_clock_more_often_changes_nothing(start_hour, cut, text):
    """Two looks find together what one look finds: nothing is lost between them, nothing comes twice."""
    timing, begin = Timing(text), datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=start_hour)
    middle, end = begin + timedelta(minutes=cut), begin + timedelta(days=20)
    whole = timing.firings(begin, end)
    assert timing.firings(begin, middle) + timing.firings(middle, end) == whole
    assert len({firing.at for firing in whole}) == len(whole)


MISTAKES = [
    ({"text": "cron 0 0 31 2 *"}, "is never due", "once a year"),
    ({"text": "cron 61 * * * *"}, "cron line is '61 * * * *'", "five fields"),
    ({"text": "cron * * * *"}, "got 4", "five fields"),
    ({"text": "cron 0 18 * * fri-mon"}, "minimum value", "five fields"),
    ({"text": "hourly"}, "the schedule is 'hourly'", "close+45m"),
    ({"text": "close+45"}, "the schedule is 'close+45'", "close+45m"),
    ({"text": "close+30h"}, "close+30h", "24 hours"),
    ({"text": "weekly fry 18:00"}, "fry", "mon, tue"),
    ({"text": "weekly fri 25:00"}, "25:00", "18:00"),
    ({"text": "weekly sun 18:00", "calendar": "XNYZ"}, "XNYZ", "XNYS"),
    ({"text": "close", "zone": "Europe/Berlim"}, "Europe/Berlim", "Europe/Berlin"),
    ({"text": "cron 0 12 1 1 *"}, "is never due", "on a session of XNYS"),
]


@pytest.mark.parametrize(("given", "came", "hint"), MISTAKES, ids=[str(m[0]["text"]) for m in MISTAKES])
def test_an_impossible_rule_is_refused_in_words(given, came, hint):
    """What came, what was expected, the nearest name."""
    with pytest.raises(ParameterError) as raised:
        Timing(**given).check()
    assert came in str(raised.value)
    assert hint in str(raised.value)


def test_a_calendar_that_ends_gives_fewer_times(at):
    """Shanghai's holidays are known for a few years only: what is beyond is not invented."""
    assert Timing("close", "XSHG").upcoming(at("2099-01-01 00:00"), 5) == []
