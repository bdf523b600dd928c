"""One schedule that is not as it was written is named, and stops none of the others."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from core.errors import ParameterError
from core.journal.faults import JournalError
from core.journal.schedules import Schedules
from core.queries.operations.health import check
from core.queries.operations.profile_list import next_runs
from core.queries.operations.schedules import overview, schedule_view
from core.request.known_profiles import KnownProfiles, Question
from core.review.ledger_check import ledger_faults
from core.review.people import Person
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.freshness import FAILED, watched
from core.schedule.scheduler import Scheduler
from core.schedule.timing import Timing

TESTER = Person("local:tester", "a tester", "operator")
ADDED, DUE = "2024-07-03 12:00", "2024-07-03 17:45"

ROADS = {
    "no definition": "body = '3'",
    "no text of UTF-8": "body = CAST(x'ff41' AS TEXT)",
    "a definition that is none": """body = '{"timing": {"texts": "close"}, "request": {}}'""",
    "a rule of another kind": """body = '{"timing": {"text": []}, "request": {}}'""",
    "a time that is none": "since = 'x'",
    "a time without a zone": "created_at = '2024-07-03'",
    "what was seen": "seen = '['",
    "whose it is": "who = x'00ff'",
    "no state": "state = 7",
}
"""What somebody who can write the database put into the row of the schedule ``bad``."""

STRANGE = {
    "a zone that leads elsewhere": ("weekly wed 17:00", {"zone": "../../etc/passwd"}),
    "a zone that is nowhere": ("weekly wed 17:00", {"zone": "Mars/Olympus"}),
    "a rule that is none": ("whenever", {}),
    "a calendar that is none": ("close", {"calendar": "../../etc"}),
    "a cron line that is none": ("cron x", {}),
    "a cron line that steps by nothing": ("cron */0 * * * *", {}),
    "a delay beyond numbers": ("close+99h9999m", {}),
}
"""What is of the right kind and of no use."""


def forge(configured, sql, *values):
    """Write to the journal behind the desk's back."""
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        raw.execute(sql, values)
        raw.commit()


@pytest.fixture
def two(configured, at):
    """A schedule ``bad``, before one by name that is due at the same time, ``good``."""
    for name in ("bad", "good"):
        definition.add(configured, Schedule(name, Timing("close+45m")), now=at(ADDED), person=TESTER)
    return configured


