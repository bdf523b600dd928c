"""What can be done with a path of a data root, whatever keeps it: a disk, or object storage.

A ``pathlib.Path`` can do all of this, and so can :class:`core.platform.objects.ObjectPath`. A file that a library opens
by its name has to be on this machine and is a ``Path``. What is in a data root is read by :func:`opened` and
:func:`bytes_of` alone: others may write there, and a pipe in a file's place holds whoever opens it for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import IO, Literal, Protocol, Self, cast


def typed_path(text: str | Path) -> Path:
    """Return the path that a person means, ``~`` as the home folder; as a shell does it, where there is none it stays.

    >>> typed_path("~nobody-is-called-so/prices.csv").as_posix()
    '~nobody-is-called-so/prices.csv'
    """
    return Path(os.path.expanduser(text))  # noqa: PTH111 - pathlib raises where there is no such home


def real_path(path: str | Path) -> Path:
    """Return where a path leads, links followed; one that leads in a circle leads to itself.

    ``Path.resolve`` raises a RuntimeError there (before Python 3.13), so that a link in the place of one person's file
    stops what looks at everybody's.
    """
    return Path(os.path.realpath(path))


def is_there(path: str | Path) -> bool:
    """Return whether something is at a path; not in a folder that one may not enter, where ``Path.exists`` raises."""
    return os.path.exists(path)  # noqa: PTH110 - for that reason


class FileStat(Protocol):
    """What is known of a file without reading it; names and units are those of ``os.stat_result``."""

    @property
    def st_mode(self) -> int: ...
    @property
    def st_size(self) -> int: ...
    @property
    def st_mtime(self) -> float: ...
    @property
    def st_mtime_ns(self) -> int: ...
    @property
    def st_ctime_ns(self) -> int: ...
    @property
    def st_ino(self) -> int: ...


class StoragePath(Protocol):
    """A file or folder of a data root; methods are those of ``pathlib.Path`` and raise what those raise."""

    @property
    def name(self) -> str: ...
    @property
    def stem(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def parent(self) -> Self: ...
    def __lt__(self, other: Self, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __truediv__(self, name: str, /) -> Self: ...
    def joinpath(self, *names: str) -> Self: ...
    def with_name(self, name: str, /) -> Self: ...
    def relative_to(self, other: Self, /) -> PurePath: ...
    def as_posix(self) -> str: ...

    def exists(self) -> bool: ...
    def is_file(self) -> bool: ...
    def is_dir(self) -> bool: ...
    def is_symlink(self) -> bool: ...
    def stat(self) -> FileStat: ...
    def lstat(self) -> FileStat: ...
    def iterdir(self) -> Iterator[Self]: ...
    def glob(self, pattern: str, /) -> Iterator[Self]: ...
    def rglob(self, pattern: str, /) -> Iterator[Self]: ...

    def read_bytes(self) -> bytes: ...
    def read_text(self, encoding: str) -> str: ...
    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...
    def write_bytes(self, data: bytes, /) -> object: ...
    def mkdir(self, mode: int = ..., *, parents: bool = ..., exist_ok: bool = ...) -> None: ...
    def unlink(self, *, missing_ok: bool = ...) -> None: ...
    def rename(self, target: Self, /) -> Self: ...


class _FarPath(StoragePath, Protocol):
    """An object, of which no more comes than is asked for."""

    def first_bytes(self, most: int) -> bytes: ...


class NewFile(Protocol):
    """A file on its way into storage: its bytes are in ``data``, or in the file ``path`` of this machine."""

    @property
    def filename(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class IrregularFileError(OSError):
    """Something else than a file is in a file's place, or a file has more bytes than any of its kind."""


MOST_BYTES = 1 << 30
"""Bytes of a file that is read as a whole, where its reader knows no fewer: one without an end is read by nobody."""


SMALL_BYTES = 16 << 20
"""Of what the program writes itself and keeps short: a profile, a pointer, an index."""

Allowed = Callable[[IO[bytes]], None]
"""Judges a file that is open, and raises where it may not be read."""


def any_file(stream: IO[bytes]) -> None:
    """Let any open file be read."""


def place_of(stream: IO[bytes]) -> Path:
    """Return where an open file is, links resolved: of what is open, and not of what its path leads to by now."""
    path = Path(f"/proc/self/fd/{stream.fileno()}").readlink()
    return path if os.fstat(stream.fileno()).st_nlink else Path(str(path).removesuffix(" (deleted)"))


def opened(path: StoragePath, *, follow: bool = True, allowed: Allowed = any_file) -> IO[bytes]:
    """Return a stream over a file; never waits for somebody at the other end of a pipe.

    Parameters
    ----------
    follow : bool
        Whether the last name of the path may be a link.
    allowed : callable
        Judges the open file: a link on the way may have been exchanged since its path was judged.

    Raises
    ------
    IrregularFileError
        If it is a pipe, a socket or a device.
    OSError
        As ``open`` does.
    """
    if not isinstance(path, Path):
        return path.open("rb")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        stream = os.fdopen(descriptor, "rb")
        try:
            allowed(stream)
        except BaseException:
            stream.close()
            raise
        return stream
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise IrregularFileError(errno.EINVAL, "it is a pipe or a device, and no file", str(path))


def bytes_of(
    path: StoragePath, most: int = MOST_BYTES, *, follow: bool = True, allowed: Allowed = any_file
) -> bytes:
    """Return the bytes of a file; ``follow`` and ``allowed`` as for :func:`opened`.

    Raises
    ------
    IrregularFileError
        If it is a pipe, a socket or a device, or has more than ``most`` bytes.
    OSError
        As ``open`` does.
    """
    if not isinstance(path, Path):
        return _first_bytes(path, most)
    with opened(path, follow=follow, allowed=allowed) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise IrregularFileError(errno.EFBIG, f"it has {size:,} bytes, more than {most:,}", str(path))
        return stream.read()


def _first_bytes(path: StoragePath, most: int) -> bytes:
    """Return the bytes of an object, of which no more is fetched than it may have."""
    data = cast("_FarPath", path).first_bytes(most + 1)
    if len(data) > most:
        raise IrregularFileError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return data
