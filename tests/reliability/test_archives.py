"""What is packed and brought back: backup, restore, export, and archives that try to do harm."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from core.errors import AftercloseError, CheckpointError, DataError
from core.fingerprint import sha256
from core.journal import Journal
from core.request import settings
from core.review import ledger
from core.review.people import Person
from core.store.checkpoints import Store
from core.store.lineage import slots
from core.upkeep import archive
from core.upkeep.archive import MANIFEST, backup
from core.upkeep.members import EXPORT, is_member
from core.upkeep.restoring import restore
from core.upkeep.verification import verify

ME = Person("local:me", "Ann", "approver")
LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def settings_over(data):
    """Settings over a data root that is not there yet."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=data.parent.parent)


def packed(path, members, *, manifest=None):
    """A zip with these members (name or ZipInfo, bytes) and a manifest that fits them unless one is given."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
        told = {getattr(n, "filename", n): sha256(d) for n, d in members} if manifest is None else manifest
        archive.writestr(MANIFEST, json.dumps({"format": 1, "kind": "archive", "members": told}))
    return path


def link(name, target):
    """A member that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info, target.encode()


HOSTILE = {
    "parent": lambda: [("../evil.txt", b"x")],
    "parent inside": lambda: [("models/../../evil.txt", b"x")],
    "absolute": lambda: [("/evil.txt", b"x")],
    "backslash": lambda: [("..\\evil.txt", b"x")],
    "link": lambda: [link("models/evil", "/etc/passwd")],
    "folder": lambda: [("models/evil/", b"")],
    "this folder": lambda: [("./", b"")],
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_member_that_would_leave_the_data_root_is_refused_and_nothing_is_written(trick, tmp_path):
    """Judged whole before a byte is written: also the good members beside it stay in the zip."""
    data = tmp_path / "deep" / "data"
    path = packed(tmp_path / "evil.zip", [("models/0123456789ab.json", b"{}"), *HOSTILE[trick]()])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError):
        restore(settings_over(data), path, person=ME)
    assert sorted(tmp_path.rglob("*")) == before
    assert not data.exists()


