"""No room, no inodes, no permission to write: named in one line, and nothing committed suffers."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from core.store.checkpoints import Slot, Store

pytestmark = pytest.mark.slow


def lines_about(err, words):
    """The lines that name the cause."""
    return [line for line in err.splitlines() if words in line]


@pytest.mark.parametrize("kilobytes", [64, 160, 224, 288])
def test_a_full_disk_is_named_and_the_run_goes_on_once_there_is_room(
    kilobytes, mount, remount, fleet, lookers, looks, undisturbed
):
    """Wherever the room ends, exit 30 and one line with the cause; with room, the rerun gives the same bytes."""
    disk = mount(f"size={kilobytes}k")
    data = disk / "data"
    full = fleet.run(fleet.luigi(), data)
    assert full.returncode == 30, full.err
    assert len(lines_about(full.err, "No space left on device")) >= 1, full.err
    assert len(full.err.splitlines()) < 15
    assert "Traceback" not in full.err
    assert looks.torn(data) == []
    remount(disk, "size=16m")
    again = fleet.run(fleet.luigi(), data)
    assert again.returncode == 0, again.err
    assert lookers.artifacts(data) == undisturbed
    assert looks.runs(data)[0].state == "succeeded"


def test_other_runs_data_survives_a_full_disk(mount, remount, fleet, finished, copy_of, lookers, looks):
    """What another run committed before is byte for byte the same after a run that found no room."""
    disk = mount("size=16m")
    data = copy_of(finished, disk / "data")
    before = lookers.committed(data)
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(b"x" * (room.f_bavail * room.f_frsize - 150 * 1024))
    full = fleet.run(fleet.luigi("--min-rows", "31"), data)
    assert full.returncode == 30, full.err
    after = lookers.committed(data)
    assert before.items() <= after.items()
    assert looks.torn(data) == []
    (disk / "ballast").unlink()
    again = fleet.run(fleet.luigi("--min-rows", "31"), data)
    assert again.returncode == 0, again.err


@pytest.mark.parametrize("inodes", [12, 20, 30])
def test_a_disk_without_inodes_is_named_and_the_run_goes_on_once_there_are_some(
    inodes, mount, remount, fleet, lookers, looks, undisturbed
):
    """Room without inodes: the same message, the same recovery."""
    disk = mount(f"size=16m,nr_inodes={inodes}")
    data = disk / "data"
    full = fleet.run(fleet.luigi(), data)
    assert full.returncode == 30, full.err
    assert len(lines_about(full.err, "No space left on device")) >= 1, full.err
    assert "Traceback" not in full.err
    assert looks.torn(data) == []
    remount(disk, "nr_inodes=1000")
    again = fleet.run(fleet.luigi(), data)
    assert again.returncode == 0, again.err
    assert lookers.artifacts(data) == undisturbed


@pytest.fixture
def read_only(mount, remount, finished, copy_of):
    """A finished data root on a file system that is mounted read-only."""
    disk = mount("size=16m")
    data = copy_of(finished, disk / "data")
    remount(disk, "ro")
    return data


def test_a_read_only_root_with_nothing_to_do_exits_0_and_says_it_was_not_recorded(read_only, fleet, lookers):
    """The report is printed, nothing is written, and the run says that no journal has it."""
    before = lookers.tree(read_only)
    done = fleet.run(fleet.luigi(), read_only)
    assert done.returncode == 0, done.err
    assert "this run was not recorded" in done.err
    assert "Read-only file system" in done.err
    assert done.out == (lookers.folder_of(read_only, "report") / "report.txt").read_text()
    assert lookers.tree(read_only) == before


def test_afterclose_run_on_a_read_only_root_does_as_luigi_does(read_only, fleet, lookers):
    """Nothing to make: the report and 0. Something to make: one line with the cause, and 30."""
    before = lookers.tree(read_only)
    done = fleet.run(fleet.supervised(), read_only)
    assert done.returncode == 0, done.err
    assert "this run was not recorded" in done.err
    assert done.out == (lookers.folder_of(read_only, "report") / "report.txt").read_text()
    refused = fleet.run(fleet.supervised("--split-ratio", "1.3"), read_only)
    assert refused.returncode == 30
    assert len(lines_about(refused.err, "Read-only file system")) == len(refused.err.splitlines()) == 1
    assert lookers.tree(read_only) == before


def test_a_read_only_root_with_something_to_make_exits_30_and_names_the_cause(read_only, fleet, lookers):
    """One line says what could not be written and why."""
    before = lookers.tree(read_only)
    done = fleet.run(fleet.luigi("--split-ratio", "1.3"), read_only)
    assert done.returncode == 30, done.err
    assert lines_about(done.err, "Read-only file system")
    assert "Traceback" not in done.err
    assert lookers.tree(read_only) == before


def test_everything_that_only_reads_works_on_a_read_only_root(read_only, fleet, tmp_path):
    """runs, show, verify, gc without --yes, export and backup; what writes says why it cannot."""
    listed = fleet.run(fleet.afterclose("runs", "--json"), read_only)
    assert listed.returncode == 0, listed.err
    (run,) = json.loads(listed.out)
    assert run["state"] == "succeeded"
    for words in (
        ["show", run["run_id"]],
        ["verify"],
        ["gc"],
        ["export", run["run_id"], "--output", str(tmp_path / "run.zip")],
        ["backup", str(tmp_path / "backup.zip")],
    ):
        done = fleet.run(fleet.afterclose(*words), read_only)
        assert done.returncode == 0, (words, done.err)
    refused = fleet.run(fleet.supervised("--split-ratio", "1.3"), read_only)
    assert refused.returncode == 30, refused.err
    assert len(refused.err.splitlines()) == 1
    into = fleet.run(fleet.afterclose("backup", str(read_only / "backup.zip")), read_only)
    assert into.returncode == 30
    assert "Read-only file system" in into.err


def test_a_journal_with_a_leftover_log_is_read_whole_on_a_read_only_root(
    mount, remount, finished, copy_of, tmp_path
):
    """A killed writer leaves rows in the -wal; opening as immutable would silently miss them."""
    import sqlite3

    from core.journal import Journal

    disk = mount("size=16m")
    writer = Journal(finished)
    holder = sqlite3.connect(finished / "journal.sqlite")
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM run").fetchall()  # keeps the write-ahead log in place, as a kill would
    writer.add_run("late", who="a", how="terminal", request={}, target="report", state="failed")
    data = copy_of(finished, disk / "data")
    holder.close()
    remount(disk, "ro")
    assert (data / "journal.sqlite-wal").stat().st_size > 0
    assert Journal(data, read_only=True).run("late") is not None
    uri = f"file:{data / 'journal.sqlite'}?mode=ro&immutable=1"
    blind = sqlite3.connect(uri, uri=True)
    assert blind.execute("SELECT COUNT(*) FROM run WHERE run_id = 'late'").fetchone() == (0,)
    blind.close()


def test_without_the_check_of_each_write_a_full_disk_would_commit_a_torn_artifact(mount, monkeypatch):
    """The protection taken out: a writer that does not go through a temporary file leaves half an artifact."""
    from core.errors import CheckpointError
    from core.platform import files
    from core.tables.artifacts import Encoded

    disk = mount("size=32k")
    slot, big = Slot("clean", "big"), Encoded("prices_clean.json", "prices_clean", "json", b"x" * 60_000, 1)
    store = Store(disk / "data")
    with pytest.raises(CheckpointError, match="No space left"):
        store.commit(slot, [big], {})
    assert list(store.folder(slot).iterdir()) == []

    def straight(folder, data):
        path = folder / "prices_clean.json"
        with path.open("wb") as stream:
            stream.write(data)
        return path

    monkeypatch.setattr(files, "write_temporary", straight)
    with pytest.raises(CheckpointError, match="No space left"):
        store.commit(slot, [big], {})
    assert [p.name for p in store.folder(slot).iterdir()] == ["prices_clean.json"]
    shutil.rmtree(disk / "data")
