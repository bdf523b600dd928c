"""What may go: checkpoints that nothing kept rests on, what killed writers left, and old logs.

Kept are the closures of every report that is signed, published or being edited, of the champion, of every
model that was ever promoted (a roll-back target), of runs that go, and of the last successes with their
candidates. The rest is listed with its size and removed only when asked, while nobody can sign or begin a run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import BusyError, CheckpointError, ModelError
from core.fingerprint import SHORT
from core.journal import Journal, locks
from core.journal.faults import JournalError
from core.journal.postgres import is_postgres
from core.journal.records import DRAFT, Tail
from core.notices.deliveries import FOLDER as NOTICES
from core.paths import StoragePath
from core.platform.causes import FULL, NO_INODES, QUOTA, cause_at
from core.platform.files import TEMPORARY
from core.platform.object_storage import CACHE, SCRATCH
from core.platform.storage import local_folder, storage_at
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review.comments import COMMENT
from core.review.people import Person, require
from core.review.standing import REVIEW, SIGNATURE
from core.runs.kept_fits import FOLDER as FITS
from core.seals.head import FOLDER as LEDGER
from core.seals.judged_journal import judged_journal
from core.store.checkpoints import Slot, Store
from core.store.latest import latest_slots
from core.store.lineage import slots
from core.upkeep.closure import closure, lists_behind
from core.upkeep.members import LISTS, STAGING
from core.upkeep.old_uploads import old_uploads

LONGEST_LOCKED_S = 5.0
"""Seconds for which writers of the journal are locked out at a time; they wait for half a minute."""

_NOBODYS = ("temporary", "quarantine", "log", "fit")
"""What no decision rests on: it goes without a lock, and first, so that a full disk has room again."""

ON_REPORTS = (SIGNATURE, REVIEW, COMMENT, DRAFT)
"""Kinds of records that keep a report: signed, in review, sent back, commented on, being edited."""

TEMPORARY_AGE_S = 86_400.0
"""A temporary file of this age in seconds is nobody's: writing one takes seconds."""

FITS_AGE_S = 30 * 86_400.0
"""A kept fit of this age in seconds may go: a training that still needs it takes the time to do it again."""


@dataclass(frozen=True)
class Garbage:
    """One thing that may go, where it is and its bytes.

    ``checkpoint``, ``unfinished`` (artifacts without a commit mark), ``list`` (tickers or waivers), ``temporary``,
    ``quarantine``, ``log``, ``fit`` or ``upload`` (a file that somebody brought to the desk).
    """

    what: str
    path: StoragePath
    size_bytes: int
    slot: Slot | None = None


def garbage(settings: Settings, now: datetime) -> list[Garbage]:
    """Return what may go, the largest first. Read-only.

    What lies behind a link is not listed: whoever can put a link in a data root must not choose what ``gc`` removes.

    Raises
    ------
    JournalError
        If the journal is lost or damaged, or records of it are gone: nobody can tell what a signature rests on.
    """
    lost = Journal.lost(settings.data, settings.journal)
    if lost is not None:
        raise JournalError(lost, remedy="Until then nothing is removed.")
    store = Store(settings.data)
    needed = _needed(settings, store)
    items = [
        Garbage("checkpoint", folder, _size(folder), slot)
        for slot in slots(settings.data)
        if slot not in needed and (folder := store.folder(slot))
    ]
    items += [Garbage("unfinished", store.folder(s), _size(store.folder(s)), s) for s in _unfinished(store)]
    items += [Garbage("list", path, _size(path)) for path in _lists(settings, now)]
    items += [Garbage("temporary", path, _size(path)) for path in _temporaries(settings.data, now)]
    moved = (settings.data / "quarantine").glob("*/*")
    items += [Garbage("quarantine", path, _size(path)) for path in moved]
    items += [Garbage("fit", path, _size(path)) for path in _old_fits(settings, now)]
    items += [Garbage("log", path, _size(path)) for path in _old_logs(settings, now)]
    items += [Garbage("upload", path, _size(path)) for path in old_uploads(settings, now)]
    items = [item for item in items if not _is_behind_link(settings.data, item.path)]
    return sorted(items, key=lambda g: (-g.size_bytes, str(g.path)))


def _is_behind_link(root: StoragePath, path: StoragePath) -> bool:
    """Return whether a folder between the data root and ``path`` is a link: what lies behind it is somebody else's."""
    tops = (root, local_folder(root))
    while path.parent not in tops and path.parent != path:
        path = path.parent
        if path.is_symlink():
            return True
    return False


