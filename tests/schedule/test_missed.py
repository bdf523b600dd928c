"""Missed firings, under a clock of the test's own: caught up oldest first, the rest reported."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.cli import daemon
from core.journal import locks
from core.journal.schedules import Schedules
from core.review.people import Person
from core.runs.log import RunLog
from core.schedule import definition
from core.schedule.catch_up import catch_up_plan
from core.schedule.definition import Schedule
from core.schedule.scheduler import LOG, Scheduler
from core.schedule.timing import Firing, Timing

TESTER = Person("local:tester", "a tester", "operator")
MINUTE = timedelta(minutes=1)


def daily(**request):
    """A schedule after each close."""
    return Schedule("daily", Timing("close+45m"), request)


def states(configured):
    """(session, state) of the schedule's occurrences, oldest first."""
    found = Schedules(configured.data).occurrences("daily", limit=1000)
    return [(due.session, due.state) for due in reversed(found)]


def test_a_week_without_scheduler_is_caught_up_oldest_first(configure, starter, at):
    """Five sessions missed, three allowed: the oldest three run in order, the other two are reported."""
    configured = configure("[schedule]\ncatch_up = 3\n")
    definition.add(configured, daily(mode="train"), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for minute in range(5):
        scheduler.tick(at("2024-07-12 23:00") + minute * MINUTE)
    assert starter.sessions() == ["2024-07-08", "2024-07-09", "2024-07-10"]
    assert states(configured)[3:] == [("2024-07-11", "skipped"), ("2024-07-12", "skipped")]
    for due in Schedules(configured.data).occurrences("daily")[:2]:
        assert "at most 3" in due.note
        assert due.note.endswith("afterclose backfill 2024-07-11 2024-07-12 --mode train")
    (told,) = logged(configured, "schedule_skipped")
    assert (told["first"], told["last"], told["sessions"]) == ("2024-07-11", "2024-07-12", 2)
    scheduler.tick(at("2024-07-13 23:00"))
    assert len(starter.requests) == 3, "what is over stays over"


def logged(configured, event):
    """The scheduler's log lines of one event."""
    lines = RunLog(configured.data, LOG).path.read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["event"] == event]


@pytest.mark.parametrize(
    ("allowed", "runs"), [(0, ["2024-07-12"]), (2, ["2024-07-08", "2024-07-09", "2024-07-12"])]
)
def test_what_is_due_just_now_was_not_missed(allowed, runs, configure, starter, at):
    """A desk opened ten minutes after the time makes today's report, whatever else was missed."""
    configured = configure(f"[schedule]\ncatch_up = {allowed}\n")
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for minute in range(4):
        scheduler.tick(at("2024-07-12 20:55") + minute * MINUTE)
    assert starter.sessions() == runs
    scheduler.tick(at("2024-07-15 20:45"))
    assert starter.sessions() == [*runs, "2024-07-15"]


