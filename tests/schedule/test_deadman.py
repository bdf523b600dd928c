"""The alarm for a report that did not come: told once, by whoever asks, also where nothing ever ran."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from core.cli.unattended import check_deadline
from core.errors import ParameterError, SettingsError
from core.journal import Journal
from core.journal.outbox import Outbox
from core.journal.schedules import Schedules
from core.queries.operations.profile_history import history
from core.queries.operations.profile_list import profile_list
from core.queries.operations.prometheus import _by_profile
from core.queries.reports.listing import reports
from core.review.people import Person
from core.runs.log import RunLog
from core.schedule import deadman, definition
from core.schedule.deadline import last_deadline
from core.schedule.deadman import tell_if_missing
from core.schedule.definition import Schedule
from core.schedule.freshness import freshness, freshness_of
from core.schedule.timing import Timing

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


@pytest.mark.parametrize(
    ("key", "value"), [("deadline", "6 pm"), ("deadline", "18:00Z"), ("deadline_zone", "Europe/Berlim")]
)
def test_an_impossible_deadline_is_named(key, value, configure):
    """With the value that came, as soon as it is read: no scheduler goes on without its alarms."""
    with pytest.raises(ParameterError, match=value):
        configure(f"[schedule]\n{key} = {value}\n")


def test_no_deadline_is_no_alarm(configure, at):
    """An empty hour turns it off."""
    configured = configure("[schedule]\ndeadline =\n")
    assert last_deadline(configured, at("2024-07-09 17:00")) is None
    Journal(configured.data)
    log = RunLog(configured.data, "scheduler")
    (row,) = tell_if_missing(configured, at("2024-07-09 17:00"), log)
    assert row.state == "none"
    assert not log.path.exists()


def profile_at(finished, configure, at, now):
    """How the only profile of a finished data root stands; its data end on 2020-10-26, a session each day."""
    configured = dataclasses.replace(configure("[market]\ncalendar = 24/7\n"), data=finished)
    (row,) = freshness(configured, at(now), "files:prices")
    return row


@pytest.mark.parametrize(
    ("now", "state", "behind"),
    [
        ("2020-10-27 19:00", "fresh", 0),  # the 26th has closed at midnight, and was due at 18:00
        ("2020-10-27 17:00", "fresh", 0),  # the 26th is not due yet
        ("2020-10-28 19:00", "late", 1),
        ("2026-01-05 19:00", "late", 1896),  # nobody ran it since
    ],
)
def test_a_report_is_fresh_while_it_holds_the_session_that_is_due(
    now, state, behind, finished, configure, at, monkeypatch
):
    """By its rows, whenever it was made; the run is set on the evening of its data's last day."""
    journal = Journal(finished)
    with journal._transaction():
        journal._execute("UPDATE run SET created_at = '2020-10-27T00:05:00.000+00:00'", [])
    row = profile_at(finished, configure, at, now)
    assert (row.state, row.last_session) == (state, "2020-10-26")
    assert row.behind in (behind, 0 if state == "fresh" else behind)


def test_a_run_that_read_nothing_new_is_stale_and_a_failed_one_is_failed(finished, configure, at):
    """After the close of the session that is due; a damaged report counts for nothing."""
    journal = Journal(finished)
    assert profile_at(finished, configure, at, "2026-01-05 19:00").state == "stale"
    journal.add_run(
        "later", who="a", how="terminal", request={}, target="report", state="queued", profile="files:prices"
    )
    assert profile_at(finished, configure, at, "2026-01-05 19:00").state == "late"
    journal.end("later", "failed", 30, "validate: stopped")
    assert profile_at(finished, configure, at, "2026-01-05 19:00").state == "failed"
    (report,) = (finished / "checkpoints" / "report").glob("*/report.txt")
    report.write_text("edited", encoding="utf-8")
    assert profile_at(finished, configure, at, "2026-01-05 19:00").last_session is None


