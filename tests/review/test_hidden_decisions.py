"""A decision that is hidden while somebody acts on the report is named: the last act on a report is what counts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import sha256
from core.journal.faults import JournalError
from core.review import publication, signoff
from core.review.annotations import annotate
from core.review.contradictions import reference_faults, state_faults, text_faults
from core.review.published import folder_of, published_file
from core.review.standing import REVIEW, SIGNATURE, STATES, standing
from tests.forging import faults, sql


@pytest.mark.parametrize("act", ["reject", "request_changes"])
def test_a_decision_that_is_hidden_while_somebody_signs_is_named(office, ann, bob, olga, act, by_rows):
    """The approval above it would stand: nobody signs then; who could is named when its row is as it was."""
    office.submit(olga)
    against = getattr(office, act)(ann)
    annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=olga, name="later")
    sql(office, "UPDATE record SET subject = 'another' WHERE seq = ?", against.seq)
    with pytest.raises(JournalError):
        office.sign(bob)
    by_rows()
    record = office.sign(bob)
    sql(office, "UPDATE record SET subject = ? WHERE seq = ?", office.key, against.seq)
    assert office.state == "signed"
    (fault,) = faults(office)
    assert (
        f"record {record.seq} was made while rows of the journal were changed: it was judged as in review"
        in fault
    )
    with pytest.raises(AftercloseError, match="judged as in review"):
        office.publish()


@pytest.mark.parametrize("road", ["other words", "an earlier draft"])
def test_an_approver_signs_no_words_that_nobody_is_on_record_for(office, bob, olga, road, by_rows):
    """Who wrote the last draft was asked, and not what: the approver's own words would stand as read by another."""
    earlier = office.edit("Risks are small.", person=olga)
    draft = office.edit("Risks are large.", person=olga)
    submitted = office.submit(olga)
    annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=olga, name="later")
    text = "All is well.\n" if road == "other words" else earlier.text
    content = {**submitted.content, "text_sha256": sha256(text.encode())}
    sql(office, "UPDATE record SET content = ? WHERE seq = ?", json.dumps(content), submitted.seq)
    if road == "other words":
        sql(office, "UPDATE draft SET body = ? WHERE number = ?", text, draft.number)
    else:
        sql(office, "UPDATE draft SET report_key = 'another' WHERE number = ?", draft.number)
    with pytest.raises(JournalError):
        office.sign(bob)
    by_rows()
    record = office.sign(bob)
    sql(
        office,
        "UPDATE draft SET body = ?, report_key = ? WHERE number = ?",
        draft.text,
        office.key,
        draft.number,
    )
    sql(
        office,
        "UPDATE record SET content = ? WHERE seq = ?",
        json.dumps(dict(submitted.content)),
        submitted.seq,
    )
    assert record.content["text_sha256"] == content["text_sha256"]
    assert any(
        f"record {record.seq} was made" in how and "it is over another text" in how for how in faults(office)
    )


def test_what_is_published_while_its_revocation_is_hidden_is_named(office, olga, monkeypatch, by_rows):
    """It comes once the ledger was judged; its row says something else until the publication is on record."""
    office.sign()
    judged = publication.judge_ledger
    revoked = []

    def hidden(settings, journal):
        ledger = judged(settings, journal)
        revoked.append(office.revoke())
        annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=olga, name="later")
        sql(office, "UPDATE record SET kind = 'note' WHERE seq = ?", revoked[0].seq)
        return ledger

    monkeypatch.setattr(publication, "judge_ledger", hidden)
    by_rows()
    office.publish()
    sql(office, "UPDATE record SET kind = 'signature' WHERE seq = ?", revoked[0].seq)
    record = office.journal.ledger()[-1]
    assert (record.kind, office.state) == (publication.PUBLICATION, "revoked")
    (fault,) = faults(office)
    assert f"record {record.seq} was made" in fault
    assert "by the records before it was revoked" in fault
    folder = folder_of(office.root, office.journal.records()[0])
    for name in ("report.txt", "report.html"):
        with pytest.raises(CheckpointError, match="published after its signature was taken back"):
            published_file(office.settings, folder, name)
    # one of an earlier version says nothing of the state, and may have come after by no forger's hand
    older = replace(record, content={name: value for name, value in record.content.items() if name != "from"})
    assert list(state_faults([*office.journal.ledger()[:-1], older])) == []


