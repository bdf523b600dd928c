"""Zip archives: one run for a colleague, or journal and signed work for a rainy day.

An archive lists its members with their SHA-256 in ``manifest.json``. Restoring refuses names that leave
the data root, links, and members that are not what the manifest says; what is there already stays.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from core.errors import CheckpointError, DataError, MissingFileError, ParameterError
from core.fingerprint import sha256, sha256_file
from core.journal import Journal, Run
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.journal.reading import reading
from core.paths import StoragePath
from core.platform.storage import local_folder, replace_file
from core.request.known_profiles import FOLDER as PROFILES
from core.request.settings import Settings
from core.review.keys import KEYS, PRIVATE_KEY
from core.review.people import Person, require
from core.runs.log import RunLog
from core.store.checkpoints import Slot, Store
from core.upkeep.closure import closure, lists_behind

MANIFEST = "manifest.json"
MAX_MEMBER_BYTES = 4 * 1024**3
_FIRST_IN_ZIP, _LAST_IN_ZIP = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 59)

LISTS = ("universes", "waivers")
"""Folders of files that keys name by digest: long ticker lists, and findings that a person accepted."""


def export(settings: Settings, run: Run, target: Path) -> int:
    """Write everything about one run to a zip and return the number of members.

    Its log and output, every checkpoint it used or made, what it rests on, and the lists they name.
    """
    store = Store(settings.data)
    own = [Slot(stage, key) for stage, key in run.keys.items()]
    needed, models = closure(store, own)
    paths = [*_checkpoint_files(store, needed), *_model_files(settings.data, models)]
    paths += sorted(path for path in lists_behind(store, needed) if path.is_file())
    events = Journal(settings.data, settings.journal, read_only=True).events(run.run_id)
    body = {"format": 1, "kind": "run", **asdict(run), "events": [asdict(event) for event in events]}
    extra = {f"runs/{run.run_id}/run.json": json.dumps(body, indent=2).encode() + b"\n"}
    members = _by_name(settings.data, paths)
    members |= _by_name(local_folder(settings.data), _files(RunLog(settings.data, run.run_id).folder))
    return _write(target, members, extra=extra)


def backup(settings: Settings, target: Path, *, private_key_by: Person | None = None) -> int:
    """Write the journal, all models and lists, and what drafts and signed reports rest on; return how many members.

    The desk's private key is left out unless an admin asks for it.
    """
    if private_key_by is not None:
        require(private_key_by, "backup_keys")
    store = Store(settings.data)
    journal = Journal(settings.data, settings.journal, read_only=True)
    needed, _ = closure(store, [Slot("report", key) for key in journal.report_keys()])
    paths = [*_checkpoint_files(store, needed), *_files(settings.data / "published")]
    paths += [path for name in ("models", PROFILES, *LISTS) for path in _files(settings.data / name)]
    paths += sorted((settings.data / KEYS).glob("*.pub.pem"))
    members = _by_name(settings.data, paths)
    if private_key_by is not None:
        local = local_folder(settings.data)
        members |= _by_name(local, sorted((local / KEYS).glob(PRIVATE_KEY)))
    extra = {} if settings.journal else {FILE_NAME: _journal_copy(settings.data)}
    return _write(target, members, extra=extra)


def _journal_copy(root: StoragePath) -> bytes:
    """Return the journal's bytes as one consistent file, whatever is writing to it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / FILE_NAME
        try:
            with (
                closing(reading(local_folder(root) / FILE_NAME)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise JournalError(
                f"the journal {root / FILE_NAME} could not be copied: {error}", expected="a whole database"
            ) from error
        return copy.read_bytes()


def _checkpoint_files(store: Store, slots: Iterable[Slot]) -> Iterator[StoragePath]:
    for slot in sorted(slots, key=lambda s: (s.stage, s.key)):
        yield from _files(store.folder(slot))


def _model_files(root: StoragePath, models: Iterable[str]) -> list[StoragePath]:
    return [root / "models" / f"{identity}.json" for identity in sorted(models)]


def _files(folder: StoragePath) -> list[StoragePath]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _by_name(root: StoragePath, paths: Iterable[StoragePath]) -> dict[str, StoragePath]:
    """Return the files by their names in an archive: the way from ``root``."""
    return {path.relative_to(root).as_posix(): path for path in paths}


def _write(target: Path, files: Mapping[str, StoragePath], *, extra: dict[str, bytes]) -> int:
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        members = _fill(partial, files, extra)
        partial.replace(target)
    except OSError as error:
        raise CheckpointError(
            f"{target} could not be written: {error.strerror or error}", expected="a writable place with room"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return members


def _fill(target: Path, files: Mapping[str, StoragePath], extra: dict[str, bytes]) -> int:
    members: dict[str, str] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            members[name] = sha256_file(path)
            _add(archive, path, name)
        for name, data in extra.items():
            members[name] = sha256(data)
            archive.writestr(name, data)
        body = {"format": 1, "kind": "archive", "members": dict(sorted(members.items()))}
        archive.writestr(MANIFEST, json.dumps(body, indent=2))
    return len(members)


def _add(archive: zipfile.ZipFile, path: StoragePath, name: str) -> None:
    stat = path.stat()
    # a zip knows the years 1980 to 2107: a file of a wrong clock must not stop a backup
    written = min(max(time.localtime(stat.st_mtime)[:6], _FIRST_IN_ZIP), _LAST_IN_ZIP)
    info = zipfile.ZipInfo(name, written)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, stat.st_mode << 16
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
        shutil.copyfileobj(source, member)


def restore(settings: Settings, source: Path, *, person: Person) -> tuple[int, int]:
    """Restore the files of an archive; return how many were written and how many existed already.

    Raises
    ------
    MissingFileError
        If there is no such archive.
    ParameterError
        If the data root has a journal already: two histories cannot be merged.
    SignOffError
        If the person's role does not allow it.
    DataError
        If a member's name or bytes cannot be trusted; nothing is written then.
    """
    require(person, "restore")
    if not source.is_file():
        raise MissingFileError.of(source, "archive")
    try:
        with zipfile.ZipFile(source) as archive:
            members = _trusted(archive, source)
            if FILE_NAME in members and (local_folder(settings.data) / FILE_NAME).exists():
                raise ParameterError(
                    f"{settings.data} has a journal already",
                    expected="a data root without one",
                    remedy=f"Move {FILE_NAME} away (with its -wal and -shm), or restore into another root.",
                )
            return _bring(archive, members, settings.data)
    except OSError as error:
        raise CheckpointError(
            f"{settings.data} could not be written: {error.strerror or error}",
            expected="a writable data root with room",
            remedy="Mend the cause and restore again: what came already stays.",
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise DataError(
            f"{source} is not a readable archive: {error}", expected="a zip made by backup"
        ) from error


def _trusted(archive: zipfile.ZipFile, source: Path) -> dict[str, str]:
    """Return name -> digest of all members after judging every one."""
    try:
        members: dict[str, str] = dict(json.loads(archive.read(MANIFEST))["members"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise DataError(
            f"{source} has no readable {MANIFEST}", expected="an archive made by backup"
        ) from error
    infos = {info.filename: info for info in archive.infolist() if info.filename != MANIFEST}
    if set(infos) != set(members):
        odd = min(set(infos) ^ set(members))
        raise DataError(f"{source}: {odd!r} is not in both archive and manifest", expected="the same members")
    for name, info in infos.items():
        parts = PurePosixPath(name).parts
        link = (info.external_attr >> 16) & 0o170000 == 0o120000
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or link or info.is_dir():
            raise DataError(f"{source} has a member {name!r}", expected="plain files inside the data root")
        if info.file_size > MAX_MEMBER_BYTES:
            raise DataError(
                f"{source}: {name} has {info.file_size:,} bytes", expected=f"at most {MAX_MEMBER_BYTES:,}"
            )
        if sha256(archive.read(info)) != members[name]:
            raise DataError(f"{source}: {name} is not what the manifest says", expected=members[name][:12])
    return members


def _bring(archive: zipfile.ZipFile, members: dict[str, str], root: StoragePath) -> tuple[int, int]:
    written = present = 0
    secret = local_folder(root) / KEYS / PRIVATE_KEY
    # commit marks last, so that a kill leaves no checkpoint without its artifacts
    for name in sorted(members, key=lambda n: (n.endswith("/meta.json"), n)):
        here = name in (FILE_NAME, f"{KEYS}/{PRIVATE_KEY}") or name.startswith("runs/")
        path: StoragePath = local_folder(root) / name if here else root / name
        if path.exists():
            present += 1
            continue
        if path == secret:
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.parent.chmod(0o700)
        replace_file(path, archive.read(name))
        if path == secret:
            secret.chmod(0o600)
        written += 1
    return written, present
