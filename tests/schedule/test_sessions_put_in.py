"""What is due stands in rows under no signature: nobody is made to ask for a session that they never asked for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from core.journal.schedules import Schedules
from core.review.ledger_check import ledger_faults
from core.review.people import Person
from core.schedule import backfill, definition
from core.schedule.coverage import Range
from core.schedule.definition import Schedule
from core.schedule.scheduler import Scheduler, _session_at, run_now
from core.schedule.timing import Timing

ANN = Person("ann@id.example.org", "Ann", "operator", "OpenID Connect, id.example.org")


def put_in(configured, name, due_at, session):
    """A row that says that something waits."""
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        raw.execute(
            "INSERT INTO occurrence (schedule, due_at, session, state, at) VALUES (?, ?, ?, 'waiting', ?)",
            (name, due_at, session, due_at),
        )
        raw.commit()


@pytest.fixture
def now():
    """The time of the records, which no test sets."""
    return datetime.now(UTC)


@pytest.fixture
def nightly(configured, now):
    """A schedule that Ann has just set."""
    schedule = Schedule("nightly", Timing("close"), {"mode": "train"})
    definition.add(configured, schedule, now=now, person=ANN)
    return schedule


@pytest.mark.parametrize("session", ["2001-01-02", "2999-01-02"])
def test_a_schedule_asks_for_no_session_from_before_it_was_set(configured, nightly, starter, now, session):
    """Whoever can write the database chooses what Ann's schedule trains on, and may promote it: she asked for it."""
    put_in(configured, "nightly", "2001-01-02T22:00:00.000+00:00", session)
    Scheduler(lambda: configured, starter).tick(now + timedelta(seconds=30))
    assert starter.requests == []
    (due,) = Schedules(configured.data).occurrences("nightly")
    assert (due.state, due.run_id) == ("refused", None)
    assert f"was never due for session {session}" in str(due.note)


def test_what_it_is_due_for_starts(configured, nightly, starter, now):
    """The last session that had closed."""
    session = _session_at(nightly, now)
    put_in(configured, "nightly", definition.stamp(now), session)
    Scheduler(lambda: configured, starter).tick(now)
    assert starter.sessions() == [session]


def test_a_range_asks_for_no_session_beyond_it(configured, starter, now):
    """Its maker asked for two days."""
    begun = backfill.begin(configured, Range("2013-02-14", "2013-02-15", {}, 1), person=ANN, now=now)
    put_in(configured, begun, "2001-01-02", "2001-01-02")
    found = backfill.fill(configured, begun, start=starter)
    assert starter.sessions() == ["2013-02-14", "2013-02-15"]
    assert found[0].state == "refused"
    assert "is not in the range" in str(found[0].note)


@pytest.mark.parametrize("road", ["its row", "what is due"])
def test_a_schedule_that_is_paused_on_record_starts_nothing(configured, nightly, starter, now, road):
    """Who paused it said no: its row, and a row of what is due, say something else without a record."""
    definition.pause(configured, "nightly", person=ANN)
    put_in(configured, "nightly", definition.stamp(now), _session_at(nightly, now))
    if road == "its row":
        Schedules(configured.data).set_state("nightly", "active")
    Scheduler(lambda: configured, starter).tick(now)
    assert starter.requests == []
    fault = "nightly is paused on record, and its row says that it is active (pause it again)"
    assert ledger_faults(configured)[1] == ([fault] if road == "its row" else [])
    at_once = run_now(configured, "nightly", now=now + timedelta(seconds=1), person=ANN, start=starter)
    assert at_once.state == "running"
    definition.pause(configured, "nightly", person=ANN)
    assert not any("nightly" in fault for fault in ledger_faults(configured)[1])


def test_a_schedule_that_was_resumed_goes_on(configured, nightly, starter, now):
    """Also one that its maker set anew; a pause that no record could be made of is no fault."""
    definition.pause(configured, "nightly", person=ANN)
    definition.resume(configured, "nightly", now=now, person=ANN)
    put_in(configured, "nightly", definition.stamp(now), session := _session_at(nightly, now))
    Scheduler(lambda: configured, starter).tick(now)
    assert starter.sessions() == [session]
    Schedules(configured.data).set_state("nightly", "paused")
    assert not any("nightly" in fault for fault in ledger_faults(configured)[1])
