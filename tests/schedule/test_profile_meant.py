"""A schedule, and a range, of a profile without a section reads what it stood for when they were set, or says so."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from core.cli.run import _say_plan
from core.errors import ParameterError
from core.journal.backfills import Backfills
from core.journal.schedules import Schedules
from core.queries.operations.health import check
from core.queries.operations.schedules import schedule_view
from core.queries.runs.preview import preview
from core.review.people import Person
from core.runs.profile import profile_of
from core.schedule import backfill, definition
from core.schedule.coverage import Coverage, Range
from core.schedule.definition import Schedule
from core.schedule.scheduler import run_now
from core.schedule.timing import Timing
from tests.conftest import prices_csv

ANN = Person("ann@id.example.org", "Ann", "operator", "OpenID Connect, id.example.org")
NAME = "files:prices"
DAILY = {"profile": NAME, "calendar": "24/7"}


@pytest.fixture
def now():
    """The time of the records, which no test sets."""
    return datetime.now(UTC)


@pytest.fixture
def ran(configured, tmp_path, monkeypatch):
    """A function that remembers a run of a file; Ann's ran before."""
    monkeypatch.chdir(tmp_path)

    def ran(path, **more):
        request = {"source": "files", "path": str(path), **more}
        return profile_of(request, configured, keep=True)

    for folder in ("ann", "bob"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "prices.csv").write_text(prices_csv(30, tickers="AB"), encoding="utf-8")
    assert ran("ann/prices.csv") == NAME
    return ran


@pytest.fixture
def daily(configured, ran, now):
    """Ann's schedule of it."""
    definition.add(configured, Schedule("daily", Timing("close"), DAILY), now=now, person=ANN)
    return "daily"


def rewrite(configured, **changes):
    """Change what is remembered of the profile, as whoever can write the data root does."""
    path = configured.data / "profiles" / f"{NAME}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def test_a_copy_that_somebody_else_ran_is_not_what_the_schedule_reads(configured, ran, daily, starter, now):
    """Neither by its rows, nor by its path, once it is another file."""
    assert ran("bob/prices.csv") == NAME
    shutil.copyfile("ann/prices.csv", "bob/other.csv")
    assert run_now(configured, daily, now=now, person=ANN, start=starter).state == "running"
    assert configured.under(NAME)["path"].endswith("ann/prices.csv")


