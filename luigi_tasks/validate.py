"""The gate as a task."""

from luigi_tasks.base import StageTask


class Validate(StageTask):
    """Reads ``prices_raw``; writes ``prices_valid`` and ``findings``.

    Stale when prices or a threshold change.
    """

    stage_name = "validate"
