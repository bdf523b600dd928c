"""The folders that runs read, browsed and searched: nothing else is ever listed."""

from __future__ import annotations

import dataclasses
import os

import pytest

from core.errors import ParameterError
from core.queries import price_files
from core.request.settings import load


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A root with prices, and what must not be listed: hidden, other kinds, data root, links to elsewhere."""
    home = tmp_path / "work"
    for name in (
        "a.csv",
        "b.txt",
        "notes.md",
        ".secret.csv",
        "daily/2024.parquet",
        "data/x.csv",
        "luigi.cfg",
    ):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "luigi.cfg" else "date\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.csv").write_text("date\n")
    (home / "link").symlink_to(tmp_path / "other")
    (home / "link.csv").symlink_to(tmp_path / "other" / "c.csv")
    os.utime(home / "a.csv", (1_700_000_000, 1_700_000_000))
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def settings(place):
    """Settings whose one root is the working folder."""
    now = load({"AFTERCLOSE_DATA": "data"})
    return dataclasses.replace(now, defaults={**now.defaults, "roots": str(place)})


def names(listing):
    """What is listed, by name."""
    return [entry.path.name for entry in listing.entries]


def test_a_folder_lists_folders_and_price_files(settings, place):
    """Folders first; sizes, dates, and how many price files a folder has."""
    listing = price_files.listing(settings, place)
    assert names(listing) == ["daily", "a.csv", "b.txt"]
    daily, first = listing.entries[:2]
    assert (daily.is_folder, daily.size) == (True, 1)
    assert (first.size, first.modified.isoformat()) == (5, "2023-11-14T22:13:20+00:00")


@pytest.mark.parametrize("folder", ["..", "data", "link"])
def test_no_other_folder_is_listed(settings, place, folder):
    """Above the root, the data root, and a link that leads away."""
    with pytest.raises(ParameterError):
        price_files.listing(settings, place / folder)


def test_files_are_found_by_words_in_name_or_folder(settings):
    """Every word counts; the newest first; links that lead away are not followed."""
    assert names(price_files.search(settings, "daily 2024")) == ["2024.parquet"]
    assert names(price_files.search(settings, "A.CSV")) == ["a.csv"]
    assert names(price_files.search(settings, "c.csv")) == []
    assert names(price_files.search(settings, "x.csv")) == []
    assert names(price_files.search(settings, ""))[-1] == "a.csv"


def test_what_is_left_out_is_said(settings, place, monkeypatch):
    """A folder or a search with too many entries is not complete."""
    monkeypatch.setattr(price_files, "MOST_ENTRIES", 2)
    monkeypatch.setattr(price_files, "MOST_LOOKED_AT", 1)
    assert not price_files.listing(settings, place).complete
    assert not price_files.search(settings, "csv").complete


def test_without_roots_the_working_folder_is_browsed(place):
    """For whoever sits at the machine, the browser begins where the desk was started."""
    assert price_files.folders(load({"AFTERCLOSE_DATA": "data"})) == (place.resolve(),)