def test_what_is_older_than_a_quarter_is_reported_once(configure, starter, at):
    """Away from January to July 2024: the oldest session in reach runs, and one record tells of what was before."""
    configured = configure("[schedule]\ncatch_up = 1\n")
    definition.add(configured, daily(), now=at("2024-01-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for minute in range(3):
        scheduler.tick(at("2024-07-12 23:00") + minute * MINUTE)
    assert starter.sessions() == ["2024-04-12"]
    whole = Schedules(configured.data).occurrences("daily", limit=1000)
    (beyond,) = [due for due in whole if due.session is None]
    assert (beyond.state, beyond.due_at[:10]) == ("skipped", "2024-04-11")
    assert beyond.note.endswith("afterclose backfill 2024-01-05 2024-04-11")
    assert len(whole) == 1 + 1 + 62, "XNYS had 63 sessions from 12 April to 12 July 2024"


def test_a_clock_that_was_ahead_and_set_right_again_stops_no_schedule(configured, starter, at):
    """For a moment it is 2035: the schedule goes on with the next close of today's clock, not in eight years."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    scheduler.tick(at("2035-02-15 08:00"))
    scheduler.tick(at("2024-07-05 23:10"))
    (warned,) = logged(configured, "clock_set_back")
    assert warned["looked_up_to"].startswith("2035-02-15")
    for minute in range(10):  # what was recorded of the other time has its turn
        scheduler.tick(at("2024-07-05 23:11") + minute * MINUTE)
    starter.requests.clear()
    scheduler.tick(at("2024-07-08 20:46"))
    assert starter.sessions() == ["2024-07-08"]


@pytest.mark.parametrize("ahead", ["2024-07-09 23:00", "2024-07-17 12:00", "2025-07-05 23:00"])
@pytest.mark.parametrize("looks", [1, 3])
def test_a_clock_that_was_ahead_takes_no_session_away(configured, starter, at, ahead, looks):
    """What was started, or skipped, for days to come was all that ever came of them."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for _ in range(looks):
        scheduler.tick(at(ahead))
    early = len(starter.requests)
    now = at("2024-07-05 23:10")
    while now < at("2024-07-17 23:00"):
        scheduler.tick(now)
        now += timedelta(minutes=50)
    july = [f"2024-07-{day:02d}" for day in (8, 9, 10, 11, 12, 15, 16, 17)]
    assert starter.sessions()[early:] == july
    journal = Schedules(configured.data)
    runs = [run.run_id for run in journal.runs(limit=1000)]
    assert [journal.starters_of(run) for run in runs] == [["daily"]] * len(runs), (
        "whose each run is stays known"
    )


def test_a_clock_that_goes_back_and_forth_starts_a_session_twice_at_most(configured, starter, at):
    """Once early, and once when it has come."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for _ in range(6):
        scheduler.tick(at("2024-07-08 23:00"))
        scheduler.tick(at("2024-07-05 23:10"))
    for _ in range(3):
        scheduler.tick(at("2024-07-08 23:00"))
    assert starter.sessions() == ["2024-07-08"] * 2


def test_a_look_for_cron_leaves_the_clock_to_whoever_watches_it(configured, at):
    """Two machines' clocks may differ: one says what is due."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    since = Schedules(configured.data).schedule("daily").since
    with locks.hold(configured.data, daemon.LOCK, "another", journal="", waiting=None):
        daemon.look_once(lambda: configured, at("2024-07-05 23:30"))
    assert Schedules(configured.data).last_beat() is None
    daemon.look_once(lambda: configured, at("2024-07-05 23:30"))
    assert Schedules(configured.data).last_beat() is not None
    assert Schedules(configured.data).schedule("daily").since == since


def test_a_clock_set_back_by_minutes_starts_nothing_twice(configured, starter, at):
    """What was due within them is on record already."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for moment in ("2024-07-08 20:46", "2024-07-08 20:40", "2024-07-08 20:45", "2024-07-08 20:50"):
        scheduler.tick(at(moment))
    assert starter.sessions() == ["2024-07-08"]


def test_a_rule_that_comes_once_a_year_was_not_away_in_between(configured, starter, at):
    """Nothing was due for a year: nothing is reported."""
    yearly = Schedule("daily", Timing("cron 0 18 2 1 *"))
    definition.add(configured, yearly, now=at("2024-01-03 00:00"), person=TESTER)
    Scheduler(lambda: configured, starter).tick(at("2025-01-02 23:05"))
    assert states(configured) == [("2025-01-02", "running")]


@pytest.mark.parametrize(
    ("first", "last", "due_utc"),
    [("2024-03-07", "2024-03-12", [22, 22, 21, 21]), ("2024-10-31", "2024-11-05", [21, 21, 22, 22])],
    ids=["summer time begins", "summer time ends"],
)
def test_18_in_new_york_stays_18_when_the_clocks_change(first, last, due_utc, configured, starter, at):
    """The session's run moves by an hour of UTC over the weekend; none is lost, none comes twice."""
    evening = Schedule("daily", Timing("cron 0 17 * * *"))
    now, started = at(f"{first} 12:00"), []
    definition.add(configured, evening, now=now, person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    while now < at(f"{last} 23:59"):
        before = len(starter.requests)
        scheduler.tick(now)
        if len(starter.requests) > before:
            started.append(now)
        now += timedelta(hours=1)
    assert [moment.hour for moment in started] == due_utc
    assert len(set(starter.sessions())) == 4
    assert [starter.sessions()[n] for n in (0, -1)] == [first, last]


def test_many_missed_times_of_one_session_are_one_run(configured, starter, at):
    """An hourly line that was missed over a weekend is about one session."""
    hourly = Schedule("daily", Timing("cron 0 * * * *", sessions_only=False))
    definition.add(configured, hourly, now=at("2024-07-05 21:30"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    for _ in range(3):
        scheduler.tick(at("2024-07-08 08:30"))
    assert starter.sessions() == ["2024-07-05"]


@pytest.mark.parametrize(
    ("age", "is_run"), [(15 * MINUTE, True), (15 * MINUTE + timedelta(microseconds=1), False)]
)
def test_a_quarter_of_an_hour_to_the_microsecond_is_on_time(age, is_run, at):
    """With nothing to be caught up: exactly 15 minutes old is run, anything older is only reported."""
    now = at("2024-07-12 23:00")
    firing = Firing(now - age, now.date())
    due = catch_up_plan([firing], 0, now)
    assert (due.runs, due.reported) == (([firing], []) if is_run else ([], [firing]))
