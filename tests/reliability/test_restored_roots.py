"""Whose an archive is, what it lacks, and what can be done after it was brought back."""

from __future__ import annotations

import json
import sqlite3
import zipfile

import pytest

from core.errors import CheckpointError, DataError, ParameterError
from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.identity import ROOT_NAME, identity_of
from core.review.people import Person
from core.upkeep import members, restoring
from core.upkeep.archive import MANIFEST, backup
from core.upkeep.restoring import restore
from core.upkeep.verification import verify
from tests.reliability.backups import packed, settings_over, tree

ME = Person("local:me", "Ann", "approver")
ADMIN = Person("local:me", "Ann", "admin")
GOOD = "models/0123456789ab.json"


# ---- whose


def test_a_root_has_a_name_that_its_backup_carries_and_a_copy_keeps(drafted, saved, tmp_path):
    """Also a journal that is begun anew in the same root takes it, so an old backup still belongs here."""
    name = identity_of(drafted)
    assert len(name) == 32
    with zipfile.ZipFile(saved) as archive:
        assert json.loads(archive.read(MANIFEST))["root"] == name
    for path in drafted.glob(f"{FILE_NAME}*"):
        path.unlink()
    Journal(drafted)
    raw = sqlite3.connect(drafted / FILE_NAME)
    assert raw.execute("SELECT id FROM identity").fetchone() == (name,)
    raw.close()
    (drafted / FILE_NAME).unlink()
    for path in drafted.glob(f"{FILE_NAME}-*"):
        path.unlink()
    assert restore(settings_over(drafted), saved, person=ME).faults == ()


def test_an_old_root_gets_its_name_from_its_journal(drafted):
    """The file is new; the journal had a name before."""
    raw = sqlite3.connect(drafted / FILE_NAME)
    (name,) = raw.execute("SELECT id FROM identity").fetchone()
    raw.close()
    (drafted / ROOT_NAME).unlink()
    Journal(drafted)
    assert identity_of(drafted) == name


def test_a_backup_of_another_root_is_refused_before_a_byte(drafted, saved, tmp_path, monkeypatch):
    """Named with both; without that, the protection taken out, checkpoints of one lie beside the journal of another."""
    data = tmp_path / "other"
    Journal(data)
    for path in data.glob(f"{FILE_NAME}*"):
        path.unlink()
    before = tree(data)
    with pytest.raises(DataError, match="is a backup of data root") as caught:
        restore(settings_over(data), saved, person=ME)
    assert caught.value.exit_code == 30
    assert tree(data) == before
    monkeypatch.setattr(restoring, "_judge_root", lambda *_: None)
    with pytest.raises(DataError, match="the archive's journal is that of data root"):
        restore(settings_over(data), saved, person=ME)  # the second protection
    assert not (data / "checkpoints").exists()
    monkeypatch.setattr(restoring, "_judge_journal", lambda *_: None)
    restore(settings_over(data), saved, person=ME)
    assert (data / FILE_NAME).exists()


def test_a_journal_of_another_root_in_an_archive_is_refused(drafted, tmp_path):
    """The manifest says one name and the journal another."""
    path = packed(
        tmp_path / "a.zip", [(FILE_NAME, (drafted / FILE_NAME).read_bytes())], root="0" * 32, archive="backup"
    )
    with pytest.raises(DataError, match="another data root"):
        restore(settings_over(tmp_path / "data"), path, person=ME)
    assert not (tmp_path / "data" / FILE_NAME).exists()


def test_a_journal_that_is_damaged_in_the_archive_is_refused(drafted, tmp_path):
    """Its digest fits, its pages do not."""
    data = (drafted / FILE_NAME).read_bytes()
    scratched = data[:8192] + b"\xff" * (len(data) - 8192)
    path = packed(tmp_path / "a.zip", [(FILE_NAME, scratched)])
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), path, person=ME)
    assert not (tmp_path / "data" / FILE_NAME).exists()
    path = packed(tmp_path / "b.zip", [(FILE_NAME, b"no database at all")])
    with pytest.raises(DataError, match="no database"):
        restore(settings_over(tmp_path / "data"), path, person=ME)


