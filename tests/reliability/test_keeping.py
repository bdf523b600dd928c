"""What is kept, removed, packed and brought back: gc, archives, and formats of earlier versions."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import settings
from core.artifacts import decode
from core.errors import AftercloseError, CheckpointError, DataError
from core.fingerprint import sha256
from core.journal import Journal, chain_faults
from core.review.people import Person
from core.runs.processes import this_process
from core.store.archive import MANIFEST, backup, restore
from core.store.checkpoints import Slot, Store
from core.store.garbage import garbage, remove
from core.store.verification import slots, verify

ME = Person("local:me", "Ann", "approver")

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "v1"
LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def configured(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=data)


def removable(data, what="checkpoint"):
    """What gc would remove of one kind: stage/key or name."""
    return {
        f"{g.slot.stage}/{g.slot.key}" if g.slot else g.path.name
        for g in garbage(configured(data), NOW)
        if g.what == what
    }


def everything(data):
    """All committed checkpoints as stage/key."""
    return {f"{slot.stage}/{slot.key}" for slot in slots(data)}


def forget_successes(data):
    """Make the journal forget that anything ever succeeded, and take the links away."""
    raw = sqlite3.connect(data / "journal.sqlite")
    raw.execute("UPDATE run SET state = 'failed'")
    raw.commit()
    raw.close()
    shutil.rmtree(data / "latest")


# ---- gc


def test_the_last_successes_are_kept_with_all_they_rest_on(finished):
    """Nothing of a recent success is listed; once it is none any more, all of it is."""
    assert removable(finished) == set()
    forget_successes(finished)
    assert removable(finished) == everything(finished)


def test_a_running_runs_checkpoints_are_kept(finished):
    """By its keys, before it has made them all."""
    (old,) = Journal(finished).runs()
    forget_successes(finished)
    journal = Journal(finished)
    journal.add_run(
        "now", who="a", how="terminal", request={}, target="report", state="running", process=this_process()
    )
    journal.start("now", old.keys)
    assert removable(finished) == set()
    journal.end("now", "failed", 30, None)
    assert removable(finished) == everything(finished)


def test_a_run_that_begins_after_the_list_was_made_keeps_what_it_counts_on(finished):
    """Asked again under the lock, just before removing."""
    (old,) = Journal(finished).runs()
    forget_successes(finished)
    listed = [g for g in garbage(configured(finished), NOW) if g.what == "checkpoint"]
    journal = Journal(finished)
    journal.add_run(
        "now", who="a", how="terminal", request={}, target="report", state="running", process=this_process()
    )
    journal.start("now", old.keys)
    assert [remove(configured(finished), item, person=ME) for item in listed] == [False] * 7
    assert len(everything(finished)) == 7


@pytest.mark.parametrize("kind", ["draft", "signature"])
def test_a_report_in_review_or_signed_keeps_its_closure(kind, finished):
    """Drafts and signatures name the report; all it rests on stays with it."""
    (old,) = Journal(finished).runs()
    forget_successes(finished)
    journal = Journal(finished)
    if kind == "draft":
        journal.save_draft(old.keys["report"], "text", author="ann")
    else:
        journal.append("signature", old.keys["report"], {"user": "ann"})
    assert removable(finished) == set()


def test_a_published_report_keeps_its_closure(finished):
    """Also when its draft is no longer known."""
    (old,) = Journal(finished).runs()
    forget_successes(finished)
    (finished / "published" / old.keys["report"] / "0123456789ab").mkdir(parents=True)
    assert removable(finished) == set()


@pytest.mark.parametrize("now", ["champion", "promoted before"])
def test_the_champion_and_models_to_roll_back_to_keep_the_training_they_came_from(now, finished):
    """The training checkpoint and what it rests on stay; evaluation and report may go."""
    from core.registry.registry import Registry

    (model,) = Registry(finished).ids()
    if now == "champion":
        Registry(finished).promote(model, "the best")
    else:
        Journal(finished).append("promotion", model, {"user": "ann", "why": "once"})
    forget_successes(finished)
    assert {name.split("/")[0] for name in removable(finished)} == {"evaluate", "report"}


def test_what_is_removed_is_gone_and_the_rest_is_whole(finished):
    """Files and commit mark; verify has nothing to complain of afterwards."""
    forget_successes(finished)
    listed = garbage(configured(finished), NOW)
    assert all(remove(configured(finished), item, person=ME) for item in listed)
    assert everything(finished) == set()
    assert verify(configured(finished)).faults == ()


def test_what_killed_writers_left_is_listed(finished):
    """Artifacts without a commit mark, and old temporary files; not those of a writer at work."""
    import os

    half = finished / "checkpoints" / "clean" / "2020-01-01-0123456789ab"
    half.mkdir()
    (half / "prices_clean.json").write_bytes(b"half")
    young, old = finished / "models" / ".tmp-1-aa", finished / "models" / ".tmp-1-bb"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(young, (NOW.timestamp(), NOW.timestamp()))
    assert removable(finished, "unfinished") == {f"clean/{half.name}"}
    assert removable(finished, "temporary") == {old.name}


def test_logs_go_by_age_as_configured(finished):
    """[run] keep_logs_days: a run's logs are listed once they are older than that."""
    (run,) = (finished / "runs").iterdir()
    made = datetime.strptime(run.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def listed(days):
        found = garbage(configured(finished), made + timedelta(days=days))
        return [g.path.name for g in found if g.what == "log"]

    assert listed(364) == []
    assert listed(366) == [run.name]


def test_without_the_closure_gc_would_remove_what_a_signature_rests_on(finished, monkeypatch):
    """The protection taken out: keeping the report alone lists all that is behind it."""
    from core.store import garbage as module

    (old,) = Journal(finished).runs()
    forget_successes(finished)
    Journal(finished).append("signature", old.keys["report"], {"user": "ann"})
    monkeypatch.setattr(module, "closure", lambda store, wanted: (set(wanted), set()))
    assert len(removable(finished)) == 6


# ---- archives


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
    path = packed(tmp_path / "evil.zip", [("models/good.json", b"{}"), *HOSTILE[trick]()])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError):
        restore(configured(data.parent) if data.exists() else settings_over(data), path, person=ME)
    assert sorted(tmp_path.rglob("*")) == before
    assert not data.exists()


