"""Files of membership and of symbols: judged and kept by the plan, read again by the stage.

The data root keeps a copy under the digest that is in the key, as of waivers (:mod:`core.store.waivers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from core.errors import CheckpointError, MissingFileError, SettingsError
from core.fingerprint import sha256
from core.parameters import Value
from core.paths import StoragePath
from core.platform.storage import replace_file
from core.universe import Membership, SymbolChange, membership_of, symbols_of

MAX_BYTES = 64 << 20
"""Of a file: half a century of daily changes of a thousand tickers takes less."""

FOLDER = "universes"

T = TypeVar("T")


def copy_of(root: StoragePath, digest: str) -> StoragePath:
    """Return where the copy with a digest is."""
    return root / FOLDER / f"{digest}.csv"


def keep(name: str, root: StoragePath, parameter: str) -> str | None:
    """Return the digest of a file, of which the data root now has a copy; None for an empty name.

    Parameters
    ----------
    parameter : {'membership', 'symbols'}
        Which of the two it is.

    Raises
    ------
    AftercloseError
        If the file is missing, malformed (with its line), or cannot be kept.
    """
    if not name:
        return None
    path = Path(name)
    if not path.is_file():
        raise MissingFileError.of(path, f"file of {parameter}", parameter=parameter)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise SettingsError(f"{path.name} has {size:,} bytes", expected=f"at most {MAX_BYTES:,}")
    data = path.read_bytes()
    (membership_of if parameter == "membership" else symbols_of)(data, path.name)
    digest = sha256(data)
    copy = copy_of(root, digest)
    if not copy.is_file():
        try:
            replace_file(copy, data)
        except OSError as error:
            raise SettingsError(
                f"the file of {parameter} cannot be kept in {copy.parent}: {error.strerror or error}",
                expected="a writable data root",
            ) from error
    return digest


def behind(parameters: Mapping[str, Value], root: StoragePath) -> tuple[Membership, tuple[SymbolChange, ...]]:
    """Return the membership and the changes of symbols that a stage's parameters name; raises as those."""
    of_members, of_symbols = (
        str(parameters.get(f"{name}_digest") or "") for name in ("membership", "symbols")
    )
    return membership(of_members, root), symbols(of_symbols, root)


def membership(digest: str, root: StoragePath) -> Membership:
    """Return the membership behind a digest, an empty one for an empty text; raises :class:`CheckpointError`."""
    return _loaded(digest, root, membership_of) if digest else Membership()


def symbols(digest: str, root: StoragePath) -> tuple[SymbolChange, ...]:
    """Return the changes of symbols behind a digest, none for an empty text; raises :class:`CheckpointError`."""
    return _loaded(digest, root, symbols_of) if digest else ()


def _loaded(digest: str, root: StoragePath, read: Callable[[bytes, str], T]) -> T:
    path = copy_of(root, digest)
    data = path.read_bytes() if path.is_file() else b""
    if sha256(data) != digest:
        raise CheckpointError(
            f"the copy of the universe {digest[:12]} in {path.parent} is gone or was changed",
            expected="the bytes that the plan saw",
            remedy="Run again with the file.",
        )
    return read(data, path.name)
