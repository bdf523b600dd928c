"""Cleaning as a task."""

from luigi_tasks.base import StageTask


class Clean(StageTask):
    """Reads ``prices_valid``; writes ``prices_clean`` and ``repairs``. Stale when a cleaning rule changes."""

    stage_name = "clean"
