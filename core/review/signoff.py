"""A person's name under exactly these bytes: what can be signed, what was, and whether it still stands. EDGE.

A signature covers the text that was shown and the digests of everything that the report rests on. It
stands as long as all of them are what they were; a byte-identical rerun changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import CheckpointError, ParameterError, SignOffError, StageError
from core.fingerprint import SHORT, sha256
from core.journal import Draft, Journal, Record
from core.registry.registry import Registry
from core.report.narrative import MAX_CHARACTERS, body_of, cleaned, unwritten
from core.store.checkpoints import Slot, Store
from core.store.lineage import REGISTRY

SIGNATURE = "signature"
MEANINGS = ("approved", "reviewed", "rejected")
"""What a signature can mean; only an approval lets a report be published."""

MAY_SIGN = ("approver", "admin")
"""Roles whose signature counts."""


@dataclass(frozen=True)
class Signer:
    """Who signs: printed name and role, from settings or the login, never from a text box."""

    name: str
    role: str


@dataclass(frozen=True)
class SignableText:
    """The text as it stands: the latest draft, or the generated body while nobody has edited.

    Parameters
    ----------
    text : str
    sha256 : str
        Digest of the text's UTF-8 bytes: what a signer is shown and signs.
    draft : int or None
        Number of the draft; None for the generated body.
    """

    text: str
    sha256: str
    draft: int | None


@dataclass(frozen=True)
class Standing:
    """Where a report stands: ``draft``, ``signed``, ``stale`` or ``rejected``, with its last signature.

    ``reason`` says in one sentence why a signature does not hold.
    """

    state: str
    record: Record | None
    reason: str


def generated_body(store: Store, report_key: str) -> str:
    """Return the generated text that editing starts from.

    Raises
    ------
    ParameterError
        If there is no such report.
    CheckpointError
        If it is damaged.
    """
    slot = Slot("report", report_key)
    if store.meta(slot) is None:
        raise ParameterError(
            f"there is no report {report_key!r}",
            expected="the key of a finished report",
            remedy="Finished reports are in <data>/checkpoints/report/.",
        )
    return body_of(store.read(slot, "report.txt").decode())


def signable(store: Store, journal: Journal | None, report_key: str) -> SignableText:
    """Return the text that would be signed now."""
    generated = generated_body(store, report_key)
    drafts = journal.drafts(report_key) if journal else []
    return _signable(generated, drafts[0] if drafts else None)


def _signable(generated: str, draft: Draft | None) -> SignableText:
    text = draft.text if draft else generated
    return SignableText(text, sha256(text.encode()), draft.number if draft else None)


def save_draft(store: Store, journal: Journal, report_key: str, text: str, *, author: str) -> Draft:
    """Keep an edited text as the next numbered draft.

    Raises
    ------
    ParameterError
        If the text is longer than a report may be.
    """
    generated_body(store, report_key)
    if len(text) > MAX_CHARACTERS:
        raise ParameterError(f"the text has {len(text):,} characters", expected=f"at most {MAX_CHARACTERS:,}")
    return journal.save_draft(report_key, cleaned(text), author=author)


def subjects(store: Store, report_key: str) -> dict[str, str]:
    """Return the digest of everything a report rests on, by ``stage/key/file``, as it is on disk now.

    Raises
    ------
    StageError
        If something is gone, damaged or not what the report was made from: it cannot be signed, and a
        signature over it does not stand.
    """
    found: dict[str, str] = {}
    used: dict[str, str] = {}
    seen: set[Slot] = set()
    waiting = [Slot("report", report_key)]
    while waiting:
        slot = waiting.pop()
        if slot in seen:
            continue
        seen.add(slot)
        meta, damage = store.meta(slot), store.damage(slot)
        if meta is None or damage:
            raise CheckpointError(damage or f"{slot.stage}/{slot.key} is gone", expected="what was signed")
        found |= {f"{slot.stage}/{slot.key}/{name}": digest for name, digest in meta.digests.items()}
        for source in meta.inputs:
            if source.stage == REGISTRY:
                used[name := f"{REGISTRY}/{source.key}"] = source.sha256
                found[name] = sha256(Registry(store.root).bytes_of(source.key))
            else:
                used[f"{source.stage}/{source.key}/{source.filename}"] = source.sha256
                waiting.append(Slot(source.stage, source.key))
    changed = next((name for name, digest in used.items() if found.get(name) != digest), None)
    if changed:
        raise CheckpointError(f"{changed} is not what the report was made from", remedy="Run again.")
    return dict(sorted(found.items()))


def sign(
    store: Store,
    journal: Journal,
    report_key: str,
    *,
    shown: str,
    signer: Signer,
    meaning: str,
    comment: str,
) -> Record:
    """Add a signature to the chain and return it.

    Parameters
    ----------
    shown : str
        SHA-256 of the text that the signer has seen; compared inside the transaction that signs.
    meaning : {'approved', 'reviewed', 'rejected'}
    comment : str
        Required for a rejection, and for an approval while a section is still unwritten.

    Raises
    ------
    SignOffError
        If the text changed since it was opened, or the role may not sign.
    ParameterError
        If meaning or comment cannot be used.
    """
    _judge(signer, meaning, comment)
    generated = generated_body(store, report_key)
    digests = subjects(store, report_key)
    draft = next(iter(journal.drafts(report_key)), None)
    now = _signable(generated, draft)

    def unchanged(_: Sequence[Record], latest: Draft | None) -> None:
        there = _signable(generated, latest).sha256
        if there != shown:
            raise SignOffError(
                f"the report changed since you opened it: you saw {shown[:SHORT]}, it is now {there[:SHORT]}",
                expected="the text that was shown",
                remedy="Read it again, then sign.",
            )

    unchanged([], draft)  # what is judged and recorded below is about the text that was shown
    missing = unwritten(now.text)
    if meaning == "approved" and missing and not comment.strip():
        raise ParameterError(
            f"still to be written: {', '.join(missing)}",
            expected="every section written, or a comment that says why not",
        )
    content = {
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": signer.name,
        "role": signer.role,
        "meaning": meaning,
        "comment": cleaned(comment).strip(),
        "independent_review": False,
        "authentication": "local user of the desk",
        "text_sha256": shown,
        "draft": now.draft,
        "subjects": digests,
    }
    return journal.append(SIGNATURE, report_key, content, unless=unchanged)


def _judge(signer: Signer, meaning: str, comment: str) -> None:
    if signer.role not in MAY_SIGN:
        raise SignOffError(
            f"{signer.name} has the role {signer.role!r}", expected=f"one of {', '.join(MAY_SIGN)} to sign"
        )
    if not meaning:
        raise ParameterError("no meaning was chosen", expected=f"one of {', '.join(MEANINGS)}")
    if meaning not in MEANINGS:
        raise ParameterError(f"meaning is {meaning!r}", expected=f"one of {', '.join(MEANINGS)}")
    if meaning == "rejected" and not comment.strip():
        raise ParameterError("a rejection came without a comment", expected="the reason, in a sentence")


def standing(store: Store, journal: Journal | None, report_key: str) -> Standing:
    """Return whether the report is signed and whether that still holds. Read-only."""
    records = [r for r in journal.records(subject=report_key) if r.kind == SIGNATURE] if journal else []
    if not records:
        return Standing("draft", None, "nobody has signed it")
    last = records[-1]
    if last.content["meaning"] == "rejected":
        return Standing("rejected", last, f"rejected: {last.content['comment']}")
    reason = _stale(store, journal, last)
    if reason:
        return Standing("stale", last, reason)
    if last.content["meaning"] != "approved":
        return Standing("draft", last, "reviewed, not yet approved")
    return Standing("signed", last, "")


def _stale(store: Store, journal: Journal | None, record: Record) -> str | None:
    try:
        if signable(store, journal, record.subject).sha256 != record.content["text_sha256"]:
            return "the text was edited after it was signed"
        there: Mapping[str, Any] = subjects(store, record.subject)
    except (StageError, ParameterError) as error:
        return error.came
    signed = record.content["subjects"]
    changed = sorted(name for name in {*signed, *there} if there.get(name) != signed.get(name))
    return f"{changed[0]} changed after it was signed" if changed else None
