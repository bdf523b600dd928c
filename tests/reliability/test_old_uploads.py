"""Uploads of long ago go with gc, unless something still reads them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.journal import Journal
from core.request import settings, uploads
from core.review.people import Person
from core.runs.profile import profile_of
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.timing import Timing
from core.upkeep.garbage import garbage, remove
from tests.conftest import prices_csv

ME = Person("local:me", "local user", "approver")
NOW = datetime.now(UTC)


@pytest.fixture
def configured(finished, tmp_path, monkeypatch):
    """A root with a run, and a working folder."""
    monkeypatch.chdir(tmp_path)
    return settings.load({"AFTERCLOSE_DATA": str(finished)}, tmp_path)


def bring(configured, name, *, days=100):
    """An upload of so many days ago."""
    path = uploads.keep(configured, name, name.encode(), who="Ann <1@x>").path
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))
    brought = path.parent / ".uploads"
    entries = [json.loads(line) for line in brought.read_text().splitlines()]
    entries = [{**entry, "at": at} if entry["name"] == name else entry for entry in entries]
    brought.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    return path


def listed(configured):
    """Names of the uploads that gc lists."""
    return {item.path.name for item in garbage(configured, NOW) if item.what == "upload"}


def test_an_old_upload_is_listed_and_removed(configured):
    """Not a young one, and not a file that somebody put there by another road."""
    old, young = bring(configured, "old.csv"), bring(configured, "young.csv", days=80)
    other = old.with_name("other.csv")
    other.write_bytes(b"x")
    os.utime(other, (1, 1))
    assert listed(configured) == {"old.csv"}
    gone = remove(configured, garbage(configured, NOW), NOW, person=ME)
    assert old in [item.path for item in gone]
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)


def test_zero_days_keep_everything(configured):
    """The setting says so."""
    bring(configured, "old.csv")
    defaults = {**configured.defaults, "uploads_keep_days": 0}
    assert listed(replace(configured, defaults=defaults)) == set()


def test_what_is_still_read_stays(configured):
    """By a profile, a schedule, a run of late, or a folder that one of them reads."""
    names = ("by-profile.csv", "by-schedule.csv", "by-run.csv", "free.csv")
    paths = {name: bring(configured, name) for name in names}
    profiles = {"mine": {"path": str(paths["by-profile.csv"])}}
    now = replace(configured, profiles=profiles)
    request = {"source": "files", "path": str(paths["by-schedule.csv"])}
    definition.add(configured, Schedule("nightly", Timing("close"), {**request, "end": "2020-01-06"}), now=NOW,
                   person=ME)  # fmt: skip
    request = {"source": "files", "path": "uploads/by-run.csv"}
    Journal(configured.data).add_run(
        "r", who="me", how="desk", request=request, target="report", state="failed"
    )
    assert listed(now) == {"free.csv"}
    assert listed(replace(now, profiles={"all": {"path": str(paths["free.csv"].parent)}})) == set()


@pytest.mark.parametrize(
    "named",
    [
        {"path": "{folder}/*.csv"}, {"path": "{folder}/pr?ces.csv"}, {"path": "{folder}/../uploads/**/*.csv"},
        {"path": "uploads/*.csv"}, {"path": "./uploads/prices.csv"}, {"path": "../uploads/prices.csv"},
        {"tickers": "@{folder}/prices.csv"}, {"membership": "{folder}/prices.csv"}, {"symbols": "uploads/prices.csv"},
    ],
)  # fmt: skip
def test_what_is_read_by_another_name_stays_from_wherever_gc_is_typed(
    configured, tmp_path, monkeypatch, named
):
    """By a pattern, a name that is not absolute, or as a list: a profile read it each day, and gc took it away."""
    path = bring(configured, "prices.csv")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    over = replace(
        configured, defaults={**configured.defaults, "roots": str(tmp_path), "uploads": str(path.parent)}
    )
    assert listed(over) == {"prices.csv"}
    values = {name: text.format(folder=path.parent) for name, text in named.items()}
    assert listed(replace(over, profiles={"mine": values})) == set()
    Journal(configured.data).add_run(
        "r", who="me", how="desk", request={"source": "files", **values}, target="report", state="failed"
    )
    assert listed(over) == set()


@pytest.mark.parametrize("by", ["a schedule", "a schedule of an earlier version", "a run of late"])
def test_what_is_read_by_the_name_of_a_profile_without_a_section_stays(configured, by, monkeypatch):
    """It is called after its file, and that was the only copy: every evening's run read it."""
    path = bring(configured, "brought.csv")
    path.write_text(prices_csv(30, tickers="AB"), encoding="utf-8")
    os.utime(path, (1, 1))
    name = profile_of({"source": "files", "path": str(path)}, configured, keep=True)
    assert name == "files:brought"
    assert listed(configured) == {"brought.csv"}
    request = {"profile": name, "calendar": "24/7"}
    if by == "a run of late":
        Journal(configured.data).add_run(
            "r", who="me", how="desk", request=request, target="report", state="failed", profile=name
        )
    else:
        if by != "a schedule":
            monkeypatch.setattr(definition, "meant_by", lambda *_: {})
        definition.add(configured, Schedule("nightly", Timing("close"), request), now=NOW, person=ME)
    assert listed(configured) == set()
    (configured.data / "profiles" / f"{name}.json").unlink()
    assert listed(configured) == (set() if by == "a schedule" else {"brought.csv"})


def test_an_upload_that_is_named_by_a_link_is_kept(configured, tmp_path):
    """A schedule may name it by a relative path that leads elsewhere."""
    path = bring(configured, "linked.csv")
    (tmp_path / "inbox").symlink_to(path.parent, target_is_directory=True)
    assert listed(configured) == {"linked.csv"}
    named = replace(configured, defaults={**configured.defaults, "path": "inbox/linked.csv"})
    assert listed(named) == set()
