"""Restoring: only what backups hold, judged whole before a byte is written; foreign, partial and inflated archives."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.errors import AftercloseError, CheckpointError, DataError, ParameterError
from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.identity import identity_of
from core.review.people import Person
from core.upkeep import archive, restoring
from core.upkeep.archive import MANIFEST, backup, export
from core.upkeep.members import is_member
from core.upkeep.restoring import restore
from tests.commands import changed_on_import
from tests.reliability.backups import packed, settings_over, tree

ME = Person("local:me", "Ann", "approver")
ADMIN = Person("local:me", "Ann", "admin")
GOOD = "models/0123456789ab.json"


# ---- names

STRANGE = [
    "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite-journal", "./keys/desk.pem", "keys//desk.pem",
    "keys/./desk.pem", "KEYS/desk.pem", "keys/desk.pem/", "keys/mallory.pem", "keys/desk.pem.old", "waivers.toml.old",
    "champion.json", "locks/launch.lock", "any/thing.sh", "luigi.cfg", "login.toml", "latest/report.txt",
    "journal.json", "root.json", "journal.sqlite/x", "quarantine/x", ".restoring-x/journal.sqlite",
    "checkpoints/clean/2020-01-01-0123456789ab/evil.sh", "checkpoints/none/2020-01-01-0123456789ab/meta.json",
    "checkpoints/clean/..-0123456789ab/meta.json", "checkpoints/clean/2020-01-01-0123456789ab/.tmp-1",
    "published/2020-01-01-0123456789ab/0123456789ab/.tmp-1", "models/a.json", "models/champions/../x.json",
    "models/champions/.json", "runs/../x/log.jsonl", "runs/r/evil.sh", "universes/x.txt", "\n", "", "keys/desk.pem\n",
    "keys\\desk.pem", "/keys/desk.pem", "../keys/desk.pem", "profiles/a/b.json", "models/0123456789AB.json",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE, ids=repr)
def test_a_name_that_no_backup_writes_is_refused_and_nothing_is_written(name, tmp_path):
    """Judged by its spelling, whatever it would mean to a file system; the good member beside it stays, too."""
    assert not is_member(name)
    if not name:
        return
    path = packed(tmp_path / "a.zip", [(GOOD, b"{}"), (name, b"x")])
    with pytest.raises(DataError) as caught:
        restore(settings_over(tmp_path / "data"), path, person=ME)
    assert caught.value.exit_code == 30
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_a_member_that_is_no_plain_file_is_refused(kind, tmp_path):
    """By its type, under a good name."""
    info = zipfile.ZipInfo(GOOD)
    info.external_attr = (kind | 0o777) << 16
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), packed(tmp_path / "a.zip", [(info, b"{}")]), person=ME)
    assert not (tmp_path / "data").exists()


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    """Which of the two would be judged, and which written?"""
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = packed(tmp_path / "a.zip", [(GOOD, b"{}"), (GOOD, b"[]")])
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), path, person=ME)


@pytest.mark.parametrize("digest", [7, None, ["x"], {"a": 1}])
def test_a_digest_that_is_no_text_is_one_error(digest, tmp_path):
    """It was an unexpected one before."""
    path = packed(tmp_path / "a.zip", [(GOOD, b"{}")], members={GOOD: digest})
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), path, person=ME)


def test_whatever_backup_and_export_write_can_be_restored(drafted, tmp_path):
    """Every name of theirs is one that restore takes; what is none of ours stays out, and is said."""
    (drafted / "models" / ".tmp-1-abcdef").write_bytes(b"half")
    (drafted / "models" / "notes.txt").write_text("mine")
    written = backup(settings_over(drafted), tmp_path / "b.zip", private_key_by=ADMIN)
    run = Journal(drafted).runs()[0]
    export(settings_over(drafted), run, tmp_path / "e.zip")
    for name in ("b.zip", "e.zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert [n for n in archive.namelist() if n != MANIFEST and not is_member(n)] == []
    assert any("none of ours" in words for words in written.left_out)


def test_an_archive_with_the_private_key_is_its_owners_alone_from_its_first_byte_on(
    drafted, tmp_path, monkeypatch
):
    """Also while it is written, where others could read the key out of it, and over a file that all may read."""
    modes, fill = [], archive._fill
    target, ours = tmp_path / "b.zip", os.umask(0o022)

    def watched(stream, *args):
        modes.append(stat.S_IMODE(os.fstat(stream.fileno()).st_mode))
        return fill(stream, *args)

    monkeypatch.setattr(archive, "_fill", watched)
    target.write_bytes(b"an earlier one")
    target.chmod(0o644)
    try:
        backup(settings_over(drafted), target, private_key_by=ADMIN, force=True)
        assert modes
        assert {*modes, stat.S_IMODE(target.stat().st_mode)} == {0o600}
        backup(settings_over(drafted), tmp_path / "c.zip")
        assert stat.S_IMODE((tmp_path / "c.zip").stat().st_mode) == 0o644
    finally:
        os.umask(ours)


@pytest.mark.parametrize("unnamed", [True, False])
def test_a_backup_that_is_killed_leaves_nothing_beside_its_target(
    unnamed, drafted, tmp_path, run_afterclose, monkeypatch
):
    """Half an archive of a large root fills a disk that nothing here ever tidies."""
    if (
        not unnamed
    ):  # as on a file system that knows no files without a name: what fails leaves nothing there either
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)

        def refused(*_):
            raise OSError(28, "no room")

        monkeypatch.setattr(archive, "_fill", refused)
        with pytest.raises(CheckpointError, match="no room"):
            backup(settings_over(drafted), tmp_path / "out" / "b.zip")
        assert list((tmp_path / "out").iterdir()) == []
        monkeypatch.undo()
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
        backup(settings_over(drafted), tmp_path / "out" / "b.zip")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.zip"]
        return
    change = (
        "import os\nfill = module._fill\nmodule._fill = lambda *args: (fill(*args), os.kill(os.getpid(), 9))"
    )
    (tmp_path / "out").mkdir()
    env = changed_on_import(tmp_path, "core.upkeep.archive", change)
    killed = run_afterclose("backup", str(tmp_path / "out" / "b.zip"), data=drafted, env=env)
    assert killed.code == -signal.SIGKILL
    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_judgement_of_names_a_log_would_rewrite_the_journal(tmp_path, monkeypatch):
    """The protection taken out: a member beside the journal that SQLite applies to it."""
    path = packed(tmp_path / "a.zip", [("journal.sqlite-wal", b"x" * 64)])
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), path, person=ME)
    monkeypatch.setattr(restoring, "is_member", lambda *_: True)
    restore(settings_over(tmp_path / "data"), path, person=ME)
    assert (tmp_path / "data" / "journal.sqlite-wal").exists()


# ---- what is there already


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_journal_or_what_belongs_to_one_is_refused_with_4_before_a_byte(ending, saved, tmp_path, fleet):
    """In one line; a leftover log would be read into the restored journal."""
    data = tmp_path / "other"
    data.mkdir()
    (data / f"{FILE_NAME}{ending}").write_bytes(b"x")
    done = fleet.run(fleet.afterclose("restore", str(saved)), data)
    assert done.returncode == 4
    assert len(done.err.splitlines()) == 1
    assert f"{FILE_NAME}{ending}" in done.err
    assert tree(data) == {f"{FILE_NAME}{ending}": b"x"}


def test_a_log_without_its_journal_is_named_by_every_command_that_needs_it(drafted, fleet):
    """`runs`, `gc` and a run say which file was left behind."""
    holder = sqlite3.connect(drafted / FILE_NAME)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM run").fetchall()
    Journal(drafted).event("x", "clean", "started", {})
    (drafted / FILE_NAME).rename(drafted.parent / "elsewhere.sqlite")
    for words in (["runs"], ["gc"]):
        done = fleet.run(fleet.afterclose(*words), drafted)
        assert f"{FILE_NAME}-wal was left behind" in done.err
    holder.close()


def test_without_the_look_for_a_log_a_restored_journal_would_be_another(
    drafted, saved, tmp_path, monkeypatch
):
    """The protection taken out: the left log's pages are in the restored journal."""
    holder = sqlite3.connect(drafted / FILE_NAME)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM run").fetchall()
    Journal(drafted).add_run("late", who="a", how="desk", request={}, target="report", state="failed")
    data = tmp_path / "other"
    data.mkdir()
    shutil.copy(drafted / f"{FILE_NAME}-wal", data)
    holder.close()
    with pytest.raises(ParameterError):
        restore(settings_over(data), saved, person=ME)
    monkeypatch.setattr(restoring, "_refuse_beside_a_journal", lambda *_: None)
    restore(settings_over(data), saved, person=ME)
    try:
        assert Journal(data, read_only=True).run("late") is not None
    except AftercloseError as error:
        assert "journal" in str(error)  # noqa: PT017 - a journal that cannot be read is as bad


