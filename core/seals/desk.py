"""Where the desk's key lies: on this machine, also when the data root is in a bucket that others read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import SHORT
from core.journal import locks
from core.paths import StoragePath, bytes_of
from core.platform.storage import local_folder, replace_file
from core.seals.head import read_head
from core.seals.keypair import MOST_KEY_BYTES, PrivateKey, PublicKey, create, read_private, read_public

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


def public_path(root: StoragePath, key: PublicKey) -> StoragePath:
    """Return the file of a public key."""
    return root / KEYS / f"{key.id[:SHORT]}.pub.pem"


def keep_public(root: StoragePath, key: PublicKey) -> None:
    """Keep a public half for whoever is to verify.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    """
    path = public_path(root, key)
    try:
        if not path.is_file() or bytes_of(path, MOST_KEY_BYTES) != key.pem:
            replace_file(path, key.pem)
    except OSError as error:
        raise CheckpointError(
            f"{path} could not be written: {error.strerror or error}", expected="a writable data root"
        ) from error


def public_key_ids(root: StoragePath) -> set[str]:
    """Return the ids of all public halves in the folder of keys; other files are skipped."""
    return set(public_key_files(root))


def public_key_files(root: StoragePath) -> dict[str, StoragePath]:
    """Return the files of all public halves, by key id; other files are skipped."""
    files = {}
    for path in sorted((root / KEYS).glob("*.pub.pem")):
        try:
            files[read_public(bytes_of(path, MOST_KEY_BYTES), path.name)[0].id] = path
        except (AftercloseError, OSError):
            continue
    return files
