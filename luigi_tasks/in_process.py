"""One worker works in Luigi's own process: its results need no pipe, and are not lost where memory runs out."""

from __future__ import annotations

import queue
from typing import Any

import luigi.interface
import luigi.worker


class Results(queue.Queue[Any]):
    """Results of tasks of this process, in place of a queue between processes."""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def keep_results_in_process() -> None:
    """Let a single worker take its results from memory; idempotent.

    Luigi sends them through a pipe, which a thread fills. Where that thread finds no memory the result is lost, and
    Luigi waits for it for ever. Workers in processes of their own, also those with a limit of time, keep the pipe.
    """
    factory: Any = luigi.interface._WorkerSchedulerFactory  # noqa: SLF001 - Luigi has no public place
    create = factory.create_worker
    if getattr(create, "in_process", False):
        return

    def create_worker(self: Any, scheduler: Any, worker_processes: int, assistant: bool = False) -> Any:  # noqa: FBT001, FBT002 - Luigi's signature
        worker = create(self, scheduler, worker_processes, assistant)
        configured = worker._config  # noqa: SLF001 - Luigi has no public place
        if worker_processes == 1 and not (configured.force_multiprocessing or configured.timeout):
            worker._task_result_queue.close()  # noqa: SLF001 - see above
            worker._task_result_queue = Results()  # noqa: SLF001 - see above
        return worker

    create_worker.in_process = True  # type: ignore[attr-defined]  # a mark of our own
    factory.create_worker = create_worker
