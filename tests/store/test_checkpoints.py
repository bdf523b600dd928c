"""Checkpoints: committed once, never written over, every damage noticed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess

import pytest

from core.errors import CheckpointError
from core.fingerprint import digest_of, sha256
from core.platform.files import write_temporary
from core.platform.storage import replace_file
from core.store import checkpoints
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Encoded

SLOT = Slot("clean", "2024-01-02-0123456789ab")
FIRST = Encoded("prices_clean.json", "prices_clean", "json", b'{"rows": [1, 2]}\n', 2)
SECOND = Encoded("repairs.json", "repairs", "json", b"{}\n", None)


def facts(run="run-1"):
    """What a stage says of itself."""
    return {
        "fingerprint": "f" * 64, "version": 1, "parameters": {"seed": 7}, "libraries": {"numpy": "2.4"},
        "inputs": [{"stage": "validate", "key": "k", "artifacts": {"prices_valid.json": "a" * 64}}],
        "started_at": "2024-01-02T03:04:05+00:00", "ended_at": "2024-01-02T03:04:06+00:00", "host": "h", "run_id": run,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """A store with one committed checkpoint."""
    store = Store(tmp_path / "data")
    store.commit(SLOT, [FIRST, SECOND], facts())
    return store


def test_a_commit_holds_the_artifacts_and_one_meta(store):
    """The files are what was given, and the meta says everything the design lists."""
    folder = store.folder(SLOT)
    assert folder == store.root / "checkpoints" / "clean" / SLOT.key
    assert sorted(p.name for p in folder.iterdir()) == ["meta.json", "prices_clean.json", "repairs.json"]
    assert (folder / "prices_clean.json").read_bytes() == FIRST.data
    meta = json.loads((folder / "meta.json").read_text())
    assert {**facts(), "format": 1, "kind": "meta", "stage": "clean", "key": SLOT.key}.items() <= meta.items()
    assert meta["artifacts"][0] == {
        "name": "prices_clean", "file": "prices_clean.json", "format": "json",
        "sha256": sha256(FIRST.data), "bytes": len(FIRST.data), "rows": 2,
    }  # fmt: skip


def test_the_self_digest_covers_everything_else(store):
    """SHA-256 of the canonical JSON of the rest, as anybody can recompute it."""
    import hashlib

    body = json.loads(store.meta_path(SLOT).read_text())
    claimed = body.pop("self_sha256")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    assert claimed == hashlib.sha256(canonical).hexdigest()


def test_a_meta_reads_back_typed(store):
    """Digests by file, inputs flat, rows of the main artifact."""
    meta = store.meta(SLOT)
    assert meta.digests == {"prices_clean.json": sha256(FIRST.data), "repairs.json": sha256(SECOND.data)}
    assert [(i.stage, i.key, i.filename, i.sha256) for i in meta.inputs] == [
        ("validate", "k", "prices_valid.json", "a" * 64)
    ]
    assert meta.rows == 2
    assert store.damage(SLOT) is None


def test_a_second_writer_gets_the_firsts_meta(store):
    """The commit is exclusive: who comes second sees what the first committed."""
    again = store.commit(SLOT, [FIRST, SECOND], facts("run-2"))
    assert again.body["run_id"] == "run-1"
    assert store.meta(SLOT).body["run_id"] == "run-1"
    assert store.damage(SLOT) is None


def test_a_second_writer_with_other_bytes_does_not_harm_the_first(store):
    """Nothing is written over a committed key, whatever comes."""
    other = Encoded("prices_clean.json", "prices_clean", "json", b'{"rows": []}\n', 0)
    assert store.commit(SLOT, [other, SECOND], facts("run-2")).body["run_id"] == "run-1"
    assert store.read(SLOT, "prices_clean.json") == FIRST.data
    assert store.damage(SLOT) is None


def test_what_a_killed_writer_left_is_replaced(tmp_path):
    """An artifact without a meta is nobody's: the next writer's bytes take its place."""
    store = Store(tmp_path)
    store.folder(SLOT).mkdir(parents=True)
    (store.folder(SLOT) / "prices_clean.json").write_bytes(b"half")
    store.commit(SLOT, [FIRST], facts())
    assert store.read(SLOT, "prices_clean.json") == FIRST.data


def test_without_a_meta_there_is_no_checkpoint(store):
    """Artifacts alone are nothing: neither a meta nor readable."""
    store.meta_path(SLOT).unlink()
    assert store.meta(SLOT) is None
    assert store.damage(SLOT) is None
    with pytest.raises(CheckpointError, match="holds no committed"):
        store.read(SLOT, "prices_clean.json")


def test_reading_an_artifact_verifies_it(store):
    """The bytes that were committed, or an error; only names in the meta can be read."""
    assert store.read(SLOT, "prices_clean.json") == FIRST.data
    with pytest.raises(CheckpointError, match=r"no committed secrets\.json"):
        store.read(SLOT, "secrets.json")
    (store.folder(SLOT) / "prices_clean.json").write_bytes(FIRST.data.replace(b"1", b"3"))
    with pytest.raises(CheckpointError, match="is damaged"):
        store.read(SLOT, "prices_clean.json")


@pytest.mark.parametrize("position", range(len(FIRST.data)))
def test_a_changed_byte_of_an_artifact_is_noticed(store, position):
    """At any place, with size and times as they were."""
    path = store.folder(SLOT) / "prices_clean.json"
    before = path.stat()
    data = bytearray(FIRST.data)
    data[position] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "prices_clean.json is damaged" in store.damage(SLOT)


def test_a_changed_character_of_the_meta_is_noticed(store):
    """Every single character that carries a value: digits, letters, punctuation (blanks carry none)."""
    path = store.meta_path(SLOT)
    text = path.read_text()
    missed = []
    for position, character in enumerate(text):
        if character.isspace():
            continue
        other = "1" if character != "1" else "2"
        path.write_text(text[:position] + other + text[position + 1 :])
        if store.damage(SLOT) is None:
            missed.append((position, text[position - 10 : position + 10]))
    assert missed == []


DAMAGE = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "emptied": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b" x"),
    "gone": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a dead link": lambda path: (path.unlink(), path.symlink_to("nowhere")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_kind_of_damage_to_an_artifact_is_noticed(store, damage):
    """Whatever is in its place is not what was committed."""
    DAMAGE[damage](store.folder(SLOT) / "repairs.json")
    assert "repairs.json" in store.damage(SLOT)
    with pytest.raises(CheckpointError):
        store.read(SLOT, "repairs.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"3", b'{"self_sha256": 1}', b"\xff", b"[" * 99_999]
)
def test_a_meta_that_is_no_meta_is_damage_and_no_crash(store, content):
    """Whatever stands there, the answer is a CheckpointError."""
    store.meta_path(SLOT).write_bytes(content)
    with pytest.raises(CheckpointError):
        store.meta(SLOT)
    assert store.damage(SLOT) is not None


def test_a_meta_of_another_slot_is_damage(store):
    """A checkpoint that was copied to another key is not that key's."""
    other = Slot("clean", "other")
    shutil.copytree(store.folder(SLOT), store.folder(other))
    assert "changed after it was written" in store.damage(other)