CHANGED = {
    "path": {"path": "/elsewhere/prices.csv"},
    "columns": {"reading": {"columns": "close=Volume"}},
    "source": {"source": "sample", "path": ""},
    "tickers": {"tickers": ["AAA"]},
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_its_profile_stands_for_by_then_starts_nothing(configured, daily, starter, now, what):
    """It is under no signature; that it is refused says what differs, until somebody sets the schedule again."""
    rewrite(configured, **CHANGED[what])
    due = run_now(configured, daily, now=now, person=ANN, start=starter)
    assert (due.state, starter.requests) == ("refused", [])
    assert "stands for something else than when schedule daily was set" in str(due.note)
    assert f"the profile's {what}: " in str(due.note)
    assert "stands for something else" in schedule_view(configured, daily, now)["trouble"]


def test_set_again_it_reads_what_its_profile_stands_for_now(configured, ran, daily, starter, now):
    """A run of anybody's taught it another way to read the file."""
    ran("ann/prices.csv", columns="close=close")
    assert run_now(configured, daily, now=now, person=ANN, start=starter).state == "refused"
    definition.change(configured, Schedule(daily, Timing("close"), DAILY), now=now, person=ANN)
    assert (
        run_now(configured, daily, now=now + timedelta(seconds=1), person=ANN, start=starter).state
        == "running"
    )
    with pytest.raises(ParameterError, match="nothing of schedule daily would change"):
        definition.change(configured, Schedule(daily, Timing("close"), DAILY), now=now, person=ANN)


@pytest.mark.parametrize("reading", [{}, {"calendar": "24/7"}, {"close_only": "true"}])
def test_its_own_runs_change_nothing_of_it(configured, ran, starter, now, reading):
    """Night after night: what the request names is its own, and the usual value spelled out is no other."""
    definition.add(
        configured, Schedule("daily", Timing("close"), {"profile": NAME, **reading}), now=now, person=ANN
    )
    for night in range(2):
        at = now + timedelta(seconds=night)
        assert run_now(configured, "daily", now=at, person=ANN, start=starter).state == "running"
        profile_of(starter.requests[-1], configured, keep=True)  # as the launch of such a run does
        ran("ann/prices.csv", calendar="XNYS")  # and somebody's run, in other words


def test_what_another_schedule_names_beside_the_profile_is_its_own(configured, daily, starter, now):
    """Its runs name the profile: they teach it nothing that the other would read by."""
    profile_of({"profile": NAME, "close_only": "true"}, configured, keep=True)
    assert run_now(configured, daily, now=now, person=ANN, start=starter).state == "running"


def test_who_changes_the_hour_signs_no_other_meaning_by_the_way(configured, daily, now, tmp_path):
    """It is set again by itself, so that the record and whoever signs it say so."""
    rewrite(configured, path=str(tmp_path / "bob" / "prices.csv"))
    with pytest.raises(ParameterError, match="stands for something else by now: the profile's path"):
        definition.change(configured, Schedule(daily, Timing("close+1h"), DAILY), now=now, person=ANN)
    definition.change(configured, Schedule(daily, Timing("close"), DAILY), now=now, person=ANN)
    definition.change(configured, Schedule(daily, Timing("close+1h"), DAILY), now=now, person=ANN)


def set_before(configured, name):
    """Take what it meant out of the row."""
    body = Schedules(configured.data).schedule(name).body
    without = {part: value for part, value in body.items() if part != "profile_meant"}
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        raw.execute("UPDATE schedule SET body = ?", [json.dumps(without)])
        raw.commit()


def test_a_row_that_does_not_say_what_its_record_does_starts_nothing(configured, daily, starter, now):
    """Whoever can write the database, too, would have it read what they like."""
    set_before(configured, daily)
    due = run_now(configured, daily, now=now, person=ANN, start=starter)
    assert (due.state, starter.requests) == ("refused", [])
    assert "was changed" in str(due.note)


def test_one_of_an_earlier_version_goes_on_and_doctor_says_so(configured, ran, starter, now, monkeypatch):
    """Nothing says what its profile stood for."""
    with monkeypatch.context() as earlier:
        earlier.setattr(definition, "meant_by", lambda *_: {})
        definition.add(configured, Schedule("daily", Timing("close"), DAILY), now=now, person=ANN)
    rewrite(configured, reading={"columns": "close=close"})
    assert run_now(configured, "daily", now=now, person=ANN, start=starter).state == "running"
    (says,) = [each.says for each in check(now, lambda: configured, ask=False) if each.subject == "schedules"]
    assert "daily stood for when it was set is not on record" in says


def test_a_range_reads_what_its_profile_stood_for(configured, ran, starter, now):
    """What is left of it is refused; asked for again it is another range."""
    span, counted = Range("2020-01-02", "2020-01-03", DAILY, 1), Coverage(NAME, ("2020-01-02", "2020-01-03"))
    begun = backfill.begin(configured, span, person=ANN, now=now, counted=counted)
    ran("ann/prices.csv", columns="close=close")
    found = backfill.fill(configured, begun, start=starter)
    assert [due.state for due in found] == ["refused"] * 2
    assert "stands for something else" in str(found[0].note)
    assert starter.requests == []
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        raw.execute("UPDATE backfill SET state = 'stopped'")
        raw.commit()
    assert (
        backfill.begin(configured, span, person=ANN, now=now + timedelta(seconds=1), counted=counted) != begun
    )
    assert len(Backfills(configured.data).backfills()) == 2


def test_plan_and_doctor_say_that_a_later_file_is_known(configured, ran, now, tmp_path, capsys):
    """A folder for each day: whatever asks by the name reads the first day's file, for as long as it is there."""
    assert preview(configured, {"profile": NAME}, now=now, target="ingest").later == ""
    assert ran("bob/prices.csv") == NAME
    os.utime("bob/prices.csv", (2e9, 2e9))
    (says,) = [each for each in check(now, lambda: configured, ask=False) if each.subject == "source"]
    later = preview(configured, {"profile": NAME}, now=now, target="ingest").later
    known = (
        f"{tmp_path}/ann/prices.csv, the file that was read first; {tmp_path}/bob/prices.csv was read later"
    )
    assert known in later
    _say_plan(configured, {"profile": NAME}, "ingest", as_json=False)
    assert known in capsys.readouterr().out
    assert known in says.says
    assert "a pattern reads those of all days" in later
    assert "a pattern reads those of all days" in says.remedy
    named = {"profile": NAME, "source": "files", "path": str(tmp_path / "bob" / "prices.csv")}
    assert preview(configured, named, now=now, target="ingest").later == ""
    (tmp_path / "bob" / "prices.csv").unlink()
    assert preview(configured, {"profile": NAME}, now=now, target="ingest").later == ""
