"""Two-person promotion stays two people, whichever road a training is asked for on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import ParameterError, SignOffError
from core.journal.backfills import Backfills
from core.journal.faults import JournalError
from core.journal.occurrences import SKIPPED, Occurrence
from core.journal.schedules import Schedules
from core.registry.registry import Registry
from core.review import contradictions, decisions, ledger, people
from core.review.decisions import promote
from core.review.people import Person
from core.review.requesters import requesters
from core.review.tokens import Token, add_token, judge_new_owner, person_of, read_tokens
from core.schedule import backfill, definition
from core.schedule.coverage import Range
from core.schedule.definition import Schedule
from core.schedule.timing import Timing
from core.store.lineage import trainings
from core.store.meta import Meta
from tests.forging import faults, sql
from tests.review.conftest import login

ANN, BOB = login("Ann", "approver"), login("Bob", "approver")
FIRST = "local user"
"""Who asked for the run of the prepared root."""


@pytest.fixture
def trained(office):
    """Puts a further run on record that trained the model, asked for by somebody; returns the model."""
    (model,) = Registry(office.root).ids()

    def by(who, *, starter=""):
        """The run's row, its signed record, what it said of its training, and by what it was started."""
        run_id = f"run-{len(office.journal.runs())}"
        about = {"how": "api", "request": {}, "target": "report", "state": "succeeded"}
        assert ledger.add_run(office.settings, office.journal, run_id, who=who, **about) is None
        facts = {"model_id": model, "parameters": {"mode": "train"}}
        office.journal.event(run_id, "train_or_score", "succeeded", facts)
        if starter:
            due = Occurrence(starter, "2020-10-26", None, SKIPPED, run_id)
            Schedules(office.root).add_occurrence(due)
        return model

    return by


def refused(office, model, person, words="asked for the training"):
    """That this person may not promote the model."""
    with pytest.raises(SignOffError, match=words) as raised:
        promote(office.settings, model, "good", person=person)
    return str(raised.value)


def test_a_training_by_token_is_its_owners(office, trained):
    """The one who owns the token does not promote what it trained; another person does."""
    model = trained(Token("ci", "operator", "0" * 64, ANN.id).person.label)
    refused(office, model, ANN)
    assert promote(office.settings, model, "good", person=BOB)[0].model_id == model


@pytest.mark.parametrize("label", ["ci <token:ci>", Token("ci", "operator", "0" * 64).person.label])
def test_a_token_of_nobody_lets_nobody_promote_who_logs_in(office, trained, label):
    """Also a token older than owners of tokens: who held it is not on record. The message says how to go on."""
    model = trained(label)
    for person in (ANN, BOB):
        assert "afterclose tokens --add ci --owner" in refused(office, model, person, "belonged to nobody")
    assert promote(office.settings, model, "good", person=office.me)[0].model_id == model, (
        "team: logins alone"
    )
    office.configured(review_separate_requester="always")
    refused(office, model, Person("local:other", "another", "approver"), "belonged to nobody")


def test_somebody_else_who_asked_too_stands_for_a_token_of_nobody(office, trained):
    """Two people then: whoever asked for the same training, and whoever promotes."""
    model = trained("ci <token:ci>")
    trained(BOB.label)
    refused(office, model, BOB)
    assert promote(office.settings, model, "good", person=ANN)[0].model_id == model


def test_a_forged_row_takes_nobody_out(office, trained):
    """The row of a run is under no signature; its record is."""
    model = trained(ANN.label)
    with office.journal._transaction():
        office.journal._execute("UPDATE run SET who = ?", [BOB.label])
    refused(office, model, ANN)