def test_it_is_told_once_a_session(configured, at):
    """The second look knows; the next session is another matter."""
    Journal(configured.data)
    log = RunLog(configured.data, "scheduler")
    for now in ("2024-07-08 23:00", "2024-07-08 23:10", "2024-07-09 23:00"):
        assert [row.state for row in tell_if_missing(configured, at(now), log)] == ["none"]
    told = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["session"]) for line in told] == [
        ("no_report", "2024-07-08"), ("no_report", "2024-07-09"),
    ]  # fmt: skip
    subjects = {subject for (subject,) in Schedules(configured.data)._select("subject", "alarm", "")}
    assert subjects == {"no_report sample 2024-07-08", "no_report sample 2024-07-09"}


def test_what_cannot_be_judged_is_told_again_the_next_session(configure, at):
    """A schedule whose section is gone has no session of its own: it was told once, and never again."""
    settings = configure("[profile:us]\nsource = sample\n[notices]\nurls = json://127.0.0.1:9/hook\n")
    person = Person("local:me", "local user", "approver")
    schedule = Schedule("daily", Timing("close+45m"), {"profile": "us"})
    definition.add(settings, schedule, now=at("2024-07-01 12:00"), person=person)
    gone = configure("[notices]\nurls = json://127.0.0.1:9/hook\n")
    for now in ("2024-07-08 23:00", "2024-07-08 23:10", "2024-09-10 23:00"):
        (row,) = tell_if_missing(gone, at(now), RunLog(gone.data, "scheduler"))
        assert (row.state, row.session) == ("failed", None)
    titles = [notice.title for notice in Outbox(gone.data, gone.journal).newest()]
    assert titles == ["No report of 2024-09-10 in us", "No report of 2024-07-08 in us"]


