"""Where a report stands: eight states, from what people recorded and from what is on disk now.

draft -> in_review -> signed, rejected or changes_requested; signed -> superseded or revoked.

A new text makes a report a draft again; any other change of what a signature rests on makes it stale. A
byte-identical rerun changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import CheckpointError, ParameterError, StageError, listed
from core.fingerprint import sha256
from core.journal import Journal, Record
from core.registry.registry import Registry
from core.review.drafts import signable
from core.review.people import who_acted
from core.store.checkpoints import Slot, Store
from core.store.lineage import REGISTRY

SIGNATURE = "signature"
REVIEW = "review"
"""Kinds of records: what may stand under a report, and the steps on the way there."""

STATES = (
    "draft", "in_review", "changes_requested", "signed", "rejected", "revoked", "superseded", "stale",
)  # fmt: skip

_AFTER = {
    "authored": "in_review", "changes requested": "changes_requested", "approved": "signed",
    "rejected": "rejected", "revoked": "revoked",
}  # fmt: skip
"""Meaning of a record -> the state it leads to; a review changes none."""

_OVER_THE_TEXT = ("in_review", "changes_requested", "rejected")
"""States that a new text ends: it is a draft again."""


@dataclass(frozen=True)
class Standing:
    """Where a report stands: one of :data:`STATES`.

    Parameters
    ----------
    state : str
    record : Record or None
        The last signature or review of it: approved, reviewed, rejected, revoked, or a step on the way.
    reason : str
        In one sentence, why a signature does not hold or what is waited for.
    last : int
        Number of the last record about this report; 0 without one.
    """

    state: str
    record: Record | None
    reason: str
    last: int = 0


def subjects(store: Store, report_key: str) -> dict[str, str]:
    """Return the digest of everything a report rests on, by ``stage/key/file``, as it is on disk now.

    Raises
    ------
    StageError
        If something is gone, damaged or not what the report was made from: it cannot be signed, and a
        signature over it does not stand.
    """
    digests: dict[str, str] = {}
    used: dict[str, str] = {}
    visited: set[Slot] = set()
    waiting = [Slot("report", report_key)]
    while waiting:
        slot = waiting.pop()
        if slot in visited:
            continue
        visited.add(slot)
        meta, damage = store.meta(slot), store.damage(slot)
        if meta is None or damage:
            raise CheckpointError(damage or f"{slot.stage}/{slot.key} is gone", expected="what was signed")
        digests |= {f"{slot.stage}/{slot.key}/{name}": digest for name, digest in meta.digests.items()}
        for source in meta.inputs:
            if source.stage == REGISTRY:
                used[name := f"{REGISTRY}/{source.key}"] = source.sha256
                digests[name] = sha256(Registry(store.root).bytes_of(source.key))
            else:
                used[f"{source.stage}/{source.key}/{source.filename}"] = source.sha256
                waiting.append(Slot(source.stage, source.key))
    changed = next((name for name, digest in used.items() if digests.get(name) != digest), None)
    if changed:
        raise CheckpointError(f"{changed} is not what the report was made from", remedy="Run again.")
    return dict(sorted(digests.items()))


def judge_there(store: Store, names: Iterable[str]) -> None:
    """Raise unless the checkpoints of ``stage/key/file`` are there: gc removes none while a record is being made.

    Raises
    ------
    CheckpointError
        Naming the first that is gone.
    """
    slots = {Slot(*parts[:2]) for name in names if len(parts := name.split("/")) == 3}
    missing = next((slot for slot in sorted(slots, key=str) if not store.meta_path(slot).is_file()), None)
    if missing is not None:
        raise CheckpointError(
            f"{missing.stage}/{missing.key} was removed meanwhile",
            expected="all that the report rests on",
            remedy="Run again.",
        )


def not_as_signed(store: Store, record: Record) -> str | None:
    """Return which file is not the one that a signature names, None where all are; by the metas, which are not hashed.

    A meta's own digest shows damage and not who wrote it: whoever may write the data root makes one that is right
    over other bytes. What the signature names they cannot make.

    Raises
    ------
    StageError
        If a meta or a model cannot be read.
    """
    signed = record.content.get("subjects") or {}
    there: dict[str, str] = {}
    for stage, key in sorted({(name.split("/")[0], name.split("/")[1]) for name in signed if "/" in name}):
        if stage == REGISTRY:
            there[f"{stage}/{key}"] = sha256(Registry(store.root).bytes_of(key))
            continue
        meta = store.meta(Slot(stage, key))
        if meta is None:
            return f"{stage}/{key} is gone"
        there |= {f"{stage}/{key}/{name}": digest for name, digest in meta.digests.items()}
    changed = sorted(name for name in {*signed, *there} if there.get(name) != signed.get(name))
    return f"{changed[0]} is not what record {record.seq} signed" if changed else None


def acts(records: Sequence[Record]) -> list[Record]:
    """Return what people recorded about a report, of all records about it, oldest first."""
    return [record for record in records if record.kind in (SIGNATURE, REVIEW)]


def approvals_of(entries: Sequence[Record]) -> list[Record]:
    """Return the approvals that count together, oldest first, one of each person.

    They are the last ones that nobody decided against since, of the same text over the same files.
    """
    together: list[Record] = []
    for record in reversed([r for r in entries if r.content["meaning"] in _AFTER]):
        if record.content["meaning"] != "approved" or (together and _covers(record) != _covers(together[0])):
            break
        if who_acted(record.content) not in {who_acted(other.content) for other in together}:
            together.insert(0, record)
    return together


def _covers(record: Record) -> tuple[Any, Any]:
    return record.content["text_sha256"], record.content.get("subjects")


def _state_after(entries: Sequence[Record], deciding: Record) -> str:
    """Return the state that the last deciding record leads to: too few approvals leave a report in review."""
    state = _AFTER[deciding.content["meaning"]]
    return "in_review" if state == "signed" and len(approvals_of(entries)) < _required(deciding) else state


def _required(record: Record) -> int:
    """Return how many approvals a report's profile asked for when this one was recorded."""
    return int((record.content.get("signatures") or {}).get("required", 1))


