"""Where a decision contradicts the ledger: who had a hand in a text, and which model somebody promoted.

The rows that a decision is judged by can be changed for the moment in which it is judged, and changed back. The signed
records say what was so, and a decision says what it was judged by: the two are compared afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from core.errors import ModelError
from core.fingerprint import sha256
from core.journal import Record
from core.journal.records import DRAFT, REQUEST
from core.registry.champions import PROMOTION, ROLLBACK, Champion, Champions, Change
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review.decision_history import MODEL_SHA256
from core.review.people import identity_of
from core.review.published import PUBLICATION
from core.review.sealed import first_seal
from core.review.standing import REVIEW, SIGNATURE, acts, is_approved, recorded_state
from core.seals.head import Head
from core.store.checkpoints import Store
from core.store.lineage import trainings

_CLOCKS_APART = timedelta(minutes=1)
"""How far the clocks of two machines may differ."""

_WHOLE_SECONDS = timedelta(seconds=1)
"""A decision has its time in whole seconds."""


def hands_faults(records: Sequence[Record], written: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield approvals that were judged by other authors than those on record.

    Parameters
    ----------
    records : sequence of Record
        The whole ledger, in order.
    written : sequence
        Report, number, time, author and SHA-256 of each draft: those without a record are older than signed records.
    """
    recorded = {(r.subject, r.content.get("number")) for r in records if r.kind == DRAFT}
    seal = first_seal(records)
    sealed_at = seal.seq if seal else 0
    hands: dict[str, set[str]] = {}
    for report, number, _, author, _ in written:
        if (report, number) not in recorded:
            hands.setdefault(report, set()).add(author)
    for record in records:
        content, own = record.content, hands.setdefault(record.subject, set())
        if record.kind == DRAFT:
            own.add(str(content["author"]))
        elif record.kind == REVIEW and content.get("meaning") == "authored" and content.get("label"):
            own.add(str(content["label"]))
        elif record.kind == SIGNATURE and record.seq > sealed_at and _contradicts(content, own):
            yield (
                f"record {record.seq} was made while rows of the journal were changed: it was judged by other authors "
                f"of the text than are on record ({', '.join(sorted(own)) or 'nobody'})"
            )


def _contradicts(content: Mapping[str, Any], hands: set[str]) -> bool:
    if "hands" in content:
        return set(content["hands"]) != hands
    identities = {identity_of(label) for label in hands}
    own = identity_of(str(content.get("label") or ""))
    return bool(content.get("independent_review")) and (
        not identities or None in identities or own in identities
    )


