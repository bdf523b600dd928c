"""Where the desk's key lies: on this machine, also when the data root is in a bucket that others read."""

from __future__ import annotations

from pathlib import Path

from core.paths import StoragePath
from core.platform.storage import local_folder

KEYS, PRIVATE_KEY, NEXT_KEY = "keys", "desk.pem", ".desk.pem.next"
"""Folder of the keys in the data root, the private half in it, and the one that a rotation is bringing."""


def private_path(root: StoragePath) -> Path:
    """Return where the private half of a data root's key is."""
    return local_folder(root) / KEYS / PRIVATE_KEY
