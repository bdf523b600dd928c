"""Bringing an archive back: judged whole before a byte is written, staged, then moved, the journal last.

Killed at any moment it is finished by the same command: what was staged is staged again, what has its place stays
there, and while the journal is missing nobody takes the data root for whole. What is there already stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import CheckpointError, DataError, MissingFileError, ParameterError
from core.fingerprint import SHORT, sha256_file
from core.journal import locks
from core.journal.database import FILE_NAME
from core.journal.identity import give_identity, identity_of, identity_with, name_of
from core.journal.reading import beside, reading
from core.paths import StoragePath
from core.platform.files import sync_folder
from core.platform.storage import local_folder, replace_file
from core.platform.zips import ZIP_FAULTS, why
from core.request.settings import Settings
from core.review.people import Person, require
from core.seals.head import HEAD, begins_as
from core.upkeep.archive import MANIFEST, MOST_UNPACKED
from core.upkeep.members import BACKUP, EXPORT, SECRET, STAGING, is_member, is_plain
from core.upkeep.verification import verify

MAX_MANIFEST_BYTES = 64 << 20
_CHUNK = 1 << 20
_SQLITE = b"SQLite format 3\x00"
_DONE = "-done"
_BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Restored:
    """What came of an archive.

    Parameters
    ----------
    written, present : int
        Files that were written, and that were there already.
    other : tuple of str
        Those that were there with other bytes, and stay so.
    notes : tuple of str
        What a person should know: of which data root it is, what it does not hold.
    faults : tuple of str
        What the data root lacks of what its journal rests on, or has damaged: a partial archive.
    """

    written: int
    present: int
    other: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Contents:
    """An archive whose members can be trusted: name -> digest, what it is, and of which data root."""

    members: dict[str, str]
    kind: str
    root: str


def restore(settings: Settings, source: Path, *, person: Person) -> Restored:
    """Restore the files of an archive and return what came of it.

    Raises
    ------
    MissingFileError
        If there is no such archive.
    ParameterError
        If the data root has a journal already, or what belongs to one: two histories cannot be merged.
    SignOffError
        If the person's role does not allow it.
    DataError
        If a member's name, size or bytes cannot be trusted, or it is of another data root; nothing is written then.
    """
    require(person, "restore")
    MissingFileError.unless_file(source, "archive")
    with _readable(source), zipfile.ZipFile(source) as archive:
        contents = _checked_contents(archive, source)
        staging = local_folder(settings.data) / f"{STAGING}{_name_of(contents)}"
        if FILE_NAME in contents.members:
            _refuse_beside_a_journal(settings.data, staging)
        _judge_bytes(archive, contents, source)
        _judge_root(settings, archive, contents, source)
        restored: Restored | None = None
        try:
            with locks.hold(settings.data, "restore", str(os.getpid()), journal="", waiting=None):
                restored = _bring(archive, contents, settings.data, staging)
                if FILE_NAME in contents.members:
                    faults = verify(settings, quick=True).faults
                    restored = replace(restored, faults=tuple(f"{f.what} {f.which}: {f.how}" for f in faults))
                # the last act: until then the journal's being there does not mean that this is done
                done = Path(f"{staging}{_DONE}")
                shutil.rmtree(staging.rename(done) if staging.exists() else done)
        except OSError as error:
            if restored is not None and not staging.exists():  # all that is left is to let go of the lock
                return restored
            if not (local_folder(settings.data) / FILE_NAME).exists():
                shutil.rmtree(staging, ignore_errors=True)  # its room; it is unpacked again
            raise CheckpointError(
                f"{settings.data} could not be written: {error.strerror or error}",
                expected="a writable data root with room",
                remedy="Mend the cause and restore again: what came already stays.",
            ) from error
    return restored


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except ZIP_FAULTS as error:
        raise DataError(
            f"{source} is not a readable archive: {why(error)}", expected="a zip made by backup"
        ) from error


def _name_of(contents: _Contents) -> str:
    body = json.dumps([contents.root, sorted(contents.members.items())]).encode()
    return hashlib.sha256(body).hexdigest()[:SHORT]


# ---- judging


def _checked_contents(archive: zipfile.ZipFile, source: Path) -> _Contents:
    """Return what an archive holds after judging names, kinds and sizes: what its directory says of each member."""
    infos = archive.infolist()
    _judge_sizes(infos, source)
    contents = _manifest(archive, source)
    names = [info.filename for info in infos if info.filename != MANIFEST]
    if sorted(names) != sorted(contents.members):
        odd = min({*names} ^ {*contents.members}, default="one that is there twice")
        raise DataError(f"{source}: {odd!r} is not in both archive and manifest", expected="the same members")
    for info in infos:
        if info.filename != MANIFEST and not (is_member(info.filename, contents.kind) and is_plain(info)):
            raise DataError(
                f"{source} has a member {info.orig_filename!r}",
                expected="only plain files that backup and export write, spelt as they do",
                remedy="Nothing was written.",
            )
    return contents


def _judge_sizes(infos: list[zipfile.ZipInfo], source: Path) -> None:
    size, total = source.stat().st_size, sum(info.file_size for info in infos)
    if total > MOST_UNPACKED * size:
        raise DataError(
            f"{source} has {size:,} bytes and would unpack to {total:,}",
            expected=f"at most {MOST_UNPACKED} times its size",
            remedy="Nothing was written.",
        )


def _manifest(archive: zipfile.ZipFile, source: Path) -> _Contents:
    try:
        info = archive.getinfo(MANIFEST)
        body: Any = json.loads(archive.read(info)) if info.file_size <= MAX_MANIFEST_BYTES else {}
        members = {str(name): digest for name, digest in dict(body["members"]).items()}
        kind, root = body.get("archive", ""), body.get("root", "")
        texts = all(isinstance(text, str) for text in (*members.values(), kind, root))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{source} has no readable {MANIFEST}", expected="an archive made by backup"
        ) from error
    if not texts:
        raise DataError(f"{source}: a digest in {MANIFEST} is no text", expected="an archive made by backup")
    if kind not in (BACKUP, EXPORT, ""):
        raise DataError(
            f"{source} is an archive of a kind {kind!r}",
            expected=f"{BACKUP}, {EXPORT}, or none: an earlier version's",
            remedy="Nothing was written.",
        )
    return _Contents(members, kind, root)


def _refuse_beside_a_journal(root: StoragePath, staging: Path) -> None:
    """Raise if a journal, or what SQLite keeps beside one, is there; that of this very archive may be, brought last."""
    journal, staged = local_folder(root) / FILE_NAME, staging / FILE_NAME
    there = [path for ending in _BESIDE if (path := beside(journal, ending)).exists()]
    if not there:
        return
    whole = there[0] == journal
    if whole and (Path(f"{staging}{_DONE}").is_dir() or (staged.exists() and staged.samefile(journal))):
        return  # a run may have begun another since
    raise ParameterError(
        f"{journal.parent} has a journal already"
        if whole
        else f"{there[0]} was left behind by a journal that is gone",
        expected="a data root without one",
        remedy=f"Move {FILE_NAME} away (with its -wal and -shm), or restore into another root."
        if whole
        else "SQLite would read it into the restored one: move it away first.",
    )


def _judge_bytes(archive: zipfile.ZipFile, contents: _Contents, source: Path) -> None:
    """Raise unless every member's bytes are those that the manifest names, and the journal is one."""
    for name, digest in contents.members.items():
        with archive.open(name) as member:
            if name == FILE_NAME and member.read(len(_SQLITE)) != _SQLITE:
                raise DataError(f"{source}: {name} is no database", expected="a journal")
            member.seek(0)
            if hashlib.file_digest(member, "sha256").hexdigest() != digest:  # type: ignore[arg-type]  # a file to read
                raise DataError(f"{source}: {name} is not what the manifest says", expected=digest[:SHORT])