def settings_over(data):
    """Settings over a data root that is not there yet."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=data.parent.parent)


@pytest.mark.parametrize(
    "manifest",
    [{"models/a.json": "0" * 64}, {}, {"models/b.json": sha256(b"{}")}, [], None, 7, "x"],
    ids=["other bytes", "unlisted", "other name", "list", "null", "number", "text"],
)
def test_a_manifest_that_does_not_fit_is_refused(manifest, tmp_path):
    """A member must be what the manifest says, and the manifest a table of names and digests."""
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("models/a.json", b"{}")
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


def test_a_scratched_archive_never_restores_other_bytes(finished, tmp_path):
    """Any byte of a backup flipped: refused, or exactly what was packed."""
    Journal(finished).save_draft(Journal(finished).runs()[0].keys["report"], "text", author="ann")
    path = tmp_path / "backup.zip"
    backup(configured(finished), path)
    good = path.read_bytes()
    for number in range(40):
        place = len(good) * number // 40
        path.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        data = tmp_path / f"data{number}"
        try:
            restore(settings_over(data), path, person=ME)
        except AftercloseError:
            continue
        assert [s for s in slots(data) if Store(data).damage(s)] == []


def test_a_backup_brings_back_drafts_signatures_and_what_they_rest_on(finished, tmp_path, lookers):
    """Into an empty root: the journal's rows, the closure of the report, the models; verify agrees."""
    journal = Journal(finished)
    (run,) = journal.runs()
    journal.save_draft(run.keys["report"], "text", author="ann")
    journal.append("signature", run.keys["report"], {"user": "ann"})
    backup(configured(finished), tmp_path / "b.zip")
    data = tmp_path / "data"
    restore(settings_over(data), tmp_path / "b.zip", person=ME)
    assert lookers.committed(data) == lookers.committed(finished)
    assert [r.run_id for r in Journal(data).runs()] == [run.run_id]
    assert [d.text for d in Journal(data).drafts(run.keys["report"])] == ["text"]
    assert chain_faults(Journal(data).records()) == []
    assert verify(settings_over(data)).faults == ()
    came, there = restore(settings_over(tmp_path / "other"), tmp_path / "b.zip", person=ME)
    assert (came > 0, there) == (True, 0)


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
        backup(configured(finished), Path("/proc/nowhere/b.zip"))


