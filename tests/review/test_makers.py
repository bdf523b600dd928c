"""Schedules and ranges start runs in their maker's name: one that is not as it was made starts nothing and is named."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import ParameterError, SettingsError, SignOffError
from core.journal.chain import make
from core.journal.faults import JournalError
from core.journal.schedules import Schedules
from core.request import settings
from core.review import ledger
from core.review.ledger_check import ledger_faults
from core.review.makers import judge_maker
from core.review.people import Person
from core.runs.launcher import Launched
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.scheduler import run_now
from core.schedule.timing import Timing

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
OLGA = Person("olga@id.example.org", "Olga", "operator", "OpenID Connect, id.example.org")


@pytest.fixture
def configured(tmp_path):
    """A data root with one schedule of somebody who logged in."""
    own = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    definition.add(own, Schedule("nightly", Timing("close"), {"mode": "train"}), now=NOW, person=OLGA)
    return own


def rewrite(configured, **changes):
    """Change the row behind the desk's back."""
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        for column, value in changes.items():
            raw.execute(f"UPDATE schedule SET {column} = ?", [value])
        raw.commit()


def test_as_it_was_made_it_holds(configured):
    """Also after a change and a pause on record."""
    assert ledger_faults(configured)[1] == []
    definition.change(configured, Schedule("nightly", Timing("close"), {}), now=NOW, person=OLGA)
    definition.pause(configured, "nightly", person=OLGA)
    assert ledger_faults(configured)[1] == []
    stored = Schedules(configured.data).schedule("nightly")
    judge_maker(Schedules(configured.data), stored.name, stored.who, stored.body)


def test_a_definition_that_was_emptied_is_named_and_starts_nothing(configured):
    """What its record says is there has to be there."""
    rewrite(configured, body="{}")
    (fault,) = ledger_faults(configured)[1]
    assert "nightly was changed" in fault
    with pytest.raises(JournalError):
        run_now(configured, "nightly", now=NOW, person=OLGA, start=lambda *_: pytest.fail("it was started"))


@pytest.mark.parametrize(
    "changes",
    [
        {"who": "Ann <ann@id.example.org>"},
        {"who": "local user"},
        {"name": "another"},
        {"body": '{"timing": {"text": "close"}, "request": {"source": "yahoo"}}'},
    ],
)
def test_another_maker_or_request_is_named_and_starts_nothing(configured, changes):
    """The desk would sign that somebody else asked for the run: who really did could promote what it trains."""
    rewrite(configured, **changes)
    (fault,) = ledger_faults(configured)[1]
    assert "nightly" in fault or "another" in fault
    begun = run_now(
        configured,
        changes.get("name", "nightly"),
        now=NOW,
        person=OLGA,
        start=lambda *_: pytest.fail("it was started"),
    )
    assert begun.state == "refused"
    assert "record" in str(begun.note)


def test_a_schedule_that_was_removed_and_put_back_is_named(configured):
    """A row that comes back has no record."""
    journal = Schedules(configured.data)
    stored = journal.schedule("nightly")
    definition.remove(configured, "nightly", person=OLGA)
    journal.add_schedule("nightly", stored.body, who=stored.who, since=stored.since)
    assert ledger_faults(configured)[1] == ["nightly was removed by Olga and put back without a record"]
    with pytest.raises(SignOffError):
        judge_maker(journal, "nightly", stored.who, stored.body)


@pytest.fixture
def unwritable(configured):
    """The same where nothing can be put on record: the second place for heads is a folder."""
    return replace(configured, defaults={**configured.defaults, "proof_heads_file": str(configured.data)})


def test_nothing_changes_without_a_record_of_whose_it_is(configured, unwritable):
    """A row without one starts nothing, and verify names it for ever; a hand in it without one would be forgotten."""
    definition.pause(configured, "nightly", person=OLGA)
    before = Schedules(configured.data).schedule("nightly")
    other = Schedule("nightly", Timing("close+1h"), {})
    for act in (
        lambda: definition.add(unwritable, replace(other, name="more"), now=NOW, person=OLGA),
        lambda: definition.change(unwritable, other, now=NOW, person=OLGA),
        lambda: definition.resume(unwritable, "nightly", now=NOW, person=OLGA),
    ):
        with pytest.raises(SettingsError, match="heads"):
            act()
    assert Schedules(configured.data).schedules() == [before]
    assert ledger_faults(configured)[1] == []


def test_a_schedule_can_be_stopped_whatever_the_ledger_says(configured, unwritable):
    """Paused, or removed; that it is on no record is said."""
    with pytest.raises(SettingsError):
        definition.pause(unwritable, "nightly", person=OLGA)
    assert Schedules(configured.data).schedule("nightly").state == "paused"
    with pytest.raises(SettingsError):
        definition.remove(unwritable, "nightly", person=OLGA)
    assert Schedules(configured.data).schedules() == []


