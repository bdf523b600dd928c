"""Files of this machine, written whole or not at all: temporary names, atomic replacement, folders made durable."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import MissingFileError
from core.paths import NewFile, StoragePath, bytes_of

TEMPORARY = ".tmp-"


def working_folder() -> Path:
    """Return the folder that the process works in.

    Raises
    ------
    MissingFileError
        If somebody has removed it: neither ``luigi.cfg`` nor a data root could be looked for.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise MissingFileError(
            "the working folder is gone", expected="a folder that is there", remedy="Change into one: cd ~"
        ) from error


@dataclass(frozen=True)
class LocalStorage:
    """What the disk does with a file or folder; see :class:`core.platform.storage.Storage`."""

    path: Path

    @property
    def local_folder(self) -> Path:
        """The path itself."""
        return self.path

    @property
    def scratch(self) -> Path:
        """The folder itself: moving a file inside of it costs nothing."""
        return self.path

    def create(self, data: bytes) -> bool:
        """Make the file with these bytes and return True, or False if there is one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        created = link_new(self.path, data)
        sync_folder(self.path.parent)
        return created

    def replace(self, data: bytes) -> None:
        """Give the file these bytes atomically and durably: a reader sees the old or the new ones."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = write_temporary(self.path.parent, data)
        try:
            temporary.replace(self.path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(self.path.parent)

    def exchange(self, before: bytes, data: bytes) -> bool:
        """Give the file these bytes if it still has those of ``before``, and return whether it did.

        The file itself is locked, not another one: whoever waited for it finds a new file in its place.
        """
        try:
            descriptor = _opened_for_lock(self.path)
        except FileNotFoundError:
            return False
        try:
            if not _locked_within(descriptor, EXCHANGING_S):
                raise TimeoutError(
                    errno.ETIMEDOUT, "another process has had it locked for too long", str(self.path)
                )
            if bytes_of(self.path) != before:
                return False
            self.replace(data)
            return True
        finally:
            os.close(descriptor)

    def refuses_other_bytes(self, data: bytes) -> bool:
        """Return whether :meth:`exchange` can be relied on: it can, by a lock of the system."""
        del data
        return True

    def remove_folder(self) -> None:
        """Remove the folder and everything below it."""
        shutil.rmtree(self.path)

    def local_copy(self, digest: str) -> Path:
        """Return the file itself."""
        del digest
        return self.path

    def commit(
        self,
        files: Sequence[NewFile],
        mark: str,
        data: bytes,
        *,
        committed: Callable[[], bool],
        move_other: Callable[[StoragePath, NewFile], None],
    ) -> None:
        """Write the files, synced and renamed into place, then link the mark; somebody else's mark stays."""
        del committed  # the link of the mark decides
        folder = self.path
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            move_other(folder / file.filename, file)
            _staged(folder, file).replace(folder / file.filename)
        link_new(folder / mark, data)
        sync_folder(folder)
        sync_folder(folder.parent)

    def links(self) -> dict[str, str]:
        """Return where the links of the folder point to, by name; none if it is not there or holds anything else."""
        try:
            return {path.name: str(path.readlink()) for path in self.path.iterdir()}
        except OSError:
            return {}

    def link(self, targets: Mapping[str, str]) -> None:
        """Let the folder hold links with these names and targets, and nothing else."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name, target in targets.items():
            _link(self.path / name, target)
        for path in self.path.iterdir():
            if path.name not in targets:
                path.unlink()


def write_temporary(folder: Path, data: bytes, mode: int = 0o644) -> Path:
    """Write ``data``, synced, with its mode from the start, to a new file whose name never ends in ``.json``."""
    path = folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


APPENDING_S = 5.0
"""How long others are waited for who append to the same file; whoever goes on holding it holds nobody else up."""

EXCHANGING_S = 30.0
"""How long whoever exchanges the same file is waited for: it takes milliseconds unless a process sleeps in it."""


def append_whole(descriptor: int, data: bytes) -> None:
    """Append bytes, synced, to a file that is open for it, or nothing: half an entry spoils those before and after it.

    Raises
    ------
    OSError
        If there is no room for all of them.
    """
    with _appending_alone(descriptor):
        count = os.write(descriptor, data)
        if count < len(data):
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - count)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


@contextmanager
def _appending_alone(descriptor: int) -> Iterator[None]:
    """Keep others out who append in this way: an entry that came behind half of one would be cut with it."""
    _locked_within(descriptor, APPENDING_S)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _opened_for_lock(path: Path) -> int:
    """Return a descriptor to lock a file by: shares want one that may write, and the file may be another account's."""
    flags = os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, os.O_RDWR | flags)
    except PermissionError:
        return os.open(path, os.O_RDONLY | flags)


def _locked_within(descriptor: int, seconds: float) -> bool:
    """Lock an open file, and return whether nobody else has it by then; a share without locks knows of nobody."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            return True
        else:
            return True
    return False


def link_new(path: Path, data: bytes) -> bool:
    """Let ``path`` come into being whole, with synced bytes, and return True; False if there is a file."""
    temporary = write_temporary(path.parent, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


@dataclass
class UnnamedFile:
    """A file that is being written: its stream, and the path that it is to have."""

    stream: IO[bytes]
    path: Path
    has_name: bool
    is_named: bool = False

    def give_name(self) -> None:
        """Let the file be at its path, synced."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        if not self.has_name:
            own = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.link(str(self.stream.fileno()), self.path, src_dir_fd=own, follow_symlinks=True)
            finally:
                os.close(own)
        self.is_named = True


@contextmanager
def unnamed_file(path: Path, mode: int) -> Iterator[UnnamedFile]:
    """Provide a new file that has no name yet, in the folder of ``path``: killed, its writer leaves nothing there.

    Where the file system knows no such files it has the name at once, and loses it unless it was given it.
    """
    path.unlink(missing_ok=True)  # of a killed process: its mode would stay
    flags, has_name = os.O_RDWR | os.O_CLOEXEC, False
    try:
        descriptor = os.open(path.parent, flags | os.O_TMPFILE, mode)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            raise
        descriptor, has_name = os.open(path, flags | os.O_CREAT | os.O_EXCL, mode), True
    file = UnnamedFile(os.fdopen(descriptor, "w+b"), path, has_name=has_name)
    try:
        with file.stream:
            yield file
    finally:
        if has_name and not file.is_named:
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames and links in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _staged(folder: Path, file: NewFile) -> Path:
    """Return a synced temporary file in ``folder`` with the file's bytes; one that is on disk is moved."""
    if file.path is None:
        return write_temporary(folder, file.data)
    with file.path.open("rb") as stream:
        os.fsync(stream.fileno())
    path = folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
    shutil.move(file.path, path)
    return path


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