def _needed(settings: Settings, store: Store) -> set[Slot]:
    roots: set[Slot] = set()
    if journal := Journal.find(settings.data, settings.journal):
        runs = journal.active_runs() + journal.successes(int(settings["run_keep_successes"] or 1))
        roots |= {Slot(stage, key) for run in runs for stage, key in run.keys.items() if stage != "publish"}
        people = judged_journal(journal).ledger()  # rows may be hidden while they are asked for
        roots |= {Slot("report", key) for key in journal.report_keys()}
        roots |= {Slot("report", record.subject) for record in people if record.kind in ON_REPORTS}
    published = (settings.data / "published").glob("*")
    roots |= {Slot("report", folder.name) for folder in published}
    roots |= set(_makers_of_models(settings, store))
    roots |= set(latest_slots(settings.data).values())
    return closure(store, roots)[0]


def _unfinished(store: Store) -> Iterator[Slot]:
    """Yield where artifacts were written and never committed."""
    for folder in sorted((store.root / "checkpoints").glob("*/*")):
        slot = Slot(folder.parent.name, folder.name)
        if folder.is_dir() and not store.meta_path(slot).exists():
            yield slot


def _temporaries(root: StoragePath, now: datetime) -> list[StoragePath]:
    """Return temporary files that no writer can still be writing; those of checkpoints go with their lock."""
    folders = ("", FITS, "models", "models/champions", "profiles", LEDGER, NOTICES, *LISTS)
    paths = [path for name in folders for path in (root / name).glob(f"{TEMPORARY}*")]
    paths += [path for name in (CACHE, SCRATCH) for path in (local_folder(root) / name).glob("*")]
    paths += local_folder(root).glob(f"{STAGING}*")
    oldest = now.timestamp() - TEMPORARY_AGE_S
    return [path for path in paths if _is_older(path, oldest)]


def _is_older(path: StoragePath, oldest: float) -> bool:
    """Return whether a file was last written before a time; one that its writer has just taken away was not."""
    try:
        return path.lstat().st_mtime < oldest
    except FileNotFoundError:
        return False


def _lists(settings: Settings, now: datetime) -> list[StoragePath]:
    """Return kept ticker lists and waivers that no checkpoint names, while no run may be about to read one.

    Also a checkpoint that may itself go keeps its lists: it could not be made again without them.
    """
    if _any_active(settings):
        return []
    store, oldest = Store(settings.data), now.timestamp() - TEMPORARY_AGE_S
    committed = list(slots(settings.data))
    if any(store.damage(slot, quick=True) for slot in committed):
        return []  # a meta that cannot be read may name any of them
    referenced = lists_behind(store, committed)
    paths = [path for folder in LISTS for path in sorted((settings.data / folder).glob("[!.]*"))]
    return [path for path in paths if path not in referenced and _is_older(path, oldest)]


def _any_active(settings: Settings) -> bool:
    journal = Journal.find(settings.data, settings.journal)
    return bool(journal and journal.active_runs())


def _promoted_models(settings: Settings) -> set[str]:
    """Return the ids of the champions and of every model that a person promoted before.

    What a damaged pointer pointed to is not known: all models are.
    """
    champions = Champions(settings)
    identities = set[str]()
    for name in champions.profiles():
        try:
            champion = champions.of(name)
        except ModelError:
            return set(Registry(settings.data).ids())
        identities |= {champion.model_id} if champion else set()
    journal = Journal.find(settings.data, settings.journal)
    records = judged_journal(journal).ledger() if journal else []
    return identities | {record.subject for record in records if record.kind in ("promotion", "rollback")}


def _makers_of_models(settings: Settings, store: Store) -> Iterator[Slot]:
    """Yield the training checkpoints of the models that are kept: they are what those can be traced to."""
    models = _promoted_models(settings)
    for slot in slots(settings.data):
        if not models or slot.stage != "train_or_score":
            continue
        try:
            meta = store.meta(slot)
        except CheckpointError:
            yield slot
            continue
        digest = meta.digests.get("model.json", "") if meta else ""
        if digest[:SHORT] in models:
            yield slot


def _old_logs(settings: Settings, now: datetime) -> list[Path]:
    days = int(settings["run_keep_logs_days"] or 1)
    oldest = f"{now.astimezone(UTC) - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    folder = local_folder(settings.data) / "runs"
    # a run id begins with its time, so the name alone tells its age
    return sorted(p for p in folder.glob("*T*Z-*") if p.name < oldest) if folder.is_dir() else []


def _old_fits(settings: Settings, now: datetime) -> list[StoragePath]:
    oldest = now.timestamp() - FITS_AGE_S
    folder = settings.data / FITS
    return sorted(path for path in folder.glob("[!.]*") if _is_older(path, oldest))


