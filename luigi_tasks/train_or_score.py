"""Training or scoring as a task."""

from luigi_tasks.base import StageTask


class TrainOrScore(StageTask):
    """Reads ``features``; writes ``predictions`` and, in training, ``model``.

    Stale when mode, model or seed change.
    """

    stage_name = "train_or_score"
