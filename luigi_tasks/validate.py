"""The gate as a task."""

from luigi_tasks.base import StageTask
from luigi_tasks.ingest import Ingest


class Validate(StageTask):
    """Reads ``prices_raw``; writes ``prices_valid`` and ``findings``.

    Stale when prices or a threshold change.
    """

    stage_name = "validate"
    upstream = Ingest