def recorded_state(records: Sequence[Record]) -> str:
    """Return the state that the records alone lead to, whatever has become of the files."""
    entries = acts(records)
    deciding = next((r for r in reversed(entries) if r.content["meaning"] in _AFTER), None)
    return _state_after(entries, deciding) if deciding else "draft"


def standing_approvals(journal: Journal) -> Iterator[Record]:
    """Yield the approvals of reports that are signed by the records alone, the newest first."""
    about: dict[str, list[Record]] = {}
    records = journal.records()
    for record in records:
        about.setdefault(record.subject, []).append(record)
    for record in reversed(records):
        approved = record.kind == SIGNATURE and record.content.get("meaning") == "approved"
        if approved and recorded_state(about[record.subject]) == "signed":
            yield record


def is_approved(records: Sequence[Record], signature_sha256: str) -> bool:
    """Return whether the records alone lead to a signed report, by a signature of this hash among others."""
    entries = acts(records)
    return recorded_state(entries) == "signed" and signature_sha256 in {r.hash for r in approvals_of(entries)}


def standing(store: Store, journal: Journal | None, report_key: str) -> Standing:
    """Return where the report stands and why. Read-only."""
    entries = acts(journal.records(subject=report_key)) if journal else []
    if journal is None or not entries:
        return Standing("draft", None, "nobody has signed it")
    last = entries[-1]
    deciding = next((r for r in reversed(entries) if r.content["meaning"] in _AFTER), None)
    if deciding is None:
        return Standing("draft", last, "reviewed, not yet approved", last.seq)
    state = _state_after(entries, deciding)
    if state == "signed":
        return _of_signature(store, journal, deciding, last.seq)
    if state in _OVER_THE_TEXT and _edited(store, journal, deciding):
        return Standing("draft", last, f"edited since: {_reason(deciding)}", last.seq)
    basis = deciding if state != "in_review" else last
    together = approvals_of(entries)
    if state == "in_review" and together:
        names = listed([str(record.content["user"]) for record in together])
        few = f"{len(together)} of {_required(deciding)} signatures: by {names}"
        return Standing(state, basis, few, last.seq)
    return Standing(state, basis, _reason(basis), last.seq)


def _reason(record: Record) -> str:
    content = record.content
    match content["meaning"]:
        case "authored":
            return f"{content['user']} submitted it for review"
        case "reviewed":
            return "reviewed, not yet approved"
        case meaning:
            return f"{meaning}: {content['comment']}"


def _edited(store: Store, journal: Journal, record: Record) -> bool:
    try:
        return signable(store, journal, record.subject).sha256 != str(record.content["text_sha256"])
    except (StageError, ParameterError):
        return True


def _of_signature(store: Store, journal: Journal, record: Record, last: int) -> Standing:
    later = replaced_by(journal, record)
    if later is not None:
        reason_text = f"superseded by report {later.subject} (record {later.seq})"
        return Standing("superseded", record, reason_text, last)
    reason = _stale(store, journal, record)
    return Standing("stale" if reason else "signed", record, reason or "", last)


def replaced_by(journal: Journal, record: Record) -> Record | None:
    """Return the signature that took the place of this one by naming it, unless that was revoked."""
    for later in journal.records():
        reference = later.content.get("supersedes") or {}
        if (reference.get("record"), reference.get("report")) == (record.seq, record.subject):
            about = journal.records(subject=later.subject)
            if recorded_state(about) == "signed":
                return later
    return None


def _stale(store: Store, journal: Journal | None, record: Record) -> str | None:
    try:
        if signable(store, journal, record.subject).sha256 != record.content["text_sha256"]:
            return "the text was edited after it was signed"
        there: Mapping[str, Any] = subjects(store, record.subject)
    except (StageError, ParameterError) as error:
        return error.problem
    signed = record.content["subjects"]
    changed = sorted(name for name in {*signed, *there} if there.get(name) != signed.get(name))
    return f"{changed[0]} changed after it was signed" if changed else None
