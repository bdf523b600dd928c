"""What is signed, drafted, promoted or begun while gc is at work stays: it asks again while nobody can add to it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.errors import AftercloseError
from core.journal import Journal
from core.platform.processes import this_process
from core.registry.registry import Registry
from core.review import decisions, drafts, ledger, publication, signoff
from core.store.checkpoints import Store
from core.upkeep import garbage
from core.upkeep.verification import verify
from tests.reliability.test_keeping import ME, NOW, configured, everything, forget_successes


def sign(data, key):
    """Approve the report as it is."""
    shown = signoff.signable(Store(data), Journal(data), key).sha256
    signoff.sign(
        configured(data),
        Journal(data),
        key,
        text_sha256=shown,
        person=ME,
        meaning="approved",
        comment="as it is",
    )


def draft(data, key):
    """Save a draft of it."""
    drafts.save_draft(configured(data), Journal(data), key, "other words\n", person=ME)


def publish(data, key):
    """Approve and publish it."""
    sign(data, key)
    publication.publish(configured(data), Journal(data), key, person=ME)


def begin(data, key):
    """Begin a run that counts on it."""
    journal = Journal(data)
    keys = journal.runs()[0].keys
    facts = {"who": "a", "how": "terminal", "request": {}, "target": "report", "state": "running"}
    ledger.add_run(configured(data), journal, "now", process=this_process(), **facts)
    journal.start("now", keys)


def promote(data, key):
    """Promote the model: what trained it stays."""
    del key
    decisions.promote(configured(data), Registry(data).ids()[0], "the first", person=ME)


ACTS = {"sign": sign, "draft": draft, "publish": publish, "begin": begin, "promote": promote}


@pytest.mark.parametrize("act", ACTS)
def test_what_happened_since_the_list_was_made_keeps_its_closure(act, finished):
    """F2: asked again for everything, not only for runs that go."""
    (run,) = Journal(finished).runs()
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    assert sum(item.what == "checkpoint" for item in listed) == 7
    ACTS[act](finished, run.keys["report"])
    removed = garbage.remove(configured(finished), listed, NOW, person=ME)
    stages = {item.slot.stage for item in removed if item.slot}
    assert stages == ({"evaluate", "report"} if act == "promote" else set())
    assert [fault for fault in verify(configured(finished)).faults if fault.what != "journal"] == []


@pytest.mark.parametrize("act", ["sign", "draft"])
def test_an_act_that_comes_while_gc_removes_waits_and_is_refused_by_name(act, finished, monkeypatch):
    """It judged the report before; in its own transaction it looks once more."""
    (run,) = Journal(finished).runs()
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    at_work, answers = threading.Event(), []
    remove = garbage._remove_checkpoint

    def slowly(*place):
        if not at_work.is_set():
            at_work.set()
            thread.join(2.0)  # the act comes now, has judged the report, and waits for its turn
            assert thread.is_alive()
        return remove(*place)

    def come():
        at_work.wait(30)
        try:
            ACTS[act](finished, run.keys["report"])
        except AftercloseError as error:
            answers.append(str(error))

    thread = threading.Thread(target=come)
    monkeypatch.setattr(garbage, "_remove_checkpoint", slowly)
    thread.start()
    removed = garbage.remove(configured(finished), listed, NOW, person=ME)
    thread.join(60)
    assert len([item for item in removed if item.slot]) == 7
    assert len(answers) == 1
    assert "was removed meanwhile" in answers[0] or "there is no report" in answers[0]
    assert everything(finished) == set()
    assert Journal(finished).records() == []
    assert Journal(finished).drafts(run.keys["report"]) == []


@pytest.mark.parametrize("number", range(5))
def test_signing_and_removing_at_the_same_moment_never_leave_a_signature_without_its_report(finished, number):
    """Whichever comes first: signed and whole, or removed and not signed."""
    (run,) = Journal(finished).runs()
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    ready = threading.Barrier(2)

    def come():
        ready.wait()
        threading.Event().wait(number * 0.02)
        try:
            sign(finished, run.keys["report"])
        except AftercloseError:
            return

    thread = threading.Thread(target=come)
    thread.start()
    ready.wait()
    garbage.remove(configured(finished), listed, NOW, person=ME)
    thread.join(60)
    signed = bool(Journal(finished).records())
    assert len(everything(finished)) == (7 if signed else 0)
    assert [fault for fault in verify(configured(finished)).faults if fault.what != "journal"] == []


def test_without_asking_again_a_signed_report_would_go(finished, monkeypatch):
    """The protection taken out: what was needed when the list was made is all that is kept."""
    (run,) = Journal(finished).runs()
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    sign(finished, run.keys["report"])
    monkeypatch.setattr(garbage, "_needed", lambda *_: set())
    garbage.remove(configured(finished), listed, NOW, person=ME)
    assert any(fault.what == "signed report" for fault in verify(configured(finished)).faults)


def test_others_get_their_turn_between_rounds(finished, monkeypatch):
    """Each round asks again, and the journal is free in between."""
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    monkeypatch.setattr(garbage, "LONGEST_LOCKED_S", 0.0)
    asked = []
    needed = garbage._needed
    monkeypatch.setattr(garbage, "_needed", lambda *now: (asked.append(1), needed(*now))[1])
    removed = garbage.remove(configured(finished), listed, NOW, person=ME)
    assert len([item for item in removed if item.slot]) == len(asked) == 7


def test_a_checkpoint_stays_whose_turn_is_lost_while_it_is_taken_away(finished, monkeypatch):
    """A server lets others in once the connection is lost: what waited to be signed is signed then."""
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    asked = []

    class Lost(Exception):
        """The connection is gone."""

    def hash_at(number):
        asked.append(number)
        if len(asked) == 2:
            raise Lost

    real = Journal.with_tail
    monkeypatch.setattr(
        Journal,
        "with_tail",
        lambda journal, function: real(journal, lambda tail: function(replace(tail, hash_at=hash_at))),
    )
    with pytest.raises(Lost):
        garbage.remove(configured(finished), listed, NOW, person=ME)
    assert len(everything(finished)) == 7
    assert not list((finished / "checkpoints").rglob(".tmp*"))