def test_an_alarm_that_was_not_sent_is_no_alarm_that_was_told(configured, at, monkeypatch):
    """Killed between the two, the next look tells it."""
    Journal(configured.data)
    log, now = RunLog(configured.data, "scheduler"), at("2024-07-08 23:00")
    with monkeypatch.context() as patched:
        patched.setattr(deadman, "notify", raising(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tell_if_missing(configured, now, log)
    subject = "no_report sample 2024-07-08"
    assert not Schedules(configured.data).has_alarm(subject)
    tell_if_missing(configured, now, log)
    assert Schedules(configured.data).has_alarm(subject)


def raising(error):
    """A function that raises an error, whatever it is called with."""

    def raises(*_):
        raise error

    return raises


def test_what_was_due_before_anybody_asked_for_it_is_not_told(configured, at):
    """A schedule set at 23:00 did not miss 22:00."""
    log = RunLog(configured.data, "scheduler")
    since = at("2024-07-08 23:00").isoformat()
    tell_if_missing(configured, at("2024-07-08 23:10"), log, since=since)
    assert not log.path.exists()


def test_the_terminal_raises_it_where_nothing_ever_ran(run_afterclose, data):
    """Exit 20 and one line; --json says the same; no journal is made by asking."""
    asked = run_afterclose("deadman", data=data)
    assert asked.code == 20
    assert len(asked.messages) == 1
    assert "no verified report of session" in asked.messages[0]
    assert not (data / "journal.sqlite").exists()
    (row,) = json.loads(run_afterclose("deadman", "--json", data=data).out)
    assert (row["profile"], row["schedule"], row["last_session"]) == ("sample", None, None)
    assert row["state"] == "none"


def test_a_schedule_whose_profile_was_removed_is_no_silence(run_afterclose, data, tmp_path):
    """Exit 20, with what to look at; the section was there when the schedule was set."""
    config = tmp_path / "luigi.cfg"
    config.write_text("[profile:mine]\nsource = sample\n", encoding="utf-8")
    env = {"LUIGI_CONFIG_PATH": str(config)}
    added = run_afterclose(
        "schedules", "add", "daily", "--when", "close+45m", "--profile", "mine", data=data, env=env
    )
    assert added.code == 0, added.err
    config.write_text("", encoding="utf-8")
    done = run_afterclose("deadman", "--json", data=data, env=env)
    (row,) = json.loads(done.out)
    assert (done.code, row["profile"], row["schedule"], row["state"]) == (20, "mine", "daily", "failed")
    assert "afterclose schedules show daily" in row["sentence"]


def test_a_profile_whose_section_is_at_fault_keeps_no_alarm_of_another(finished, configure):
    """Without a schedule all that ran lately are asked; one that cannot be judged is named, and counts as missing."""
    over = dataclasses.replace(
        configure(), data=finished, profile_faults={"files:prices": SettingsError("luigi.cfg, line 2: no")}
    )
    (row,) = freshness(over, datetime.now(UTC))
    assert (row.profile, row.state) == ("files:prices", "failed")
    assert "cannot be judged" in row.sentence


def scheduled(finished, configure, *timings, set_at):
    """Settings over a finished data root whose only profile has these schedules, in the order of their names."""
    for name, timing in zip("abc", timings, strict=False):
        body = Schedule(name, timing, {"profile": "files:prices"}).body()
        assert Schedules(finished).add_schedule(name, body, who="x", since=set_at.isoformat())
    return dataclasses.replace(configure(), data=finished)


WEEKLY, DAILY = Timing("weekly tue 06:00", "24/7"), Timing("close+45m", "24/7")


@pytest.mark.parametrize("timings", [(WEEKLY, DAILY), (DAILY, WEEKLY)], ids=["weekly first", "daily first"])
def test_of_two_schedules_of_a_profile_the_one_that_needs_somebody_counts_everywhere(
    timings, finished, configure, at
):
    """The report holds 26 October: on Wednesday the weekly one has what it should, the daily one lacks the 27th."""
    over, now = (
        scheduled(finished, configure, *timings, set_at=at("2020-10-01 00:00")),
        at("2020-10-28 19:00"),
    )
    assert sorted(row.state for row in freshness(over, now)) == ["fresh", "stale"]
    row = freshness_of(over, now, "files:prices")
    assert (row.state, row.session, row.behind) == ("stale", "2020-10-27", 1)
    (listed,) = reports(over, now)
    assert listed.freshness == "stale"
    (line,) = profile_list(over, now)
    assert (line.state, line.session, line.behind) == ("stale", "2020-10-27", 1)
    past = history(over, Journal(finished), "files:prices", "24/7", now)
    assert [day.session for day in past.days[-2:]] == ["2020-10-26", "2020-10-27"]
    figures = {name: by_profile for name, _, by_profile in _by_profile(over, now)}
    assert figures["afterclose_sessions_behind"] == {"files:prices": 1.0}
    assert figures["afterclose_report_missing"] == {"files:prices": 1.0}


MONTHLY = Timing("cron 0 18 1 * *")


def test_a_schedule_of_once_a_month_is_due_by_its_last_time_however_long_ago(finished, configure, at):
    """It came on Thursday 1 October 2020; 1 November is a Sunday, and 1 December a Tuesday."""
    over = scheduled(finished, configure, MONTHLY, set_at=at("2020-09-15 00:00"))
    (row,) = freshness(over, at("2020-11-20 23:30"))
    assert (row.state, row.session, row.last_session) == ("fresh", "2020-10-01", "2020-10-26")
    (row,) = freshness(over, at("2020-12-01 23:30"))
    assert (row.state, row.session) == ("stale", "2020-12-01")


def test_of_a_schedule_that_had_no_time_yet_nothing_is_due(finished, configure, at):
    """Set on 20 October, due on 1 December first: until then nothing is missing; the sample is stale all the same."""
    over, now = scheduled(finished, configure, MONTHLY, set_at=at("2020-10-20 00:00")), at("2020-11-20 23:30")
    (row,) = freshness(over, now)
    assert (row.state, row.session) == ("fresh", None)
    assert row.sentence.startswith("no session is due in profile files:prices yet")
    sample = Schedule("z", MONTHLY, {"profile": "sample"}).body()
    Schedules(finished).add_schedule("z", sample, who="x", since=at("2020-10-20 00:00").isoformat())
    row = freshness_of(over, now, "sample")
    assert (row.state, row.session) == ("stale", None)
    assert "None" not in row.sentence


def test_its_help_says_which_session_counts():
    """Not the last one that closed: the last that had, by the deadline and by the schedule's last time."""
    words = " ".join((check_deadline.help or "").split())
    assert "holds the session that is due" in words
    assert (
        "had closed by the last deadline ([schedule] deadline), and by the last time of the schedule" in words
    )
