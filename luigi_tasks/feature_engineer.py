"""Features as a task."""

from luigi_tasks.base import StageTask
from luigi_tasks.clean import Clean


class FeatureEngineer(StageTask):
    """Reads ``prices_clean``; writes ``features``. Stale when a definition changes."""

    stage_name = "feature_engineer"
    upstream = Clean