@pytest.mark.parametrize(
    "manifest",
    [
        {"models/aaaaaaaaaaaa.json": "0" * 64},
        {},
        {"models/bbbbbbbbbbbb.json": sha256(b"{}")},
        [],
        None,
        7,
        "x",
    ],
    ids=["other bytes", "unlisted", "other name", "list", "null", "number", "text"],
)
def test_a_manifest_that_does_not_fit_is_refused(manifest, tmp_path):
    """A member must be what the manifest says, and the manifest a table of names and digests."""
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("models/aaaaaaaaaaaa.json", b"{}")
        archive.writestr(MANIFEST, json.dumps({"members": manifest}))
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), path, person=ME)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("damage", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_archive_is_one_error(damage, tmp_path):
    """Whatever the bytes."""
    (tmp_path / "a.zip").write_bytes(damage)
    with pytest.raises(DataError):
        restore(settings_over(tmp_path / "data"), tmp_path / "a.zip", person=ME)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_scratch_anywhere_in_an_archive_is_one_error_whatever_packed_it(packing, tmp_path):
    """Each packing has exceptions of its own in Python's reader; nothing is written."""
    path, content = tmp_path / "a.zip", json.dumps({"some": list(range(60))}).encode()
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("models/aaaaaaaaaaaa.json", content)
        archive.writestr(MANIFEST, json.dumps({"members": {"models/aaaaaaaaaaaa.json": sha256(content)}}))
    good = path.read_bytes()
    refused = 0
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        data = tmp_path / f"data{place}"
        try:
            restore(settings_over(data), path, person=ME)
        except AftercloseError:
            refused += 1
            assert not data.exists()
    assert refused > len(good) / 2


def test_a_scratched_archive_never_restores_other_bytes(finished, tmp_path):
    """Any byte of a backup flipped: refused, or exactly what was packed."""
    Journal(finished).save_draft(Journal(finished).runs()[0].keys["report"], "text", author="ann")
    path, whole = tmp_path / "backup.zip", [slot.key for slot in slots(finished)]
    backup(settings_over(finished), path)
    good, restored = path.read_bytes(), 0
    for number in range(40):
        place = len(good) * number // 40
        path.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        data = tmp_path / f"data{number}"
        try:
            restore(settings_over(data), path, person=ME)
        except AftercloseError:
            continue
        restored += 1
        assert [s for s in slots(data) if Store(data).damage(s)] == []
        assert {slot.key for slot in slots(data)} <= set(whole)
        ours, theirs = (Journal(root).records() for root in (finished, data))
        assert [record.hash for record in theirs] == [record.hash for record in ours[: len(theirs)]]
        assert len(theirs) >= len(ours)
    assert restored < 40  # some scratches are refused


def test_a_backup_brings_back_drafts_signatures_and_what_they_rest_on(finished, tmp_path, lookers):
    """Into an empty root: the journal's rows, the closure of the report, the models; verify agrees."""
    journal = Journal(finished)
    (run,) = journal.runs()
    ledger.save_draft(settings_over(finished), journal, run.keys["report"], "text", author="ann")
    ledger.append(settings_over(finished), journal, "signature", run.keys["report"], {"user": "ann"})
    backup(settings_over(finished), tmp_path / "b.zip")
    data = tmp_path / "data"
    restore(settings_over(data), tmp_path / "b.zip", person=ME)
    assert lookers.committed(data) == lookers.committed(finished)
    assert [r.run_id for r in Journal(data).runs()] == [run.run_id]
    assert [d.text for d in Journal(data).drafts(run.keys["report"])] == ["text"]
    assert Journal(data).ledger() == journal.ledger()
    assert verify(settings_over(data)).faults == ()
    came = restore(settings_over(tmp_path / "other"), tmp_path / "b.zip", person=ME)
    assert (came.written > 0, came.present, came.faults) == (True, 0, ())


def test_a_backup_has_what_was_accepted_at_the_desk_and_an_export_brings_no_decision(finished, tmp_path):
    """Without it the gate would stop after a restore at what a record says was accepted."""
    words = "[[waiver]]\nrule = 'wide_range'\nticker = 'AA'\nreason = 'it was so'\n"
    (finished / "waivers.toml").write_text(words)
    answer = backup(settings_over(finished), tmp_path / "b.zip")
    assert not any("accepted" in line for line in answer.left_out)
    restore(settings_over(tmp_path / "data"), tmp_path / "b.zip", person=ME)
    assert (tmp_path / "data" / "waivers.toml").read_text() == words
    (run,) = Journal(finished).runs()
    archive.export(settings_over(finished), run, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as packing:
        assert "waivers.toml" not in packing.namelist()
    assert not is_member("waivers.toml", EXPORT)


def test_a_file_that_is_replaced_while_a_backup_is_written_leaves_one_that_can_be_restored(
    finished, tmp_path, monkeypatch
):
    """A run replaces what a profile stands for: the archive is of one moment or the other, and it is whole."""
    pointer = finished / "profiles" / "sample.json"
    pointer.write_text("before")
    add, replaced = archive._add, []

    def meanwhile(target, path, name, packing):
        if path == pointer:
            pointer.write_text("after")
            replaced.append(name)
        return add(target, path, name, packing)

    monkeypatch.setattr(archive, "_add", meanwhile)
    backup(settings.load({"AFTERCLOSE_DATA": str(finished)}), tmp_path / "b.zip")
    assert replaced, "it is in the backup"
    elsewhere = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "elsewhere")})
    restore(elsewhere, tmp_path / "b.zip", person=Person("local:a", "A", "admin"))
    assert (tmp_path / "elsewhere" / "profiles" / pointer.name).read_text() == "after"


def test_an_export_has_the_runs_rows_log_and_checkpoints(finished, fleet, tmp_path):
    """Everything a colleague needs to look at one run."""
    (run,) = Journal(finished).runs()
    target = tmp_path / "run.zip"
    done = fleet.run(fleet.afterclose("export", run.run_id, "--output", str(target)), finished)
    assert done.returncode == 0, done.err
    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
        told = json.loads(archive.read(f"runs/{run.run_id}/run.json"))
    assert f"runs/{run.run_id}/log.jsonl" in names
    assert {name.split("/")[1] for name in names if name.startswith("checkpoints/")} == set(LINE)
    assert told["state"] == "succeeded"
    assert {event["state"] for event in told["events"]} == {"queued", "started", "succeeded"}


def test_an_archive_that_cannot_be_written_is_one_error(finished):
    """Named, and no part of it is left."""
    with pytest.raises(CheckpointError, match="could not be written"):
        backup(settings_over(finished), Path("/proc/nowhere/b.zip"))
