"""The file of waivers on disk: judged and kept by the plan, read again by the stage."""

from __future__ import annotations

from core.paths import StoragePath
from core.prices.waivers import Waiver, parse
from core.store.file_copies import FileCopies

MAX_BYTES = 1 << 20
COPIES = FileCopies("waivers", ".toml", MAX_BYTES, "waivers", "--waivers FILE")


def read(path: StoragePath) -> tuple[bytes, tuple[Waiver, ...]]:
    """Return a file's bytes and the waivers in it.

    Raises
    ------
    MissingFileError
        If it is not there.
    SettingsError
        If it is above 1 MiB, or a waiver in it is malformed.
    """
    data = COPIES.read(path, "waivers")
    return data, parse(data, path.name)


def keep(data: bytes, name: str, root: StoragePath) -> str:
    """Return the digest of the bytes of a file of waivers, of which the data root now has a copy.

    Raises
    ------
    AftercloseError
        If they are malformed, or cannot be kept.
    """
    parse(data, name)
    return COPIES.keep(data, root)


def load(digest: str, root: StoragePath) -> tuple[Waiver, ...]:
    """Return the waivers behind a digest, none for an empty text; raises :class:`CheckpointError` as the copies do."""
    return parse(COPIES.load(digest, root), COPIES.at(root, digest).name) if digest else ()