def _size(path: StoragePath) -> int:
    size = 0
    with suppress(FileNotFoundError):  # a folder that its writer has just taken away
        for file in [path] if path.is_file() else path.rglob("*"):
            with suppress(FileNotFoundError):
                size += file.lstat().st_size if file.is_file() and not file.is_symlink() else 0
    return size


def remove(settings: Settings, items: Sequence[Garbage], now: datetime, *, person: Person) -> list[Garbage]:
    """Remove what was listed and may still go, and return what went.

    Nobody can sign, save a draft, decide or begin a run while checkpoints and lists are removed, and whether each may
    go is asked again once that is so: what was signed since the list was made stays, with all that it rests on.
    Writers wait for a few seconds at a time.

    Parameters
    ----------
    items : sequence of Garbage
        Of :func:`garbage`.
    now : datetime

    Raises
    ------
    SignOffError
        If the person's role may not.
    CheckpointError
        If something cannot be removed.
    """
    require(person, "gc")
    items = [item for item in items if not _is_behind_link(settings.data, item.path)]
    removed = [item for item in items if item.what in _NOBODYS and _remove(item)]  # makes room first
    waiting = [item for item in items if item.what not in _NOBODYS]
    if not Journal.exists(settings.data, settings.journal):
        return removed  # nothing can be locked out, and nobody knows what is needed
    while waiting:
        removed += _locked_round(settings, waiting, now, time.monotonic() + LONGEST_LOCKED_S)
    return removed


def _locked_round(settings: Settings, waiting: list[Garbage], now: datetime, until: float) -> list[Garbage]:
    """Remove what may go while nobody can write to the journal.

    Where there is no room for the lock there is none for a signature either: one goes, and the lock is tried again.
    """
    try:
        journal = Journal(settings.data, settings.journal)
        return journal.with_tail(lambda tail: _round(settings, waiting, now, until, tail))
    except JournalError:
        cause = None if is_postgres(settings.journal) else cause_at(local_folder(settings.data))
        if cause is None or cause.name not in (FULL, NO_INODES, QUOTA):
            raise
        return _round(settings, waiting, now, until=0.0)


def _round(
    settings: Settings, waiting: list[Garbage], now: datetime, until: float, tail: Tail | None = None
) -> list[Garbage]:
    """Remove from the front of ``waiting`` what may still go, until it is time to let others in; return what went.

    A server frees the lock once it has lost this connection, as while this machine sleeps: so before each it is asked.
    """
    store = Store(settings.data)
    needed = _needed(settings, store)
    others = {*_lists(settings, now), *old_uploads(settings, now)}
    removed = []
    while waiting:
        item = waiting.pop(0)
        if tail is not None:
            tail.hash_at(0)
        free = item.slot not in needed if item.slot is not None else item.path in others
        if free and (_remove_checkpoint(settings, item, tail) if item.slot is not None else _remove(item)):
            removed.append(item)
        if time.monotonic() > until:
            break
    return removed


def _remove(item: Garbage) -> bool:
    with CheckpointError.of_disk(f"{item.path} could not be removed", expected="a writable data root"):
        if item.path.is_dir() and not item.path.is_symlink():
            storage_at(item.path).remove_folder()
        else:
            item.path.unlink()
    return True


def _remove_checkpoint(settings: Settings, item: Garbage, tail: Tail | None) -> bool:
    """Remove a checkpoint, or what was left of one, unless somebody makes it at this moment."""
    slot, store = item.slot, Store(settings.data)
    if slot is None or (item.what == "unfinished" and store.meta_path(slot).exists()):
        return False  # it was committed meanwhile
    try:
        with locks.hold(
            settings.data, f"{slot.stage}-{slot.key}", "gc", journal=settings.journal, waiting=None
        ):
            # the commit mark first: whatever is left after a kill is no checkpoint
            if (mark := store.meta_path(slot)).exists():
                _take_away(mark, tail)
            return _remove(item)
    except BusyError:
        return False
    except OSError as error:
        raise CheckpointError(
            f"{item.path} could not be removed: {error.strerror or error}", expected="a writable data root"
        ) from error


def _take_away(mark: StoragePath, tail: Tail | None) -> None:
    """Remove a commit mark if others are still kept out once nobody can sign what it is of; else it stays."""
    aside = mark.with_name(f"{TEMPORARY}{mark.name}")
    mark.rename(aside)
    try:
        if tail is not None:
            tail.hash_at(0)
    except BaseException:
        aside.rename(mark)
        raise
    aside.unlink()
