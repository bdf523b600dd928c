"""What stays in memory from stage to stage."""

from __future__ import annotations

from datetime import UTC, datetime

from core.platform.progress import silent
from core.request import settings
from core.runs.execution import Runner
from core.runs.log import RunLog
from core.runs.plan import stage_plans
from core.runs.resolve import resolve

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Nobody:
    """Watches nothing."""

    def stage(self, stage, state, facts):
        """Ignore."""

    def progress(self, stage):
        """Ignore."""
        return silent


def test_tables_are_in_memory_until_their_last_reader(tmp_path, small_request, root):
    """Prices as they came are gone before training, what a later stage reads is there without decoding it."""
    configured = settings.load(environ={"AFTERCLOSE_DATA": str(tmp_path)}, folder=root)
    folder = tmp_path
    values = resolve({**small_request, "mode": "train"}, settings=configured, now=NOW)
    runner = Runner(folder, RunLog(folder, "one"), NOW, Nobody())
    kept, kinds = {}, {}
    for plan in stage_plans(values, "report").line():
        meta = runner.run(plan)
        kinds |= {facts["sha256"]: facts["name"] for facts in meta.artifacts.values()}
        kept[plan.stage.name] = sorted(name for digest, name in kinds.items() if runner.recent.get(digest))
    assert kept["ingest"] == ["prices_raw"]
    assert kept["validate"] == ["findings", "prices_valid"]
    assert kept["clean"] == ["findings", "prices_clean", "repairs"]
    assert kept["feature_engineer"] == ["features", "findings", "repairs"]
    assert kept["train_or_score"] == ["features", "findings", "model", "predictions", "repairs"]
    assert kept["evaluate"] == ["evaluation"]
    assert kept["report"] == ["report", "report"]
