"""Zip archives: an export of one run, or a backup of the journal and all signed work.

An archive lists its members with their SHA-256 in ``manifest.json``, beside what kind it is and of which data root.
:mod:`core.upkeep.restoring` brings one back.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from core.errors import AftercloseError, CheckpointError, ParameterError
from core.fingerprint import sha256
from core.journal import Journal, Run
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.journal.identity import identity_of, name_of
from core.journal.reading import reading
from core.paths import StoragePath, bytes_of, opened
from core.platform.files import sync_folder, unnamed_file
from core.platform.storage import local_folder
from core.request.known_profiles import FOLDER as PROFILES
from core.request.settings import Settings
from core.request.targets import judge_target
from core.review.people import Person, require
from core.review.waive import DEFAULT_NAME as WAIVERS
from core.runs.log import RunLog
from core.seals.desk import KEYS, PRIVATE_KEY
from core.seals.head import HEAD
from core.seals.judged_journal import judged_journal
from core.store.checkpoints import Slot, Store
from core.store.lineage import slots
from core.upkeep.closure import closure, lists_behind
from core.upkeep.members import BACKUP, CHAMPIONS, EXPORT, LISTS, RUN_BODY, SECRET, is_member
from core.upkeep.odd_files import NO_FILE, odd_files

MANIFEST = "manifest.json"
MOST_UNPACKED = 100
"""An archive unpacks to at most so many times its size; what would be more is stored as it is."""

PIECE = 1 << 20

_FIRST_IN_ZIP, _LAST_IN_ZIP = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 59)


@dataclass(frozen=True)
class ArchiveResult:
    """What became of an archive: how many files are in it, and what of the data root is not, in words."""

    members: int
    left_out: tuple[str, ...] = ()


def export(settings: Settings, run: Run, target: Path) -> int:
    """Write everything about one run to a zip and return the number of members.

    Its log and output, every checkpoint it used or made, what it rests on, and the lists they name.
    """
    judge_target(target, settings)
    store = Store(settings.data)
    own = [Slot(stage, key) for stage, key in run.keys.items()]
    needed, models = closure(store, own)
    paths = [*_checkpoint_files(store, needed), *_model_files(settings.data, models)]
    paths += sorted(path for path in lists_behind(store, needed) if path.is_file())
    events = Journal(settings.data, settings.journal, read_only=True).events(run.run_id)
    body = {"format": 1, "kind": "run", **asdict(run), "events": [asdict(event) for event in events]}
    extra = {f"runs/{run.run_id}/{RUN_BODY}": json.dumps(body, indent=2).encode() + b"\n"}
    members = _by_name(settings.data, paths)
    members |= _by_name(local_folder(settings.data), _files(RunLog(settings.data, run.run_id).folder))
    return _write(
        target, _restorable(members), extra=extra, kind=EXPORT, root=identity_of(local_folder(settings.data))
    )


def backup(
    settings: Settings, target: Path, *, private_key_by: Person | None = None, force: bool = False
) -> ArchiveResult:
    """Write the journal, all models and lists, and what drafts and signed reports rest on; return what is in it.

    The desk's private key is left out unless an admin asks for it; the file is its owner's alone then, from its first
    byte on.

    Parameters
    ----------
    force : bool
        Write over a file that is there.

    Raises
    ------
    ParameterError
        If there is a file already.
    """
    if private_key_by is not None:
        require(private_key_by, "backup_keys")
    judge_target(target, settings)
    if target.exists() and not force:
        raise ParameterError(
            f"there is a file already: {target}",
            expected="a name that is free",
            remedy="Nothing was written over. Name another file, or add --force.",
        )
    store = Store(settings.data)
    journal = Journal(settings.data, settings.journal, read_only=True)
    needed, _ = closure(store, [Slot("report", key) for key in journal.report_keys()])
    _judge_listable(settings.data, needed)
    paths = [*_checkpoint_files(store, needed), *_files(settings.data / "published")]
    paths += [path for name in ("models", PROFILES, *LISTS) for path in _files(settings.data / name)]
    paths += [path for path in _files(settings.data / KEYS) if path.name.endswith(".pub.pem")]
    accepted = settings.data / WAIVERS
    paths += [accepted] if accepted.is_file() and not accepted.is_symlink() else []
    members = _by_name(settings.data, paths)
    if private_key_by is not None:
        local = local_folder(settings.data)
        members |= _by_name(local, sorted((local / KEYS).glob(PRIVATE_KEY)))
    restorable = _restorable(members)
    strangers = sorted({*members} - {*restorable})
    identity, extra = identity_of(local_folder(settings.data)), dict[str, bytes]()
    # before the journal: what is behind it takes nothing away, a head or a champion that is ahead is on no record
    for name in (HEAD, *(name for name in restorable if name.startswith(CHAMPIONS))):
        if (settings.data / name).is_file():
            restorable.pop(name, None)
            extra[name] = bytes_of(settings.data / name)
    if not settings.journal:
        extra[FILE_NAME], identity = _journal_copy(settings.data)
    count = _write(target, restorable, extra=extra, kind=BACKUP, root=identity)
    return ArchiveResult(count, tuple(_left_out(settings, needed, strangers, private_key_by)))


def _judge_listable(root: StoragePath, needed: Iterable[Slot]) -> None:
    """Raise where what belongs into a backup cannot be listed: it would not be in it, and nobody would be told."""
    if local_folder(root) != root:
        return
    folders = (f"checkpoints/{slot.stage}/{slot.key}" for slot in needed)
    for name, how in odd_files(local_folder(root), (*folders, "published", "models", PROFILES, *LISTS)):
        if how != NO_FILE:
            raise CheckpointError(
                f"the folder {name} of the data root cannot be in the backup: {how}",
                expected="folders that this account may list",
                remedy="Nothing was written. Give this account the right, and do the same again.",
            )


def _left_out(
    settings: Settings, needed: set[Slot], strangers: list[str], private_key_by: Person | None
) -> Iterator[str]:
    """Yield in words what a backup of this data root does not hold."""
    if settings.journal:
        yield "the journal, which is in PostgreSQL (pg_dump has it)"
    others = sum(slot not in needed for slot in slots(settings.data))
    if others:
        yield f"{others:,} checkpoints that no draft and no signature rests on (a run makes them again)"
    folder = local_folder(settings.data) / "runs"
    logs = sum(path.is_dir() for path in folder.iterdir()) if folder.is_dir() else 0
    if logs:
        yield f"logs of {logs:,} runs (afterclose export RUN)"
    try:
        judged_journal(Journal(settings.data, settings.journal, read_only=True))
    except AftercloseError as error:
        yield f"what records said that were changed or are gone ({error.problem})"
    if private_key_by is None and (local_folder(settings.data) / KEYS / PRIVATE_KEY).is_file():
        yield "the desk's private key (--with-key)"
    if any(how != NO_FILE for _, how in odd_files(local_folder(settings.data), (KEYS,))):
        yield f"the public keys: this account cannot list {KEYS}"
    if strangers:
        yield f"{len(strangers):,} files that are none of ours, as {strangers[0]}"
    yield "luigi.cfg, and files of prices and waivers outside the data root"


def _journal_copy(root: StoragePath) -> tuple[bytes, str]:
    """Return the journal's bytes as one consistent file, whatever is writing to it, and its own name."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / FILE_NAME
        try:
            with (
                closing(reading(local_folder(root) / FILE_NAME)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
                identity = name_of(target)
        except sqlite3.Error as error:
            raise JournalError(
                f"the journal {root / FILE_NAME} could not be copied: {error}", expected="a whole database"
            ) from error
        return copy.read_bytes(), identity


def _checkpoint_files(store: Store, needed: Iterable[Slot]) -> Iterator[StoragePath]:
    for slot in sorted(needed, key=lambda s: (s.stage, s.key)):
        yield from _files(store.folder(slot))


def _model_files(root: StoragePath, models: Iterable[str]) -> list[StoragePath]:
    return [root / "models" / f"{identity}.json" for identity in sorted(models)]


def _files(folder: StoragePath) -> list[StoragePath]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _by_name(root: StoragePath, paths: Iterable[StoragePath]) -> dict[str, StoragePath]:
    """Return the files by their names in an archive: the way from ``root``."""
    return {path.relative_to(root).as_posix(): path for path in paths}


def _restorable(members: Mapping[str, StoragePath]) -> dict[str, StoragePath]:
    """Return those that can be restored: what a killed writer left, or a person put there, is not among them."""
    return {name: path for name, path in members.items() if is_member(name)}


def _write(
    target: Path, files: Mapping[str, StoragePath], *, extra: dict[str, bytes], kind: str, root: str
) -> int:
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        about = {"format": 1, "kind": "archive", "archive": kind, "root": root}
        mode = 0o600 if SECRET in files else 0o666
        for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
            with unnamed_file(partial, mode) as file:
                unpacked = _fill(file.stream, files, extra, about, packing)
                file.stream.flush()
                if unpacked <= MOST_UNPACKED * os.fstat(file.stream.fileno()).st_size:
                    file.give_name()
                    break
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise CheckpointError(
            f"{target} could not be written: {error.strerror or error}", expected="a writable place with room"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return len({*files, *extra})


def _fill(
    stream: IO[bytes],
    files: Mapping[str, StoragePath],
    extra: Mapping[str, bytes],
    about: Mapping[str, object],
    packing: int,
) -> int:
    """Write the zip and return how many bytes it unpacks to.

    Its manifest has the digests of what went into it: a file may be replaced while it is written, as the pointer to a
    champion is by a promotion.
    """
    with zipfile.ZipFile(stream, "w", packing) as archive:
        members = {name: _add(archive, path, name, packing) for name, path in files.items()}
        for name, data in extra.items():
            archive.writestr(name, data)
            members[name] = sha256(data)
        body = {**about, "members": dict(sorted(members.items()))}
        archive.writestr(MANIFEST, json.dumps(body, indent=2).encode())
        return sum(info.file_size for info in archive.infolist())


def _add(archive: zipfile.ZipFile, path: StoragePath, name: str, packing: int) -> str:
    """Write a file into the zip and return the SHA-256 of what was written."""
    stat = path.stat()
    # a zip knows the years 1980 to 2107: a file of a wrong clock must not stop a backup
    written = min(max(time.localtime(stat.st_mtime)[:6], _FIRST_IN_ZIP), _LAST_IN_ZIP)
    info = zipfile.ZipInfo(name, written)
    info.compress_type, info.external_attr = packing, stat.st_mode << 16
    with opened(path, follow=False) as source, archive.open(info, "w", force_zip64=True) as member:
        digest = hashlib.sha256()
        while piece := source.read(PIECE):
            digest.update(piece)
            member.write(piece)
    return digest.hexdigest()
