"""Every step from draft to signed and beyond: allowed or refused by state, role, text and other people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.errors import ParameterError, SignOffError
from core.journal import Journal, chain_faults
from core.review import drafts, signoff
from core.review.people import Person

# act -> state -> state after it, for one local user; what is not named is refused
LOCAL = {
    "submit": dict.fromkeys(("draft", "changes_requested", "rejected", "revoked", "stale"), "in_review"),
    "request_changes": {"in_review": "changes_requested"},
    "sign": dict.fromkeys(
        ("draft", "in_review", "changes_requested", "rejected", "revoked", "stale"), "signed"
    ),
    "reject": dict.fromkeys(
        ("draft", "in_review", "changes_requested", "rejected", "revoked", "stale"), "rejected"
    ),
    "revoke": {"signed": "revoked", "stale": "revoked"},
}
STATES = (
    "draft", "in_review", "changes_requested", "signed", "rejected", "revoked", "superseded", "stale",
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_each_act_leads_on_from_its_states_and_from_no_other(office, state, tmp_path):
    """Eight states, five acts, one local user: forty answers; a refusal records nothing."""
    office.bring(state)
    came = {}
    for act in LOCAL:
        records = office.journal.records()
        try:
            getattr(office, act)()
        except SignOffError:
            assert office.journal.records() == records
            continue
        came[act] = office.state
        office = type(office)(again(office, tmp_path / act))
        office.bring(state)
    assert came == {act: after[state] for act, after in LOCAL.items() if state in after}


def again(office, target):
    """The same data root without its journal and drafts, and with nothing that says there were records."""
    import shutil

    shutil.copytree(office.root, target, symlinks=True)
    for path in target.glob("journal.sqlite*"):
        path.unlink()
    shutil.rmtree(target / "ledger", ignore_errors=True)
    for path in (target / "checkpoints" / "report").glob("*-again"):
        shutil.rmtree(path)
    return target


@pytest.mark.parametrize("state", ["draft", "changes_requested", "rejected", "revoked", "stale"])
@pytest.mark.parametrize("act", ["sign", "reject"])
def test_in_a_team_nobody_signs_what_was_not_submitted(office, state, act, ann):
    """Whoever logged in finds a submission before a signature."""
    office.bring(state)
    with pytest.raises(SignOffError, match=r"to sign|to reject"):
        getattr(office, act)(ann)


def test_the_whole_way_of_a_team(office, olga, ann):
    """Written by one, sent back, written again, submitted, approved by another: an independent review."""
    office.edit(person=olga)
    office.submit(olga)
    office.request_changes(ann)
    assert office.state == "changes_requested"
    office.edit("Risks: none known.", person=olga)
    assert office.state == "draft"
    office.submit(olga)
    record = office.sign(ann)
    assert record.content["independent_review"] is True
    assert (record.content["user_id"], record.content["from"]) == ("ann@id.example.org", "in_review")
    assert [r.content["meaning"] for r in office.journal.records()] == [
        "authored", "changes requested", "authored", "approved",
    ]  # fmt: skip
    assert chain_faults(office.journal.ledger()) == []


@pytest.mark.parametrize("hand", ["edit", "submit"])
def test_in_a_team_nobody_approves_a_text_they_had_a_hand_in(office, hand, olga, ann):
    """Writing and submitting both count; what the setting says can allow it, and the record stays truthful."""
    office.edit(person=ann if hand == "edit" else olga)
    office.submit(ann if hand == "submit" else olga)
    with pytest.raises(SignOffError, match="had a hand"):
        office.sign(ann)
    assert office.state == "in_review"
    office.configured(review_separate_author="never")
    assert office.sign(ann).content["independent_review"] is False


def test_a_local_user_may_sign_alone_unless_the_setting_forbids_it(office):
    """And is never an independent reviewer."""
    office.edit()
    office.configured(review_separate_author="always")
    office.submit()
    with pytest.raises(SignOffError, match="had a hand"):
        office.sign()
    office.configured(review_separate_author="team")
    record = office.sign()
    assert record.content["independent_review"] is False
    assert record.content["authentication"] == "local user of the desk"


def test_a_local_author_leaves_no_independent_review(office, olga, ann):
    """Nobody can tell who sat at the machine."""
    office.edit()
    office.submit(olga)
    assert office.sign(ann).content["independent_review"] is False


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", set()),
        ("operator", {"edit", "submit", "publish"}),
        ("approver", {"edit", "submit", "publish", "request_changes", "sign", "reject", "revoke"}),
        ("admin", {"edit", "submit", "publish", "request_changes", "sign", "reject", "revoke"}),
        ("Admin", set()),
        ("", set()),
    ],
)
def test_each_service_asks_for_the_role_at_the_moment_of_the_act(office, role, allowed):
    """Each act in a state that allows it, by somebody of that role."""
    somebody = Person("local:some", "Some Body", role)
    before = {
        "edit": "draft", "submit": "draft", "request_changes": "in_review", "sign": "in_review",
        "reject": "in_review", "revoke": "signed", "publish": "signed",
    }  # fmt: skip
    done = set()
    for number, (act, state) in enumerate(before.items()):
        fresh = type(office)(again(office, office.root.with_name(f"{number}")))
        fresh.bring(state)
        records, written = fresh.journal.records(), fresh.journal.drafts(fresh.key)
        try:
            getattr(fresh, act)(person=somebody)
            done.add(act)
        except SignOffError:
            assert (fresh.journal.records(), fresh.journal.drafts(fresh.key)) == (records, written)
    assert done == allowed


def test_of_two_approvers_at_once_one_signs(office, olga, ann, bob):
    """Both looked at the same text and pressed at the same time; the other is told who was faster."""
    office.submit(olga)
    shown, ready = office.shown(), Barrier(2)

    def press(person):
        ready.wait()
        try:
            return signoff.sign(
                office.settings, Journal(office.root), office.key, text_sha256=shown, person=person,
                meaning="approved", comment="Read.",
            )  # fmt: skip
        except SignOffError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(press, (ann, bob)))
    refused = [answer for answer in came if isinstance(answer, SignOffError)]
    assert len(refused) == 1
    approved = [r for r in office.journal.records() if r.content["meaning"] == "approved"]
    assert len(approved) == 1
    assert approved[0].content["user"] in str(refused[0])


def test_between_judging_and_recording_nobody_slips_in(office, olga, ann, bob, monkeypatch):
    """The state is compared again in the transaction that records, so the second signature is refused."""
    office.submit(olga)
    append = Journal.append

    def late(self, *words, **more):
        monkeypatch.setattr(Journal, "append", append)
        office.sign(bob)
        return append(self, *words, **more)

    monkeypatch.setattr(Journal, "append", late)
    with pytest.raises(SignOffError, match="Bob was faster"):
        office.sign(ann)
    assert [r.content["user"] for r in office.journal.records()] == ["Olga", "Bob"]


@pytest.mark.parametrize("act", ["submit", "request_changes", "sign", "reject"])
def test_a_text_that_changed_since_it_was_shown_stops_every_act_on_it(office, act):
    """The digest that was shown is compared with the one that is there."""
    if act == "request_changes":
        office.submit()
    shown = office.shown()
    office.edit()
    if act == "request_changes":
        office.submit()
    records = office.journal.records()
    with pytest.raises(SignOffError, match=f"you saw {shown[:12]}"):
        getattr(office, act)(text_sha256=shown)
    assert office.journal.records() == records


def test_a_new_text_ends_a_review_and_going_back_restores_it(office):
    """What was submitted is a text, not a number."""
    office.edit("First.")
    text = signoff.signable(office.store, office.journal, office.key).text
    office.submit()
    office.edit("Second.")
    assert office.state == "draft"
    drafts.save_draft(office.settings, office.journal, office.key, text, person=office.me)
    assert office.state == "in_review"


def test_a_revoked_report_is_not_published_and_what_was_stays(office):
    """The record names the signature that it takes back."""
    signed = office.sign()
    folder = office.publish()
    revoked = office.revoke()
    assert revoked.content["revokes"] == {"record": signed.seq, "sha256": signed.hash}
    assert (folder / "report.txt").is_file()
    with pytest.raises(SignOffError, match="revoked: Signed by mistake"):
        office.publish()


def test_a_later_report_takes_the_place_of_a_signed_one_until_it_is_revoked(office):
    """Named in the later signature; a report that is not signed cannot be superseded."""
    other = office.second_report()
    with pytest.raises(ParameterError, match="cannot be superseded: it is draft"):
        office.sign(key=other, supersedes=office.key)
    first = office.sign()
    later = office.sign(key=other, supersedes=office.key)
    assert later.content["supersedes"] == {"report": office.key, "record": first.seq, "sha256": first.hash}
    assert office.state == "superseded"
    signoff.revoke(office.settings, office.journal, other, person=office.me, comment="no")
    assert office.state == "signed"


def test_signing_again_after_an_edit_names_the_signature_it_replaces(office):
    """Of the same report."""
    first = office.sign()
    assert first.content["supersedes"] is None
    office.edit()
    assert office.sign().content["supersedes"]["record"] == first.seq


@pytest.mark.parametrize("act", ["request_changes", "reject", "revoke"])
@pytest.mark.parametrize("comment", ["", " ", "\u200b", "x" * 10_001])
def test_what_goes_back_needs_its_reason_in_reasonable_length(office, act, comment):
    """Spaces and invisible characters are none."""
    office.bring("signed" if act == "revoke" else "in_review")
    with pytest.raises(ParameterError, match="comment"):
        getattr(office, act)(comment=comment)


# ---- drafts of two people


def test_a_save_over_somebody_elses_draft_is_refused_once_with_both_told(office, olga, ann):
    """Both opened draft 1; the second to save is told of the first's, and may then save beside it."""
    office.edit("One.", person=olga)
    office.edit("Olga's.", person=olga, base=1)
    with pytest.raises(drafts.DraftConflict, match=r"Olga <olga@id\.example\.org> saved draft 2") as caught:
        office.edit("Ann's.", person=ann, base=1)
    assert (caught.value.base, caught.value.latest.number) == (1, 2)
    assert caught.value.latest.text.endswith("Olga's.\n")
    assert [d.number for d in office.journal.drafts(office.key)] == [2, 1]
    assert office.edit("Ann's.", person=ann, base=2).number == 3


def test_two_saves_at_once_over_the_same_draft_keep_one_and_refuse_one(office, olga, ann):
    """The comparison is in the transaction that saves."""
    ready = Barrier(2)

    def save(person):
        ready.wait()
        try:
            return drafts.save_draft(
                office.settings, Journal(office.root), office.key, f"{person.name}\n", person=person, base=0
            )
        except drafts.DraftConflict as conflict:
            return conflict

    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(save, (olga, ann)))
    assert sum(isinstance(answer, drafts.DraftConflict) for answer in came) == 1
    assert len(office.journal.drafts(office.key)) == 1