def test_a_partial_archive_is_named_with_what_is_missing(drafted, saved, tmp_path, fleet):
    """A checkpoint that a signature rests on was taken out, and the manifest made to fit."""
    with zipfile.ZipFile(saved) as archive:
        body = json.loads(archive.read(MANIFEST))
        contents = [(n, archive.read(n)) for n in archive.namelist() if n != MANIFEST and "/clean/" not in n]
    path = packed(tmp_path / "p.zip", contents, archive="backup", root=body["root"])
    done = fleet.run(fleet.afterclose("restore", str(path)), tmp_path / "other")
    assert done.returncode == 30
    assert "the archive is partial" in done.out
    assert "clean/" in done.out


# ---- backups


def test_a_backup_writes_over_nothing_unless_told_to(drafted, saved, fleet):
    """4 and one line; with --force it does."""
    before = saved.read_bytes()
    refused = fleet.run(fleet.afterclose("backup", str(saved)), drafted)
    assert refused.returncode == 4
    assert "--force" in refused.err
    assert len(refused.err.splitlines()) == 1
    assert saved.read_bytes() == before
    assert fleet.run(fleet.afterclose("backup", str(saved), "--force"), drafted).returncode == 0


def test_a_backup_says_what_it_does_not_hold(finished, fleet, tmp_path):
    """Nothing was drafted: no checkpoint is in it, nor the logs, nor what lies outside the data root."""
    done = fleet.run(fleet.afterclose("backup", str(tmp_path / "b.zip")), finished)
    assert done.returncode == 0
    left_out = [line for line in done.out.splitlines() if line.startswith("not in it: ")]
    assert any("7 checkpoints" in line for line in left_out)
    assert any("logs of 1 runs" in line for line in left_out)
    assert any("luigi.cfg" in line for line in left_out)


AFTERWARDS = (
    ["runs"], ["runs", "--json"], ["show"], ["show", "RUN"], ["show", "RUN", "--json"], ["models"], ["predict"],
    ["scorecard"], ["review"], ["reports"], ["compare"], ["profiles"], ["verify"], ["gc"], ["gc", "--yes"],
    ["doctor", "--offline"], ["export", "RUN"], ["backup", "again.zip"], ["schedules"], ["deadman"], ["keys"],
    ["metrics"], ["dag"],
)  # fmt: skip


@pytest.mark.slow
def test_after_a_restore_every_command_works_and_says_which_files_are_gone(finished, tmp_path, fleet):
    """A run whose checkpoints are in no backup: codes of the contract, nothing unexpected, and `show` names them."""
    backup(settings_over(finished), tmp_path / "b.zip")
    data = tmp_path / "other"
    assert restore(settings_over(data), tmp_path / "b.zip", person=ME).faults == ()
    run = Journal(data, read_only=True).runs()[0].run_id
    for words in AFTERWARDS:
        done = fleet.run(
            fleet.afterclose(*(run if word == "RUN" else word for word in words)), data, cwd=tmp_path
        )
        assert done.returncode in (0, 4, 20, 30), (words, done.returncode, done.err)
        assert "unexpected" not in done.err, (words, done.err)
    shown = fleet.run(fleet.afterclose("show", run), data)
    assert shown.returncode == 0, shown.err
    assert "gone" in shown.out
    assert verify(settings_over(data)).faults == ()
    assert fleet.run(fleet.luigi(), data).returncode == 0


def test_a_full_disk_leaves_a_root_that_the_same_command_finishes(saved, mount, remount):
    """Out of room half-way, then room: nothing of the first try is in the way."""
    disk = mount("size=300k")
    data = disk / "data"
    with pytest.raises(CheckpointError, match="No space left"):
        restore(settings_over(data), saved, person=ME)
    assert not (data / FILE_NAME).exists()
    assert list(data.glob(f"{members.STAGING}*")) == []
    remount(disk, "size=16m")
    assert restore(settings_over(data), saved, person=ME).faults == ()


