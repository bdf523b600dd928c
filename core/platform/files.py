"""Files written whole or not at all: temporary names, atomic replacement, folders made durable."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from core.platform.objects import ObjectPath

TEMPORARY = ".tmp-"


def write_temporary(folder: Path, data: bytes) -> Path:
    """Write ``data``, synced, to a new file in ``folder`` whose name never ends in ``.json``."""
    path = folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def replace_file(path: Path | ObjectPath, data: bytes) -> None:
    """Give ``path`` the bytes ``data`` atomically and durably: a reader sees the old or the new ones."""
    if isinstance(path, ObjectPath):
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = write_temporary(path.parent, data)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and links in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
