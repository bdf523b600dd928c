"""Hashing everything that is kept and saying what is damaged: checkpoints, models, chain, published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from core.errors import AftercloseError, CheckpointError
from core.journal import Journal, chain_faults
from core.paths import StoragePath
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review import keys, ledger
from core.review.bundle import check_published
from core.review.bundle_files import KEY_NAME, RECORD_NAME
from core.review.signoff import SIGNATURE
from core.store.checkpoints import Slot, Store
from core.store.lineage import slots
from core.upkeep.closure import closure


@dataclass(frozen=True)
class Fault:
    """One thing that is not what it was: ``checkpoint``, ``model``, ``journal`` or ``published``; which; how."""

    what: str
    which: str
    how: str


@dataclass(frozen=True)
class Verification:
    """How much was checked, and what is wrong with it."""

    checkpoints: int
    models: int
    records: int
    faults: tuple[Fault, ...]


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
        damage = store.damage(slot, quick=quick)
        if damage:
            faults.append(Fault("checkpoint", f"{slot.stage}/{slot.key}", damage))
    for identity in registry.ids():
        faults += _faults_of("model", identity, partial(registry.bytes_of, identity))
    for profile in Champions(settings).profiles():
        faults += _faults_of("champion", profile, partial(_champion, settings, profile))
    for record in sorted((settings.data / "published").glob(f"*/*/{RECORD_NAME}")):
        which = f"{record.parent.parent.name}/{record.parent.name}"
        faults += _faults_of("published", which, partial(_judge_published, settings.data, record.parent))
    records, broken = _chain(settings)
    faults += _missing(settings)
    return Verification(checkpoints, len(registry.ids()), records, (*faults, *broken))


def _judge_published(root: StoragePath, folder: StoragePath) -> None:
    """Raise unless a published folder is whole and its proof is by a key that signed here."""
    check_published(folder)
    if (folder / KEY_NAME).is_file():
        key = keys.read_public((folder / KEY_NAME).read_bytes(), KEY_NAME)[0]
        if key.id not in keys.public_key_files(root):
            raise CheckpointError(f"{folder}: its proof is by key {key.id[:12]}, which never signed here")


def _missing(settings: Settings) -> Iterator[Fault]:
    """Yield what decisions on record rest on and is gone: reports that were signed, models that were promoted."""
    store, registry = Store(settings.data), Registry(settings.data)
    try:
        there = Journal.exists(settings.data, settings.journal)
        journal = Journal(settings.data, settings.journal, read_only=True) if there else None
        records = journal.records() if journal else []
    except AftercloseError:
        return  # reported with the chain
    for key in sorted({record.subject for record in records if record.kind == SIGNATURE}):
        yield from _faults_of("signed report", key, partial(_rests, store, key))
    for identity in sorted({record.subject for record in records if record.kind == "promotion"}):
        if identity not in registry.ids():
            yield Fault("model", identity, "it was promoted and is gone")
    for run in journal.runs(limit=10_000) if journal else []:
        key = run.keys.get("report", "")
        if run.target == "publish" and run.state == "succeeded" and not any(_published(settings, key)):
            yield Fault("published", key, "it was published and is gone")


def _rests(store: Store, report_key: str) -> None:
    """Raise if a signed report, or a checkpoint that it rests on, is gone."""
    for slot in sorted(closure(store, [Slot("report", report_key)])[0], key=str):
        if not store.meta_path(slot).is_file():
            raise CheckpointError(f"{slot.stage}/{slot.key} is gone", expected="what was signed")


def _published(settings: Settings, report_key: str) -> Iterator[StoragePath]:
    return (settings.data / "published" / report_key).glob(f"*/{RECORD_NAME}")


def _champion(settings: Settings, profile: str) -> None:
    champion = Champions(settings).of(profile)
    if champion is not None:
        Registry(settings.data).bytes_of(champion.model_id)


def _faults_of(what: str, which: str, function: Callable[[], object]) -> list[Fault]:
    try:
        function()
    except AftercloseError as error:
        return [Fault(what, which, str(error))]
    return []


def _chain(settings: Settings) -> tuple[int, list[Fault]]:
    """Return how many records the journal's chain has, and where it is broken."""
    if not Journal.exists(settings.data, settings.journal):
        return 0, []
    try:
        records = Journal(settings.data, settings.journal, read_only=True).records()
    except AftercloseError as error:
        return 0, [Fault("journal", "database", str(error))]
    broken = [*chain_faults(records), *_cut_off(settings, {record.hash for record in records})]
    try:
        broken += ledger.head_faults(settings, records)
    except CheckpointError as error:
        broken.append(str(error))
    return len(records), [Fault("journal", "chain", fault) for fault in broken]


def _cut_off(settings: Settings, hashes: set[str]) -> Iterator[str]:
    """Yield what published documents show to be gone from the chain: a cut tail leaves the rest of it whole."""
    for path in sorted((settings.data / "published").glob(f"*/*/{RECORD_NAME}")):
        try:
            record = json.loads(path.read_bytes())
            seq, head = int(record["seq"]), str(record["hash"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # reported with the published document
        if head not in hashes:
            yield f"record {seq} is gone: {path.parent.parent.name}/{path.parent.name} was published under it"
