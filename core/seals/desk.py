"""Where the desk's key lies: on this machine, also when the data root is in a bucket that others read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from core.errors import AftercloseError
from core.journal import locks
from core.paths import StoragePath
from core.platform.storage import local_folder
from core.seals.head import read_head
from core.seals.keypair import PrivateKey, create, read_private

KEYS, PRIVATE_KEY, NEXT_KEY = "keys", "desk.pem", ".desk.pem.next"
"""Folder of the keys in the data root, the private half in it, and the one that a rotation is bringing."""


_changing: ContextVar[bool] = ContextVar("changing", default=False)


@contextmanager
def changing_key(root: StoragePath) -> Iterator[None]:
    """Hold what lets one at a time change the key of this machine; within the block a second time is no wait.

    Two would write over each other's coming key, and whoever finishes a rotation that was killed would put a coming
    key in its place that is of another one, and on no record.
    """
    if _changing.get():
        yield
        return
    with locks.hold(root, KEYS, str(os.getpid()), journal="", waiting=lambda _: None):
        token = _changing.set(True)
        try:
            yield
        finally:
            _changing.reset(token)


def private_path(root: StoragePath) -> Path:
    """Return where the private half of a data root's key is."""
    return local_folder(root) / KEYS / PRIVATE_KEY


def sealer_of(root: StoragePath) -> PrivateKey | None:
    """Return the desk's key, made where nothing was ever signed; None where its private half is lost, or of no use."""
    path = private_path(root)
    try:
        if not path.exists():
            if read_head(root) is not None:
                return None
            create(path)
        return read_private(path)
    except (AftercloseError, OSError):
        return None
