"""How long a run took, whatever happens to the clock, and in journals that do not measure it yet."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal import journal as module

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "v1"


@pytest.fixture
def journal(data):
    """A journal in a fresh data root."""
    return Journal(data)


def ended(journal, monkeypatch, *, clock, seconds):
    """Record a run from the first to the second of ``clock`` that took so many seconds by the other clock."""
    journal.add_run("r", who="a", how="terminal", request={}, target="report", state="queued")
    for told, since, call in (
        (clock[0], 100.0, lambda: journal.start("r", {})),
        (clock[1], 100.0 + seconds, lambda: journal.end("r", "succeeded", 0, None)),
    ):
        monkeypatch.setattr(module, "utc_now", lambda told=told: f"{told}+00:00")
        monkeypatch.setattr(module, "since_boot_s", lambda since=since: since)
        call()
    return journal.run("r")


CLOCKS = {
    "set back": ("2024-06-01T12:00:00.000", "2023-06-01T12:00:00.000"),
    "set ahead": ("2024-06-01T12:00:00.000", "2025-06-01T12:00:00.000"),
    "left alone": ("2024-06-01T12:00:00.000", "2024-06-01T12:00:07.500"),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_run_takes_the_seconds_that_passed_whatever_the_clock_says(clock, journal, monkeypatch):
    """7.5 s in each case."""
    assert ended(journal, monkeypatch, clock=CLOCKS[clock], seconds=7.5).took_s() == 7.5


def test_by_the_times_alone_a_clock_set_ahead_would_make_a_run_take_a_year(journal, monkeypatch):
    """The measured length taken out: 365 days; and of one set back nothing can be said."""
    run = replace(ended(journal, monkeypatch, clock=CLOCKS["set ahead"], seconds=7.5), seconds=None)
    assert run.took_s() == 365 * 86400
    assert replace(run, ended_at="2023-06-01T12:00:00.000+00:00").took_s() is None


def test_of_a_run_whose_machine_was_started_anew_only_the_times_are_known(journal, monkeypatch):
    """Seconds since the start of another boot mean nothing."""
    monkeypatch.setattr(module, "boot_id", iter(("one", "other")).__next__)
    run = ended(journal, monkeypatch, clock=CLOCKS["left alone"], seconds=-90)
    assert run.seconds is None
    assert run.took_s() == 7.5


def test_a_real_run_takes_as_long_as_its_times_say_while_nobody_sets_the_clock(prepared):
    """The two clocks agree to a tenth of a second."""
    (run,) = Journal(prepared, read_only=True).runs()
    measured = run.seconds
    by_times = replace(run, seconds=None).took_s()
    assert measured > 0
    assert measured == pytest.approx(by_times, abs=0.1)


@pytest.mark.parametrize("read_only", [True, False], ids=["only read", "migrated"])
def test_a_journal_of_before_has_the_difference_of_its_times(read_only, tmp_path):
    """Read as it is, without the new columns; and after its migration, which loses nothing."""
    shutil.copytree(FIXTURE, tmp_path / "v1")
    if not read_only:
        Journal(tmp_path / "v1")
    runs = Journal(tmp_path / "v1", read_only=True).runs()
    assert [run.seconds for run in runs] == [None, None]
    assert [run.took_s() > 0 for run in runs] == [True, True]
    raw = sqlite3.connect(tmp_path / "v1" / "journal.sqlite")
    columns = {name for (name,) in raw.execute("SELECT name FROM pragma_table_info('run')")}
    raw.close()
    assert ("seconds" in columns) is not read_only


def test_events_of_before_read_as_they_are_called_now(tmp_path):
    """ "done" is "succeeded"; the row itself stays as it was written."""
    shutil.copytree(FIXTURE, tmp_path / "v1")
    journal = Journal(tmp_path / "v1")
    states = [event.state for run in journal.runs() for event in journal.events(run.run_id)]
    assert states.count("succeeded") == 8
    assert "done" not in states
    raw = sqlite3.connect(tmp_path / "v1" / "journal.sqlite")
    assert raw.execute("SELECT COUNT(*) FROM event WHERE state = 'done'").fetchone() == (8,)
    raw.close()
