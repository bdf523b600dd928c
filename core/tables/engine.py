"""Where shards are worked on: in this process, in several, or on a Dask cluster.

All three are joblib's, so that one call serves them. Results come back in the order of the shards and
are written by one process: the bytes are the same whoever computed them. A worker that is lost costs the
shards that it held; Dask gives them to another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.errors import SettingsError
from core.platform.forked import side_by_side

ENGINES = ("auto", "local", "processes", "dask")
AUTO_PARTS = 4
"""From how many parts on ``auto`` works in several processes: their start costs as much as two parts do."""

_AHEAD = 1
"""Shards given out beyond those being worked on: what bounds the memory of results that wait."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """How shards are worked on.

    Parameters
    ----------
    kind : {'auto', 'local', 'processes', 'dask'}
        ``auto`` is ``processes`` for a table of :data:`AUTO_PARTS` parts or more, else ``local``.
    workers : int
        Processes here; 0 is one for each processor. A Dask cluster has as many as it has.
    scheduler : str
        Address of the Dask scheduler, such as ``tcp://127.0.0.1:8786``.
    """

    kind: str = "local"
    workers: int = 0
    scheduler: str = ""

    def at_once(self, parts: int) -> int:
        """Return the processes of this machine that work on a table of so many parts."""
        if self.kind == "processes" or (self.kind == "auto" and parts >= AUTO_PARTS):
            return min(self.workers or processors(), max(parts, 1))
        return 1

    def beside(self, tasks: Iterable[Callable[[], Result]], *, parts: int) -> Iterator[Result]:
        """Yield what each task gives, in order: of a table of several parts they go on beside each other.

        Parameters
        ----------
        tasks : iterable of callable
            Without arguments; they see the memory of this process as it is when they are asked for, and their outcomes
            are pickled. One that is not asked for yet may still be made, here, while others go on.
        parts : int
            Parts of the table that they are about: the tasks of a small one are done one after the other, here.
        """
        return side_by_side(tasks, self.at_once(parts) if parts > 1 else 1)

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield ``work(item)`` of each item, in order.

        Parameters
        ----------
        work : callable
            A function of a module, or a partial of one: it travels to other processes.

        Raises
        ------
        SettingsError
            If there is no Dask here, or no scheduler at the address.
        """
        if self.kind == "dask" and len(items) > 1:
            return self._dask(work, items)
        return self._processes(work, items) if self.at_once(len(items)) > 1 else map(work, items)

    def _processes(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        from joblib import Parallel, delayed

        count = self.at_once(len(items))
        parallel = Parallel(
            n_jobs=count, backend="loky", return_as="generator", pre_dispatch=count + _AHEAD, batch_size=1
        )
        yield from parallel(delayed(_alone)(work, item) for item in items)

    def _dask(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        from joblib import Parallel, delayed, parallel_config

        with _client(self.scheduler) as client:
            threads = sum(client.nthreads().values()) or 1
            with parallel_config(backend="dask", client=client, wait_for_workers_timeout=30):
                parallel = Parallel(return_as="generator", pre_dispatch=threads + _AHEAD, batch_size=1)
                yield from parallel(delayed(_alone)(work, item) for item in items)


LOCAL = Engine()


def processors() -> int:
    """Return the processors that this process may use, quotas of a container included."""
    from joblib import cpu_count

    return int(cpu_count())


def _alone(work: Callable[[Any], Any], item: Any) -> Any:
    """Do one piece of work with one thread, whatever the process was started with."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return work(item)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError(
            "[compute] engine is dask, and Dask is not installed",
            expected="the extra scale",
            remedy="Install it: pip install 'afterclose[scale]'.",
        ) from error
    if not address:
        raise SettingsError(
            "[compute] engine is dask, and no scheduler is named",
            expected="[compute] scheduler with the address of one, such as tcp://127.0.0.1:8786",
            remedy="Start one with: dask scheduler. Without a cluster, engine = processes uses this machine.",
        )
    try:
        return Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call] # as Dask has it
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"[compute] scheduler is {address!r}, where no Dask scheduler answers ({error})",
            expected="the address of one, such as tcp://127.0.0.1:8786",
            remedy="Start it with: dask scheduler",
        ) from error
