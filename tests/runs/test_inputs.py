"""What stays in memory from stage to stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import OtherRequestError
from core.platform.progress import silent
from core.request import settings
from core.runs.execution import Runner
from core.runs.inputs import is_complete, load_inputs
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


def test_a_checkpoint_of_another_request_is_not_taken_for_this_one(tmp_path, small_request, root):
    """A key has 12 digits of the fingerprint; two requests that share them can be made on purpose."""
    configured = settings.load(environ={"AFTERCLOSE_DATA": str(tmp_path)}, folder=root)
    values = resolve({**small_request, "mode": "train"}, settings=configured, now=NOW)
    plan = stage_plans(values, "validate")
    runner = Runner(tmp_path, RunLog(tmp_path, "one"), NOW, Nobody())
    for each in plan.line():
        runner.run(each)
    before = {path: path.read_bytes() for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()}
    ingest = plan.before("ingest")
    other = replace(ingest, fingerprint=ingest.fingerprint[:12] + "0" * 52)
    assert not is_complete(runner.store, other, set())
    with pytest.raises(OtherRequestError, match="is of another request, made by run one") as caught:
        runner.run(other)
    assert caught.value.exit_code == 30
    with pytest.raises(OtherRequestError):
        load_inputs(runner.store, replace(plan, upstream=other), runner.recent)
    assert {
        path: path.read_bytes() for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()
    } == before
    assert not (tmp_path / "quarantine").exists()
