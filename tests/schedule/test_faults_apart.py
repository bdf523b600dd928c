"""What is wrong with the file of one schedule is its own: the others start, and their alarm is told."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing

import pytest

from core.errors import SourceError, StageError
from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.schedules import Schedules
from core.paths import real_path
from core.queries.operations.profile_list import profile_list
from core.review.people import Person
from core.runs.log import RunLog
from core.runs.profile import NotAskedError
from core.schedule import arrival, definition, freshness
from core.schedule.deadman import tell_if_missing
from core.schedule.definition import Schedule
from core.schedule.freshness import watched
from core.schedule.scheduler import Scheduler
from core.schedule.starting import start_run
from core.schedule.timing import Timing
from core.sources.tabular.inventory import inventory_of
from tests.conftest import prices_csv

PERSON = Person("local:tester", "a tester", "operator")


@pytest.fixture
def two(configured, at, tmp_path, monkeypatch):
    """Settings with schedules *a* and *b*, each over a file of its own."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(prices_csv(30))
        schedule = Schedule(name, Timing("close"), {"source": "files", "path": f"{name}.csv"})
        definition.add(configured, schedule, now=at("2024-07-01 12:00"), person=PERSON)
    return dataclasses.replace(configured, defaults={**configured.defaults, "schedule_deadline": "18:00"})


def in_a_circle(path):
    """Put a link that leads to itself in the place of a file."""
    path.unlink()
    path.symlink_to(path.name)


def test_a_link_in_a_circle_silences_no_alarm_of_another(two, at, tmp_path):
    """Whoever delivers one file could end every look at how the profiles stand."""
    in_a_circle(tmp_path / "a.csv")
    now = at("2024-07-08 23:00")
    assert {row.schedule for row in watched(two, now)} == {"a", "b"}
    log = RunLog(two.data, "scheduler")
    tell_if_missing(two, now, log)
    assert "files:b" in log.path.read_text()
    assert profile_list(two, now) is not None


def test_what_nobody_thought_of_is_told_once_and_no_start_is_tried_for_ever(two, at, tmp_path):
    """It stayed as starting, and began again at each look."""
    in_a_circle(tmp_path / "a.csv")
    tries = []

    def start(settings, request, run_id, person):
        tries.append(request["path"])
        if request["path"] == "b.csv":
            raise RuntimeError("nobody thought of it")
        return start_run(settings, request, run_id, person)

    scheduler = Scheduler(lambda: two, start)
    for minute in range(3):
        scheduler.tick(at(f"2024-07-01 23:0{minute}"))
    assert sorted(tries) == ["a.csv", "b.csv"]
    journal = Schedules(two.data)
    notes = {name: journal.occurrences(name, limit=1)[0] for name in "ab"}
    assert {due.state for due in notes.values()} == {"refused"}
    assert "a.csv" in notes["a"].note
    assert "unexpected RuntimeError" in notes["b"].note


def test_a_folder_that_one_may_not_enter_is_named(tmp_path, monkeypatch):
    """The system's words, and no error of ours."""
    kind = type(tmp_path)

    def refused(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(kind, "is_dir", refused)
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        inventory_of(str(tmp_path / "in"))


def test_a_link_in_a_circle_leads_to_itself(tmp_path):
    """Where other links lead is followed."""
    (tmp_path / "a").symlink_to("a")
    (tmp_path / "b").symlink_to("c")
    assert real_path(tmp_path / "a") == tmp_path / "a"
    assert real_path(tmp_path / "b") == tmp_path / "c"


def test_a_damaged_row_of_a_run_silences_no_alarm_of_another(two, at):
    """The journal is read for each profile by itself; a database that is away is nobody's own."""
    journal = Journal(two.data)
    about = {"who": "a", "how": "desk", "request": {}, "target": "report", "state": "succeeded"}
    for name in "ab":
        journal.add_run(f"20240701T21000{name}Z-aaaaaa", **about, profile=f"files:{name}")
    with closing(sqlite3.connect(two.data / FILE_NAME)) as raw, raw:
        raw.execute("UPDATE run SET keys = '{' WHERE profile = 'files:a'")
    log = RunLog(two.data, "scheduler")
    tell_if_missing(two, at("2024-07-08 23:00"), log)
    assert "files:b" in log.path.read_text()


def test_a_schedule_over_an_address_that_nobody_asked_is_told_of_each_session(two, at, monkeypatch):
    """It was told once in the life of the data root."""

    def not_asked(*_, **__):
        raise NotAskedError("whether it is", expected="a server that is asked")

    monkeypatch.setattr(freshness, "profile_of", not_asked)
    sessions = [watched(two, at(f"2024-07-0{day} 23:00"))[0].session for day in (8, 9)]
    assert sessions == ["2024-07-08", "2024-07-09"]


def test_a_look_that_fails_rests_as_long_as_one_that_does_not(two, at, monkeypatch):
    """An address that gives no answer was asked every five seconds."""
    looks = []

    def look(*_, **__):
        looks.append(1)
        raise StageError("nothing there")

    monkeypatch.setattr(arrival, "resolve", look)
    schedule = Schedule("a", Timing("arrival"), {"source": "files", "path": "https://vendor.example/a.csv"})
    arrivals = arrival.Arrivals()
    for second in (0, 5, 10):
        assert arrivals.new(two, schedule, {}, at(f"2024-07-08 23:00:{second:02d}")) is None
    assert len(looks) == 1
