"""Files of membership and of symbols: judged and kept by the plan, read again by the stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.parameters import Value
from core.paths import Allowed, StoragePath, any_file
from core.store.file_copies import FileCopies
from core.universe import Membership, SymbolChange, membership_of, symbols_of

COPIES = FileCopies("universes", ".csv", 64 << 20, "universe", "the file")
"""Of 64 MiB at most: half a century of daily changes of a thousand tickers takes less."""


def keep(name: str, root: StoragePath, parameter: str, allowed: Allowed = any_file) -> str | None:
    """Return the digest of a file, of which the data root now has a copy; None for an empty name.

    Parameters
    ----------
    parameter : {'membership', 'symbols'}
        Which of the two it is.
    allowed : Allowed
        Judges the file once it is open.

    Raises
    ------
    AftercloseError
        If the file is missing, malformed (with its line), or cannot be kept.
    """
    if not name:
        return None
    data = COPIES.read(Path(name), parameter, allowed)
    (membership_of if parameter == "membership" else symbols_of)(data, Path(name).name)
    return COPIES.keep(data, root)


def symbols_in(path: StoragePath, allowed: Allowed = any_file) -> tuple[SymbolChange, ...]:
    """Return the changes of symbols that a file says, of which nothing is kept; ``allowed`` judges it once open.

    Raises
    ------
    AftercloseError
        If it is missing or malformed.
    """
    return symbols_of(COPIES.read(path, "symbols", allowed), path.name)


def behind(parameters: Mapping[str, Value], root: StoragePath) -> tuple[Membership, tuple[SymbolChange, ...]]:
    """Return the membership and the changes of symbols that a stage's parameters name; raises as the copies do."""
    of_members, of_symbols = (
        str(parameters.get(f"{name}_digest") or "") for name in ("membership", "symbols")
    )
    return (
        membership_of(COPIES.load(of_members, root), _name(of_members, root)) if of_members else Membership(),
        symbols_of(COPIES.load(of_symbols, root), _name(of_symbols, root)) if of_symbols else (),
    )


def _name(digest: str, root: StoragePath) -> str:
    return COPIES.at(root, digest).name