def test_a_meta_signed_anew_with_other_facts_is_only_as_good_as_its_bytes(store):
    """Even a right self digest does not help an artifact that differs."""
    body = json.loads(store.meta_path(SLOT).read_text())
    body.pop("self_sha256")
    body["artifacts"][0]["sha256"] = "0" * 64
    body["self_sha256"] = digest_of(body)
    store.meta_path(SLOT).write_text(json.dumps(body))
    assert "is damaged" in store.damage(SLOT)


def test_large_files_are_hashed_once_per_identity(store, monkeypatch):
    """Above the limit a file is trusted while (size, mtime, ctime, inode) stay; a change is noticed."""
    monkeypatch.setattr(checkpoints, "ALWAYS_HASHED_BYTES", 3)
    assert store.damage(SLOT) is None
    (store.folder(SLOT) / "prices_clean.json").write_bytes(FIRST.data.replace(b"1", b"3"))
    assert "is damaged" in store.damage(SLOT)


def test_quarantine_moves_and_deletes_nothing(store):
    """The damaged folder is kept whole, under the run's name; a second one of the same name beside it."""
    first = store.quarantine(SLOT, "run-9")
    assert (first / "prices_clean.json").read_bytes() == FIRST.data
    assert not store.folder(SLOT).exists()
    store.commit(SLOT, [FIRST], facts())
    second = store.quarantine(SLOT, "run-9")
    assert first != second
    assert first.is_dir()
    assert second.is_dir()
    with pytest.raises(CheckpointError, match="could not be moved away"):
        store.quarantine(SLOT, "run-9")


