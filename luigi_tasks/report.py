"""The draft report as a task."""

from luigi_tasks.base import StageTask


class Report(StageTask):
    """Reads ``evaluation``; writes ``report.txt`` and ``report.html``. Stale when the evaluation changes."""

    stage_name = "report"
