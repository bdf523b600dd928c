"""What a source is called with beside its parameters: progress and event callbacks, a retry policy, earlier data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from core.paths import Allowed, StoragePath, any_file
from core.platform.progress import Progress, silent
from core.tables.artifacts import Table
from core.tables.engine import LOCAL, Engine
from core.tables.writer import Scratch


@dataclass(frozen=True)
class Earlier:
    """Prices that an earlier run committed for the same request up to an earlier day.

    Parameters
    ----------
    key : str
        The key of the checkpoint.
    sha256 : str
        Digest of its ``prices_raw``.
    table : Table
        ``prices_raw`` itself, verified.
    """

    key: str
    sha256: str
    table: Table


class EventCallback(Protocol):
    """A callback for events: a name, a level and JSON values."""

    def __call__(self, event: str, *, level: str = "info", **facts: Any) -> None:
        """Record the event; called from any thread."""


def ignore_event(event: str, *, level: str = "info", **facts: Any) -> None:
    """Ignore the event: the callback where nobody listens."""


def nothing_earlier() -> Earlier | None:
    """Return None: there are no earlier prices to copy rows from."""
    return None


def no_files() -> Iterator[EarlierFile]:
    """Yield nothing: no file was read before."""
    yield from ()


@dataclass(frozen=True)
class EarlierFile:
    """A checkpoint whose file may be the beginning of the one that is read now.

    Parameters
    ----------
    key : str
        Of the checkpoint.
    size : int
        Bytes that the file had.
    sha256 : str
        Their digest.
    rows : int
        Rows that were read.
    table : callable
        Gives the checkpoint's Parquet file, its bytes verified.

    Notes
    -----
    ``table`` raises an AftercloseError where the checkpoint is damaged.
    """

    key: str
    size: int
    sha256: str
    rows: int
    table: Callable[[], Path]


@dataclass(frozen=True)
class Context:
    """Callbacks, retry policy and earlier data for one read of a source; none of it is in a key.

    Parameters
    ----------
    root : StoragePath or None
        The data root, for a client's own caches; None where there is none.
    progress : Progress
        Called with (tickers done, tickers in all).
    tell : EventCallback
        Called with what is worth a line in the run's log.
    tries : int
        Attempts per ticker on faults that pass by themselves.
    wait_s : float
        First wait between attempts in seconds; each further wait is as much longer.
    earlier : callable
        Gives the newest intact checkpoint that rows may be copied from, None if there is none.
    files : callable
        Yields checkpoints of the same request whose file may be the beginning of this one, newest first.
    notes : dict
        What the checkpoint's meta is to say of the reading, beside its artifacts.
    scratch : Scratch
        Where the file of a large table is made.
    engine : Engine
        Where a large file is read.
    allowed : Allowed
        Judges each file of prices once it is open.
    """

    root: StoragePath | None = None
    progress: Progress = silent
    tell: EventCallback = ignore_event
    tries: int = 3
    wait_s: float = 0.2
    earlier: Callable[[], Earlier | None] = nothing_earlier
    files: Callable[[], Iterator[EarlierFile]] = no_files
    notes: dict[str, Any] = field(default_factory=dict)
    scratch: Scratch = field(default_factory=Scratch)
    engine: Engine = LOCAL
    allowed: Allowed = any_file


ALONE = Context()
"""No callbacks and no earlier data: a stage run as a plain function."""
