"""Ticker lists and waivers that keys name by digest: packed, brought back, and kept as long as something names them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import CheckpointError
from core.journal import Journal
from core.platform.processes import this_process
from core.request import settings
from core.review.people import Person
from core.store import waivers as waiver_files
from core.store.checkpoints import Slot, Store
from core.store.ticker_lists import expand, keep
from core.tables.artifacts import Encoded
from core.upkeep import closure, garbage
from core.upkeep.archive import backup, export
from core.upkeep.restoring import restore

ME = Person("local:me", "Ann", "approver")

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SLOT = Slot("report", "2020-01-01-0123456789ab")
NAMES = tuple(f"T{number:04}" for number in range(2000))
WAIVERS = """
[[waiver]]
ticker = "AAA"
rule = "large_move"
who = "Ann"
why = "a merger"
until = 2031-01-01
"""


def configured(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=Path(data).parent)


@pytest.fixture
def named(data):
    """A data root whose one checkpoint names a long ticker list and a file of waivers, both there since 1970."""
    text = keep(NAMES, data)
    digest = waiver_files.keep(WAIVERS.encode(), "waivers.toml", data)
    for path in (*(data / "universes").iterdir(), *(data / "waivers").iterdir()):
        os.utime(path, (0, 0))
    told = {"parameters": {"tickers": text, "waivers_digest": digest}, "inputs": []}
    Store(data).commit(SLOT, [Encoded("report.txt", "report", "text", b"a report", None)], told)
    journal = Journal(data)
    journal.add_run("r", who="a", how="desk", request={}, target="report", state="queued")
    journal.start("r", {"report": SLOT.key})
    journal.end("r", "succeeded", 0, None)
    return text, digest


def lists(data):
    """The kept files of a data root, by folder and name."""
    found = [p for name in ("universes", "waivers") for p in (data / name).glob("*")]
    return {p.relative_to(data).as_posix() for p in found}


def listed(data):
    """What gc calls a list that may go."""
    return [item for item in garbage.garbage(configured(data), NOW) if item.what == "list"]


@pytest.mark.parametrize("kind", ["backup", "export"])
def test_lists_travel_with_what_names_them(kind, named, data, tmp_path):
    """Restored elsewhere, the same stands behind the digests; a date that no zip can hold is no obstacle."""
    text, digest = named
    if kind == "backup":
        backup(configured(data), tmp_path / "a.zip")
    else:
        export(configured(data), Journal(data).run("r"), tmp_path / "a.zip")
    other = tmp_path / "other"
    restore(configured(other), tmp_path / "a.zip", person=ME)
    assert expand(text, other) == NAMES
    assert waiver_files.load(digest, other) == waiver_files.load(digest, data) != ()


def test_an_export_leaves_other_runs_lists_behind(named, data, tmp_path):
    """Only what this run's checkpoints name is anybody else's business."""
    (data / "waivers" / f"{'0' * 64}.toml").write_bytes(b"")
    export(configured(data), Journal(data).run("r"), tmp_path / "a.zip")
    restore(configured(tmp_path / "other"), tmp_path / "a.zip", person=ME)
    assert lists(tmp_path / "other") == lists(data) - {f"waivers/{'0' * 64}.toml"}


def test_gc_keeps_a_list_as_long_as_a_checkpoint_names_it(named, data):
    """Once the checkpoint is gone, both are listed and can be removed."""
    assert listed(data) == []
    Store(data).meta_path(SLOT).unlink()
    found = listed(data)
    assert {item.path.relative_to(data).as_posix() for item in found} == lists(data)
    assert garbage.remove(configured(data), found, NOW, person=ME) == found
    assert lists(data) == set()


def test_gc_leaves_lists_that_a_run_may_be_about_to_read(named, data):
    """While any run goes, also if it began after the list was made; and for a day after one was kept."""
    Store(data).meta_path(SLOT).unlink()
    found = listed(data)
    journal = Journal(data)
    journal.add_run(
        "now", who="a", how="desk", request={}, target="report", state="running", process=this_process()
    )
    assert listed(data) == []
    assert garbage.remove(configured(data), found, NOW, person=ME) == []
    journal.end("now", "failed", 30, None)
    (data / "universes" / "young.txt").write_bytes(b"A")
    os.utime(data / "universes" / "young.txt", (NOW.timestamp(), NOW.timestamp()))
    assert {item.path for item in listed(data)} == {item.path for item in found}


def test_gc_leaves_all_lists_while_a_checkpoint_cannot_be_read(named, data):
    """A damaged meta may name any of them."""
    Store(data).meta_path(SLOT).write_bytes(b"{}")
    assert listed(data) == []


def test_without_following_names_gc_would_list_what_a_checkpoint_needs(named, data, monkeypatch):
    """The protection taken out: both lists of a checkpoint that is kept may go."""
    monkeypatch.setattr(garbage, "lists_behind", lambda store, slots: set())
    assert len(listed(data)) == 2
    assert len(closure.lists_behind(Store(data), [SLOT])) == 2


def test_a_kept_copy_that_was_exchanged_is_mended_by_whoever_brings_the_true_one(tmp_path):
    """Else a run with the right file would be told to run again with it, for ever."""
    data = b'[[waiver]]\nrule = "large_move"\n'
    digest = waiver_files.COPIES.keep(data, tmp_path)
    waiver_files.COPIES.at(tmp_path, digest).write_bytes(b"another")
    with pytest.raises(CheckpointError, match="is gone or was changed"):
        waiver_files.COPIES.load(digest, tmp_path)
    assert waiver_files.COPIES.keep(data, tmp_path) == digest
    assert waiver_files.COPIES.load(digest, tmp_path) == data
