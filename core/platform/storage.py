"""What a store of files can do that its paths cannot: nobody else asks whether a data root is a folder or a bucket.

:func:`storage_at` is the one place where that is decided; see ``docs/decisions/009-object-storage.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from core.paths import NewFile, StoragePath
from core.platform.files import LocalStorage
from core.platform.object_storage import ObjectStorage
from core.platform.objects import ObjectPath


class Storage(Protocol):
    """A path and what keeps it.

    Faults of the disk, and of the way to a server, are ``OSError``.
    """

    @property
    def local_folder(self) -> Path:
        """The folder of this machine for what cannot be elsewhere (journal, locks, logs): the path itself on a disk."""

    @property
    def scratch(self) -> Path:
        """The folder of this machine for large files on their way into this folder."""

    def create(self, data: bytes) -> bool:
        """Make the file with these bytes and return True, or False if there is one: the first writer stays."""

    def replace(self, data: bytes) -> None:
        """Give the file these bytes: a reader sees the old or the new ones, never a part."""

    def exchange(self, before: bytes, data: bytes) -> bool:
        """Give the file these bytes if it still has those of ``before``; False where somebody changed it meanwhile."""

    def refuses_other_bytes(self, data: bytes) -> bool:
        """Return whether :meth:`exchange` can be relied on; ``data`` is what the file holds, and is written again."""

    def remove_folder(self) -> None:
        """Remove the folder and everything below it."""

    def local_copy(self, digest: str) -> Path:
        """Return a file of this machine with the file's content.

        Parameters
        ----------
        digest : str
            SHA-256 that the content should have. The caller verifies it, every time.
        """

    def commit(
        self,
        files: Sequence[NewFile],
        mark: str,
        data: bytes,
        *,
        committed: Callable[[], bool],
        move_other: Callable[[StoragePath, NewFile], None],
    ) -> None:
        """Write files into the folder, then its commit mark.

        Returns as ever when somebody else committed in the meantime: theirs stays.

        Parameters
        ----------
        files : sequence of NewFile
            What the mark stands for.
        mark : str
            The mark's name.
        data : bytes
            Its content.
        committed : callable
            Whether somebody committed by now.
        move_other : callable
            Moves what stands at a path away unless it is the file already: a killed writer left it, or a person.
        """

    def links(self) -> dict[str, str]:
        """Return where the links of the folder point to, by name; empty if there are no links, or they are damaged."""

    def link(self, targets: Mapping[str, str]) -> None:
        """Let the folder hold links with these names and targets, and nothing else."""


def storage_at(path: StoragePath) -> Storage:
    """Return the storage of a path.

    Raises
    ------
    TypeError
        If it is no path of any storage.
    """
    if isinstance(path, ObjectPath):
        return ObjectStorage(path)
    if isinstance(path, Path):
        return LocalStorage(path)
    raise TypeError(f"{type(path).__name__} is no path of a disk or of object storage")


def local_folder(root: StoragePath) -> Path:
    """Return the folder of this machine that belongs to a data root: the root itself unless it is a URL."""
    return storage_at(root).local_folder


def nearest_folder(root: StoragePath) -> Path:
    """Return the local folder of a data root; while it is not there yet, the nearest around it that is."""
    local = local_folder(root)
    return next(folder for folder in (local, *local.parents) if folder.exists())


def replace_file(path: StoragePath, data: bytes) -> None:
    """Give ``path`` the bytes ``data`` atomically and durably: a reader sees the old or the new ones."""
    storage_at(path).replace(data)


def writable(root: StoragePath) -> bool:
    """Return whether a data root may be written, as far as one knows before trying; one that is not there yet may."""
    local = local_folder(root)
    return not local.exists() or os.access(local, os.W_OK)
