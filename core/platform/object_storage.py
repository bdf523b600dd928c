"""Files and folders in object storage: objects are whole or not there, and the server decides who was first."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.fingerprint import sha256_file
from core.paths import SMALL_BYTES, NewFile, StoragePath, bytes_of
from core.platform.objects import ObjectPath

CACHE = "cache/artifacts"
"""In the state folder: copies of large artifacts; gc lists what is older than a day."""

SCRATCH = "scratch"
"""In the state folder: large files on their way."""

INDEX = "index.json"
"""There are no links: an object of this name says where each one would point to."""


MOST_TRIES, WAIT_S = 20, 0.5
"""To make an object that is refused as if there were one, and is not there: a server that goes on so ends no run."""


@dataclass(frozen=True)
class ObjectStorage:
    """What a server does with an object or a prefix; see :class:`core.platform.storage.Storage`."""

    path: ObjectPath

    @property
    def local_folder(self) -> Path:
        """The state folder."""
        return self.path.state

    @property
    def scratch(self) -> Path:
        """A folder inside the state folder."""
        return self.path.state / SCRATCH

    def create(self, data: bytes) -> bool:
        """Make the object with these bytes and return True, or False if there is one."""
        return self.path.create(data)

    def replace(self, data: bytes) -> None:
        """Give the object these bytes."""
        self.path.write_bytes(data)

    def exchange(self, before: bytes, data: bytes) -> bool:
        """Give the object these bytes if it still has those of ``before``, and return whether it did."""
        return self.path.exchange(before, data)

    def refuses_other_bytes(self, data: bytes) -> bool:
        """Return whether the storage honours If-Match."""
        return self.path.refuses_other_bytes(data)

    def remove_folder(self) -> None:
        """Remove everything below."""
        self.path.remove_all()

    def local_copy(self, digest: str) -> Path:
        """Return a copy on this machine, kept by its digest; fetched unless it is there."""
        copy = self.local_folder / CACHE / f"{digest}{self.path.suffix}"
        if copy.exists() and sha256_file(copy) == digest:
            return copy
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = copy.with_name(f".{copy.name}.{os.getpid()}")
        try:
            self.path.download(partial)
            if (there := sha256_file(partial)) != digest:
                raise OSError(
                    errno.EIO, f"its SHA-256 is {there}, and {digest} was committed", str(self.path)
                )
            partial.replace(copy)
        finally:
            partial.unlink(missing_ok=True)
        return copy

    def commit(
        self,
        files: Sequence[NewFile],
        mark: str,
        data: bytes,
        *,
        committed: Callable[[], bool],
        move_other: Callable[[StoragePath, NewFile], None],
    ) -> None:
        """Put the files, then the mark; each is created, never written over."""
        for file in files:
            path = self.path / file.filename
            for _ in range(MOST_TRIES):
                if path.upload(file.path) if file.path else path.create(file.data):
                    break
                if committed():
                    return
                move_other(path, file)
                if path.exists():
                    break  # the same bytes
                time.sleep(WAIT_S)  # somebody makes it at this moment
            else:
                words = f"the server made it in none of {MOST_TRIES} tries, and says that it is not there"
                raise OSError(errno.EIO, words, str(path))
        (self.path / mark).create(data)

    def links(self) -> dict[str, str]:
        """Return what the index says, nothing if it is not there or not what was written."""
        try:
            targets = json.loads(bytes_of(self.path / INDEX, SMALL_BYTES))["artifacts"]
            return {str(name): str(target) for name, target in targets.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def link(self, targets: Mapping[str, str]) -> None:
        """Write the index."""
        body = {"format": 1, "kind": self.path.name, "artifacts": dict(targets)}
        (self.path / INDEX).write_bytes(json.dumps(body, indent=2, sort_keys=True).encode() + b"\n")
