"""Who brought which upload, and when: one line each in a hidden file beside them, so that nobody fills the disk.

Whoever adds one holds the file: two that come at once cannot both take the room that is left.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from core.paths import IrregularFileError, bytes_of

NAME = ".uploads"
"""Hidden, so that no run reads it."""

MOST_WAIT_S, _LOOK_S = 30.0, 0.05
"""For others who add an upload, and between two looks."""


@dataclass(frozen=True)
class UploadEntry:
    """One upload.

    Parameters
    ----------
    name : str
        Of the file, in the folder of uploads.
    who : str
        Label of the person.
    at : float
        Seconds since 1970.
    """

    name: str
    who: str
    at: float


@dataclass
class UploadList:
    """The uploads of a folder, while nobody else adds one."""

    folder: Path
    entries: dict[str, UploadEntry]
    _stream: BinaryIO

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file in the folder, by its name, whoever put it there."""
        return _sizes(self.folder)

    def of(self, who: str) -> int:
        """Return the bytes of a person's uploads."""
        sizes = self.sizes()
        return sum(sizes.get(name, 0) for name, entry in self.entries.items() if entry.who == who)

    def add(self, entry: UploadEntry) -> None:
        """Write down who brought a file; what is gone meanwhile is forgotten."""
        self.entries[entry.name] = entry
        there = self.sizes()
        lines = [json.dumps(asdict(each)) for name, each in sorted(self.entries.items()) if name in there]
        self._stream.seek(0)
        self._stream.write("".join(f"{line}\n" for line in lines).encode())
        self._stream.truncate()
        self._stream.flush()


@contextmanager
def locked(folder: Path) -> Iterator[UploadList]:
    """Provide the uploads of a folder, which is made where there is none; waits a while for whoever adds one."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(folder / NAME, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IrregularFileError(errno.EINVAL, "it is a pipe or a device, and no file", str(folder / NAME))
    with os.fdopen(descriptor, "r+b") as stream:
        _take(descriptor)
        yield UploadList(folder, _entries(stream.read()), stream)


def _take(descriptor: int) -> None:
    """Lock the list; whoever holds it writes a line, so that one who goes on holding it is not waited for.

    Raises
    ------
    OSError
        If it is held for longer than :data:`MOST_WAIT_S`.
    """
    until = time.monotonic() + MOST_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(
                    errno.EBUSY, f"somebody has held its list for {MOST_WAIT_S:g} seconds"
                ) from None
            time.sleep(_LOOK_S)
        else:
            return


def uploads_in(folder: Path) -> list[UploadEntry]:
    """Return the uploads of a folder that are on its list and still there."""
    try:
        data = bytes_of(folder / NAME)
    except OSError:
        return []
    there = _sizes(folder)
    return [entry for name, entry in sorted(_entries(data).items()) if name in there]


def bytes_in(folder: Path) -> int:
    """Return the bytes of all files in a folder of uploads."""
    return sum(_sizes(folder).values())


def _sizes(folder: Path) -> dict[str, int]:
    try:
        with os.scandir(folder) as scanned:
            files = [each for each in scanned if each.name != NAME and each.is_file(follow_symlinks=False)]
            return {entry.name: entry.stat(follow_symlinks=False).st_size for entry in files}
    except OSError:
        return {}


def _entries(data: bytes) -> dict[str, UploadEntry]:
    """Return what the list says, by name; a line that is none of ours is skipped: its file counts for nobody."""
    entries = {}
    for line in data.decode(errors="replace").splitlines():
        try:
            entry = UploadEntry(**json.loads(line))
            if isinstance(entry.name, str) and isinstance(entry.who, str) and "/" not in entry.name:
                entries[entry.name] = UploadEntry(entry.name, entry.who, float(entry.at))
        except (ValueError, TypeError, RecursionError):
            continue
    return entries