@pytest.mark.parametrize("told", ["", "another", "own"])
def test_a_root_whose_name_was_taken_away_is_known_by_its_journal(tmp_path, told):
    """Whoever can remove a file there has a stranger's decisions brought in by the next restore."""
    root = tmp_path / "root"
    Journal(root)
    own = identity_of(root)
    (root / "root.json").unlink()
    name = {"": "", "another": "0" * 32, "own": own}[told]
    path = packed(tmp_path / "a.zip", [("waivers.toml", b""), (GOOD, b"{}")], archive="backup", root=name)
    with pytest.raises(DataError, match="of data root" if told == "another" else "and no journal"):
        restore(settings_over(root), path, person=ME)
    assert not (root / "waivers.toml").exists()
    assert identity_of(root) == ""


@pytest.mark.parametrize("moment", ["_judge_journal", "_move"])
def test_a_journal_that_a_run_began_after_a_restore_was_killed_is_not_taken_for_the_archives(
    saved, tmp_path, monkeypatch, moment
):
    """It takes the name that the data root has by then; nothing that the archive holds would come."""
    data = tmp_path / "data"

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoring, moment, killed)
        with pytest.raises(KeyboardInterrupt):
            restore(settings_over(data), saved, person=ME)
    facts = {"who": "a", "how": "terminal", "request": {}, "target": "report", "state": "running"}
    Journal(data).add_run("now", **facts)
    with pytest.raises((ParameterError, DataError)):
        restore(settings_over(data), saved, person=ME)
    for path in data.glob(f"{FILE_NAME}*"):
        path.unlink()
    (data / ROOT_NAME).unlink()
    assert restore(settings_over(data), saved, person=ME).faults == ()
    assert Journal(data).run("now") is None


def test_a_journal_that_a_run_begins_while_an_archive_comes_is_not_taken_for_the_archives(
    saved, tmp_path, monkeypatch
):
    """All the rest has its place by then, and the journal has not."""
    data, move = tmp_path / "data", restoring._move

    def begun(staged, target):
        if target.name == FILE_NAME:
            Journal(data)
        return move(staged, target)

    monkeypatch.setattr(restoring, "_move", begun)
    with pytest.raises(ParameterError, match="has a journal already"):
        restore(settings_over(data), saved, person=ME)


def test_a_journal_that_was_begun_before_the_archives_was_unpacked_is_not_taken_for_it(
    saved, tmp_path, monkeypatch
):
    """Where the journal alone was lost all other files are there: that says nothing of it."""
    data, unpack = tmp_path / "data", restoring._unpack
    restore(settings_over(data), saved, person=ME)
    for path in data.glob(f"{FILE_NAME}*"):
        path.unlink()

    def killed(archive, name, target):
        if name == FILE_NAME:
            raise KeyboardInterrupt
        unpack(archive, name, target)

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_unpack", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(settings_over(data), saved, person=ME)
    Journal(data).count_runs()
    with pytest.raises(ParameterError, match="has a journal already"):
        restore(settings_over(data), saved, person=ME)
    for path in data.glob(f"{FILE_NAME}*"):
        path.unlink()
    assert restore(settings_over(data), saved, person=ME).written == 1


def test_a_restore_that_was_killed_while_it_tidied_is_done(saved, tmp_path, monkeypatch):
    """All has its place by then: doing it again says so, and leaves no staging."""
    data, tidy = tmp_path / "data", restoring.shutil.rmtree

    def killed(path, **more):
        (path / FILE_NAME).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoring.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(settings_over(data), saved, person=ME)
    assert tidy is restoring.shutil.rmtree
    again = restore(settings_over(data), saved, person=ME)
    assert (again.written, again.faults) == (0, ())
    assert not list(data.glob(".restoring*"))
