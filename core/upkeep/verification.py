"""Hashing everything that is kept and saying what is damaged: checkpoints, models, chain, published."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import SHORT
from core.journal import Journal, Record, Run, claim
from core.paths import StoragePath
from core.platform.program import in_words, program
from core.platform.storage import local_folder
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.request.known_profiles import FOLDER as PROFILES
from core.request.settings import Settings
from core.review import timestamp
from core.review.bundle import check_published
from core.review.bundle_files import PROOF_NAME, RECORD_NAME, STAMP_NAME, TEXT_NAME, read_bundle
from core.review.ledger_check import judged_ledger
from core.review.publication import published_now
from core.review.published import Proofs, folder_of, judge_no_link, proofs_of
from core.review.sealed import taken_runs
from core.review.standing import SIGNATURE, acts, approvals_of, not_as_signed
from core.review.waive import DEFAULT_NAME as WAIVERS
from core.review.waive import unrecorded
from core.seals.desk import KEYS
from core.seals.head import FOLDER as LEDGER
from core.seals.head import read_head
from core.seals.judged_journal import JudgedJournal, judged_journal
from core.store.checkpoints import Slot, Store
from core.store.lineage import slots
from core.store.meta import Meta
from core.upkeep.closure import closure, damaged_lists
from core.upkeep.members import LISTS
from core.upkeep.odd_files import NO_FILE, odd_files

PUBLISHING_S, WAIT_S = 2.0, 0.1
"""So long in all, and so long each time, is waited for the records of published folders that lack theirs."""

_TAKEN_AWAY = "it was published and is gone"

_Anew = Callable[[int], Proofs | None]

_FOLDERS = ("published", KEYS, LEDGER, "checkpoints", "models", PROFILES, *LISTS)


@dataclass(frozen=True)
class Fault:
    """One thing that is not what it was: ``checkpoint``, ``model``, ``journal``, ``published``, ...; which; how."""

    what: str
    which: str
    how: str


@dataclass(frozen=True)
class Verification:
    """How much was checked, what is wrong with it, and what is right and worth knowing."""

    checkpoints: int
    models: int
    records: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()


def verify(
    settings: Settings, *, quick: bool = False, each: Callable[[Slot], None] = lambda _: None
) -> Verification:
    """Return what is damaged in a data root. Read-only.

    Parameters
    ----------
    quick : bool
        Trust the size of a checkpoint's files instead of hashing them.
    each : callable
        Told each checkpoint before it is looked at.
    """
    store, registry = Store(settings.data), Registry(settings.data)
    faults, checkpoints = [], 0
    for slot in slots(settings.data):
        each(slot)
        checkpoints += 1
        if damage := store.damage(slot, quick=quick):
            faults.append(Fault("checkpoint", f"{slot.stage}/{slot.key}", damage))
    for identity in registry.ids():
        faults += _faults_of("model", identity, partial(registry.bytes_of, identity))
    for profile in Champions(settings).profiles():
        faults += _faults_of("champion", profile, partial(_champion, settings, profile))
    # one look at the records for all: whoever can write the database would show each judgement others
    records, broken = judged_ledger(settings)
    # asked anew once for all of them, waited for once: whoever puts a thousand there holds nobody longer
    anew = lru_cache(maxsize=1)(partial(_proofs_anew, settings))
    of_proof = partial(_of_proof, settings, _proofs(settings, records), anew)
    authority_pem, until_s = _authority(settings), time.monotonic() + PUBLISHING_S
    for folder in sorted(path for path in (settings.data / "published").glob("*/*") if path.is_dir()):
        which = f"{folder.parent.name}/{folder.name}"
        function = partial(_judge_published, of_proof, authority_pem, folder, until_s)
        faults += _faults_of("published", which, function)
    odd = odd_files(local_folder(settings.data), _FOLDERS)
    # whoever verifies in another account has no business among the keys: those that count are in the ledger
    faults += [Fault("file", name, how) for name, how in odd if name != KEYS or how == NO_FILE]
    faults += [Fault("file", name, how) for name, how in damaged_lists(settings.data)]
    if local_folder(settings.data) != settings.data and (how := claim.damage(settings.data)):
        faults.append(Fault("file", claim.NAME, how))
    faults += _missing(settings, records, until_s)
    notes = (
        *_notes_of(partial(_keys_begun_anew, settings)),
        *_notes_of(partial(_runs_taken, settings)),
        *_notes_of(partial(_other_builds, settings)),
        *_notes_of(partial(_made_from_others, store)),
        *_notes_of(partial(_unjudged_stamps, settings, authority_pem)),
    )
    # a journal that cannot be read says so of its chain and of its runs in the same words
    faults += [Fault("journal", "ledger", fault) for fault in broken]
    return Verification(checkpoints, len(registry.ids()), len(records), tuple(dict.fromkeys(faults)), notes)


def _notes_of(notes: Callable[[], Iterator[str]]) -> list[str]:
    """Return notes, or that they cannot be told: no file that somebody wrote keeps the rest from being named."""
    try:
        return list(notes())
    except (AftercloseError, MemoryError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whoever may write the data root writes anything
        return [
            f"not everything worth knowing can be told: a file holds what was never written ({type(error).__name__})"
        ]


def _keys_begun_anew(settings: Settings) -> Iterator[str]:
    """Yield where signing began without a key that counted before."""
    try:
        head = read_head(settings.data)
    except AftercloseError:
        return  # reported with the ledger
    for entry in head.begun[1:] if head else ():
        yield f"signing began anew with key {entry.key[:SHORT]} at {entry.at_utc}: {entry.why}"


def _runs_taken(settings: Settings) -> Iterator[str]:
    """Yield the runs that count although nobody's request is on record for them: an admin said so."""
    for run, record in taken_runs(_records(settings)).items():
        who, why = record.content.get("user"), record.content.get("comment")
        yield f"run {run} has no record of who asked for it; {who} took it as it stood (record {record.seq}: {why})"