def _judge_root(settings: Settings, archive: zipfile.ZipFile, contents: _Contents, source: Path) -> None:
    """Raise if an archive that may bring decisions is of another data root, or lacks what says whose they are."""
    root, local = settings.data, local_folder(settings.data)
    own = identity_with(local, local / FILE_NAME)
    if contents.kind != EXPORT and own and contents.root and own != contents.root:
        raise _of_another_root(f"{source} is a backup", contents.root, root, own)
    decision = next((name for name in contents.members if not is_member(name, EXPORT)), None)
    says_whose = FILE_NAME in contents.members
    if settings.journal:  # no backup has that: its name says it or, of an older one, the ledger's first key
        says_whose = bool(contents.root) or (HEAD in contents.members and begins_as(root, archive.read(HEAD)))
    if (own or (local / FILE_NAME).exists()) and decision and not says_whose:
        whose = f"{decision} and no {'head of this ledger' if settings.journal else 'journal'}"
        raise DataError(f"{source} has {whose}, which says whose that is", expected="a backup")


def _of_another_root(what: str, identity: str, root: StoragePath, own: str) -> DataError:
    return DataError(
        f"{what} of data root {identity[:SHORT]}, and {root} is {own[:SHORT]}",
        expected="a backup of this data root",
        remedy="Nothing was restored. Into a folder of its own: AFTERCLOSE_DATA=FOLDER afterclose restore FILE.",
    )