def test_temporary_files_never_look_like_artifacts(tmp_path):
    """Hidden, unique, never ending in .json."""
    names = {write_temporary(tmp_path, b"x").name for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith(".tmp-") and not name.endswith(".json") for name in names)


def test_artifacts_are_synced_and_in_place_before_the_meta(tmp_path, monkeypatch):
    """A kill at any moment leaves no meta without its artifacts: write, sync, rename; the meta last."""
    steps = []
    real_fsync, real_link = os.fsync, os.link
    store = Store(tmp_path)

    def fsync(descriptor):
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        real_fsync(descriptor)

    def link(source, target, **more):
        present = sorted(p.name for p in store.folder(SLOT).iterdir() if not p.name.startswith("."))
        steps.append(f"meta after {present}")
        real_link(source, target, **more)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    store.commit(SLOT, [FIRST, SECOND], facts())
    assert steps[:3] == ["sync file"] * 3
    assert steps[3] == "meta after ['prices_clean.json', 'repairs.json']"
    assert set(steps[4:]) == {"sync folder"}
    assert len(steps) > 4


@pytest.mark.parametrize("failing", ["write", "fsync", "link"])
def test_a_failing_disk_leaves_nothing_that_looks_committed(tmp_path, monkeypatch, failing):
    """ENOSPC at any step: a CheckpointError that names the cause, no meta, no temporary file."""
    store = Store(tmp_path)

    def full(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        *{"write": (os, "fdopen"), "fsync": (os, "fsync"), "link": (os, "link")}[failing], full
    )
    with pytest.raises(CheckpointError, match="No space left on device"):
        store.commit(SLOT, [FIRST], facts())
    monkeypatch.undo()
    assert store.meta(SLOT) is None
    assert [p for p in store.folder(SLOT).iterdir() if p.name.startswith(".tmp")] == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 16 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tiny file system; the failing calls are tested above")
    words = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_disk_is_named_and_nothing_is_committed(tiny_disk):
    """What was committed before stays whole; what does not fit is not there at all."""
    store = Store(tiny_disk)
    store.commit(SLOT, [FIRST], facts())
    big = Encoded("prices_clean.json", "prices_clean", "json", b"x" * 60_000, 1)
    with pytest.raises(CheckpointError, match="No space left on device") as raised:
        store.commit(Slot("clean", "big"), [big], facts())
    assert raised.value.exit_code == 30
    assert store.meta(Slot("clean", "big")) is None
    assert store.damage(SLOT) is None
    assert [p for p in tiny_disk.rglob("*") if p.name.startswith(".tmp")] == []


def test_a_read_only_root_is_named(tmp_path, tiny_disk):
    """A root that is mounted read-only: the cause, and the remedy; reading still works."""
    store = Store(tiny_disk)
    store.commit(SLOT, [FIRST], facts())
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(CheckpointError, match="Read-only file system") as raised:
        store.commit(Slot("clean", "more"), [FIRST], facts())
    assert "Nothing committed was touched" in str(raised.value)
    assert store.read(SLOT, "prices_clean.json") == FIRST.data


def test_replacing_a_file_is_all_or_nothing(tmp_path, monkeypatch):
    """A reader sees the old bytes until the new ones are whole."""
    path = tmp_path / "champion.json"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        replace_file(path, b"newer")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["champion.json"]
