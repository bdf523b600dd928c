"""What gc keeps, and what it lists and removes."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.journal import Journal
from core.platform.processes import this_process
from core.request import settings
from core.review.people import Person
from core.runs.kept_fits import KeptFits
from core.store.lineage import slots
from core.upkeep.garbage import garbage, remove
from core.upkeep.verification import verify
from tests.champions import promote

ME = Person("local:me", "Ann", "approver")

NOW = datetime(2030, 1, 1, tzinfo=UTC)


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
    assert remove(configured(finished), listed, NOW, person=ME) == []
    assert len(everything(finished)) == 7


@pytest.mark.parametrize("kind", ["draft", "signature", "review", "comment"])
def test_a_report_in_review_or_signed_keeps_its_closure(kind, finished):
    """Drafts and acts name the report, also one that nobody edited; all it rests on stays with it."""
    (old,) = Journal(finished).runs()
    forget_successes(finished)
    journal = Journal(finished)
    if kind == "draft":
        journal.save_draft(old.keys["report"], "text", author="ann")
    else:
        journal.append(kind, old.keys["report"], {"user": "ann"})
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
        promote(finished, model, "the best")
    else:
        Journal(finished).append("promotion", model, {"user": "ann", "why": "once"})
    forget_successes(finished)
    assert {name.split("/")[0] for name in removable(finished)} == {"evaluate", "report"}


def test_what_is_removed_is_gone_and_the_rest_is_whole(finished):
    """Files and commit mark; verify has nothing to complain of afterwards."""
    forget_successes(finished)
    listed = garbage(configured(finished), NOW)
    assert set(remove(configured(finished), listed, NOW, person=ME)) == set(listed)
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
    from core.upkeep import garbage as module

    (old,) = Journal(finished).runs()
    forget_successes(finished)
    Journal(finished).append("signature", old.keys["report"], {"user": "ann"})
    monkeypatch.setattr(module, "closure", lambda store, wanted: (set(wanted), set()))
    assert len(removable(finished)) == 6


def test_a_fit_that_was_kept_for_a_month_may_go(tmp_path):
    """Older ones are listed and removed, newer ones stay; a new file of a writer is not looked at."""
    fits = KeptFits(tmp_path)
    for name, days in (("old", 31), ("new", 29)):
        fits.keep(name, b"parameters")
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(tmp_path / "fits" / name, (at, at))
    assert removable(tmp_path, "fit") == {"old"}
    remove(configured(tmp_path), garbage(configured(tmp_path), NOW), NOW, person=ME)
    assert sorted(path.name for path in (tmp_path / "fits").iterdir()) == ["new"]


@pytest.mark.parametrize("folder", ["quarantine", "quarantine/clean", "checkpoints/clean", "runs", "fits"])
def test_gc_removes_nothing_behind_a_link(folder, finished, tmp_path, monkeypatch):
    """Whoever can put a link in a data root does not choose what goes; without the look all of it would go."""
    outside = tmp_path / "outside"
    place = finished / folder
    if place.exists():
        shutil.rmtree(place)
    for name in ("20010101T000000Z-aaaaaa", "a/20010101T000000Z-aaaaaa"):
        (outside / name).mkdir(parents=True)
        (outside / name / "precious").write_text("x")
    for path in [outside, *outside.rglob("*")]:
        os.utime(path, (1, 1))
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    here = configured(finished)
    assert not [g for g in garbage(here, NOW) if str(g.path).startswith(f"{finished / folder}/")]
    with monkeypatch.context() as unprotected:
        unprotected.setattr("core.upkeep.garbage._is_behind_link", lambda *_: False)
        behind = [g for g in garbage(here, NOW) if str(g.path).startswith(f"{finished / folder}/")]
    assert behind, "there was something to choose"
    assert remove(here, behind, NOW, person=ME) == []
    assert len(list(outside.rglob("precious"))) == 2


@pytest.mark.parametrize("folder", ["models", "scratch"])
def test_what_its_writer_takes_away_meanwhile_stops_nothing(finished, monkeypatch, folder):
    """Listed, and gone before it is looked at: it is no garbage, and the rest is."""
    names = [finished / folder / f".tmp-1-{letter}" for letter in "ab"]
    for path in names:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x", encoding="utf-8")
    listing = Path.glob

    def listed(self, pattern):
        paths = list(listing(self, pattern))
        if names[0] in paths:
            names[0].unlink()
        return iter(paths)

    monkeypatch.setattr(Path, "glob", listed)
    assert removable(finished, "temporary") == {names[1].name}
    assert not names[0].exists()
