"""Every checkpoint damaged in every way: named, moved to quarantine with a person's edits, made again."""

from __future__ import annotations

import json
import shutil

import pytest

from core.cli.main import group
from core.store.checkpoints import Slot, Store

LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def main_artifact(folder):
    """The stage's first artifact, as its meta lists it."""
    return folder / json.loads((folder / "meta.json").read_text())["artifacts"][0]["file"]


def edited(path):
    """One digit changed, as a person would with an editor."""
    data = path.read_bytes()
    place = next(i for i in range(len(data) // 2, len(data)) if data[i : i + 1].isdigit())
    other = b"7" if data[place : place + 1] != b"7" else b"3"
    path.write_bytes(data[:place] + other + data[place + 1 :])


def with_nan(path):
    """A number replaced by NaN, which Python's own json would accept."""
    data = path.read_bytes()
    place = next(i for i in range(len(data) // 2, len(data)) if data[i : i + 1].isdigit())
    path.write_bytes(data[:place] + b"NaN" + data[place + 1 :])


WAYS = {
    "truncated": lambda folder: (a := main_artifact(folder)).write_bytes(a.read_bytes()[: a.stat().st_size // 2]),
    "edited": lambda folder: edited(main_artifact(folder)),
    "zero bytes": lambda folder: main_artifact(folder).write_bytes(b""),
    "NaN": lambda folder: with_nan(main_artifact(folder)),
    "deeply nested": lambda folder: main_artifact(folder).write_bytes(b"[" * 200_000 + b"]" * 200_000),
    "deleted": lambda folder: main_artifact(folder).unlink(),
    "meta edited": lambda folder: edited(folder / "meta.json"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_checkpoint_damaged_at_once_is_named_kept_and_made_again(
    way, finished, fleet, lookers, looks, undisturbed, capsys
):
    """All seven at once: verify names each, the rerun quarantines each with its bytes and makes the same anew."""
    damaged = {}
    for stage in LINE:
        folder = lookers.folder_of(finished, stage)
        WAYS[way](folder)
        damaged[stage] = {p.name: p.read_bytes() for p in folder.iterdir()}
    seen = fleet.run(fleet.afterclose("verify", "--json"), finished)
    told = json.loads(seen.out)
    assert seen.returncode == 30
    assert {fault["which"].split("/")[0] for fault in told["faults"]} == set(LINE)

    rerun = fleet.run(fleet.luigi(), finished)
    assert rerun.returncode == 0, rerun.err
    assert lookers.artifacts(finished) == undisturbed
    survived = 0
    for stage in LINE:
        (kept,) = (finished / "quarantine" / stage).iterdir()
        assert {p.name: p.read_bytes() for p in kept.iterdir()} == damaged[stage]
        assert f"{stage:<17} quarantined" in rerun.err
        survived += 1
    assert looks.events(finished, "quarantined") == list(LINE)
    whole = fleet.run(fleet.afterclose("verify"), finished)
    assert (whole.returncode, whole.out.strip().endswith("all whole")) == (0, True)
    with capsys.disabled():
        print(f"\n{way}: survived {survived} of {len(LINE)}")  # noqa: T201 - the count is asked for


def test_without_the_hash_an_edit_would_go_through(finished, lookers, monkeypatch):
    """The protection taken out: a store that trusts what it finds calls an edited checkpoint whole."""
    edited(main_artifact(lookers.folder_of(finished, "clean")))
    slot = Slot("clean", lookers.folder_of(finished, "clean").name)
    assert "is damaged" in Store(finished).damage(slot)
    monkeypatch.setattr(Store, "_verify", lambda *_, **__: None)
    assert Store(finished).damage(slot) is None


def test_verify_names_what_is_damaged_and_quick_trusts_sizes(finished, lookers, monkeypatch):
    """An edit of the same length is found by hashing and, as said, not by --quick; a cut is found by both."""
    from click.testing import CliRunner

    monkeypatch.setenv("AFTERCLOSE_DATA", str(finished))
    artifact = main_artifact(lookers.folder_of(finished, "clean"))
    edited(artifact)
    full = CliRunner().invoke(group, ["verify"], standalone_mode=False)
    assert full.return_value == 30
    assert f"damaged checkpoint clean/{artifact.parent.name}: {artifact}" in full.output
    assert CliRunner().invoke(group, ["verify", "--quick"], standalone_mode=False).return_value == 0
    artifact.write_bytes(artifact.read_bytes()[:-1])
    assert CliRunner().invoke(group, ["verify", "--quick"], standalone_mode=False).return_value == 30


def test_a_persons_file_in_place_of_an_uncommitted_one_is_kept(finished, fleet, lookers, undisturbed):
    """With the commit mark deleted, an edited artifact is nobody's checkpoint; it is still not written over."""
    folder = lookers.folder_of(finished, "report")
    (folder / "meta.json").unlink()
    (folder / "report.txt").write_text("what a person wrote\n")
    rerun = fleet.run(fleet.luigi(), finished)
    assert rerun.returncode == 0, rerun.err
    assert lookers.artifacts(finished) == undisturbed
    (kept,) = (finished / "quarantine" / "report").iterdir()
    assert (kept / "report.txt").read_text() == "what a person wrote\n"


def test_a_folder_where_an_artifact_belongs_is_moved_away(finished, fleet, lookers, undisturbed):
    """Whatever stands in the way of a commit goes to quarantine instead of failing every later run."""
    folder = lookers.folder_of(finished, "report")
    shutil.rmtree(folder)
    (folder / "report.txt").mkdir(parents=True)
    rerun = fleet.run(fleet.luigi(), finished)
    assert rerun.returncode == 0, rerun.err
    assert lookers.artifacts(finished) == undisturbed


def test_stale_temporaries_are_swept_by_the_next_writer(finished, fleet, lookers, undisturbed):
    """What a killed writer left beside a checkpoint is removed under its lock, before it is made again."""
    folder = lookers.folder_of(finished, "clean")
    (folder / "meta.json").unlink()
    (folder / ".tmp-99999-0123456789ab").write_bytes(b"half")
    rerun = fleet.run(fleet.luigi(), finished)
    assert rerun.returncode == 0, rerun.err
    assert list(folder.glob(".tmp-*")) == []
    assert lookers.artifacts(finished) == undisturbed


def test_temporaries_of_a_writer_at_work_are_left_alone(finished, lookers):
    """Reading, verifying and listing never sweep: only who holds the lock may."""
    folder = lookers.folder_of(finished, "clean")
    half = folder / ".tmp-99999-0123456789ab"
    half.write_bytes(b"half")
    store = Store(finished)
    assert store.damage(Slot("clean", folder.name)) is None
    assert half.exists()
    assert store.sweep(Slot("clean", folder.name)) == 1