def logged(configured):
    """What the scheduler's log says of schedules."""
    lines = (configured.data / "runs" / "scheduler" / "log.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == "schedule_trouble"]


@pytest.mark.parametrize("road", ROADS)
def test_a_damaged_schedule_is_named_and_the_others_go_on(road, two, starter, at):
    """By the log once, by the list, by doctor, by deadman and by verify; asked for itself it answers 30."""
    forge(two, f"UPDATE schedule SET {ROADS[road]} WHERE name = 'bad'")
    scheduler, now = Scheduler(lambda: two, starter), at(DUE)
    for _ in range(3):
        scheduler.tick(now)
    assert starter.requests == [{"end": "2024-07-03"}]
    assert [entry["schedule"] for entry in logged(two)] == ["bad"]
    entries = {entry["name"]: entry for entry in overview(two, now)["schedules"]}
    assert [(name, entry["state"]) for name, entry in sorted(entries.items())] == [
        ("bad", "damaged"), ("good", "active"),
    ]  # fmt: skip
    assert "afterclose schedules remove bad" in entries["bad"]["trouble"]
    with pytest.raises(JournalError, match="schedule 'bad' in the journal is damaged") as error:
        schedule_view(two, "bad", now)
    assert error.value.exit_code == 30
    assert {row.schedule: row.state for row in watched(two, now)}["bad"] == FAILED
    assert next_runs(two, now)
    told = {each.subject: each for each in check(now, lambda: two, ask=False)}
    assert "bad" in told["scheduler"].says
    assert any("bad" in fault for fault in ledger_faults(two)[1])


@pytest.mark.parametrize("road", ROADS)
def test_a_damaged_schedule_can_be_removed(road, two, at):
    """By the name that is shown; nothing is damaged then."""
    forge(two, f"UPDATE schedule SET {ROADS[road]} WHERE name = 'bad'")
    definition.remove(two, "bad", person=TESTER)
    assert [stored.name for stored in Schedules(two.data).schedules()] == ["good"]
    assert ledger_faults(two)[1] == []


@pytest.mark.parametrize("name", [b"bad", "a\nb"])
def test_a_name_that_is_none_can_be_removed_as_it_is_shown(name, two, starter, at):
    """Whatever kind it is of."""
    forge(two, "UPDATE schedule SET name = ?, body = '3' WHERE name = 'bad'", name)
    Scheduler(lambda: two, starter).tick(at(DUE))
    assert len(starter.requests) == 1
    (shown,) = [e["name"] for e in overview(two, at(DUE))["schedules"] if e["state"] == "damaged"]
    assert shown.isprintable()
    definition.remove(two, shown, person=TESTER)
    assert [stored.name for stored in Schedules(two.data).schedules()] == ["good"]


@pytest.mark.parametrize("road", STRANGE)
def test_a_rule_of_no_use_stops_no_other(road, two, starter, at):
    """Also one that a library of others stumbles over."""
    text, more = STRANGE[road]
    body = {"timing": {"text": text, **more}, "request": {}}
    forge(two, "UPDATE schedule SET body = ? WHERE name = 'bad'", json.dumps(body))
    Scheduler(lambda: two, starter).tick(at(DUE))
    assert starter.requests == [{"end": "2024-07-03"}]
    assert {entry["schedule"] for entry in logged(two)} == {"bad"}
    assert {entry["name"] for entry in overview(two, at(DUE))["schedules"]} == {"bad", "good"}


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_schedule_that_was_looked_at_in_another_age_stops_no_other(since, two, starter, at):
    """And nothing of two thousand years is built."""
    forge(two, "UPDATE schedule SET since = ? WHERE name = 'bad'", since)
    Scheduler(lambda: two, starter).tick(at(DUE))
    assert {"end": "2024-07-03"} in starter.requests


@pytest.mark.parametrize("change", ["due_at = x'00'", "session = 'x'", "note = CAST(x'ff' AS TEXT)"])
def test_a_damaged_time_of_one_schedule_stops_no_other(change, two, starter, at):
    """What was due of it is named as that schedule's trouble."""
    starter.state = "running"
    scheduler = Scheduler(lambda: two, starter)
    scheduler.tick(at(DUE))
    assert len(starter.requests) == 2
    forge(two, f"UPDATE occurrence SET {change} WHERE schedule = 'bad'")
    forge(two, "UPDATE run SET state = 'succeeded', ended_at = created_at")
    scheduler.tick(at("2024-07-05 20:45"))
    scheduler.tick(at("2024-07-05 20:46"))
    assert {"end": "2024-07-05"} in starter.requests[2:]
    assert "bad" in {entry["schedule"] for entry in logged(two)}


def test_the_list_shows_the_others_and_leaves_with_30(two, run_afterclose):
    """In words and as JSON."""
    forge(two, "UPDATE schedule SET body = '3' WHERE name = 'bad'")
    for words in (("schedules",), ("schedules", "--json")):
        listed = run_afterclose(*words, data=two.data)
        assert "[]" not in listed.out.split("scheduler")[0] or words[-1] == "--json", (
            "no next time is a stroke"
        )
        assert listed.code == 30
        assert "good" in listed.out
        assert "schedule 'bad' in the journal is damaged" in listed.err


DAMAGED_PROFILES = {
    "a source that is none": {"source": "nosuch"},
    "a form of dates that is none": {"reading": {"date_format": "nosuch"}},
    "another one's name": {"profile": "files:b", "path": "elsewhere.csv"},
    "no name": {"profile": None},
}


@pytest.mark.parametrize("road", DAMAGED_PROFILES)
def test_a_damaged_profile_is_no_other_profiles_trouble(road, configured):
    """Of what runs without a section of luigi.cfg asked for, in the data root."""
    known = KnownProfiles(configured.data)
    for name in ("files:a", "files:b"):
        known.keep(name, Question("files", f"{name[-1]}.csv"))
    (path,) = (configured.data / "profiles").glob("files:a.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **DAMAGED_PROFILES[road]}))
    assert configured.under("files:b")["path"] == "b.csv"
    with pytest.raises(ParameterError):
        configured.under("files:a")