def test_a_schedule_is_of_everybody_who_had_a_hand_in_it(office, trained):
    """Bob set it; Ann resumed what was paused: its training is both people's, and a third person's to promote."""
    now = datetime.now(UTC)
    nightly = Schedule("nightly", Timing("close"), {"mode": "train"})
    definition.add(office.settings, nightly, now=now, person=BOB)
    definition.pause(office.settings, "nightly", person=login("Pia", "approver"))
    definition.resume(office.settings, "nightly", now=now, person=ANN)
    model = trained(BOB.label, starter="nightly")
    assert requesters(office.settings, model) == [FIRST, BOB.label, ANN.label]
    refused(office, model, ANN)
    refused(office, model, BOB)
    assert promote(office.settings, model, "good", person=login("Pia", "approver"))[0].model_id == model


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(hours=-10)])
def test_no_clock_takes_a_hand_out_of_a_schedule(office, trained, monkeypatch, ahead):
    """Of the machine where Ann resumed it, or one that was set back: the ledger's numbers tell what came first."""
    now = datetime.now(UTC)
    definition.add(
        office.settings, Schedule("nightly", Timing("close"), {"mode": "train"}), now=now, person=BOB
    )
    definition.pause(office.settings, "nightly", person=login("Pia", "approver"))

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + ahead

    with monkeypatch.context() as patch:
        patch.setattr(people, "datetime", Clock)
        definition.resume(office.settings, "nightly", now=now, person=ANN)
    model = trained(BOB.label, starter="nightly")
    assert requesters(office.settings, model) == [FIRST, BOB.label, ANN.label]
    refused(office, model, ANN)
    definition.pause(office.settings, "nightly", person=ANN)
    definition.resume(office.settings, "nightly", now=now, person=login("Cid", "approver"))
    assert requesters(office.settings, model) == [FIRST, BOB.label, ANN.label], (
        "what came later is no hand in it"
    )


def test_a_forged_row_takes_nobody_out_who_had_a_hand_in_its_schedule(office, trained):
    """Who stands in the row decides nothing that its record does not say."""
    now = datetime.now(UTC)
    definition.add(
        office.settings, Schedule("nightly", Timing("close"), {"mode": "train"}), now=now, person=BOB
    )
    definition.pause(office.settings, "nightly", person=BOB)
    definition.resume(office.settings, "nightly", now=now, person=ANN)
    model = trained(BOB.label, starter="nightly")
    with office.journal._transaction():
        office.journal._execute("UPDATE run SET who = 'Zed <zed@id.example.org>'", [])
    refused(office, model, ANN)


def test_a_schedule_run_at_once_is_that_persons(office, trained):
    """Whoever presses the button asks; the schedule's maker may promote."""
    definition.add(
        office.settings, Schedule("nightly", Timing("close"), {}), now=datetime.now(UTC), person=BOB
    )
    model = trained(ANN.label, starter="nightly")
    assert requesters(office.settings, model) == [FIRST, ANN.label]
    refused(office, model, ANN)
    assert promote(office.settings, model, "good", person=BOB)[0].model_id == model


def test_a_stopped_range_is_not_taken_up_by_somebody_else(office):
    """The same range asked for by another person is a new one, in that person's name."""
    span = Range("2020-10-26", "2020-10-26", {"profile": "files:prices"})
    now = datetime.now(UTC)
    first = backfill.begin(office.settings, span, person=BOB, now=now)
    second = backfill.begin(office.settings, span, person=ANN, now=now + timedelta(seconds=1))
    assert second != first
    journal = Backfills(office.root)
    assert [journal.backfill(each).who for each in (first, second)] == [BOB.label, ANN.label]
    assert backfill.begin(office.settings, span, person=BOB, now=now + timedelta(seconds=2)) == first


# ---- tokens


def test_a_token_says_whose_it_is(tmp_path, office):
    """Kept in the file, and acted by; one without is nobody's."""
    path = tmp_path / "tokens.toml"
    own, open_ = add_token(path, "ci", "operator", ANN.id), add_token(path, "old", "operator")
    tokens = read_tokens(path)
    assert person_of(office.settings, tokens, own).label == f"token ci <{ANN.id}>"
    assert person_of(office.settings, tokens, open_).label == "token old <token:old>"
    for owner in ("Ann", "a b@x", 'a"@x', "a@x>", "a@\u202ex"):
        with pytest.raises(ParameterError, match="SUBJECT@ISSUER"):
            add_token(path, "more", "operator", owner)


def test_where_people_have_roles_a_token_does_no_more_than_its_owner(tmp_path, office):
    """It needs an owner who may do as much, and loses with them what they lose."""
    roles, path = tmp_path / "roles.toml", tmp_path / "tokens.toml"
    roles.write_text(f'[roles]\n"{ANN.id}" = "approver"\n"{BOB.id}" = "viewer"\n')
    office.configured(people_roles_file=str(roles))
    judge_new_owner(office.settings, ANN.id, "operator")
    with pytest.raises(ParameterError, match="--owner"):
        judge_new_owner(office.settings, "", "viewer")
    with pytest.raises(ParameterError, match="role operator"):
        judge_new_owner(office.settings, BOB.id, "operator")
    text = add_token(path, "ci", "operator", ANN.id)
    assert person_of(office.settings, read_tokens(path), text).role == "operator"
    roles.write_text("[roles]\n")
    assert person_of(office.settings, read_tokens(path), text).role == "viewer"


