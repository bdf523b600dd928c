"""What memory and how many processes a stage takes on a large table: in the run's log before it begins.

The figures are measured ones, rounded up (``docs/performance.md``); a stage may take less. A table of one part is
worked on in the run's own process and takes little: nothing is written of it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.tables.artifacts import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.runs.log import RunLog
    from core.tables.artifacts import Artifact
    from core.tables.engine import Engine

_OF_PARTS_MB = 400
"""A stage that works part by part, and each process that works for it: flat in the number of rows."""

_OF_ROWS_MB = {"train_or_score": (900, 25, 150, 25), "evaluate": (350, 65, 150, 60)}
"""Of a stage that holds columns of all rows: MB of its process and more a million rows, and of each copy beside it."""

_MEMINFO, _CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Needs:
    """What a stage takes on a table of so many rows.

    Parameters
    ----------
    rows : int
        Of the largest table that it reads.
    processes : int
        Of this machine that work at once.
    memory_mb : int
        Of all of them together, at most.
    """

    rows: int
    processes: int
    memory_mb: int


def needs_of(stage: str, inputs: Iterable[Artifact], engine: Engine) -> Needs | None:
    """Return what ``stage`` takes on its inputs; None where no table of them has more than one part."""
    tables = [table for table in inputs if isinstance(table, Table) and table.parts > 1]
    if not tables:
        return None
    rows, parts = max((table.rows, table.parts) for table in tables)
    processes, millions = engine.at_once(parts), rows / 1e6
    if stage in _OF_ROWS_MB:
        own, more, copy, more_of_copy = _OF_ROWS_MB[stage]
        copies = processes if processes > 1 else 0
        memory = own + more * millions + copies * (copy + more_of_copy * millions)
    else:
        memory = _OF_PARTS_MB * (1 + (processes if processes > 1 else 0))
    return Needs(rows, processes, int(memory))


def free_memory_mb(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Return the memory that this machine, or the container on it, has to give; None where it does not tell."""
    free = []
    with suppress(OSError, ValueError, StopIteration, IndexError):
        line = next(line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable"))
        free.append(int(line.split()[1]) * 1024)
    with suppress(OSError, ValueError):  # "max" where there is no limit
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
        free.append(max(limit - used, 0))
    return round(min(free) / 1e6) if free else None


def announce(log: RunLog, stage: str, inputs: Iterable[Artifact], engine: Engine) -> None:
    """Write what the stage takes on a large table to the run's log, as a warning if the machine has less."""
    needs, free = needs_of(stage, inputs, engine), free_memory_mb()
    if needs is not None:
        short = free is not None and needs.memory_mb > free
        log.write("needs", level="warning" if short else "info", stage=stage, **asdict(needs), free_mb=free)
