"""Filling in past sessions: each once, a few at a time, resumed after a kill, skipping what is there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import AftercloseError, BusyError
from core.journal import Journal
from core.journal.backfills import Backfills
from core.review.people import Person
from core.schedule import backfill
from core.schedule.coverage import Range

TESTER = Person("local:tester", "a tester", "operator")
WEEK = ["2013-02-11", "2013-02-12", "2013-02-13", "2013-02-14", "2013-02-15", "2013-02-19"]
"""XNYS from 9 to 19 February 2013: weekends out, and Presidents' Day on the 18th."""


def ranged(first="2013-02-09", last="2013-02-19", jobs=2, **request):
    """A range of the sample."""
    return Range(first, last, request, jobs)


@pytest.fixture
def begun(configured, at):
    """Record a range and return its id."""
    return lambda wanted: backfill.begin(configured, wanted, person=TESTER, now=at("2024-07-08 23:00"))


def test_each_session_of_the_range_is_run_once_in_order(configured, starter, begun):
    """Six sessions, not eleven days; told one by one."""
    told = []
    found = backfill.fill(configured, begun(ranged()), start=starter, each=told.append)
    assert starter.sessions() == WEEK
    assert [(one.session, one.state) for one in found] == [(day, "succeeded") for day in WEEK]
    assert len(told) == 6


def test_no_more_runs_at_once_than_were_allowed(configured, starter, begun):
    """Two jobs: the third starts when one of the first two is over."""
    journal, most = Journal(configured.data, configured.journal), []
    starter.state = "running"

    def sleep(_):
        active = journal.active_runs()
        most.append(len(active))
        journal.end(active[-1].run_id, "succeeded", 0, None)

    backfill.fill(configured, begun(ranged()), start=starter, sleep=sleep)
    assert max(most) == 2
    assert len(starter.requests) == 6


def test_a_failed_or_refused_session_does_not_stop_the_others(configured, starter, begun):
    """Both are in the table with their reason."""

    def start(settings, request, run_id, person):
        starter.state = "failed" if request["end"] == WEEK[1] else "succeeded"
        if request["end"] == WEEK[3]:
            raise AftercloseError("no room on the disk")
        return starter(settings, request, run_id, person)

    found = backfill.fill(configured, begun(ranged()), start=start)
    assert [one.state for one in found] == [
        "succeeded", "failed", "succeeded", "refused", "succeeded", "succeeded",
    ]  # fmt: skip
    assert found[3].note == "no room on the disk"
    assert backfill.counts(found) == {"succeeded": 4, "failed": 1, "refused": 1}


def test_a_stop_is_resumed_by_the_same_range_and_nothing_runs_twice(configured, starter, begun):
    """Stopped after the second start: the same range has the same id and goes on with the third."""
    backfill_id = begun(ranged(jobs=1))

    def stopping(settings, request, run_id, person):
        if len(starter.requests) == 2:
            raise KeyboardInterrupt
        return starter(settings, request, run_id, person)

    with pytest.raises(KeyboardInterrupt):
        backfill.fill(configured, backfill_id, start=stopping)
    assert Backfills(configured.data, configured.journal).backfill(backfill_id).state == "stopped"
    assert begun(ranged(jobs=1)) == backfill_id
    found = backfill.fill(configured, backfill_id, start=starter)
    assert starter.sessions() == WEEK
    assert {one.state for one in found} == {"succeeded"}
    assert begun(ranged(jobs=1)) != backfill_id, "what is done is done"


def test_asked_to_stop_it_starts_nothing_more(configured, starter, begun):
    """What goes ends by itself."""
    backfill_id = begun(ranged(jobs=1))
    journal = Backfills(configured.data)

    def stopping(*given):
        journal.ask_to_stop(backfill_id)
        return starter(*given)

    backfill.fill(configured, backfill_id, start=stopping)
    assert starter.sessions() == WEEK[:1]


def test_overlapping_ranges_of_one_request_are_refused_while_one_goes(configured, starter, begun):
    """The message names the other; another request, or other days, are another matter."""
    refused = []

    def meanwhile(settings, request, run_id, person):
        if not refused:
            with pytest.raises(BusyError, match="2013-02-09 to 2013-02-19 right now") as raised:
                begun(ranged("2013-02-19", "2013-02-22"))
            refused.append(raised.value.exit_code)
            with pytest.raises(BusyError):
                backfill.fill(settings, Backfills(settings.data).backfills()[0].backfill_id, start=starter)
            begun(ranged("2013-02-19", "2013-02-22", seed="3"))
            begun(ranged("2013-02-20", "2013-02-22"))
        return starter(settings, request, run_id, person)

    backfill.fill(configured, begun(ranged()), start=meanwhile)
    assert refused == [10]


MISTAKES = [
    (ranged("2013-02-19", "2013-02-09"), "Swap them"),
    (ranged("2013-02-xx"), "YYYY-MM-DD"),
    (ranged("2013-02-16", "2013-02-18"), "no closed session of XNYS"),
    (ranged("2030-01-02", "2030-01-03"), "no closed session"),
    (ranged(jobs=0), "--jobs is 0"),
    (ranged(end="2013-01-01"), "--end came with a range"),
    (ranged(calendar="XNYZ"), "XNYZ"),
    (ranged(tickers="NOPE"), "NOPE"),
    (ranged(profile="gone"), "no profile 'gone'"),
]


@pytest.mark.parametrize(("wrong", "came"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_named_before_anything_starts(wrong, came, begun, configured):
    """And nothing is recorded."""
    with pytest.raises(AftercloseError, match=came):
        begun(wrong)
    assert not Journal.exists(configured.data) or not Backfills(configured.data).backfills()


@pytest.mark.slow
def test_killed_in_the_middle_the_same_command_resumes(run_afterclose, small, data, root, wait_until):
    """Real runs: killed for good while a session is at work, then again; each session has one report."""
    words = ["backfill", "2020-10-20", "2020-10-23", "--jobs", "1", *small]
    env = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCLOSE_")}
    child = subprocess.Popen(
        [str(Path(sys.executable).with_name("afterclose")), *words],
        cwd=root, env={**env, "AFTERCLOSE_DATA": str(data)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def second_began():
        with suppress(AftercloseError):  # the journal is just being made
            return len(Journal(data, read_only=True).runs()) == 2
        return False

    wait_until(second_began, "the second session to begin", timeout_s=120)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=20)
    again = run_afterclose(*words, "--json", data=data)
    assert again.code == 0, again.err
    told = json.loads(again.out)
    assert [one["state"] for one in told["sessions"]] == ["succeeded"] * 4
    assert len(Journal(data).runs()) == 4, "no session ran twice"
    assert len(list((data / "checkpoints" / "report").iterdir())) == 4
    third = json.loads(run_afterclose(*words, "--json", data=data).out)
    assert third["counts"] == {"there": 4}
