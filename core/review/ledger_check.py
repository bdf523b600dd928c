"""Whether the ledger holds: chain, signatures, heads outside the database, and what its records stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import SHORT
from core.journal import Journal, Record, chain_faults
from core.journal.backfills import Backfills
from core.journal.connection import DamagedRow
from core.journal.records import DRAFT, REQUEST
from core.journal.schedules import ACTIVE, Schedules, Stored
from core.paths import StoragePath, bytes_of
from core.request.settings import Settings
from core.review import person_keys
from core.review.bundle_files import MAX_MEMBER_BYTES, PROOF_NAME, RECORD_NAME
from core.review.contradictions import (
    champion_faults,
    hands_faults,
    model_faults,
    reference_faults,
    requester_faults,
    state_faults,
    text_faults,
)
from core.review.heads import head_faults
from core.review.makers import maker_faults, pause_faults
from core.review.sealed import free_drafts, free_runs, profiles_on_record, seal_faults
from core.seals.head import FOLDER, HEAD, Head, read_head
from core.seals.trust import Trust, holds, older_than_signed

MOST_RANGES = 10_000
"""Ranges whose makers are looked at, the newest first."""

MOST_LOOKS = 10
"""Looks at a ledger that grows while it is being judged."""


def ledger_faults(settings: Settings) -> tuple[int, list[str]]:
    """Return how many records there are, and one sentence for each thing in which the ledger does not hold. Read-only.

    Parameters
    ----------
    settings : Settings
        Names the data root, its journal and the second place for heads.
    """
    records, faults = judged_ledger(settings)
    return len(records), faults


def judged_ledger(settings: Settings) -> tuple[list[Record], list[str]]:
    """Return the records themselves that were judged, and the same sentences: the next look may see other rows.

    What is recorded while it is being judged, a run that begins or a draft, is in some rows and not yet in others.
    So faults count only of a ledger that did not grow meanwhile, or that keeps growing.
    """
    for _ in range(MOST_LOOKS - 1):
        records, faults = _judged_once(settings)
        if not faults or not _has_grown(settings, records):
            return records, faults
    return _judged_once(settings)


def _has_grown(settings: Settings, records: Sequence[Record]) -> bool:
    try:
        journal = Journal.find(settings.data, settings.journal)
        newest = journal.moment()[2] if journal else 0
    except AftercloseError:
        return False
    return bool(records) and newest > max(record.seq for record in records)


def _judged_once(settings: Settings) -> tuple[list[Record], list[str]]:
    faults: list[str] = []
    head: Head | None = None
    try:
        head = read_head(settings.data)
    except CheckpointError as error:
        faults.append(str(error))
    try:
        journal = Journal.find(settings.data, settings.journal)
        if journal is None:
            return [], [*faults, *_without_journal(settings, head)]
        records = journal.ledger()
    except Exception as error:  # noqa: BLE001 - as below
        return [], [*faults, _words_of(error)]
    judgements: tuple[Callable[[], Iterable[str]], ...] = (
        journal.index_faults,
        lambda: chain_faults(records),
        lambda: _signatures(settings.data, records, head, Trust(head.begun if head else ())),
        lambda: person_keys.faults_of(records),
        lambda: _rows(journal, records),
        lambda: hands_faults(records, journal.written()),
        lambda: state_faults(records),
        lambda: text_faults(records, journal.written()),
        lambda: reference_faults(records),
        lambda: requester_faults(settings, records),
        lambda: champion_faults(settings, records, head),
        lambda: model_faults(settings, records),
        lambda: _makers(settings, records),
        lambda: _published(settings, records),
        lambda: head_faults(settings, records),
    )
    whole = True
    # one that a forged row ends keeps none of the others from saying what it sees
    for judgement in judgements:
        try:
            faults += judgement()
        except Exception as error:  # noqa: BLE001 - a forged row may lead any of these anywhere: that is a fault, too
            faults.append(_words_of(error))
            whole = False
    # of a changed record its hash and its signature say the same
    return records if whole else [], list(dict.fromkeys(faults))


def _words_of(error: Exception) -> str:
    if isinstance(error, AftercloseError):
        return str(error)
    return f"a record cannot be judged ({type(error).__name__}): it is not as it was written"


def trust_in(settings: Settings) -> Trust:
    """Return which keys count, as far as head and journal can be read."""
    head = read_head(settings.data)
    trust = Trust(head.begun if head else ())
    journal = Journal.find(settings.data, settings.journal)
    for record in journal.ledger() if journal else ():
        trust.learn(record)
    return trust


def _without_journal(settings: Settings, head: Head | None) -> Iterator[str]:
    published = next(iter(sorted((settings.data / "published").glob(f"*/*/{RECORD_NAME}"))), None)
    if head is not None and head.seq:
        yield f"the journal is gone: {HEAD} keeps the head of record {head.seq}"
    elif published is not None:
        yield f"the journal is gone: {published.parent.parent.name} was published under it"
    elif head is not None:
        yield f"the journal is gone: {HEAD} says that records were signed"


def _signatures(
    root: StoragePath, records: Sequence[Record], head: Head | None, trust: Trust
) -> Iterator[str]:
    """Yield where signatures and the head in the data root do not fit the chain."""
    first = next((record for record in records if record.signature), None)
    if head is None:
        if first is not None or (root / FOLDER).exists():
            yield f"{HEAD} is gone: records are signed, and their head is not kept"
        return
    earlier = older_than_signed(records, head)
    for record in records:
        fault = trust.fault(record) if record.seq > earlier else None
        if fault:
            yield fault
        trust.learn(record)
    yield from _of_head(records, head, trust)


def _of_head(records: Sequence[Record], head: Head, trust: Trust) -> Iterator[str]:
    there = {record.seq: record.hash for record in records}
    counts = head.key in trust.pems and (head.seq == 0 or trust.counts(head.key, head.seq))
    if not counts or not holds(trust.pems[head.key], head.signature, head.signed_bytes()):
        yield f"{HEAD} is not signed by a key that counts"
    if head.seq and head.seq not in there:
        yield f"record {head.seq} is gone: {HEAD} keeps its head"
    elif head.seq and there[head.seq] != head.sha256:
        yield f"record {head.seq} was rewritten: {HEAD} keeps another head"


# ---- what records stand for


def _rows(journal: Journal, records: Sequence[Record]) -> Iterator[str]:
    """Yield runs and drafts that are not what their records say, that have none, or that are gone."""
    if not any(record.signature for record in records):
        return  # older than signed records: nothing is known of them
    requests, written = journal.requests(), journal.written()
    yield from seal_faults(records, requests, written)
    by_run = {r.subject: r.content for r in records if r.kind == REQUEST}
    runs = {row[0]: row[1:] for row in requests}
    free = free_runs(records, requests)
    for run, row in runs.items():
        recorded = by_run.get(run)
        if recorded is None and run not in free:
            yield f"run {run} has no record of who asked for it"
        elif recorded is not None and row != [
            recorded[n] for n in ("at_utc", "who", "how", "request", "target")
        ]:
            yield f"run {run} was changed: its record says {recorded['who']} asked for {_request(recorded)}"
    yield from _profiles(journal.profiles_of_runs(), profiles_on_record(records, requests))
    yield from (f"run {run} is gone: its record is there" for run in sorted(set(by_run) - set(runs)))
    yield from _drafts(records, written)


def _makers(settings: Settings, records: Sequence[Record]) -> Iterator[str]:
    """Yield schedules and ranges that are not as their makers made them: runs are started in those names."""
    place = (settings.data, settings.journal)
    entries = Schedules(*place, read_only=True).each_schedule()
    yield from (f"schedule {e.name!r} is damaged: {e.why}" for e in entries if isinstance(e, DamagedRow))
    schedules = [entry for entry in entries if isinstance(entry, Stored)]
    yield from maker_faults(records, ((s.name, s.who, s.body) for s in schedules))
    yield from pause_faults(records, [s.name for s in schedules if s.state == ACTIVE])
    ranges = Backfills(*place, read_only=True).backfills(limit=MOST_RANGES)
    yield from maker_faults(records, ((r.backfill_id, r.who, r.body) for r in ranges))


def _profiles(profiles: Mapping[str, str], on_record: Mapping[str, str]) -> Iterator[str]:
    """Yield runs that were given another profile: it says how many people must approve what they made."""
    for run, profile in profiles.items():
        recorded = on_record.get(run)
        if recorded and profile != recorded:
            yield f"run {run} was changed: its record says that it belongs to profile {recorded}"


def _request(recorded: Any) -> str:
    return json.dumps(recorded["request"], sort_keys=True)[:200]


def _drafts(records: Sequence[Record], written: Sequence[Any]) -> Iterator[str]:
    recorded = {
        (r.subject, int(r.content["number"])): [
            r.content[name] for name in ("at_utc", "author", "text_sha256")
        ]
        for r in records
        if r.kind == DRAFT
    }
    there = {(row[0], row[1]): row[2:] for row in written}
    under_seal = free_drafts(records, written)
    for name, row in there.items():
        if name not in recorded and name not in under_seal:
            yield f"draft {name[1]} of report {name[0]} has no record of who wrote it"
        elif name in recorded and row != recorded[name]:
            yield f"draft {name[1]} of report {name[0]} was changed: its record says {recorded[name][1]} wrote it"
    for report, number in sorted(set(recorded) - set(there)):
        yield f"draft {number} of report {report} is gone: its record is there"


# ---- published documents


def _published(settings: Settings, records: Sequence[Record]) -> Iterator[str]:
    """Yield what published documents show to be gone from the chain: a cut tail leaves the rest of it whole."""
    hashes = {record.hash for record in records}
    names = {f"{record.subject}/{record.hash[:SHORT]}" for record in records}
    for folder in sorted((settings.data / "published").glob("*/*")):
        which = f"{folder.parent.name}/{folder.name}"
        if which not in names:
            yield f"published/{which} belongs to no signature in the ledger"
    for path in sorted((settings.data / "published").glob(f"*/*/{RECORD_NAME}")):
        which = f"{path.parent.parent.name}/{path.parent.name}"
        for seq, head in (*_record_in(path), *_head_in(path.parent / PROOF_NAME)):
            if head not in hashes:
                yield f"record {seq} is gone: {which} was published under it"


def _record_in(path: StoragePath) -> Iterator[tuple[int, str]]:
    try:
        record = json.loads(bytes_of(path, MAX_MEMBER_BYTES))
        yield int(record["seq"]), str(record["hash"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return  # reported with the published document


def _head_in(path: StoragePath) -> Iterator[tuple[int, str]]:
    from core.review.proof import unverified

    try:
        head = unverified(bytes_of(path, MAX_MEMBER_BYTES))["predicate"].get("head")
        if head:
            yield int(head["seq"]), str(head["sha256"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return  # an earlier form, or reported with the published document
