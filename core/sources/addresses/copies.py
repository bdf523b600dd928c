"""The copy of an address that a run reads: made anew where something changed, and judged by its bytes alone.

A copy lies in a folder of its own and is called by what is in it: a run that planned with one reads that one, whatever
is at the address by then. Of a folder the tables are copied, as they would be read of a folder here; what is not read
has an empty file or folder of its name, so that it is named as there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from core.errors import ParameterError, SourceError
from core.fingerprint import digest_of, sha256
from core.platform.filedigest import digest_of_file
from core.platform.retry import with_linear_backoff
from core.platform.storage import replace_file
from core.sources.addresses.address import Address
from core.sources.addresses.served import ServedFile, Server, no_file_at
from core.sources.addresses.servers import connected
from core.sources.tabular.inventory import MAX_DEPTH, MAX_FILES, is_table_name, no_table
from core.sources.tabular.options import MAX_BYTES

FOLDER = "cache/addresses"
"""In the data root."""

SURE_BYTES = 64 * 1024**2
"""A file above this is unchanged if time and size are, where its server says no more; a smaller one is read."""

LONGEST_NAME = 200
KEEP_S = 86_400.0
"""An earlier copy is removed after so many seconds: a run that reads it is over by then."""

MOST_FOLDERS = 32
"""In each other, behind ``**``: a link in a folder to itself has no end."""

_ANY_FOLDERS = "**"
_LIST = "copy.json"
_TRIES, _WAIT_S = 3, 0.5
_GRACE_S = 0.5
"""The copy's own look at the clock is the one that ends it where it can: it closes the connection."""


@dataclass(frozen=True)
class CopyLimits:
    """How far a copy may go.

    Parameters
    ----------
    seconds : float
        For all of it.
    may_follow : callable
        Whether a redirect may lead to an address.
    size_bytes, files : int
        What is read of files here, too.
    """

    seconds: float
    may_follow: Callable[[Address], bool]
    size_bytes: int = MAX_BYTES
    files: int = MAX_FILES


@dataclass(frozen=True)
class _Copied:
    """A file of a copy: where it stands in it, what the server said of it, and its bytes' digest; empty if not read."""

    place: str
    entry: ServedFile
    sha256: str = ""


def local_copy(address: Address, home: Path, limits: CopyLimits) -> Path:
    """Return a path of this machine with what is at the address: a file, a folder, or a pattern.

    Parameters
    ----------
    home : Path
        Folder of this machine for copies.

    Raises
    ------
    MissingFileError
        If there is nothing.
    ParameterError
        If it is too much, or the server cannot say what is there.
    SourceError
        If the server does not answer, refuses, or takes too long.
    """
    with SourceError.of_disk(
        f"the copy of {address.display} cannot be kept in {home}",
        remedy="Make room, and see whether names there are too long, or a file is called as a folder is.",
    ):
        folder = home / sha256(str(address).encode())[:16]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        earlier = _earlier(folder)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        end = time.monotonic() + limits.seconds
        try:
            anew = partial(
                _Copy, address, fresh, earlier, limits, end
            )  # each try has the whole of the limits
            copied = with_linear_backoff(
                lambda: _within(end, limits.seconds, address, anew().fill), tries=_TRIES, wait_s=_WAIT_S
            )
            version = digest_of(sorted((file.place, file.sha256) for file in copied))[:16]
            target = folder / version
            if target.exists() and not _is_whole(target, copied):
                target.rename(fresh.with_name(f"{fresh.name}-damaged"))
            try:
                fresh.rename(target)
            except OSError:
                if not target.exists():
                    raise  # else it is there, from an earlier run or one of this moment
            on_record = {"version": version, "files": [asdict(file) for file in copied]}
            replace_file(folder / _LIST, json.dumps(on_record).encode())
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    _remove_old(folder, version)
    return target / "/".join(address.parts[len(address.fixed) :] or [_name(address)])


_waiting: list[threading.Thread] = []
"""Threads that wait for a server that nobody waits for any more."""


