"""Files and folders in S3 and over SFTP, through fsspec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.errors import AftercloseError, ParameterError, SourceError
from core.platform.s3 import s3_client
from core.sources.addresses.address import Address
from core.sources.addresses.served import (
    CONNECT_S,
    PIECE,
    SILENCE_S,
    Answer,
    ServedFile,
    Server,
    no_answer_of,
    no_file_at,
    not_let_in,
)


@dataclass(frozen=True)
class _Files:
    """A file system of fsspec."""

    address: Address
    files: Any
    root: str
    stamp: Callable[[dict[str, Any]], str]
    exact: bool
    translated: Callable[[], AbstractContextManager[None]]
    """In which what the file system raises becomes an error of ours."""

    def entry(self) -> ServedFile:
        with self.translated():
            path = "/".join((self.root, *self.address.fixed)) or "/"
            return self._entry({"name": path, **self.files.info(path)})

    def within(self, folder: ServedFile) -> list[ServedFile]:
        with self.translated():
            infos = self.files.ls(folder.path, detail=True)
        entries = map(self._entry, infos)
        # some consoles leave an object called as its folder
        return [
            entry for entry in entries if entry.name and entry.path.rstrip("/") != folder.path.rstrip("/")
        ]

    @contextmanager
    def opened(self, entry: ServedFile, unless: ServedFile | None = None) -> Iterator[Answer]:
        if unless and (unless.stamp, unless.size) == (entry.stamp, entry.size):
            yield Answer(entry, None)
            return
        with self.translated(), self.files.open(entry.path, "rb") as stream:
            yield Answer(entry, iter(lambda: stream.read(PIECE), b""))

    def _entry(self, info: dict[str, Any]) -> ServedFile:
        path = str(info["name"])
        if info["type"] == "link":
            info = {**info, **self.files.info(path)}
        folder = info["type"] == "directory"
        stamp = "" if folder else self.stamp(info)
        return ServedFile(
            path,
            path.rstrip("/").rpartition("/")[2],
            folder,
            info.get("size"),
            stamp,
            self.exact and bool(stamp),
        )


@contextmanager
def _translated(
    address: Address, faults: tuple[type[Exception], ...], refusal: Callable[[Exception], SourceError | None]
) -> Iterator[None]:
    """Make errors of ours of what a file system raises.

    Parameters
    ----------
    faults : tuple of exception types
        What it raises where the server does not answer, or breaks off.
    refusal : callable
        The error for a fault by which the server does not let us in; None for any other.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise no_file_at(address) from error
    except AftercloseError:
        raise
    except faults as error:
        raise (refusal(error) or no_answer_of(address, error)) from error


@contextmanager
def s3_server(address: Address) -> Iterator[Server]:
    files = s3_client(f"--path names {address.display}", "addresses")

    def refusal(error: Exception) -> SourceError | None:
        place = "the AWS environment or profile"
        if type(error).__name__ in {"NoCredentialsError", "PartialCredentialsError"}:
            return not_let_in(address, "no credentials", place)
        return not_let_in(address, "access denied", place) if isinstance(error, PermissionError) else None

    # botocore's and aiohttp's faults have no common root
    translated = partial(_translated, address, (Exception,), refusal)
    yield _Files(address, files, address.host, lambda info: str(info.get("ETag") or ""), True, translated)


@contextmanager
def sftp_server(address: Address) -> Iterator[Server]:
    try:
        import asyncssh
        from sshfs import SSHFileSystem
    except ImportError as error:
        raise ParameterError(
            f"--path names {address.display}, and what reads SFTP is not installed ({error.name})",
            expected="the extra [addresses]",
            remedy='Install it: pip install "afterclose[addresses]".',
            parameter="path",
        ) from error

    def refusal(error: Exception) -> SourceError | None:
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return SourceError(
                f"{address.host} shows a key that this machine does not know",
                expected="its key in ~/.ssh/known_hosts",
                remedy="Connect once with sftp, compare the key with what the server's people say, and run again.",
            )
        denied = isinstance(error, PermissionError | asyncssh.PermissionDenied)
        return not_let_in(address, "access denied", "the keys of ~/.ssh") if denied else None

    translated = partial(_translated, address, (OSError, asyncssh.Error, TimeoutError, EOFError), refusal)
    with translated():
        options = {"username": address.user} if address.user else {}
        port = {"port": address.port} if address.port else {}
        files = SSHFileSystem(
            address.host, **options, **port,
            known_hosts=(),  # the person's file: without a word, sshfs would trust anybody
            connect_timeout=CONNECT_S, login_timeout=SILENCE_S, keepalive_interval=CONNECT_S, timeout=SILENCE_S,
            skip_instance_cache=True,
        )  # fmt: skip
    # a time in whole seconds: what was written twice in one has the same, so it says nothing of small files
    yield _Files(address, files, "", lambda info: f"{info.get('mtime')}", False, translated)
