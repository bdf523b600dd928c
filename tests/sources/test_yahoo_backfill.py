"""A range of sessions filled in from a stand-in for Yahoo: what it has is asked once, and what it lacks is not run."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.review.people import Person
from core.runs.launcher import Launched
from core.schedule import backfill
from core.schedule.coverage import Range, coverage

TESTER = Person("local:tester", "a tester", "operator")
NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)
WANTED = Range("2024-01-16", "2024-01-18", {"source": "yahoo", "tickers": "AAA,BBB"}, jobs=1)
"""Tuesday to Thursday after Martin Luther King Day."""


@pytest.fixture
def until(yahoo, loopback):
    """Yahoo has both tickers for so many weekdays from Monday 2 January 2023."""

    def having(days):
        for ticker in ("AAA", "BBB"):
            yahoo.stocks[ticker] = loopback.Stock(loopback.walk(loopback.weekdays("2023-01-02", days)))

    return having


@pytest.fixture
def filled(ingest):
    """Fill in the range with runs that are over at once; what becomes of each session, and which were run."""

    def fill(counted=None):
        settings, started = ingest.settings, []

        def start(configured, request, run_id, person):
            journal = Journal(configured.data)
            journal.add_run(
                run_id, who=person.label, how="x", request=request, target="report", state="running"
            )
            journal.rekey(run_id, {}, request["end"])
            journal.end(run_id, "succeeded", 0, None)
            started.append(request["end"] + (" asked anew" if request.get("force") == "ingest" else ""))
            return Launched(run_id, new=True)

        backfill_id = backfill.begin(settings, WANTED, person=TESTER, now=NOW, counted=counted)
        rows = backfill.fill(settings, backfill_id, start=start)
        return [(row.state, row.note) for row in rows], started, backfill.exit_code(rows)

    fill.settings = ingest.settings
    return fill


def test_one_question_for_the_range_and_no_run_of_what_is_missing(yahoo, until, filled):
    """Both end on Wednesday 17 January 2024."""
    until(273)
    rows, started, code = filled()
    assert rows == [("succeeded", None), ("succeeded", None), ("no data", None)]
    assert (started, code) == (["2024-01-16", "2024-01-17"], 20)
    assert yahoo.asked("AAA") == [("2024-01-16", "2024-01-19")]
    assert set(yahoo.asked("BBB")) == {("2024-01-18", "2024-01-19")}, "an empty answer is asked for once more"


def test_a_yahoo_that_does_not_answer_is_asked_again_at_each_session(yahoo, loopback, until, filled):
    """Down when the range is counted, up afterwards: the sessions it has are run, the other is no data."""
    until(273)
    yahoo.always["AAA"] = yahoo.always["BBB"] = loopback.BROKEN
    counted = coverage(filled.settings, WANTED, NOW)
    assert str(counted).startswith(
        "3 sessions; each is asked for at its turn, because the source does not answer"
    )
    yahoo.always.clear()
    rows, started, code = filled(counted)
    assert [state for state, _ in rows] == ["succeeded", "succeeded", "no data"]
    assert (started, code) == (["2024-01-16", "2024-01-17"], 20)


def test_while_yahoo_is_down_nothing_is_started(yahoo, loopback, until, filled):
    """Each session is refused with the reason; that is a failure and not "no data"."""
    until(273)
    yahoo.always["AAA"] = yahoo.always["BBB"] = loopback.BROKEN
    rows, started, code = filled()
    assert {state for state, _ in rows} == {"refused"}
    assert "HTTP 500" in rows[0][1]
    assert (started, code) == ([], 30)


def test_an_earlier_answer_that_ends_too_soon_is_asked_for_anew(until, filled, ingest):
    """Prices for Wednesday were committed when Yahoo had Tuesday only: that is not what it has now."""
    until(272)
    ingest("2024-07-08 23:00", tickers="AAA,BBB", end="2024-01-17")
    until(273)
    rows, started, code = filled()
    assert [state for state, _ in rows] == ["succeeded", "succeeded", "no data"]
    assert (started, code) == (["2024-01-16", "2024-01-17 asked anew"], 20)


@pytest.mark.slow
def test_the_command_makes_a_report_of_what_yahoo_has(yahoo, until, run_afterclose, data):
    """The real command and real runs against the stand-in, after one for the same day that came before its row."""
    options = [
        "--source", "yahoo", "--tickers", "AAA,BBB", "--mode", "train", "--beside", "logistic_regression",
        "--bootstrap-samples", "100",
    ]  # fmt: skip
    until(272)
    early = run_afterclose("run", "--end", "2024-01-17", *options, data=data, env=yahoo.environment)
    assert early.code == 0, early.err
    until(273)
    words = ["backfill", "2024-01-17", "2024-01-18", *options, "--json"]
    done = run_afterclose(*words, data=data, env=yahoo.environment)
    assert done.code == 20, done.err
    assert "2 sessions, of which 1 the source does not hold" in done.err
    answer = json.loads(done.out)
    assert [row["state"] for row in answer["sessions"]] == ["succeeded", "no data"]
    assert answer["profile"].startswith("yahoo:AAA-BBB-")
    runs = [(run.session, run.profile) for run in Journal(data).runs()]
    assert runs == [("2024-01-17", answer["profile"]), ("2024-01-16", answer["profile"])]
    assert len(list((data / "checkpoints" / "ingest").iterdir())) == 2
    again = json.loads(run_afterclose(*words, data=data, env=yahoo.environment).out)
    assert again["counts"] == {"there": 1, "no data": 1}
