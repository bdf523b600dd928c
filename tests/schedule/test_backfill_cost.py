"""A session costs the same however long the range: counted work, not time, so a busy machine has no say."""

from __future__ import annotations

import sqlite3
import sys

import pytest

from core.journal import Journal
from core.review.people import Person
from core.schedule import backfill
from core.schedule.coverage import Range

TESTER = Person("local:tester", "a tester", "operator")


class Counted:
    """Calls of Python functions, and tens of steps that SQLite took, since the last look."""

    def __init__(self) -> None:
        self.calls = self.steps = 0

    def called(self, _frame, event, _given) -> None:
        """Take note of a call."""
        self.calls += event == "call"

    def stepped(self) -> int:
        """Take note of ten steps; 0 lets SQLite go on."""
        self.steps += 1
        return 0

    def taken(self) -> tuple[int, int]:
        """What was counted, and begin anew."""
        found = self.calls, self.steps
        self.calls = self.steps = 0
        return found


@pytest.fixture
def work(monkeypatch):
    """Count from now on."""
    counted, connect = Counted(), sqlite3.connect

    def watched(*given, **named):
        connection = connect(*given, **named)
        connection.set_progress_handler(counted.stepped, 10)
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    before = sys.getprofile()
    sys.setprofile(counted.called)
    yield counted
    sys.setprofile(before)


def test_the_last_sessions_of_a_range_cost_what_the_first_do(configured, starter, at, work):
    """120 sessions: the last 20 take no more calls and no more steps of the database than the second 20."""
    wanted = Range("2004-01-02", "2004-06-24", {"tickers": "AAPL"})
    backfill_id = backfill.begin(configured, wanted, person=TESTER, now=at("2024-07-08 23:00"))
    seen = []
    backfill.fill(configured, backfill_id, start=starter, each=lambda _: seen.append(work.taken()))
    assert len(seen) == 120
    early, late = ([sum(one) for one in zip(*part, strict=True)] for part in (seen[20:40], seen[100:]))
    assert early[0] > 1000
    assert early[1] > 100, "the counters count"
    for few, many in zip(early, late, strict=True):
        assert many < 1.05 * few


def test_asking_what_goes_does_not_read_what_is_over(configured, work):
    """Each start of a run asks; 300 runs that are over make no difference to it."""
    journal = Journal(configured.data)

    def asked() -> int:
        work.taken()
        assert [run.run_id for run in journal.active_runs()] == ["goes"]
        assert journal.settle() == []
        return work.taken()[1]

    add = {"who": "x", "how": "backfill", "request": {}, "target": "report"}
    journal.add_run("goes", state="queued", **add)
    before = asked()
    for number in range(300):
        journal.add_run(f"over{number}", state="succeeded", **add)
    assert asked() <= before + 2
