"""A data root in object storage: what a path can do, done by an S3-compatible server through fsspec.

An :class:`ObjectPath` stands where a ``pathlib.Path`` of the data root would, and can do what is done with
those and no more: it is no ``os.PathLike``, so nothing takes it for a file of this machine by mistake. What
must be on this machine (journal, locks, logs, caches) is in its ``state`` folder. What a store of objects does
otherwise than a disk is in :mod:`core.platform.object_storage`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from core.errors import SettingsError
from core.fingerprint import sha256
from core.platform.causes import NoAnswerError
from core.platform.s3 import s3_client

SCHEME = "s3://"

ASKING_S, MOVING_S = 300.0, 6 * 3600.0
"""For a question about an object, and for what moves or lists many."""

_QUESTIONS = frozenset({"info", "rm_file"})


@dataclass(frozen=True)
class ObjectStat:
    """What is known of an object without reading it; the names are those of ``os.stat_result``.

    ``st_ino`` is a number of the server's entity tag, so that other content is another file.
    """

    st_size: int
    st_mtime: float
    st_ino: int
    st_mode: int = stat.S_IFREG | 0o600

    @property
    def st_mtime_ns(self) -> int:
        """Time of the last write in nanoseconds."""
        return int(self.st_mtime * 1_000_000_000)

    st_ctime_ns = st_mtime_ns


@dataclass(frozen=True, order=True)
class ObjectPath:
    """An object, or the folder that a prefix looks like.

    Parameters
    ----------
    pure : PurePosixPath
        Bucket and key.
    state : Path
        The folder of this machine for what cannot be in object storage.
    """

    pure: PurePosixPath
    state: Path = field(compare=False)

    def __str__(self) -> str:
        return f"{SCHEME}{self.pure}"

    def __truediv__(self, name: str | PurePosixPath) -> ObjectPath:
        return replace(self, pure=self.pure / name)

    def joinpath(self, *names: str) -> ObjectPath:
        """Return the path of what is inside."""
        return replace(self, pure=self.pure.joinpath(*names))

    def with_name(self, name: str) -> ObjectPath:
        """Return the path beside this one."""
        return replace(self, pure=self.pure.with_name(name))

    def relative_to(self, other: ObjectPath) -> PurePosixPath:
        """Return the way from ``other`` to here."""
        return self.pure.relative_to(other.pure)

    def as_posix(self) -> str:
        """Return the URL."""
        return str(self)

    @property
    def parent(self) -> ObjectPath:
        """The folder around it."""
        return replace(self, pure=self.pure.parent)

    @property
    def name(self) -> str:
        """The last part."""
        return self.pure.name

    @property
    def stem(self) -> str:
        """The last part without its ending."""
        return self.pure.stem

    @property
    def suffix(self) -> str:
        """The ending with its point."""
        return self.pure.suffix

    # ---- reading

    def read_bytes(self) -> bytes:
        """Return the whole object."""
        with _answered(self) as server:
            return bytes(server.cat_file(str(self.pure)))

    def first_bytes(self, most: int) -> bytes:
        """Return the first bytes of the object, at most so many: one without an end is not fetched."""
        with _answered(self) as server:
            try:
                return bytes(server.cat_file(str(self.pure), start=0, end=most))
            except (
                OSError
            ) as error:  # of an object without a byte there is no first one, and the server says so
                if error.errno == errno.EINVAL and not server.info(str(self.pure))["size"]:
                    return b""
                raise

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the whole object as text."""
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Return a stream over the object, read in pieces."""
        if mode != "rb":
            raise ValueError(f"objects are opened for reading, not {mode!r}")
        with _answered(self) as server:
            return cast("IO[bytes]", server.open(str(self.pure), "rb"))

    def stat(self) -> ObjectStat:
        """Return size, time and identity of the object."""
        with _answered(self) as server:
            info = server.info(str(self.pure))
            if info["type"] != "file":
                return ObjectStat(0, 0.0, 0)
            tag = sha256(str(info["ETag"]).encode())
            return ObjectStat(int(info["size"]), info["LastModified"].timestamp(), int(tag[:15], 16))

    lstat = stat

    def _type(self) -> str | None:
        with _answered(self) as server:
            try:
                return str(server.info(str(self.pure))["type"])
            except FileNotFoundError:
                return None

    def exists(self) -> bool:
        """Return whether there is an object of this name, or one below it."""
        return self._type() is not None

    def is_file(self) -> bool:
        """Return whether there is an object of this name."""
        return self._type() == "file"

    def is_dir(self) -> bool:
        """Return whether there is an object below this name."""
        return self._type() == "directory"

    def is_symlink(self) -> bool:
        """Return that it is no link: object storage has none."""
        return False

    def rglob(self, pattern: str) -> Iterator[ObjectPath]:
        """Yield all objects below whose last part matches, in order."""
        return (self / path for path in self._below() if fnmatchcase(path.name, pattern))

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """Yield objects and folders whose parts match those of the pattern, in order; no ``**``."""
        patterns = pattern.split("/")
        paths = {
            PurePosixPath(*path.parts[: len(patterns)])
            for path in self._below()
            if len(path.parts) >= len(patterns) and all(map(fnmatchcase, path.parts, patterns))
        }
        return (self / path for path in sorted(paths))

    def iterdir(self) -> Iterator[ObjectPath]:
        """Yield what is directly inside, in order."""
        return self.glob("*")

    def _below(self) -> list[PurePosixPath]:
        with _answered(self) as server:
            below = [PurePosixPath(name) for name in sorted(server.find(str(self.pure)))]
            return [path.relative_to(self.pure) for path in below if path != self.pure]

    # ---- writing: an object is whole or not there

    def write_bytes(self, data: bytes) -> None:
        """Give the object these bytes; a reader sees the old or the new ones."""
        with _answered(self) as server:
            server.pipe_file(str(self.pure), data)

    def create(self, data: bytes) -> bool:
        """Make the object with these bytes and return True, or False if there is one: the server decides."""
        return self._created(lambda server: server.pipe_file(str(self.pure), data, mode="create"))

    def exchange(self, before: bytes, data: bytes) -> bool:
        """Give the object these bytes if it still has those of ``before``, and return whether it did."""
        with _answered(self) as server:
            try:
                # before the bytes: those of another moment have another tag, and are refused
                tag = server.info(str(self.pure))["ETag"]
                if self.first_bytes(len(before) + 1) != before:
                    return False
                server.pipe_file(str(self.pure), data, IfMatch=tag)
            except FileNotFoundError:
                return False
            except OSError as error:
                # 412, or 409 while somebody writes it: these numbers have other reasons, too
                if error.errno in (errno.EINVAL, errno.EBUSY) and self.first_bytes(len(before) + 1) != before:
                    return False
                raise
        return True

    def refuses_other_bytes(self, data: bytes) -> bool:
        """Return whether the storage honours If-Match; ``data`` is what the object holds, and may be written again."""
        with _answered(self) as server:
            try:
                server.pipe_file(str(self.pure), data, IfMatch=f'"{"0" * 32}"')
            except OSError as error:
                if error.errno in (errno.EINVAL, errno.EBUSY):
                    return True
                raise
        return False

    def upload(self, path: Path) -> bool:
        """Make the object with the bytes of a local file, in pieces; False if there is one."""
        return self._created(lambda server: server.put_file(str(path), str(self.pure), mode="create"))

    def _created(self, put: Callable[[Any], object]) -> bool:
        try:
            with _answered(self) as server:
                put(server)
        except FileExistsError:
            return False
        except OSError as error:
            # somebody creates it at this moment (409): theirs is there soon, or this is a real fault
            if error.errno == errno.EBUSY:
                return False
            raise
        return True

    def download(self, path: Path) -> None:
        """Write the object's bytes to a local file, in pieces."""
        with _answered(self) as server:
            server.get_file(str(self.pure), str(path))

    def mkdir(self, mode: int = 0o777, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: a folder is there when something is in it."""

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove the object."""
        with _answered(self) as server:
            try:
                server.rm_file(str(self.pure))
            except FileNotFoundError:
                if not missing_ok:
                    raise

    def rename(self, target: ObjectPath) -> ObjectPath:
        """Move the object, or everything below: copied whole, then removed, a commit mark first."""
        below = self._below()
        moves = [(self / path, target / path) for path in below] if below else [(self, target)]
        with _answered(self) as server:
            for source, goal in moves:
                server.copy(str(source.pure), str(goal.pure))
            for source, _ in sorted(moves, key=lambda move: move[0].name != "meta.json"):
                server.rm_file(str(source.pure))
        return target

    def remove_all(self) -> None:
        """Remove everything below."""
        below = self._below()
        with _answered(self) as server:
            for path in below:
                server.rm_file(str((self / path).pure))


class _Timed:
    """What the server is asked, each with an end: one that sends a byte now and then holds no run and no page."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._server, name)
        if name == "open":  # asks nothing: what is read of it is asked for in pieces
            return method
        return partial(method, timeout=ASKING_S if name in _QUESTIONS else MOVING_S)


@contextmanager
def _answered(path: ObjectPath) -> Iterator[Any]:
    """Give the server to talk to, and turn whatever the way to it answers into an OSError."""
    server = _Timed(_server(os.getpid()))
    try:
        yield server
    except TimeoutError as error:
        words = "the server does not come to an end with its answer"
        raise NoAnswerError(errno.ETIMEDOUT, words, str(path)) from error
    except OSError:
        raise
    except Exception as error:  # the libraries below have no common root for "no answer", "no credentials"
        message = " ".join(str(error).split())
        raise NoAnswerError(errno.EIO, f"{type(error).__name__}: {message}", str(path)) from error


@cache
def _server(pid: int) -> Any:
    del pid  # a forked process must not use its parent's connections
    return s3_client("AFTERCLOSE_DATA is in object storage", "scale")


def is_url(text: str) -> bool:
    """Return whether a data root is given as a URL."""
    return "://" in text


def root_at(url: str, state: Path) -> ObjectPath:
    """Return the data root at a URL.

    Raises
    ------
    SettingsError
        If the URL is not ``s3://BUCKET/PREFIX``.
    """
    bucket, _, prefix = url.removeprefix(SCHEME).strip("/").partition("/")
    parts = prefix.split("/")
    if not url.startswith(SCHEME) or not bucket or not all(parts) or {".", ".."} & {bucket, *parts}:
        raise SettingsError(
            f"AFTERCLOSE_DATA is {url!r}",
            expected="a folder, or s3://BUCKET/PREFIX",
            remedy="Another storage needs an S3-compatible server that honours If-None-Match.",
        )
    return ObjectPath(PurePosixPath(bucket, prefix), state)
