"""Evaluation as a task."""

from luigi_tasks.base import StageTask
from luigi_tasks.train_or_score import TrainOrScore


class Evaluate(StageTask):
    """Reads what training or scoring left and its data; writes ``evaluation``.

    Stale when a setting of it changes.
    """

    stage_name = "evaluate"
    upstream = TrainOrScore