def _unjudged_stamps(settings: Settings, authority_pem: bytes | None) -> Iterator[str]:
    """Yield that time stamps were not judged, for want of a certificate."""
    stamps = (
        len(list((settings.data / "published").glob(f"*/*/{STAMP_NAME}"))) if authority_pem is None else 0
    )
    if stamps:
        yield f"time stamps of published reports were not judged ({stamps:,}): [proof] timestamp_certificate is not set"


def _other_builds(settings: Settings) -> Iterator[str]:
    """Yield the signed reports that another build of the program made: made again, they may have other bytes."""
    store, own = Store(settings.data), program()
    for key in sorted({record.subject for record in _records(settings) if record.kind == SIGNATURE}):
        builds = set()
        for slot in closure(store, [Slot("report", key)])[0]:
            meta = store.readable_meta(slot)
            of = meta.body.get("program") if meta else None
            if meta and (not of or any(of.get(name) != value for name, value in own.items())):
                builds.add(in_words(of))
        if builds:
            yield f"report {key} was made by another build ({'; '.join(sorted(builds))}); this is {in_words(own)}"


def _made_from_others(store: Store) -> Iterator[str]:
    """Yield the checkpoints that were made from another artifact than is there by now; the next run makes them anew."""
    metas: dict[Slot, Meta] = {}
    for slot in slots(store.root):
        if (meta := store.readable_meta(slot)) is not None:
            metas[slot] = meta
    for slot, meta in metas.items():
        for source in meta.inputs:
            before = metas.get(Slot(source.stage, source.key))
            if before is not None and before.digests.get(source.filename) != source.sha256:
                which = f"{source.stage}/{source.key}/{source.filename}"
                yield f"{slot.stage}/{slot.key} was made from another {which} than is there"


def _records(settings: Settings) -> list[Record]:
    """Return what people did, as far as the journal can be read: what cannot is reported with the ledger."""
    try:
        journal = Journal.find(settings.data, settings.journal)
        return journal.records() if journal else []
    except AftercloseError:
        return []


def _authority(settings: Settings) -> bytes | None:
    """Return the certificate that time stamps are judged with; None without one, or where it is of no use."""
    try:
        return timestamp.certificate(settings)
    except AftercloseError:
        return b""  # each stamped bundle is named then


def _judge_published(
    of_proof: Callable[[Record, Mapping[str, bytes]], str | None],
    authority_pem: bytes | None,
    folder: StoragePath,
    until_s: float,
) -> None:
    """Raise unless a published folder is whole, its proof is by a key that counts here, and its time stamp holds."""
    judge_no_link(folder)
    while not (folder / RECORD_NAME).exists() and time.monotonic() < until_s:
        time.sleep(WAIT_S)  # its record is written last: somebody may be publishing it
    if not (folder / RECORD_NAME).exists():
        raise CheckpointError(
            f"{folder} has no {RECORD_NAME}: a publication was killed, or somebody took it away",
            expected="a whole bundle",
            remedy="Publish it again; or remove it, where the signature was taken back.",
        )
    try:
        files = read_bundle(folder)  # once: the folder may be another by now
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be read: {error}") from error
    record = check_published(folder, files, authority_pem)
    # of the first version: nothing vouches for anything beside the text and its record
    if PROOF_NAME not in files and (others := sorted(files.keys() - {RECORD_NAME, TEXT_NAME})):
        raise CheckpointError(f"{folder} holds {others[0]!r}, which was not published with the rest")
    if folder.name != record.hash[:SHORT] or folder.parent.name != record.subject:
        raise CheckpointError(
            f"{folder} holds what was published of another signature, {record.subject}/{record.hash[:SHORT]}"
        )
    if fault := of_proof(record, files):
        raise CheckpointError(f"{folder}: {fault}", remedy="Publish it again.")


