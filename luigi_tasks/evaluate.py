"""Evaluation as a task."""

from luigi_tasks.base import StageTask


class Evaluate(StageTask):
    """Reads what training or scoring left and its data; writes ``evaluation``.

    Stale when a setting of it changes.
    """

    stage_name = "evaluate"
