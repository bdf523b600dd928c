"""What bounds a stage: its time, and the memory of ingest where it reads files that somebody brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.platform.isolated import Bounds
from core.platform.memorylimit import memory_limit
from core.platform.timelimit import time_limit
from core.runs.plan import StagePlan


@contextmanager
def stage_limits(plan: StagePlan, timeout_s: float, reading: Bounds | None) -> Iterator[None]:
    """Raise when a stage takes more than it may.

    Parameters
    ----------
    plan : StagePlan
    timeout_s : float
        Wall-clock limit of any stage; 0 is none.
    reading : Bounds or None
        What reading files of prices may take; None: as much as there is.

    Raises
    ------
    StageTimeout, SourceError
        Naming the limit and its setting.
    """
    stage = plan.slot.stage
    if reading is None or plan.stage.name != "ingest" or plan.parameters["source"] != "files":
        with time_limit(timeout_s, stage):
            yield
        return
    sooner = reading.time_s and not 0 < timeout_s < reading.time_s
    limit = (reading.time_s, stage, "[files] read_timeout_s") if sooner else (timeout_s, stage)
    with time_limit(*limit), memory_limit(reading.memory_mb, str(plan.parameters["input_name"])):
        yield