def test_a_token_whose_id_only_looks_like_nobodys_is_somebodys(office, trained):
    """A subject may be called what it likes."""
    odd = Person("token:ci@id.example.org", "Odd", "approver", "OpenID Connect, id.example.org")
    model = trained(odd.label)
    refused(office, model, odd)
    assert promote(office.settings, model, "good", person=ANN)[0].model_id == model


# ---- what verify says of promotions


def promoted_after(office, monkeypatch, seconds: float) -> None:
    """Let decisions be made so many seconds after the training of the only model ended."""
    (identity,) = Registry(office.root).ids()
    ((_, meta),) = trainings(office.store, identity)
    at = datetime.fromisoformat(meta.body["ended_at"]) + timedelta(seconds=seconds)
    monkeypatch.setattr(
        decisions,
        "act_fields",
        lambda person, **more: {
            **people.act_fields(person, **more),
            "at_utc": at.isoformat(timespec="seconds"),
        },
    )


@pytest.mark.parametrize("seconds", [0, 20, 90])
def test_a_requester_who_is_somebody_else_during_a_promotion_is_named(office, monkeypatch, by_rows, seconds):
    """Whoever asked for a training does not promote it, also at once; row and record are as they were afterwards.

    While they are another's the promotion is refused, and one that was not is named.
    """
    promoted_after(office, monkeypatch, seconds)
    (request,) = office.journal.request_of(office.journal.runs()[0].run_id)
    office.edit()  # what is last on record is looked at by whoever adds to it
    other = {**request.content, "who": "Olga <olga@id.example.org>"}
    (identity,) = Registry(office.root).ids()
    for who, content in ((other["who"], other), (request.content["who"], request.content)):
        sql(office, "UPDATE run SET who = ?", who)
        sql(office, "UPDATE record SET content = ? WHERE seq = ?", json.dumps(dict(content)), request.seq)
        if content is other:
            with pytest.raises(JournalError, match="was changed after it was written"):
                decisions.promote(office.settings, identity, "it is better", person=ANN)
            by_rows()
            decisions.promote(office.settings, identity, "it is better", person=ANN)
    (fault,) = faults(office)
    assert "local user asked for the training" in fault
    assert office.journal.records()[-1].content["requesters"] == ["Olga <olga@id.example.org>"]


def test_a_training_that_ended_while_a_model_was_promoted_is_no_fault(office, monkeypatch):
    """Not the first one there, or it took the place of another: nobody could judge by it."""
    (identity,) = Registry(office.root).ids()
    ((slot, meta),) = trainings(office.store, identity)
    facts = {"how": "terminal", "request": {}, "target": "report", "state": "running"}
    ledger.add_run(office.settings, office.journal, "another", who="Olga <olga@id.example.org>", **facts)
    promoted_after(office, monkeypatch, 20)
    decisions.promote(office.settings, identity, "it is better", person=ANN)
    for others, seconds in (([meta], 10), ([], 40)):
        at = datetime.fromisoformat(meta.body["ended_at"]) + timedelta(seconds=seconds)
        further = Meta({**meta.body, "run_id": "another", "ended_at": at.isoformat()})
        present = [(slot, each) for each in (*others, further)]
        monkeypatch.setattr(contradictions, "trainings", lambda *_, present=present: present)
        assert list(contradictions.requester_faults(office.settings, office.journal.ledger())) == []


def test_an_honest_promotion_says_who_asked(office):
    """And holds; where the two need not differ nothing is said of it."""
    (identity,) = Registry(office.root).ids()
    decisions.promote(office.settings, identity, "it is better", person=ANN)
    assert office.journal.records()[-1].content["requesters"] == ["local user"]
    assert faults(office) == []
    decisions.promote(office.settings, identity, "again", person=office.me)
    assert "requesters" not in office.journal.records()[-1].content
