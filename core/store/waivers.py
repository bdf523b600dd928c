"""The file of waivers on disk: judged and kept by the plan, read again by the stage.

The data root keeps a copy under the digest that is in the key: a stage made again, by this process or
another, works with what the plan saw, whatever has become of the file.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import CheckpointError, MissingFileError, SettingsError
from core.fingerprint import sha256
from core.paths import StoragePath
from core.platform.storage import replace_file
from core.prices.waivers import Waiver, parse

MAX_BYTES = 1 << 20
FOLDER = "waivers"


def read(path: StoragePath) -> tuple[bytes, tuple[Waiver, ...]]:
    """Return a file's bytes and the waivers in it.

    Raises
    ------
    MissingFileError
        If it is not there.
    SettingsError
        If it is above 1 MiB, or a waiver in it is malformed.
    """
    if not path.is_file():
        raise MissingFileError.of(path, "file of waivers", parameter="waivers")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise SettingsError(f"{path.name} has {size:,} bytes", expected=f"at most {MAX_BYTES:,}")
    data = path.read_bytes()
    return data, parse(data, path.name)


def keep(name: str, root: StoragePath) -> str | None:
    """Return the digest of the file of waivers, of which the data root now has a copy; None for an empty text.

    Raises
    ------
    AftercloseError
        If the file is missing, malformed, or cannot be kept.
    """
    if not name:
        return None
    data, _ = read(Path(name))
    digest = sha256(data)
    copy = root / FOLDER / f"{digest}.toml"
    if not copy.is_file():
        try:
            replace_file(copy, data)
        except OSError as error:
            raise SettingsError(
                f"the waivers cannot be kept in {copy.parent}: {error.strerror or error}",
                expected="a writable data root",
            ) from error
    return digest


def load(digest: str, root: StoragePath) -> tuple[Waiver, ...]:
    """Return the waivers behind a digest, none for an empty text.

    Raises
    ------
    CheckpointError
        If the copy is gone or is not what its digest says.
    """
    if not digest:
        return ()
    path = root / FOLDER / f"{digest}.toml"
    data = path.read_bytes() if path.is_file() else b""
    if sha256(data) != digest:
        raise CheckpointError(
            f"the copy of the waivers {digest[:12]} in {path.parent} is gone or was changed",
            expected="the bytes that the plan saw",
            remedy="Run again with --waivers FILE.",
        )
    return parse(data, path.name)
