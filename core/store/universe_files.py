"""Files of membership and of symbols: judged and kept by the plan, read again by the stage."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from core.parameters import Value
from core.paths import Allowed, StoragePath, any_file
from core.platform.isolated import Bounds, call_isolated
from core.store.file_copies import FileCopies
from core.universe import Membership, SymbolChange, membership_of, symbols_of

COPIES = FileCopies("universes", ".csv", 64 << 20, "universe", "the file")
"""Of 64 MiB at most: half a century of daily changes of a thousand tickers takes less."""

AT_ONCE_BYTES = 1 << 18
"""So much is read in a moment by whoever asks: some thousands of changes."""

BOUNDS = Bounds(memory_mb=4_096, time_s=60.0)
"""What reading a larger one may take where others are served meanwhile: in a thread of a desk, which no alarm ends."""

Read = TypeVar("Read")


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
    _read(_judged_members if parameter == "membership" else _judged_symbols, data, Path(name).name)
    return COPIES.keep(data, root)


def _judged_members(data: bytes, name: str) -> None:
    membership_of(data, name)


def _judged_symbols(data: bytes, name: str) -> None:
    symbols_of(data, name)


def _read(read: Callable[[bytes, str], Read], data: bytes, name: str) -> Read:
    """Return what a file says; a large one is read in a process of its own where this one serves others."""
    if len(data) <= AT_ONCE_BYTES or threading.current_thread() is threading.main_thread():
        return read(data, name)
    return call_isolated(BOUNDS, name, read, data, name)


def symbols_in(path: StoragePath, allowed: Allowed = any_file) -> tuple[SymbolChange, ...]:
    """Return the changes of symbols that a file says, of which nothing is kept; ``allowed`` judges it once open.

    Raises
    ------
    AftercloseError
        If it is missing or malformed.
    """
    return _read(symbols_of, COPIES.read(path, "symbols", allowed), path.name)


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