def is_one_waiting() -> bool:
    """Return whether a call was left to itself in this process, and still waits for its server."""
    _waiting[:] = [thread for thread in _waiting if thread.is_alive()]
    return bool(_waiting)


def _within(end: float, seconds: float, address: Address, work: Callable[[], list[_Copied]]) -> list[_Copied]:
    """Return what ``work`` returns by ``end``; a call to a server that outlasts it is left to itself.

    Between two pieces the time is looked at by the copy. What a library waits for within one call, a server that
    sends a byte now and then, nothing else ends.
    """
    outcome: list[list[_Copied] | BaseException] = []

    def call() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            outcome.append(error)

    thread = threading.Thread(target=call, name="address", daemon=True)
    thread.start()
    thread.join(max(0.0, end - time.monotonic()) + _GRACE_S)
    if not outcome:
        _waiting.append(thread)
        raise _too_long(address, seconds)
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _too_long(address: Address, seconds: float) -> SourceError:
    return SourceError(
        f"{address.display} was not read within {seconds:g} s",
        expected="[files] addresses_timeout_s in luigi.cfg to be enough",
        remedy="Raise it, or fetch it into a file first.",
    )


class _Copy:
    def __init__(
        self, address: Address, folder: Path, earlier: dict[str, tuple[_Copied, Path]], limits: CopyLimits, end: float
    ) -> None:  # fmt: skip
        self._address, self._folder, self._earlier, self._limits = address, folder, earlier, limits
        self._remaining_bytes, self._end = limits.size_bytes, end

    def fill(self) -> list[_Copied]:
        """Fill the folder and return what is in it; what an attempt before left there goes."""
        shutil.rmtree(self._folder)
        self._folder.mkdir(mode=0o700)
        with connected(self._address, self._limits.may_follow) as server:
            top = server.entry()
            if self._address.is_pattern:
                entries = list(self._matches(server, top))
                if not entries:
                    raise no_file_at(self._address)
            elif top.is_folder:
                entries = [
                    (f"{_name(self._address)}/{place}", entry) for place, entry in self._inside(server, top)
                ]
                (self._folder / _name(self._address)).mkdir(exist_ok=True)
            else:
                entries = [(_name(self._address), top)]
            tables = [entry for _, entry in entries if self._is_read(entry, top)]
            if not tables:
                raise no_table(self._address.display, [entry.name for _, entry in entries if entry.is_folder])
            if len(tables) > self._limits.files:
                raise self._too_much(f"{len(tables):,} files", f"{self._limits.files:,}")
            if (size := sum(entry.size or 0 for entry in tables)) > self._limits.size_bytes:
                raise self._too_much(f"{size:,} bytes", f"{self._limits.size_bytes:,}")
            return [
                self._copied(server, place, entry, read=self._is_read(entry, top)) for place, entry in entries
            ]

    def _is_read(self, entry: ServedFile, top: ServedFile) -> bool:
        return not entry.is_folder and (
            self._address.is_pattern or not top.is_folder or is_table_name(entry.name)
        )

    def _inside(self, server: Server, folder: ServedFile, depth: int = 0) -> Iterator[tuple[str, ServedFile]]:
        """Yield what a folder here would be found to hold: folders named ``key=value`` are opened."""
        for entry in self._listed(server, folder):
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_folder and "=" in entry.name and depth < MAX_DEPTH:
                for place, inner in self._inside(server, entry, depth + 1):
                    yield f"{entry.name}/{place}", inner
            else:
                yield entry.name, entry

    def _matches(self, server: Server, top: ServedFile) -> Iterator[tuple[str, ServedFile]]:
        """Yield the files that match, each once, in the order of their places; ``**`` is any folders, or none."""
        matches: dict[str, ServedFile] = {}

        def look(folder: ServedFile, place: tuple[str, ...], patterns: tuple[str, ...]) -> None:
            pattern, rest = patterns[0], patterns[1:]
            if len(place) > MOST_FOLDERS:
                raise self._too_much("folders in each other without end", f"{MOST_FOLDERS} of them")
            if pattern == _ANY_FOLDERS and rest:
                look(folder, place, rest)
            for entry in self._listed(server, folder):
                inner = (*place, entry.name)
                if entry.name.startswith(".") and not pattern.startswith("."):
                    continue
                if pattern == _ANY_FOLDERS and entry.is_folder:
                    look(entry, inner, patterns)
                elif entry.is_folder and rest and fnmatchcase(entry.name, pattern):
                    look(entry, inner, rest)
                elif not entry.is_folder and not rest and fnmatchcase(entry.name, pattern):
                    matches["/".join(inner)] = entry

        if top.is_folder:
            look(top, (), self._address.parts[len(self._address.fixed) :])
        yield from sorted(matches.items())

    def _listed(self, server: Server, folder: ServedFile) -> Iterable[ServedFile]:
        self._judge_time()
        entries = sorted(server.within(folder), key=lambda entry: entry.name)
        for entry in entries:
            if "/" in entry.name or "\x00" in entry.name or entry.name in {".", ".."}:
                raise SourceError(f"{self._address.display} has a name that no file here can have")
        return entries

    def _copied(self, server: Server, place: str, entry: ServedFile, *, read: bool) -> _Copied:
        target = self._folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if not read:
            target.mkdir(exist_ok=True) if entry.is_folder else target.touch()
            return _Copied(place, entry)
        before = self._earlier.get(place)
        unchanged = (
            before[0].entry
            if before and (before[0].entry.exact or (before[0].entry.size or 0) > SURE_BYTES)
            else None
        )
        with server.opened(entry, unchanged) as answer:
            if answer.pieces is None and before is not None:
                os.link(before[1], target)
                return replace(before[0], place=place)
            digest, size = self._written(answer.pieces or (), target)
            if answer.entry.size is not None and size != answer.entry.size:
                raise SourceError(
                    f"{self._address.display} gave {size:,} bytes of {entry.name}, and said {answer.entry.size:,}",
                    expected="a file that stands still",
                    remedy="Run again when nobody is writing to it.",
                )
            return _Copied(place, replace(answer.entry, size=size), digest)

    def _written(self, pieces: Iterable[bytes], target: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as file:
            for piece in pieces:
                self._judge_time()
                size += len(piece)
                self._remaining_bytes -= len(piece)
                if self._remaining_bytes < 0:
                    raise self._too_much("more bytes than that", f"{self._limits.size_bytes:,}")
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest(), size

    def _judge_time(self) -> None:
        if time.monotonic() > self._end:
            raise _too_long(self._address, self._limits.seconds)

    def _too_much(self, what: str, most: str) -> ParameterError:
        return ParameterError(
            f"{self._address.display} has {what}",
            expected=f"at most {most}",
            remedy="Take a shorter range or fewer tickers.",
            parameter="path",
        )


def _name(address: Address) -> str:
    return (address.parts or (address.host,))[-1][-LONGEST_NAME:].replace("/", "-")


def _earlier(folder: Path) -> dict[str, tuple[_Copied, Path]]:
    """Return the files of the newest copy whose bytes are what they were, by place."""
    try:
        content = json.loads((folder / _LIST).read_bytes())
        files = [
            (
                _Copied(file["place"], ServedFile(**file["entry"]), file["sha256"]),
                folder / content["version"] / file["place"],
            )
            for file in content["files"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # none yet, or damaged: everything is fetched anew
    return {file.place: (file, path) for file, path in files if file.sha256 and _is_intact(file, path)}


def _is_intact(file: _Copied, path: Path) -> bool:
    return path.is_file() and digest_of_file(path) == file.sha256


def _is_whole(folder: Path, files: Iterable[_Copied]) -> bool:
    """Return whether a copy has the files, with their bytes: nobody changed it."""
    return all(_is_intact(file, folder / file.place) for file in files if file.sha256)


def _remove_old(folder: Path, version: str) -> None:
    for entry in folder.iterdir():
        try:
            old = entry.name not in {version, _LIST} and time.time() - entry.stat().st_mtime > KEEP_S
        except OSError:
            continue
        if old:
            shutil.rmtree(entry, ignore_errors=True)