@pytest.mark.parametrize("words", ["All is well.\n", ""])
def test_an_approver_signs_no_draft_that_nobody_wrote(office, bob, olga, words, by_rows):
    """Of a report that nobody edited: a first draft was put in, also one that has the generated words."""
    text = words or signoff.signable(office.store, office.journal, office.key).text
    submitted = office.submit(olga)
    annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=olga, name="later")
    content = {**submitted.content, "text_sha256": sha256(text.encode()), "draft": 1}
    sql(office, "UPDATE record SET content = ? WHERE seq = ?", json.dumps(content), submitted.seq)
    sql(
        office,
        "INSERT INTO draft (report_key, number, at, author, body) VALUES (?, 1, ?, ?, ?)",
        office.key,
        "2026-11-30T12:00:00.000+00:00",
        olga.label,
        text,
    )
    with pytest.raises(JournalError):
        office.sign(bob)
    by_rows()
    record = office.sign(bob)
    sql(office, "DELETE FROM draft")
    content = json.dumps(dict(submitted.content))
    sql(office, "UPDATE record SET content = ? WHERE seq = ?", content, submitted.seq)
    assert record.content["independent_review"]
    (fault,) = faults(office)
    assert f"record {record.seq} was made" in fault
    assert "it is over another text" in fault
    with pytest.raises(AftercloseError, match="over another text"):
        office.publish()


def test_what_a_signature_is_to_take_the_place_of_is_no_other_record(office, by_rows):
    """The row of another report's approval says for a moment that it is of the one that is named."""
    own, other = office.key, office.second_report()
    office.key = other
    third = office.second_report()
    office.key = own
    first, strangers = office.sign(), office.sign(key=third)
    annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=office.me, name="later")
    sql(office, "UPDATE record SET subject = 'another' WHERE seq = ?", first.seq)
    sql(office, "UPDATE record SET subject = ? WHERE seq = ?", own, strangers.seq)
    with pytest.raises(JournalError):
        office.sign(key=other, supersedes=own)
    by_rows()
    record = office.sign(key=other, supersedes=own)
    sql(office, "UPDATE record SET subject = ? WHERE seq = ?", third, strangers.seq)
    sql(office, "UPDATE record SET subject = ? WHERE seq = ?", own, first.seq)
    assert record.content["supersedes"]["record"] == strangers.seq
    assert any("what it supersedes is not record" in fault for fault in faults(office))
    assert standing(office.store, office.journal, third).state == "signed"


@pytest.mark.parametrize("state", STATES)
def test_what_people_do_in_order_holds(office, state):
    """Each state that a report is brought to, and what may be done from there."""
    office.bring(state)
    assert faults(office) == []
    if state != "superseded":
        office.edit("One word more.")
        office.submit()
        office.sign()
        assert faults(office) == []


def test_a_later_draft_says_nothing_of_an_act_that_is_older_than_signed_records(office):
    """Which draft was the last when somebody acted is not known there."""
    office.edit()
    office.sign()
    office.edit("Later.")
    records = [
        replace(record, key="", signature="")
        for record in office.journal.ledger()
        if record.kind in (SIGNATURE, REVIEW)
    ]
    assert list(text_faults(records, office.journal.written())) == []


def test_nothing_is_published_while_a_revocation_is_hidden(office, monkeypatch, olga):
    """It comes once the ledger was judged: the records are judged again before the bundle gets its last file."""
    office.sign()
    judged = publication.judge_ledger

    def hidden(settings, journal):
        ledger = judged(settings, journal)
        record = office.revoke()
        annotate(office.settings, office.journal, office.journal.runs()[0].run_id, person=olga, name="later")
        sql(office, "UPDATE record SET kind = 'note' WHERE seq = ?", record.seq)
        return ledger

    monkeypatch.setattr(publication, "judge_ledger", hidden)
    with pytest.raises(JournalError, match="does not say what people did"):
        office.publish()
    assert not list((office.root / "published").rglob("*.*"))


@pytest.mark.parametrize("what", ["since", "before"])
def test_what_a_signature_says_of_earlier_ones_is_compared_with_them(office, ann, bob, olga, what):
    """Which report was signed before, and who approved first: read in rows that were changed for that moment."""
    office.configured(review_signatures=2)
    other = office.second_report()
    office.sign(key=other)
    office.submit(olga)
    office.sign(ann)
    last = office.sign(bob)
    records = office.journal.ledger()
    assert list(reference_faults(records)) == []
    content = json.loads(json.dumps(dict(last.content)))
    if what == "before":
        content["signatures"]["before"][0]["user"] = "Dr. Chief"
    else:
        content["since"] = {"report": other, "record": last.seq - 1, "changes": []}
    forged = replace(last, content=content)
    (fault,) = reference_faults([*records[:-1], forged])
    assert f"record {last.seq} was made while rows of the journal were changed" in fault
