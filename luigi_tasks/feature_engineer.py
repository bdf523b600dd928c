"""Features as a task."""

from luigi_tasks.base import StageTask


class FeatureEngineer(StageTask):
    """Reads ``prices_clean``; writes ``features``. Stale when a definition changes."""

    stage_name = "feature_engineer"