@pytest.mark.parametrize("name", ["p%41", "h#1", "q?x", "a b&mode=rwc"])
def test_signs_of_an_address_in_a_data_roots_path_are_signs_of_its_name(saved, tmp_path, name):
    """The journal that is judged is the staged one: a whole one is restored, a damaged one is not."""
    assert restore(settings_over(tmp_path / name), saved, person=ME).written
    damaged = _with_a_damaged_journal(saved, tmp_path / "damaged.zip")
    (tmp_path / "other").mkdir()
    for folder in (tmp_path / "other" / name, tmp_path / "other" / "plain"):
        with pytest.raises(DataError, match="the journal of the archive is"):
            restore(settings_over(folder), damaged, person=ME)
        assert not (folder / FILE_NAME).exists()
    assert {path.name for path in (tmp_path / "other").iterdir()} <= {name, "plain"}


def _with_a_damaged_journal(source, target):
    """The same archive with bytes changed within its journal, and a manifest that fits."""
    with zipfile.ZipFile(source) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    manifest = json.loads(held.pop(MANIFEST))
    data = held[FILE_NAME]
    held[FILE_NAME] = data[: len(data) // 2] + b"\xff" * 4096 + data[len(data) // 2 + 4096 :]
    return packed(target, list(held.items()), archive=manifest["archive"], root=manifest["root"])


@pytest.mark.parametrize("kind", ["x", "", "Backup"])
def test_a_foreign_backup_is_refused_whatever_it_calls_itself(saved, tmp_path, kind):
    """A kind that there is not is none; one that says none, as of an earlier version, is of its journal's root."""
    source, root = tmp_path / "a.zip", tmp_path / "root"
    with zipfile.ZipFile(saved) as from_elsewhere:
        members = [
            (name, from_elsewhere.read(name)) for name in from_elsewhere.namelist() if name != MANIFEST
        ]
        of = json.loads(from_elsewhere.read(MANIFEST))["root"]
    Journal(root)
    for path in root.glob(f"{FILE_NAME}*"):
        path.unlink()
    shutil.rmtree(root / "locks", ignore_errors=True)
    before = {*tree(root)}
    assert identity_of(root) not in ("", of)
    for told in (of, "", identity_of(root)):
        with pytest.raises(DataError) as caught:
            restore(settings_over(root), packed(source, members, archive=kind, root=told), person=ME)
        assert caught.value.exit_code == 30
        assert {name for name in tree(root) if not name.startswith("locks/")} == before


@pytest.mark.parametrize("kind", ["", "backup"])
@pytest.mark.parametrize("name", ["waivers.toml", "models/champions/x.json", "profiles/files:x.json"])
def test_what_decides_comes_into_no_root_without_its_journal(saved, tmp_path, kind, name):
    """Whoever sends an archive says of which root it is, and leaves out the journal that would say otherwise."""
    root = tmp_path / "root"
    Journal(root)
    for told in ("", identity_of(root)):
        path = packed(tmp_path / "a.zip", [(name, b"{}"), (GOOD, b"{}")], archive=kind, root=told)
        with pytest.raises(DataError, match="and no journal"):
            restore(settings_over(root), path, person=ME)
    assert not (root / name).exists()
    assert not (root / GOOD).exists()


def test_what_is_there_stays_and_is_named_where_it_differs(saved, tmp_path):
    """Nothing is written over; other bytes under the same name are said."""
    data = tmp_path / "other"
    with zipfile.ZipFile(saved) as archive:
        name = next(n for n in archive.namelist() if n.startswith("models/"))
    (data / name).parent.mkdir(parents=True)
    (data / name).write_bytes(b"mine")
    restored = restore(settings_over(data), saved, person=ME)
    assert restored.other == (name,)
    assert (data / name).read_bytes() == b"mine"
    assert restored.faults


# ---- size


def test_an_archive_that_unpacks_to_more_than_a_hundred_times_its_size_is_refused(tmp_path):
    """From its directory alone: nothing is unpacked, in no time."""
    path = packed(tmp_path / "bomb.zip", [(GOOD, b"0" * (64 << 20))])
    with pytest.raises(DataError, match="would unpack to"):
        restore(settings_over(tmp_path / "data"), path, person=ME)
    assert not (tmp_path / "data").exists()


def test_a_backup_of_what_packs_well_can_be_restored(drafted, tmp_path):
    """A journal that is mostly empty packs to a thousandth: it is stored as it is instead."""
    raw = sqlite3.connect(drafted / FILE_NAME)
    raw.execute("CREATE TABLE ballast (data BLOB)")
    raw.execute("INSERT INTO ballast VALUES (zeroblob(60000000))")
    raw.commit()
    raw.close()
    backup(settings_over(drafted), tmp_path / "b.zip")
    assert (tmp_path / "b.zip").stat().st_size * 100 >= 60_000_000
    restored = restore(settings_over(tmp_path / "other"), tmp_path / "b.zip", person=ME)
    assert restored.faults == ()


def test_without_the_limit_a_small_file_would_fill_the_disk(tmp_path, monkeypatch):
    """The protection taken out: 64 kB become 64 MB, and more would become more."""
    path = packed(tmp_path / "bomb.zip", [(GOOD, b"0" * (64 << 20))])
    monkeypatch.setattr(restoring, "_judge_sizes", lambda infos, source: None)
    restore(settings_over(tmp_path / "data"), path, person=ME)
    assert (tmp_path / "data" / GOOD).stat().st_size == 64 << 20 > 100 * path.stat().st_size


@pytest.mark.slow
def test_a_large_archive_is_restored_in_little_memory(drafted, tmp_path):
    """By pieces: 400 MB of a member add less than 200 MB to the process."""
    noise = os.urandom(1 << 20)
    raw = sqlite3.connect(drafted / FILE_NAME)
    raw.execute("CREATE TABLE ballast (data BLOB)")
    for _ in range(400):
        raw.execute("INSERT INTO ballast VALUES (?)", [noise])
    raw.commit()
    raw.close()
    path = packed(
        tmp_path / "a.zip", [(FILE_NAME, (drafted / FILE_NAME).read_bytes())], root=identity_of(drafted)
    )
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom tests.reliability.test_restoring import *\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "restoring.verify = lambda *_, **__: type('V', (), {'faults': ()})\n"
        "restore(settings_over(Path(sys.argv[2])), Path(sys.argv[1]), person=ME)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    words = [sys.executable, "-c", code, str(path), str(tmp_path / "other")]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert int(done.stdout) < 200_000
    assert resource.RUSAGE_SELF == 0
