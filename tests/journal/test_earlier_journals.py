"""A journal of the version before: read as it is, and migrated, it answers alike; in PostgreSQL, too."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal.runs_and_drafts import SILENT
from core.journal.schedules import Schedules
from core.request import settings
from core.runs.launcher import Launched
from core.schedule.backfill import fill
from tests.conftest import tree

RANGE = "20261127T220000Z-aa11bb"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


@pytest.fixture
def earlier(tmp_path):
    """A copy of a data root whose journal is of migration 0008."""
    return Path(shutil.copytree(FIXTURES / "journal8", tmp_path / "data"))


def answers(journal):
    """What a journal says of its runs and schedules."""
    return {
        "runs": [(run.run_id, run.state, run.profile, run.error) for run in journal.runs()],
        "occurrences": [
            (due.session, due.state, due.run_id, due.note) for due in journal.occurrences("daily")
        ],
        "schedules": [(entry.name, entry.state, entry.since) for entry in journal.schedules()],
        "alarms": list(journal._select("subject, note", "alarm", "")),
        "beat": journal.last_beat().at,
        "range": [(due.session, due.state, due.run_id, due.note) for due in journal.sessions_of(RANGE)],
        "open": [due.session for due in journal.open_occurrences()],
        "counts": journal.count_states("occurrence"),
    }


EXPECTED = {
    "runs": [
        ("planned", "interrupted", "sample", SILENT),  # nobody leads them for longer than a lease
        ("unended", "interrupted", "sample", SILENT),
        ("another-boot", "failed", "sample", "no"),
        ("measured", "succeeded", "sample", None),
    ],
    "occurrences": [
        ("2026-11-27", "waiting", None, None),
        ("2026-11-25", "succeeded", "measured", None),
        ("2026-11-24", "skipped", None, "not caught up"),
    ],
    "schedules": [("daily", "active", "2026-11-27T19:00:00.000+00:00")],
    "alarms": [("sample 2026-11-25", "no report")],
    "beat": "2026-11-27T19:00:00.000+00:00",
    "range": [
        ("2013-02-11", "succeeded", "measured", None),
        ("2013-02-12", "failed", "another-boot", "no"),
        ("2013-02-13", "running", "lost", None),
        ("2013-02-14", "unknown", None, None),
        ("2013-02-15", "no data", None, None),
        ("2013-02-19", "waiting", None, None),
    ],
    "open": ["2026-11-27"],
    "counts": {"skipped": 1, "succeeded": 1, "waiting": 1},
}


def test_an_earlier_journal_is_read_without_a_byte_changed(earlier):
    """Its runs have no length yet: it stands in a table of its own, and their times are what is left."""
    before = tree(earlier)
    journal = Schedules(earlier, read_only=True)
    assert answers(journal) == EXPECTED
    assert [run.seconds for run in journal.runs()] == [None] * 4
    assert tree(earlier) == before


def test_a_reader_goes_on_while_the_journal_is_migrated_under_it(earlier):
    """The same object: lengths are there as soon as somebody wrote."""
    reading = Schedules(earlier, read_only=True)
    assert reading.run("measured").seconds is None
    Journal(earlier)
    assert reading.run("measured").seconds == 7.5
    assert answers(reading) == EXPECTED


def test_migrated_it_keeps_lengths_and_what_was_begun(earlier, monkeypatch):
    """7.5 s stay, what another boot ended has none, and a run that goes is measured from its old start."""
    from core.journal import journal as module

    journal = Schedules(earlier)
    assert answers(journal) == EXPECTED
    assert {run.run_id: run.seconds for run in journal.runs()} == {
        "measured": 7.5, "another-boot": None, "unended": None, "planned": None,
    }  # fmt: skip
    monkeypatch.setattr(module, "boot_id", lambda: "boot-1")
    monkeypatch.setattr(module, "since_boot_s", lambda: 230.0)
    journal.end("unended", "succeeded", 0, None)
    assert journal.run("unended").seconds == 30.0


def test_the_tables_of_before_are_gone(earlier):
    """Nothing is in two places."""
    Journal(earlier)
    raw = sqlite3.connect(earlier / "journal.sqlite")
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    raw.close()
    assert not tables & {"run_length", "run_sign", "backfill_session"}


def test_a_range_that_an_earlier_version_left_is_resumed(earlier):
    """A session whose run never came to be is begun anew; what is over stays, and the schedule starts nothing of it."""
    configured = settings.load({"AFTERCLOSE_DATA": str(earlier)}, earlier)
    started = []

    def start(configured, request, run_id, person):
        journal = Journal(configured.data)
        journal.add_run(run_id, who="a", how="schedule", request=request, target="report", state="running")
        journal.rekey(run_id, {}, request["end"])
        journal.end(run_id, "succeeded", 0, None)
        started.append(request["end"])
        return Launched(run_id, new=True)

    sessions = fill(configured, RANGE, start=start)
    assert started == ["2013-02-13", "2013-02-14", "2013-02-19"]
    assert [due.state for due in sessions] == [
        "succeeded", "failed", "succeeded", "succeeded", "no data", "succeeded",
    ]  # fmt: skip
