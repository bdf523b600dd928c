"""Cleaning as a task."""

from luigi_tasks.base import StageTask
from luigi_tasks.validate import Validate


class Clean(StageTask):
    """Reads ``prices_valid``; writes ``prices_clean`` and ``repairs``. Stale when a cleaning rule changes."""

    stage_name = "clean"
    upstream = Validate