# ---- bringing


def _bring(archive: zipfile.ZipFile, contents: _Contents, root: StoragePath, staging: Path) -> Restored:
    local = local_folder(root)
    local.mkdir(parents=True, exist_ok=True)
    if FILE_NAME in contents.members and (local / FILE_NAME).exists():
        # a killed command left its staging when the journal, the last file, had its place already
        _refuse_beside_a_journal(root, staging)
        return Restored(0, len(contents.members), (), tuple(_notes(contents, root)))
    for leftover in local.glob(f"{STAGING}*"):
        shutil.rmtree(leftover)
    staging.mkdir(mode=0o700)
    for name in contents.members:
        _unpack(archive, name, staging / name)
    if FILE_NAME in contents.members:
        _judge_journal(staging / FILE_NAME, contents, root)
    if contents.root and contents.kind != EXPORT:
        give_identity(local, contents.root)
    written, other = 0, []
    for name in sorted(contents.members, key=_place):
        moved = _move(staging / name, _path(root, name))
        written += moved
        if not moved and sha256_file(_path(root, name)) != contents.members[name]:
            other.append(name)
    if FILE_NAME in contents.members:
        _refuse_beside_a_journal(root, staging)  # a run may have begun one meanwhile
    return Restored(written, len(contents.members) - written, tuple(other), tuple(_notes(contents, root)))


def _place(name: str) -> tuple[bool, bool, str]:
    # commit marks after artifacts, the journal after everything: what a kill leaves is never taken for whole
    return (name == FILE_NAME, name.endswith(("/meta.json", "/signature.json")), name)


def _path(root: StoragePath, name: str) -> StoragePath:
    here = name in (FILE_NAME, SECRET) or name.startswith("runs/")
    return local_folder(root) / name if here else root / name


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if name == SECRET else 0o644
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream, archive.open(name) as member:
        shutil.copyfileobj(member, stream, _CHUNK)
        stream.flush()
        os.fsync(stream.fileno())


def _judge_journal(path: Path, contents: _Contents, root: StoragePath) -> None:
    """Raise unless the staged journal is whole, of the data root that the archive names, and of this one."""
    try:
        with closing(reading(path)) as database:
            faults = [str(row[0]) for row in database.execute("PRAGMA integrity_check(1)")]
            identity = name_of(database)
    except sqlite3.Error as error:
        faults, identity = [str(error)], ""
    own, sound = identity_of(local_folder(root)), faults == ["ok"]
    as_named = sound and identity in ("", contents.root or identity)
    if as_named and (not own or identity in ("", own)):
        return
    shutil.rmtree(path.parent)
    with suppress(OSError):
        path.parent.parent.rmdir()  # a data root that was made for this alone
    if as_named:
        raise _of_another_root("the archive's journal is that", identity, root, own)
    raise DataError(
        f"the journal of the archive is {'that of another data root' if sound else faults[0]}",
        expected="a whole journal of the data root that the archive names",
        remedy="Nothing was restored.",
    )


def _move(staged: Path, target: StoragePath) -> bool:
    """Give a staged file its place and return True; False if there is one."""
    if target.exists():
        return False
    if not isinstance(target, Path):
        replace_file(target, staged.read_bytes())
        return True
    secret = target.name == Path(SECRET).name
    target.parent.mkdir(parents=True, exist_ok=True)
    if secret:
        target.parent.chmod(0o700)
    try:
        os.link(staged, target)  # as a whole or not at all, and never over another one
    except FileExistsError:
        return False
    sync_folder(target.parent)
    return True


def _notes(contents: _Contents, root: StoragePath) -> Iterator[str]:
    if contents.kind == BACKUP:
        yield "no backup holds logs of runs, nor checkpoints that no signature rests on: a run says which are gone"
    elif contents.kind and contents.root != identity_of(local_folder(root)):
        yield f"these are files of one run of data root {contents.root[:SHORT] or 'unknown'}, without its journal"
    elif not contents.kind:
        yield "the archive does not say of which data root it is: an earlier version made it"