def _of_proof(
    settings: Settings, proofs: Proofs | None, anew: _Anew, record: Record, files: Mapping[str, bytes]
) -> str | None:
    """Return why a proof does not count; asked again where it does not: it may have been published anew meanwhile."""
    if proofs is None or (fault := proofs.fault(record, files)) is None:
        return None
    with suppress(AftercloseError):
        now = anew(Journal(settings.data, settings.journal, read_only=True).moment()[2])
        fault = now.fault(record, files) if now is not None else fault
    return fault


def _proofs_anew(settings: Settings, newest: int) -> Proofs | None:
    """Return which proofs count once a record of this number is there; None while the ledger is not whole."""
    del newest  # by it the answer is kept until the ledger has grown
    with suppress(AftercloseError):
        journal = Journal(settings.data, settings.journal, read_only=True)
        return proofs_of(settings.data, judged_journal(journal))
    return None


def _missing(settings: Settings, ledger: Sequence[Record], until_s: float) -> Iterator[Fault]:
    """Yield what is on record and gone: what reports that were signed rest on, promoted models, published documents."""
    store, registry = Store(settings.data), Registry(settings.data)
    try:
        journal = Journal.find(settings.data, settings.journal)
        records = [*ledger] or (journal.records() if journal else [])  # as they are, unjudged
        runs = journal.runs(limit=10_000) if journal else []
        if journal:
            journal.judge_facts()
    except AftercloseError as error:
        yield Fault("journal", "ledger", str(error))
        return
    about, odd = dict[str, list[Record]](), list[str]()
    for record in records:
        about.setdefault(record.subject, []).append(record)
    for key in sorted({record.subject for record in records if record.kind == SIGNATURE}):
        yield from _faults_of("signed report", key, partial(_rests, store, key, about[key]))
    for identity in sorted({record.subject for record in records if record.kind == "promotion"}):
        if identity not in registry.ids():
            yield Fault("model", identity, "it was promoted and is gone")
    if journal:
        yield from _faults_of("waivers", WAIVERS, lambda: odd.extend(unrecorded(settings, journal)))
    yield from (Fault("waivers", WAIVERS, how) for how in odd)
    yield from _unpublished(settings, runs, records, until_s)


def _unpublished(
    settings: Settings, runs: Sequence[Run], records: Sequence[Record], until_s: float
) -> Iterator[Fault]:
    """Yield what runs published, or is on record as published under signatures that stand, and is not there."""
    for run in runs:
        folder = settings.data / "published" / (key := run.keys.get("report", ""))
        records_there = folder.glob(f"*/{RECORD_NAME}")
        if run.target == "publish" and run.state == "succeeded" and not any(records_there):
            yield Fault("published", key, _TAKEN_AWAY)
    for record in published_now(records):
        folder = folder_of(settings.data, record)
        while not folder.is_dir() and time.monotonic() < until_s:
            time.sleep(WAIT_S)  # somebody may be publishing it anew
        if not folder.is_dir():
            yield Fault("published", f"{record.subject}/{folder.name}", f"{_TAKEN_AWAY}. Publish it again.")


def _rests(store: Store, report_key: str, about: Sequence[Record]) -> None:
    """Raise if a signed report, or a checkpoint that it rests on, is gone, or is not what stands signed."""
    for slot in sorted(closure(store, [Slot("report", report_key)])[0], key=str):
        if not store.meta_path(slot).is_file():
            raise CheckpointError(f"{slot.stage}/{slot.key} is gone", expected="what was signed")
    # one that lacks its meaning is named elsewhere
    whole = [record for record in about if record.content.get("meaning")]
    for record in approvals_of(acts(whole))[-1:]:
        if changed := not_as_signed(store, record):
            raise CheckpointError(
                changed,
                expected="the very files that were signed",
                remedy="Restore them from a backup; or revoke the signature, or sign what is there.",
            )


def _champion(settings: Settings, profile: str) -> None:
    if (champion := Champions(settings).of(profile)) is not None:
        Registry(settings.data).bytes_of(champion.model_id, champion.sha256)


def _faults_of(what: str, which: str, function: Callable[[], object]) -> list[Fault]:
    try:
        function()
    except AftercloseError as error:
        return [Fault(what, which, str(error))]
    except (MemoryError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whoever may write there writes anything: that is damage, too
        return [
            Fault(what, which, f"it cannot be judged ({type(error).__name__}): it is not as it was written")
        ]
    return []


def _proofs(settings: Settings, records: Sequence[Record]) -> Proofs | None:
    """Return which published proofs count; None where the ledger cannot be read, which is reported with it."""
    try:
        journal = Journal.find(settings.data, settings.journal)
        if journal and records:
            journal = JudgedJournal(journal.place, records, read_head(settings.data))
        return proofs_of(settings.data, journal)
    except AftercloseError:
        return None
