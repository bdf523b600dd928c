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
from core.schedule.coverage import Range, coverage

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


def test_overlapping_ranges_of_one_profile_are_refused_while_one_goes(configured, starter, begun):
    """The message names the other, whatever the options; another profile, or other days, are another matter."""
    refused = []

    def meanwhile(settings, request, run_id, person):
        if not refused:
            with pytest.raises(BusyError, match="2013-02-09 to 2013-02-19 right now") as raised:
                begun(ranged("2013-02-19", "2013-02-22"))
            with pytest.raises(BusyError, match="right now"):
                begun(ranged("2013-02-19", "2013-02-22", seed="3", profile="sample"))
            refused.append(raised.value.exit_code)
            with pytest.raises(BusyError):
                backfill.fill(settings, Backfills(settings.data).backfills()[0].backfill_id, start=starter)
            begun(ranged("2013-02-19", "2013-02-22", tickers="AAPL"))
            begun(ranged("2013-02-20", "2013-02-22"))
            refused.append("others were not")
        return starter(settings, request, run_id, person)

    backfill.fill(configured, begun(ranged()), start=meanwhile)
    assert refused == [10, "others were not"]


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
    (ranged(start="2013-02-20"), "--start 2013-02-20 is after 2013-02-19"),
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
    ended = [run.state for run in Journal(data).runs()]
    assert ended.count("succeeded") == 4, "no session ran twice"
    assert set(ended) <= {"succeeded", "interrupted"}  # killed before its supervisor was there
    assert len(list((data / "checkpoints" / "report").iterdir())) == 4
    third = json.loads(run_afterclose(*words, "--json", data=data).out)
    assert third["counts"] == {"there": 4}


SHORT = ["2020-10-24", "2020-10-25"]
"""Two days of the middle that a file lacks."""


@pytest.fixture
def short(tmp_path, make_prices):
    """The small file's text without two days, its last day with no close; and a range of a request for it."""
    path = tmp_path / "prices.csv"
    lines = [line for line in make_prices().splitlines() if line[:10] not in SHORT]
    ends = [
        f"{line.rsplit(',', 2)[0]},,{line.rsplit(',', 1)[1]}" if line.startswith("2020-10-26") else line
        for line in lines
    ]
    path.write_text("\n".join(ends) + "\n", encoding="utf-8")
    options = {"source": "files", "path": str(path), "calendar": "24/7"}
    return path, lambda **more: ranged("2020-10-22", "2020-10-26", **options, **more)


def states(sessions):
    """Session -> state."""
    return {entry.session: entry.state for entry in sessions}


def test_of_a_session_that_the_source_does_not_hold_nothing_is_made(configured, starter, begun, at):
    """The sample ends on Friday 1 March 2013; the Monday and Tuesday after it are sessions of the exchange."""
    span = ranged("2013-02-28", "2013-03-05")
    counted = coverage(configured, span, at("2024-07-08 23:00"))
    assert str(counted) == "4 sessions, of which 2 the source does not hold"
    assert counted.profile == "sample"
    sessions = backfill.fill(configured, begun(span), start=starter)
    assert starter.sessions() == ["2013-02-28", "2013-03-01"]
    assert states(sessions) == {
        "2013-02-28": "succeeded", "2013-03-01": "succeeded", "2013-03-04": "no data", "2013-03-05": "no data",
    }  # fmt: skip
    assert backfill.exit_code(sessions) == 20
    assert Backfills(configured.data).backfills()[0].state == "done"


def test_before_the_first_session_of_the_sample_there_is_no_data_either(configured, starter, begun):
    """It begins on 1 March 2000, and one of its tickers (GOOG) on 19 August 2004."""
    early = backfill.fill(configured, begun(ranged("2000-02-28", "2000-02-29")), start=starter)
    assert states(early) == {"2000-02-28": "no data", "2000-02-29": "no data"}
    late = backfill.fill(configured, begun(ranged("2004-08-18", "2004-08-19", tickers="GOOG")), start=starter)
    assert states(late) == {"2004-08-18": "no data", "2004-08-19": "succeeded"}


def test_a_file_holds_the_days_of_its_rows_that_have_a_close(configured, starter, begun, short):
    """Two days are not in it, and the last one has no close for any ticker."""
    _, wanted = short
    sessions = backfill.fill(configured, begun(wanted()), start=starter)
    assert states(sessions) == {
        "2020-10-22": "succeeded", "2020-10-23": "succeeded", **dict.fromkeys([*SHORT, "2020-10-26"], "no data"),
    }  # fmt: skip
    assert starter.sessions() == ["2020-10-22", "2020-10-23"]