def text_faults(records: Sequence[Record], written: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield acts over another text than was the last on record: its row held other words, was hidden, or put in.

    An act names the number of its draft, and none where nobody edited: that text is the checkpoint's own.

    Parameters
    ----------
    records, written : sequence
        As for :func:`hands_faults`.
    """
    if not any(record.signature for record in records):
        return  # older than signed records: which draft was the last then is not known
    recorded = {(r.subject, r.content.get("number")) for r in records if r.kind == DRAFT}
    seal = first_seal(records)
    sealed_at = seal.seq if seal else 0
    last = {row[0]: (row[1], row[4]) for row in written if (row[0], row[1]) not in recorded}
    for record in records:
        content = record.content
        if record.kind == DRAFT:
            last[record.subject] = (content["number"], content["text_sha256"])
        elif record in acts([record]) and record.seq > sealed_at and "draft" in content:
            number, text = last.get(record.subject, (None, content["text_sha256"]))
            if (number, text) != (content["draft"], content["text_sha256"]):
                yield (
                    f"record {record.seq} was made while rows of the journal were changed: it is over another text "
                    "than the last that is on record before it"
                )


_STATES_SEEN = {
    "draft": {"draft"},
    "in_review": {"in_review", "draft"},
    "changes_requested": {"changes_requested", "draft"},
    "rejected": {"rejected", "draft"},
    "revoked": {"revoked"},
    "signed": {"signed", "stale", "superseded"},
}
"""State that records lead to -> those that a report can have then: an edited text is a draft, a changed file stale."""


def state_faults(records: Sequence[Record]) -> Iterator[str]:
    """Yield acts on reports, and publications, made from another state than the records before them led to.

    Who hides a rejection for the moment in which they sign would stand above it: the last act is what counts.
    """
    about: dict[str, list[Record]] = {}
    for record in records:
        before, stated = about.setdefault(record.subject, []), record.content.get("from")
        if record.kind == PUBLICATION:
            if stated and not is_approved(before, str(record.content.get("sha256"))):
                yield (
                    f"record {record.seq} was made while rows of the journal were changed: it publishes a signature "
                    f"of a report that by the records before it was {_words(recorded_state(before))}"
                )
        elif record in acts([record]) and record.content.get("meaning"):
            # one without a meaning was never written so, and is named elsewhere
            state = recorded_state(before)
            if stated and stated not in _STATES_SEEN[state]:
                yield (
                    f"record {record.seq} was made while rows of the journal were changed: it was judged as "
                    f"{_words(stated)}, and by the records before it the report was {_words(state)}"
                )
            before.append(record)


def _words(state: str) -> str:
    return str(state).replace("_", " ")


def reference_faults(records: Sequence[Record]) -> Iterator[str]:
    """Yield acts that name an earlier record that is another one: whose row was changed for it."""
    there = {record.seq: record for record in records}
    for record in acts(records):
        for name in ("supersedes", "revokes"):
            reference = record.content.get(name)
            if isinstance(reference, Mapping) and not _is_record(record, reference, there):
                yield f"{_changed(record)}: what it {name} is not record {reference['record']}"
        for reference in (record.content.get("signatures") or {}).get("before", ()):
            if not _is_record(record, reference, there):
                yield f"{_changed(record)}: record {reference['record']} is not the approval before it that it names"
        since = record.content.get("since")
        if isinstance(since, Mapping) and not _is_record(record, since, there):
            yield f"{_changed(record)}: record {since['record']} did not sign report {since['report']} before it"


def _changed(record: Record) -> str:
    return f"record {record.seq} was made while rows of the journal were changed"


def _is_record(record: Record, reference: Mapping[str, Any], there: Mapping[int, Record]) -> bool:
    """Return whether what a record says of an earlier one is so: of which report, by whom, when, and which it is."""
    other = there.get(reference["record"])
    if other is None or other.seq >= record.seq or other.kind != SIGNATURE:
        return False
    stated = (reference.get("report", record.subject), reference.get("sha256", other.hash))
    facts = {name: reference[name] for name in ("user", "at_utc") if name in reference}
    return stated == (other.subject, other.hash) and facts == {
        name: other.content.get(name) for name in facts
    }


def requester_faults(settings: Settings, records: Sequence[Record]) -> Iterator[str]:
    """Yield promotions that were judged by other requesters than those who asked on record for a training.

    Of trainings that are there, by the metas: who asked for them is under a signature. Without the first of them there
    was no model to promote; a further one counts where it had ended a minute before. A first one that ended after the
    promotion was made anew, in the place of another.
    """
    promotions = [r for r in records if r.kind == PROMOTION and isinstance(r.content.get("requesters"), list)]
    if not promotions:
        return
    requests = {r.subject: (r.seq, str(r.content["who"])) for r in records if r.kind == REQUEST}
    store = Store(settings.data)
    trainings_by_model = {
        identity: sorted(
            (datetime.fromisoformat(str(meta.body["ended_at"])), str(meta.body["run_id"]))
            for _, meta in trainings(store, identity)
        )
        for identity in {record.subject for record in promotions}
    }
    for record in promotions:
        at = datetime.fromisoformat(record.content["at_utc"])
        until = at + _WHOLE_SECONDS
        for ended_at, run in trainings_by_model[record.subject]:
            seq, who = requests.get(run, (0, ""))
            if not 0 < seq < record.seq or ended_at > until:
                continue
            until = at - _CLOCKS_APART
            if who not in record.content["requesters"]:
                yield (
                    f"record {record.seq} was made while rows of the journal were changed: {who} asked for the "
                    f"training of {record.subject}, and it was judged without"
                )


def model_faults(settings: Settings, records: Sequence[Record]) -> Iterator[str]:
    """Yield models that were exchanged, after a decision about them, for another file of the same id.

    The last decision about a model counts; one that is older than this has the 12 digits of the id alone. A file that
    is gone or damaged is named so.
    """
    registry = Registry(settings.data)
    decided = {r.subject: (r.content[MODEL_SHA256], r.seq) for r in records if MODEL_SHA256 in r.content}
    for identity, (digest, seq) in decided.items():
        with suppress(ModelError):
            if (there := sha256(registry.bytes_of(identity))) != digest:
                yield (
                    f"model {identity} was exchanged: its SHA-256 is {there}, and record {seq} was about {digest} "
                    "(restore it from a backup)"
                )


def champion_faults(settings: Settings, records: Sequence[Record], head: Head | None) -> Iterator[str]:
    """Yield champions that nobody promoted, as far as the ledger says who did.

    A pointer that is older than records of decisions names none, and where signing began on a ledger that was there
    already it may be such a one; so may one that is older than a ledger which was begun anew because it was lost. A
    promotion that was killed between record and pointer leaves the earlier champion.
    """
    if not records or not records[0].signature:
        return
    # of a key that was lost alone the ledger goes on: all decisions are on it
    anew = next((begun.at_utc for begun in head.begun[1:] if begun.key == records[0].key), "") if head else ""
    decisions = {r.seq: r for r in records if r.kind in (PROMOTION, ROLLBACK)}
    champions = Champions(settings)
    yield from _pointers_gone(decisions.values(), champions)
    for profile in champions.profiles():
        try:
            champion = champions.of(profile)
        except ModelError:
            continue  # named as damage
        if champion is None or (anew and champion.changes[-1].at_utc <= anew):
            continue
        if not _is_recorded(champion, profile, decisions):
            yield (
                f"the champion of profile {profile}, model {champion.model_id}, is on no record: nobody promoted it "
                "(promote the right one)"
            )
        elif not _moves_are_recorded(champion, decisions, anew):
            yield (
                f"the champion of profile {profile} says of a promotion what its record does not: who, why, when, "
                "or which model (promote the right one)"
            )


def _pointers_gone(decisions: Iterable[Record], champions: Champions) -> Iterator[str]:
    """Yield the profiles whose champion nobody took away on record, and whose pointer is not there.

    One decision alone may have been killed before its pointer, which is as little a champion: it is made again.
    """
    count = Counter(str(record.content.get("profile") or "") for record in decisions)
    there = set(champions.profiles())
    for profile, number in sorted(count.items()):
        if profile and profile not in there:
            which = f"{number:,} decisions are" if number > 1 else "one decision is"
            killed = "" if number > 1 else " (promote again, also where that promotion was killed)"
            yield f"the pointer to the champion of profile {profile} is gone: {which} on record{killed}"


def _moves_are_recorded(champion: Champion, decisions: Mapping[int, Record], anew: str) -> bool:
    """Return whether the moves of a pointer say what their records do: people read them, and a rollback goes by them.

    Moves that name no record are older than records of decisions, and so than every move that names one.
    """
    moves = [change for change in champion.changes if not anew or change.at_utc > anew]
    while moves and moves[0].record is None:
        del moves[0]
    return champion.why == champion.changes[-1].why and all(
        _as_recorded(change, decisions) for change in moves
    )


def _as_recorded(change: Change, decisions: Mapping[int, Record]) -> bool:
    record = decisions.get(change.record or 0)
    return record is not None and (change.action, change.model_id, change.why, change.who, change.at_utc) == (
        record.kind,
        record.subject,
        *(record.content.get(name) for name in ("why", "user", "at_utc")),
    )


def _is_recorded(champion: Champion, profile: str, decisions: Mapping[int, Record]) -> bool:
    """Return whether the last move of a pointer, and what it points to, are what a person decided."""
    last = champion.changes[-1]
    record = decisions.get(last.record or 0)
    if record is None or champion.model_id != last.model_id:
        return False
    later = [r for r in decisions.values() if r.seq > record.seq and r.content.get("profile") == profile]
    return (
        (record.kind, record.subject) == (last.action, last.model_id)
        and record.content.get("profile") in (profile, None)
        and len(later) <= 1
    )