def test_two_who_change_a_schedule_at_once_leave_it_as_one_of_them_made_it(configured):
    """Row and record are one step: with the row of one and the record of the other it would start nothing."""
    ann = Person("ann@id.example.org", "Ann", "operator", OLGA.authentication)
    ready = threading.Barrier(2)

    def come(person, mode):
        ready.wait(30)
        for number in range(8):
            changed = Schedule("nightly", Timing(f"close+{number + 1}m"), {"mode": mode})
            with suppress(ParameterError):
                definition.change(configured, changed, now=NOW, person=person)

    threads = [threading.Thread(target=come, args=each) for each in ((OLGA, "train"), (ann, "score"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert ledger_faults(configured)[1] == []
    stored = Schedules(configured.data).schedule("nightly")
    judge_maker(Schedules(configured.data), stored.name, stored.who, stored.body)


def test_a_run_that_somebody_asks_of_anothers_schedule_is_theirs(configured):
    """Whoever starts a training asked for it, whoever made the schedule: they do not promote what it makes."""
    bob, started = Person("bob@id.example.org", "Bob", "approver", OLGA.authentication), []

    def start(_settings, _request, run_id, person):
        started.append(person)
        return Launched(run_id, new=True)

    run_now(configured, "nightly", now=NOW, person=bob, start=start)
    assert [person.label for person in started] == [bob.label]


def test_what_nobody_is_on_record_for_runs_no_code_of_its_own(configured):
    """A local user's schedule counts without a record, as earlier versions left it: a forger puts one in."""
    journal = Schedules(configured.data)
    for request in ({}, {"mode": "train"}):
        judge_maker(journal, "planted", "local user", {"timing": "close", "request": request})
    with pytest.raises(SignOffError, match="planted names plug-in modules"):
        judge_maker(
            journal,
            "planted",
            "local user",
            {"timing": "close", "request": {"plugins": "published/evil.py"}},
        )


def test_what_an_earlier_version_left_is_sealed_and_goes_on(tmp_path):
    """A schedule older than the record of such acts: the first signed record seals it, and shows what changes later."""
    own = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    journal = Schedules(own.data)
    journal.add_run("r", who="a", how="desk", request={}, target="report", state="failed")
    journal.add_schedule(
        "nightly", {"timing": {}, "request": {}}, who=OLGA.label, since="2026-01-01T00:00:00+00:00"
    )
    judge_maker(journal, "nightly", OLGA.label, {"timing": {}, "request": {}})
    ledger.add_run(own, journal, "s", who="a", how="desk", request={}, target="report", state="failed")
    assert ledger_faults(own)[1] == []
    judge_maker(journal, "nightly", OLGA.label, {"timing": {}, "request": {}})
    rewrite(own, who="Ann <ann@id.example.org>")
    assert ledger_faults(own)[1] == ["nightly was changed after the ledger was sealed"]
    with pytest.raises(SignOffError):
        judge_maker(journal, "nightly", "Ann <ann@id.example.org>", {"timing": {}, "request": {}})


def run_sql(configured, statement, *values):
    """Write to the journal behind the desk's back."""
    with closing(sqlite3.connect(configured.data / "journal.sqlite")) as raw:
        raw.execute(statement, values)
        raw.commit()


def unsigned(configured):
    """A record in Ann's name that nobody signed, its hash right."""
    last = Schedules(configured.data).ledger()[-1]
    content = {**last.content, "user": "Ann", "user_id": "ann@id.example.org"}
    made = make(last.seq + 1, last.kind, last.subject, content, last.hash)
    run_sql(
        configured,
        "INSERT INTO record (seq, hash, prev_hash, kind, subject, content) VALUES (?, ?, ?, ?, ?, ?)",
        *(made.seq, made.hash, made.prev_hash, made.kind, made.subject, json.dumps(dict(made.content))),
    )


def under_an_old_hash(configured):
    """What was signed says something else, under the hash and the signature that it had."""
    content = {
        **Schedules(configured.data).ledger()[-1].content,
        "user": "Ann",
        "user_id": "ann@id.example.org",
    }
    run_sql(configured, "UPDATE record SET content = ?", json.dumps(content))


def taken_away(configured):
    """No record has a signature any more, as if all were older than signing."""
    run_sql(configured, "UPDATE record SET signature = NULL, signed_by = NULL")


@pytest.mark.parametrize("road", [unsigned, under_an_old_hash, taken_away])
def test_rows_that_are_changed_for_a_moment_start_nothing_in_anothers_name(configured, road):
    """Schedule and record are put back once the run has begun: verify would find nothing."""
    road(configured)
    rewrite(configured, who="Ann <ann@id.example.org>")
    begun = run_now(
        configured, "nightly", now=NOW, person=OLGA, start=lambda *_: pytest.fail("it was started")
    )
    assert begun.state == "refused"


def test_whoever_changes_one_field_signs_none_that_somebody_put_there(configured):
    """The form, or the command, takes the others over from the row."""
    rewrite(configured, body='{"timing": {"text": "close"}, "request": {"mode": "train", "cost_bps": "0"}}')
    stored = Schedules(configured.data).schedule("nightly")
    changed = Schedule("nightly", Timing("close+1h"), dict(stored.body["request"]))
    before = len(Schedules(configured.data).ledger())
    with pytest.raises(SignOffError, match="asks for something else than its record says"):
        definition.change(configured, changed, now=NOW, person=OLGA)
    assert len(Schedules(configured.data).ledger()) == before
    definition.remove(configured, "nightly", person=OLGA)
    definition.add(configured, replace(changed, request={"mode": "train"}), now=NOW, person=OLGA)
    assert ledger_faults(configured)[1] == []
