"""Fits that are kept so that the next training need not do them again: nothing rests on them, and they may go."""

from __future__ import annotations

from contextlib import suppress

from core.fingerprint import sha256
from core.paths import StoragePath, bytes_of
from core.platform.storage import replace_file

FOLDER = "fits"


class KeptFits:
    """The fits of a data root, ``<data>/fits/<digest>``: the SHA-256 of what follows, and what follows."""

    def __init__(self, root: StoragePath) -> None:
        self._folder = root / FOLDER

    def read(self, digest: str) -> bytes | None:
        """Return what was kept, None where there is nothing or it is not what was kept."""
        try:
            head, _, data = bytes_of(self._folder / digest).partition(b"\n")
        except OSError:
            return None
        return data if head == sha256(data).encode() else None

    def keep(self, digest: str, data: bytes) -> None:
        """Keep a fit; where there is no room the training goes on without."""
        with suppress(OSError):
            replace_file(self._folder / digest, sha256(data).encode() + b"\n" + data)
