"""Checkpoints and stages with one protection taken out: the fault gets through, so its test would fail."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import CheckpointError
from core.platform import files as files_here
from core.platform.files import LocalStorage
from core.platform.progress import silent
from core.platform.timelimit import StageTimeout
from core.registry.registry import Registry
from core.request import settings
from core.runs import execution
from core.runs.execution import Runner
from core.runs.inputs import is_complete
from core.runs.log import RunLog
from core.runs.plan import StagePlan, stage_plans
from core.runs.resolve import resolve
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Encoded

NOW = datetime(2026, 1, 5, tzinfo=UTC)
SLOT = Slot("clean", "2020-01-01-0123456789ab")
MADE_OF: dict[str, object] = {"inputs": []}
"""What a meta says beside its artifacts: made of nothing."""


def encoded(data):
    """An artifact of the clean stage with these bytes."""
    return Encoded("prices_clean.json", "prices_clean", "json", data, 1)


def files(folder):
    """Bytes by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- the commit


class Disk:
    """What a disk still has after the power went: synced bytes, under names whose folder was synced."""

    def __init__(self):
        self.synced, self.names = set(), {}
        self.real = os.fsync

    def fsync(self, descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if path.is_dir():
            self.names[path] = {entry.name for entry in path.iterdir()}
        else:
            self.synced.add(os.fstat(descriptor).st_ino)
        self.real(descriptor)

    def lose_power(self, folder):
        """Forget names that were never synced, and empty files that were not."""
        for path in folder.iterdir():
            if path.name not in self.names.get(folder, ()):
                path.unlink()
            elif path.stat().st_ino not in self.synced:
                path.write_bytes(b"")


@pytest.fixture
def disk(monkeypatch):
    """A disk that counts only what was synced."""
    made = Disk()
    monkeypatch.setattr(os, "fsync", made.fsync)
    return made


def test_a_power_loss_after_a_commit_takes_nothing_of_it(disk, tmp_path):
    """Every byte and every name was synced by then."""
    store = Store(tmp_path)
    store.commit(SLOT, [encoded(b"{}")], MADE_OF)
    disk.lose_power(store.folder(SLOT))
    assert store.meta(SLOT) is not None
    assert store.damage(SLOT) is None


def test_without_the_sync_of_files_a_power_loss_leaves_a_damaged_checkpoint(
    disk, tmp_path, monkeypatch, without
):
    """The protection taken out: names are there, their bytes are not."""
    store = Store(tmp_path)
    monkeypatch.setattr(files_here, "write_temporary", without(files_here.write_temporary, "os.fsync("))
    store.commit(SLOT, [encoded(b"{}")], MADE_OF)
    disk.lose_power(store.folder(SLOT))
    assert store.damage(SLOT) is not None


def test_without_the_sync_of_the_folder_a_power_loss_takes_a_commit_that_was_told(
    disk, tmp_path, monkeypatch, without
):
    """The protection taken out: the stage was done, and now there is nothing."""
    store = Store(tmp_path)
    monkeypatch.setattr(LocalStorage, "commit", without(LocalStorage.commit, "sync_folder(folder)"))
    store.commit(SLOT, [encoded(b"{}")], MADE_OF)
    disk.lose_power(store.folder(SLOT))
    assert files(store.folder(SLOT)) == {}


def overtaken(store, monkeypatch):
    """Commit while somebody else commits other bytes under the same key, just before our commit mark."""
    others = iter([encoded(b"other")])

    link = os.link

    def meanwhile(source, target):
        for artifact in others:
            Store(store.root).commit(SLOT, [artifact], {**MADE_OF, "run_id": "theirs"})
        link(source, target)

    monkeypatch.setattr(os, "link", meanwhile)
    return store.commit(SLOT, [encoded(b"ours")], {**MADE_OF, "run_id": "ours"})


def test_two_commits_of_one_key_leave_the_first_whole(tmp_path, monkeypatch):
    """Whoever comes second gets what the first committed."""
    store = Store(tmp_path)
    assert overtaken(store, monkeypatch).body["run_id"] == "theirs"
    assert store.damage(SLOT) is None


def test_without_the_exclusive_commit_the_second_mark_covers_the_firsts_artifacts(tmp_path, monkeypatch):
    """The protection taken out (a link that overwrites): a mark over bytes that are not its own."""
    monkeypatch.setattr(os, "link", shutil.copyfile)
    store = Store(tmp_path)
    assert overtaken(store, monkeypatch).body["run_id"] == "ours"
    assert "is damaged" in store.damage(SLOT)


def test_without_the_look_before_writing_an_edit_would_be_written_over(tmp_path, monkeypatch, without):
    """The protection taken out: a person's text in an uncommitted artifact is nowhere any more."""
    for protected in (True, False):
        store = Store(tmp_path / str(protected))
        store.folder(SLOT).mkdir(parents=True)
        (store.folder(SLOT) / "prices_clean.json").write_bytes(b"a person's")
        if not protected:
            monkeypatch.setattr(LocalStorage, "commit", without(LocalStorage.commit, "move_other("))
        store.commit(SLOT, [encoded(b"made")], MADE_OF)
        assert any(p.read_bytes() == b"a person's" for p in store.root.rglob("*.json")) is protected


def test_without_the_writers_error_a_full_disk_is_not_named(mount, monkeypatch):
    """The protection taken out (a write that keeps quiet): half a checkpoint, and no word of the disk."""
    store = Store(mount("size=32k") / "data")
    with pytest.raises(CheckpointError, match="No space left") as told:
        store.commit(SLOT, [encoded(b"x" * 60_000)], MADE_OF)
    assert told.value.exit_code == 30

    def quiet(folder, data):
        path = folder / f".tmp-{len(data)}"
        room = os.statvfs(folder)
        path.write_bytes(data[: max(0, room.f_bavail - 1) * room.f_frsize])
        return path

    monkeypatch.setattr(files_here, "write_temporary", quiet)
    try:
        store.commit(SLOT, [encoded(b"x" * 60_000)], MADE_OF)
    except CheckpointError as error:
        assert "No space left" not in str(error)  # noqa: PT017 - not raising at all is as bad
    assert store.damage(SLOT) is not None


# ---- a stage of a run


class Nobody:
    """Watches nothing."""

    def stage(self, stage, state, facts):
        """Ignore."""

    def progress(self, stage):
        """Ignore."""
        return silent


@pytest.fixture
def at_work(finished, small_request, root):
    """Plan a stage of the small run and make a runner: ``at_work("clean", "run", seed="8")``."""
    configured = settings.load(environ={"AFTERCLOSE_DATA": str(finished)}, folder=root)

    def make(stage, run_id, *, timeout_s=0.0, previous_model=None, **more):
        values = resolve({**small_request, "mode": "train", **more}, settings=configured, now=NOW)
        line = {plan.stage.name: plan for plan in stage_plans(values, "report").line()}
        runner = Runner(
            finished, RunLog(finished, run_id), NOW, Nobody(), retry_wait_s=0.01, timeout_s=timeout_s,
            previous_model=previous_model,
        )  # fmt: skip
        return runner, line[stage]

    return make


@pytest.fixture
def faulty(monkeypatch):
    """Make the computation of a stage raise so many times; returns the list of attempts."""
    real, attempts = execution.compute, []

    def spoil(times, error):
        def compute(stage, job):
            attempts.append(stage)
            if len(attempts) <= times:
                raise error
            return real(stage, job)

        monkeypatch.setattr(execution, "compute", compute)
        return attempts

    return spoil


def test_with_another_policy_the_gate_would_be_tried_again(at_work, faulty):
    """The protection taken out (retry = never): a fault of the gate passes unseen at the second try."""
    runner, plan = at_work("validate", "one", min_rows="29")
    attempts = faulty(1, ConnectionError("a fault"))
    with pytest.raises(ConnectionError):
        runner.run(plan)
    assert attempts == ["validate"]
    attempts.clear()
    runner.run(dataclasses.replace(plan, stage=dataclasses.replace(plan.stage, retry="transient")))
    assert attempts == ["validate"] * 2


def test_without_its_retries_a_safe_stage_fails_at_a_passing_fault(at_work, faulty):
    """The protection taken out: what two more tries ride out ends the run."""
    runner, plan = at_work("clean", "one", split_ratio="1.3")
    attempts = faulty(2, ConnectionError("a fault"))
    with pytest.raises(ConnectionError):
        dataclasses.replace(runner, retry_tries=1).run(plan)
    attempts.clear()
    runner.run(plan)
    assert len(attempts) == 3


def test_without_the_alarm_a_stage_over_its_limit_goes_on(at_work, monkeypatch):
    """The protection taken out: the stage that was to end after a fifth of a second is committed."""
    compute = execution.compute
    monkeypatch.setattr(execution, "compute", lambda *args: (time.sleep(0.5), compute(*args))[1])
    runner, plan = at_work("clean", "one", timeout_s=0.2, split_ratio="1.3")
    with pytest.raises(StageTimeout):
        runner.run(plan)
    monkeypatch.setattr(execution, "stage_limits", lambda *_: nullcontext())
    assert runner.run(plan) is not None


def test_without_the_sweep_temporaries_of_killed_writers_stay(at_work, monkeypatch, without):
    """The protection taken out: they are beside the checkpoint for good."""
    for protected, ratio in ((True, "1.3"), (False, "1.4")):
        runner, plan = at_work("clean", "one", split_ratio=ratio)
        half = runner.store.folder(plan.slot) / ".tmp-99999-0123456789ab"
        half.parent.mkdir()
        half.write_bytes(b"half")
        if not protected:
            monkeypatch.setattr(Runner, "run", without(Runner.run, "self.store.sweep("))
        runner.run(plan)
        assert half.exists() is not protected


def kept_instead(at_work, monkeypatch, finished):
    """Let training fail for good with a champion there; returns the runner and the plan."""
    (model,) = Registry(finished).ids()
    real = execution.compute

    def compute(stage, job):
        if job.parameters["mode"] == "train":
            raise ValueError("no fit today")
        return real(stage, job)

    monkeypatch.setattr(execution, "compute", compute)
    runner, plan = at_work("train_or_score", "one", previous_model=model, seed="8")
    runner.run(plan)
    return runner, plan


def test_a_kept_model_is_complete_only_for_the_run_that_kept_it(at_work, monkeypatch, finished):
    """The run goes on with it; for the next run nothing is there, and it trains."""
    runner, plan = kept_instead(at_work, monkeypatch, finished)
    assert is_complete(runner.store, runner.effective(plan), set())
    later, same = at_work("train_or_score", "two", seed="8")
    assert same.slot == plan.slot
    assert later.effective(same) == same
    assert not is_complete(later.store, later.effective(same), set())


def test_without_the_retained_key_the_failed_training_would_pass_for_done(at_work, monkeypatch, finished):
    """The protection taken out (the plain key): every later run takes the old model for the new one."""
    real = StagePlan.retaining
    monkeypatch.setattr(
        StagePlan, "retaining", lambda self, kept: dataclasses.replace(real(self, kept), slot=self.slot)
    )
    # under the same key the run would wait for its own lock
    monkeypatch.setattr(execution.locks, "hold", lambda *_, **__: nullcontext())
    kept_instead(at_work, monkeypatch, finished)
    later, plan = at_work("train_or_score", "two", seed="8")
    assert is_complete(later.store, later.effective(plan), set())