# ---- formats live on


@pytest.fixture
def first_version(tmp_path):
    """A copy of the data root that version 1 of all formats wrote."""
    data = tmp_path / "v1"
    shutil.copytree(FIXTURE, data, symlinks=True)
    return data


def kind_of(data, name):
    """The kind of an artifact: JSON says it, a text has the name of its file."""
    return decode(data, name).kind if name.endswith(".json") else (data.decode() and name.partition(".")[0])


def test_every_artifact_of_the_first_version_is_read(first_version):
    """Committed, whole, decoded: each kind, with the digests that stood in the meta then."""
    store, kinds = Store(first_version), set()
    for slot in slots(first_version):
        assert store.damage(slot) is None
        for name in store.meta(slot).artifacts:
            kinds.add(kind_of(store.read(slot, name), name))
    assert {slot.stage for slot in slots(first_version)} == set(LINE)
    assert kinds >= {
        "prices_raw", "prices_valid", "findings", "prices_clean", "repairs", "features", "predictions",
        "model", "evaluation", "report",
    }  # fmt: skip


def test_the_model_of_the_first_version_still_scores(first_version):
    """Its own self-check holds, so its probabilities are the ones it gave then."""
    from core.models.loader import read_model
    from core.registry.registry import Registry

    registry = Registry(first_version)
    (identity,) = registry.ids()
    assert read_model(registry.bytes_of(identity)) is not None


@pytest.mark.parametrize("read_only", [True, False], ids=["read only", "migrated"])
def test_the_journal_of_the_first_version_is_read(read_only, first_version):
    """Runs, events, drafts and the chain, as they were written."""
    journal = Journal(first_version, read_only=read_only)
    told = json.loads((first_version / "told.json").read_text())
    assert [(run.run_id, run.state, run.exit_code) for run in journal.runs()] == [
        tuple(run) for run in told["runs"]
    ]
    (run,) = [run for run in journal.runs() if run.state == "succeeded"]
    assert {event.stage for event in journal.events(run.run_id) if event.state == "succeeded"} == set(LINE)
    assert [(r.seq, r.hash) for r in journal.records()] == [tuple(r) for r in told["records"]]
    assert chain_faults(journal.records()) == []
    assert [d.text for d in journal.drafts(run.keys["report"])] == told["drafts"]


def test_the_backup_of_the_first_version_is_restored(first_version, tmp_path):
    """An archive written then brings the same journal and checkpoints now."""
    data = tmp_path / "restored"
    restore(settings_over(data), first_version / "backup.zip", person=ME)
    assert chain_faults(Journal(data).records()) == []
    assert {slot.stage for slot in slots(data)} == set(LINE)
    assert [s for s in slots(data) if Store(data).damage(s)] == []


def test_a_slot_of_the_first_version_says_where_it_came_from(first_version):
    """Inputs, parameters and library versions are in the meta, by the same names."""
    store = Store(first_version)
    (slot,) = [slot for slot in slots(first_version) if slot.stage == "report"]
    meta = store.meta(slot)
    assert {i.stage for i in meta.inputs} == {"evaluate"}
    assert store.meta(Slot("evaluate", meta.inputs[0].key)) is not None
    assert {"fingerprint", "version", "parameters", "libraries", "host", "run_id"} <= meta.body.keys()