def test_a_session_whose_only_row_lacks_its_volume_is_no_data_and_nothing_is_made(
    run_afterclose, tmp_path, data, make_prices
):
    """Cleaning would drop it: the report would end the day before, after all seven stages were made."""
    lines = [line for line in make_prices().splitlines() if not line.startswith("2020-10-26,BBB")]
    assert lines[-1].startswith("2020-10-26,AAA")
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([*lines[:-1], lines[-1].rpartition(",")[0] + ","]) + "\n", encoding="utf-8")
    words = ("--source", "files", "--path", str(path), "--calendar", "24/7")
    done = run_afterclose("backfill", "2020-10-26", "2020-10-26", *words, "--json", data=data)
    assert done.code == 20, done.err
    (row,) = json.loads(done.out)["sessions"]
    assert (row["state"], row["run_id"]) == ("no data", None)
    assert not (data / "checkpoints").exists()


def test_only_the_chosen_tickers_count(configured, starter, begun, short):
    """A row of another ticker does not make it a session of theirs; a ticker that is not there is named at once."""
    path, wanted = short
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, "2020-10-24,CCC,1,2,1,1.5,10"]) + "\n")
    assert (
        states(backfill.fill(configured, begun(wanted(tickers="AAA,BBB")), start=starter))["2020-10-24"]
        == "no data"
    )
    assert states(backfill.fill(configured, begun(wanted()), start=starter))["2020-10-24"] == "succeeded"
    with pytest.raises(AftercloseError, match="no rows of DDD"):
        begun(wanted(tickers="DDD"))


def test_a_file_that_cannot_be_read_stops_the_range_before_it_is_recorded(configured, begun, short):
    """What no run could read either: one message, and nothing on record."""
    path, wanted = short
    path.write_text("nothing,of,prices\n")
    with pytest.raises(AftercloseError) as raised:
        begun(wanted())
    assert raised.value.exit_code == 30
    assert not Journal.exists(configured.data)


def test_failed_wins_over_no_data(configured, starter, begun):
    """One failed, two not there."""
    starter.state = "failed"
    sessions = backfill.fill(configured, begun(ranged("2013-03-01", "2013-03-05")), start=starter)
    assert backfill.counts(sessions) == {"no data": 2, "failed": 1}
    assert backfill.exit_code(sessions) == 30


def test_a_report_of_an_earlier_session_is_none_of_this_one(configured, starter, begun):
    """A run that succeeds and whose report ends the day before: no data, with the day."""

    def earlier(settings, request, run_id, person):
        launched = starter(settings, request, run_id, person)
        Journal(settings.data).rekey(run_id, {}, "2013-02-08")
        return launched

    (session,) = backfill.fill(configured, begun(ranged("2013-02-11", "2013-02-11")), start=earlier)
    assert (session.state, session.note) == ("no data", "its report ends with 2013-02-08")


def test_a_stopped_range_asks_again_what_the_source_has(configured, starter, begun, short, make_prices):
    """Stopped before anything ran; the file got its missing days meanwhile."""
    path, wanted = short
    backfill_id = begun(wanted())
    path.write_text(make_prices())
    assert begun(wanted()) == backfill_id
    assert set(states(backfill.fill(configured, backfill_id, start=starter)).values()) == {"succeeded"}


def test_the_command_says_the_count_makes_nothing_and_leaves_with_20(run_afterclose, data):
    """July 2024 is after the sample's end: no checkpoint of any stage, no run."""
    done = run_afterclose("backfill", "2024-07-11", "2024-07-12", "--json", data=data)
    assert done.code == 20, done.err
    assert "2 sessions, of which 2 the source does not hold" in done.err
    answer = json.loads(done.out)
    assert (answer["profile"], answer["counts"]) == ("sample", {"no data": 2})
    assert [(row["session"], row["state"], row["run_id"], row["profile"]) for row in answer["sessions"]] == [
        ("2024-07-11", "no data", None, "sample"), ("2024-07-12", "no data", None, "sample"),
    ]  # fmt: skip
    assert not (data / "checkpoints").exists()
    assert not (data / "models").exists()
    assert Journal(data).count_runs() == 0
    assert json.loads(run_afterclose("runs", "--json", data=data).out) == []


@pytest.mark.slow
def test_real_reports_hold_rows_of_their_session(run_afterclose, small, data):
    """A file that ends on 26 October 2020: one report for each of its days, nothing of the day after; then by name."""
    done = run_afterclose("backfill", "2020-10-25", "2020-10-27", *small, "--json", data=data)
    assert done.code == 20, done.err
    rows = json.loads(done.out)["sessions"]
    assert [row["state"] for row in rows] == ["succeeded", "succeeded", "no data"]
    assert {row["profile"] for row in rows} == {"files:prices"}
    folders = sorted((data / "checkpoints" / "evaluate").iterdir())
    ends = [json.loads((folder / "evaluation.json").read_text())["data"]["to"] for folder in folders]
    assert ends == ["2020-10-25", "2020-10-26"]
    assert len(list((data / "checkpoints" / "ingest").iterdir())) == 2
    words = ["backfill", "2020-10-26", "2020-10-28", "--profile", "files:prices", *small[4:], "--json"]
    again = run_afterclose(*words, data=data)
    assert again.code == 20, again.err
    assert [row["state"] for row in json.loads(again.out)["sessions"]] == ["there", "no data", "no data"]
    assert len(Journal(data).runs()) == 2
