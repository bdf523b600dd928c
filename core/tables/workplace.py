"""Where a stage works on a table part by part: who does the work, where files are made, who hears of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from core.platform.progress import Progress, silent
from core.tables.artifacts import Table
from core.tables.engine import LOCAL, Engine
from core.tables.writer import Scratch, TableWriter

Result = TypeVar("Result")


class Memory(Protocol):
    """What was computed before, under a digest of all that it follows from."""

    def read(self, digest: str) -> bytes | None:
        """Return what is remembered, None where there is nothing or it is damaged."""

    def keep(self, digest: str, data: bytes) -> None:
        """Remember it, if there is room."""


@dataclass(frozen=True)
class Workplace:
    """The surroundings of a computation; they change none of its bytes.

    Parameters
    ----------
    scratch : Scratch
        Where files are made.
    engine : Engine
        Who works on parts.
    progress : Progress
        Called with (steps done, steps in all).
    memory : Memory, optional
        What need not be computed again; without it everything is.
    """

    scratch: Scratch = field(default_factory=Scratch)
    engine: Engine = LOCAL
    progress: Progress = silent
    memory: Memory | None = None

    def each_part(self, work: Callable[[int], Result], table: Table) -> Iterator[Result]:
        """Yield ``work(number)`` of each part of ``table``, in order; a table of several parts reports progress.

        Parameters
        ----------
        work : callable
            A function of a module, or a partial of one: it travels to other processes.
        """
        for done, result in enumerate(self.engine.each(work, range(table.parts)), start=1):
            yield result
            if table.parts > 1:
                self.progress(done, table.parts)

    def within(self, parts: int) -> Workplace:
        """Return the workplace of tasks that go on beside each other: those give nothing out themselves."""
        return replace(self, engine=LOCAL) if self.engine.at_once(parts) > 1 else self

    def writer(self, kind: str, name: str = "") -> TableWriter:
        """Return a writer of a table of that kind, into a file of that name."""
        return TableWriter(self.scratch, kind, name)
