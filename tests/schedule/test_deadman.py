"""The alarm for a report that did not come: told once, by whoever asks, also where nothing ever ran."""

from __future__ import annotations

import json

import pytest

from core.errors import ParameterError
from core.journal import Journal
from core.journal.schedules import Schedules
from core.runs.log import RunLog
from core.schedule.deadman import Deadline, last_deadline, missing, tell_if_missing

DEADLINES = [
    # XNYS at 18:00 New York: 22:00 UTC in summer, 23:00 in winter
    ("2024-07-03 21:59", "2024-07-02 22:00", "2024-07-02", "a minute early: yesterday's"),
    ("2024-07-03 22:00", "2024-07-03 22:00", "2024-07-03", "on the minute, after a half day"),
    ("2024-07-05 12:00", "2024-07-03 22:00", "2024-07-03", "nothing is due on a holiday"),
    ("2024-07-07 12:00", "2024-07-05 22:00", "2024-07-05", "nor at a weekend"),
    ("2024-11-04 23:00", "2024-11-04 23:00", "2024-11-04", "summer time has ended"),
]


@pytest.mark.parametrize(("now", "due", "session", "why"), DEADLINES, ids=[d[3] for d in DEADLINES])
def test_deadlines_are_on_session_days(now, due, session, why, configured, at):
    """The newest that is past, and the session it is about."""
    found = last_deadline(configured, at(now))
    assert (found.at, str(found.session)) == (at(due), session)


def test_a_deadline_before_the_close_is_about_the_session_before(configure, at):
    """18:00 in Berlin comes before New York's close."""
    configured = configure("[schedule]\ndeadline_zone = Europe/Berlin\n")
    found = last_deadline(configured, at("2024-07-09 17:00"))
    assert (found.at, str(found.session)) == (at("2024-07-09 16:00"), "2024-07-08")


@pytest.mark.parametrize(("key", "value"), [("deadline", "6 pm"), ("deadline_zone", "Europe/Berlim")])
def test_an_impossible_deadline_is_named(key, value, configure, at):
    """With the value that came."""
    with pytest.raises(ParameterError, match=value):
        last_deadline(configure(f"[schedule]\n{key} = {value}\n"), at("2024-07-09 17:00"))


def test_no_deadline_is_no_alarm(configure, at):
    """An empty hour turns it off."""
    configured = configure("[schedule]\ndeadline =\n")
    assert last_deadline(configured, at("2024-07-09 17:00")) is None
    assert missing(configured, at("2024-07-09 17:00")) is None


def test_a_verified_report_since_the_close_keeps_it_quiet(finished, configure, monkeypatch, at):
    """A whole report of a run after the close counts; before it, or damaged, it does not."""
    import dataclasses
    from datetime import UTC, datetime, timedelta

    configured = dataclasses.replace(configure(), data=finished)
    now = datetime.now(UTC)
    run = next(r for r in Journal(finished, read_only=True).runs() if r.target == "report")
    from core.schedule import deadman

    def closed(ago_s):
        moment = datetime.fromisoformat(run.created_at) - timedelta(seconds=ago_s)
        return Deadline(now, moment.date(), moment)

    assert deadman.verified_report(configured, closed(60)).run_id == run.run_id
    assert deadman.verified_report(configured, closed(-60)) is None, "the report is older than the close"
    (report,) = (finished / "checkpoints" / "report").glob("*/report.txt")
    report.write_text("edited", encoding="utf-8")
    assert deadman.verified_report(configured, closed(60)) is None, "the report is not what was committed"


def test_it_is_told_once_a_session(configured, at):
    """The second look knows; the next session is another matter."""
    Journal(configured.data)
    log = RunLog(configured.data, "scheduler")
    for now in ("2024-07-08 23:00", "2024-07-08 23:10", "2024-07-09 23:00"):
        assert tell_if_missing(configured, at(now), log)
    told = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["session"]) for line in told] == [
        ("no_report", "2024-07-08"), ("no_report", "2024-07-09"),
    ]  # fmt: skip
    subjects = {subject for subject, _, _ in Schedules(configured.data).alarms()}
    assert subjects == {"no_report 2024-07-08", "no_report 2024-07-09"}


def test_what_was_due_before_anybody_asked_for_it_is_not_told(configured, at):
    """A schedule set at 23:00 did not miss 22:00."""
    log = RunLog(configured.data, "scheduler")
    since = at("2024-07-08 23:00").isoformat()
    assert tell_if_missing(configured, at("2024-07-08 23:10"), log, since=since) is None


def test_the_terminal_raises_it_where_nothing_ever_ran(run_afterclose, data):
    """Exit 20 and one line; --json says the same; no journal is made by asking."""
    asked = run_afterclose("deadman", data=data)
    assert asked.code == 20
    assert len(asked.messages) == 1
    assert "no verified report of session" in asked.messages[0]
    assert not (data / "journal.sqlite").exists()
    told = json.loads(run_afterclose("deadman", "--json", data=data).out)
    assert told["missing"] is True
