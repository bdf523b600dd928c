"""A person's name under exactly these bytes: submit, request changes, sign, reject, revoke.

A signature covers the text that was shown and the digests of everything that the report rests on. Each act
is judged by the role of the person and the state of the report, and both are compared again in the
transaction that records it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import CheckpointError, ParameterError
from core.journal import Draft, Journal, Record
from core.registry.tries import tries
from core.report.edits import edit_records, edits
from core.report.narrative import cleaned
from core.request.settings import Settings
from core.review import ledger
from core.review.announcements import announce_report
from core.review.approvals import Approvals, approvals, as_recorded, judge_signer
from core.review.attempts import admitting
from core.review.drafts import (
    SignableText,
    generated_body,
    signable,
    signable_of,
)
from core.review.evaluated import program_of
from core.review.judgements import (
    judge_comment,
    judge_meaning,
    judge_same_draft,
    judge_same_text,
    judge_sections,
    judge_separation,
    meanwhile,
    wrong_state,
)
from core.review.people import Person, act_fields, independent, require, separated
from core.review.registering import SignsWith, with_own_key
from core.review.since import recorded_since
from core.review.standing import REVIEW, SIGNATURE, acts, judge_there, standing, subjects
from core.seals.judged_journal import judged_journal
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind

FORM = 3
"""Published with a proof and a list of what the program is made of (:mod:`core.review.bundle_files`); 2 is without the
list, records without a form are of the first version."""

_FROM: Mapping[str, tuple[str, ...]] = {
    "submit": ("draft", "changes_requested", "rejected", "revoked", "stale"),
    "request_changes": ("in_review",),
    "sign": ("in_review",),
    "reject": ("in_review",),
    "revoke": ("signed", "stale"),
}
"""Act -> the states in which it can be done."""

_ACT_OF = {"approved": "sign", "reviewed": "sign", "rejected": "reject"}


def submit(
    settings: Settings,
    journal: Journal,
    report_key: str,
    *,
    text_sha256: str,
    person: Person,
    comment: str = "",
) -> Record:
    """Put the shown text before an approver and return the record.

    Raises
    ------
    SignOffError
        If the text changed since it was opened, the state does not allow it, or the role does not.
    ParameterError
        If a section is still unwritten and no comment says why.
    """
    require(person, "submit")
    now = _Act(settings, journal, report_key, "submit")
    text = now.check_text(text_sha256)
    judge_sections(text, comment)
    return now.record(REVIEW, person, "authored", comment, {"text_sha256": text_sha256, "draft": text.draft})


def request_changes(
    settings: Settings, journal: Journal, report_key: str, *, text_sha256: str, person: Person, comment: str
) -> Record:
    """Send the submitted text back with what is to be changed; return the record.

    Raises
    ------
    SignOffError
        If the text changed since it was opened, it is not in review, or the role does not allow it.
    ParameterError
        If the comment is empty.
    """
    require(person, "request_changes")
    now = _Act(settings, journal, report_key, "request_changes")
    text = now.check_text(text_sha256)
    judge_comment(comment, "a request for changes", needed=True)
    content = {"text_sha256": text_sha256, "draft": text.draft}
    return now.record(REVIEW, person, "changes requested", comment, content)


@admitting
def sign(
    settings: Settings,
    journal: Journal,
    report_key: str,
    *,
    text_sha256: str,
    person: Person,
    meaning: str,
    comment: str = "",
    supersedes: str = "",
    signs: SignsWith | None = None,
) -> Record:
    """Add a signature to the chain and return it.

    A local user may sign a draft at once: the submission is implied, and the record says so. Where authors and
    approvers are separate people, the text must have been submitted.

    Parameters
    ----------
    text_sha256 : str
        SHA-256 of the text that the signer has seen; compared inside the transaction that signs.
    meaning : {'approved', 'reviewed', 'rejected'}
    comment : str
        Required for a rejection, and for an approval while a section is still unwritten.
    supersedes : str
        Key of an earlier signed report whose place this one takes.
    signs : callable, optional
        Signs with the person's own key where they registered one (:mod:`core.review.registering`).

    Raises
    ------
    OwnKeyNeeded
        If they did, and nothing signs.
    SignOffError
        If the text changed since it was opened, the role may not sign, the state does not allow it, or the
        person had a hand in the text and the two must be different people.
    ParameterError
        If meaning or comment cannot be used.
    """
    act = _ACT_OF.get(meaning, "sign")
    require(person, act)
    judge_meaning(meaning, comment)
    implied = not separated(settings, "separate_author", person)
    now = _Act(settings, journal, report_key, act, implied=implied, signs=signs)
    text = now.check_text(text_sha256)
    hands = now.hands()
    present = subjects(now.store, report_key)
    others = approvals(settings, now.ledger, report_key).of_text(text_sha256, present)
    if meaning == "approved":
        judge_signer(others, person)
        judge_separation(settings, person, hands)
        judge_sections(text, comment)
    content = {
        "form": FORM,
        "program": program_of(now.store, report_key),
        "independent_review": independent(person, hands),
        "hands": sorted(set(hands)),
        "submitted": "implied" if now.before.state != "in_review" else "before",
        "text_sha256": text_sha256,
        "draft": text.draft,
        "subjects": present,
        "edits": edit_records(edits(now.generated, text.text)),
        "supersedes": now.superseded(supersedes, others) if meaning == "approved" else None,
        "since": recorded_since(settings, now.ledger, report_key),
        "tries": now.tries(),
        **(as_recorded(others) if meaning == "approved" else {}),
    }
    return now.record(SIGNATURE, person, meaning, comment, content)


@admitting
def revoke(
    settings: Settings,
    journal: Journal,
    report_key: str,
    *,
    person: Person,
    comment: str,
    signs: SignsWith | None = None,
) -> Record:
    """Take back the signature under a report and return the record; what was published stays, and is named.

    Raises
    ------
    SignOffError
        If it is not signed, or the role does not allow it.
    ParameterError
        If the comment is empty.
    """
    require(person, "revoke")
    judge_comment(comment, "a revocation", needed=True)
    now = _Act(settings, journal, report_key, "revoke", signs=signs)
    signed = now.before.record
    content = {
        "text_sha256": signed.content["text_sha256"] if signed else None,
        "revokes": {"record": signed.seq, "sha256": signed.hash} if signed else None,
    }
    record = now.record(SIGNATURE, person, "revoked", comment, content)
    text = f"{person.name} revoked the signature under report {report_key}: {record.content['comment']}"
    announce_report(settings, journal, "revoke", report_key, text)
    return record


class _Act:
    """One act on one report: what it is judged by, and what must still be so when it is recorded."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        report_key: str,
        act: str,
        *,
        implied: bool = False,
        signs: SignsWith | None = None,
    ) -> None:
        self.settings, self.journal, self.report_key, self.signs = settings, journal, report_key, signs
        # by which it is judged, whatever the database says from now on
        self.ledger = judged_journal(journal)
        self.store = Store(settings.data)
        self.generated = generated_body(self.store, report_key)
        self.before = standing(self.store, self.ledger, report_key)
        self._signable: SignableText | None = None
        allowed = {*_FROM[act], *(_FROM["submit"] if implied and act in ("sign", "reject") else ())}
        if act == "sign" and approvals(settings, self.ledger, report_key).missing:
            allowed.add("signed")  # its profile asks for more people than when it was signed
        if self.before.state not in allowed:
            raise wrong_state(self.before, act, report_key, _FROM)

    def check_text(self, digest: str) -> SignableText:
        """Return the text that was shown, if it is what is there."""
        present = signable(self.store, self.ledger, self.report_key)
        judge_same_text(digest, present.sha256)
        self._signable = present
        return present

    def hands(self) -> list[str]:
        """Return who had a hand in the text: authors of its drafts, and who submitted it."""
        entries = acts(self.ledger.records(subject=self.report_key))
        submitted = [str(r.content["label"]) for r in entries if r.content["meaning"] == "authored"]
        return [*(draft.author for draft in self.ledger.drafts(self.report_key)), *submitted]

    def tries(self) -> str | None:
        """Return which of how many candidates the report is about, in words; None where it judges none."""
        try:
            key = keys_behind(self.store, Slot("report", self.report_key)).get("evaluate", "")
        except CheckpointError:
            return None
        among = tries(self.settings, key)
        return among.sentence if among else None

    def superseded(self, other: str, others: Approvals) -> dict[str, Any] | None:
        """Return the signature whose place this one takes: of this report before, or of another that is named.

        A further approval of the same text takes the place that the first of them does.
        """
        if not other:
            if others.required > 1 and others.records:
                first: dict[str, Any] | None = others.records[0].content["supersedes"]
                return first
            entries = acts(self.ledger.records(subject=self.report_key))
            earlier = [r for r in entries if r.content["meaning"] == "approved"]
            return _reference(earlier[-1]) if earlier else None
        current = standing(self.store, self.ledger, other)
        if other == self.report_key or current.state not in _FROM["revoke"] or current.record is None:
            raise ParameterError(
                f"report {other!r} cannot be superseded: it is {current.state.replace('_', ' ')}",
                expected="the key of another report that is signed",
            )
        return _reference(current.record)

    def record(
        self, kind: str, person: Person, meaning: str, comment: str, content: Mapping[str, Any]
    ) -> Record:
        """Append the record unless text or state changed since they were judged."""

        def unchanged(records: Sequence[Record], latest: Draft | None) -> None:
            entries = acts(records)
            if entries and entries[-1].seq != self.before.last:
                raise meanwhile(entries[-1], self.report_key)
            judge_there(self.store, [f"report/{self.report_key}/", *content.get("subjects", ())])
            if self._signable is not None:
                judge_same_draft(self._signable, signable_of(self.generated, latest))

        full = {
            **act_fields(person),
            "label": person.label,
            "meaning": meaning,
            "comment": cleaned(comment).strip(),
            "from": self.before.state,
            **content,
        }
        own, condition = with_own_key(self.ledger, kind, self.report_key, full, self.signs)
        return ledger.append(
            self.settings,
            self.journal,
            kind,
            self.report_key,
            {**full, **own},
            unless=unchanged,
            condition=condition,
        )


def _reference(record: Record) -> dict[str, Any]:
    return {"report": record.subject, "record": record.seq, "sha256": record.hash}
