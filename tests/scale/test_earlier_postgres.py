"""A PostgreSQL journal of the version before: its tables are made by the migrations up to 0008, then it is opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.journal import Journal, database
from core.journal.heartbeats import LEASE_S
from core.journal.occurrences import Occurrence
from core.journal.runs_and_drafts import SILENT
from core.journal.schedules import Schedules

ROWS = (
    """
    INSERT INTO run
        (run_id, created_at, who, how, request, target, keys, state, host, pid, pid_started, boot_id)
    SELECT id, '2026-11-27T22:00:00.000+00:00', 'ann', 'desk', '{}', 'report', '{}', state, 'elsewhere', 7, 9, 'b'
    FROM (VALUES ('ended', 'succeeded'), ('silent', 'running'), ('alive', 'running')) AS v (id, state)
    """,
    "INSERT INTO run_length VALUES ('ended', 'b', 100, 7.5), ('alive', 'b', 200, NULL)",
    "INSERT INTO run_sign SELECT 'silent', EXTRACT(EPOCH FROM clock_timestamp()) - 1000",
    "INSERT INTO run_sign SELECT 'alive', EXTRACT(EPOCH FROM clock_timestamp())",
    "INSERT INTO backfill (backfill_id, body, state, created_at, who) VALUES ('range', '{}', 'stopped', 'then', 'ann')",
    "INSERT INTO backfill_session VALUES ('range', '2013-02-12', 'waiting', NULL, NULL)",
    "INSERT INTO backfill_session VALUES ('range', '2013-02-11', 'failed', 'r', 'no')",
)


@pytest.fixture
def earlier(url, tmp_path, monkeypatch):
    """The URL of a journal of migration 0008, with runs that ended, fell silent and go on."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in database._MIGRATIONS.glob("000[1-8]_*.py"):
        shutil.copy(path, folder / path.name)
    with monkeypatch.context() as patch:
        patch.setattr(database, "_MIGRATIONS", Path(folder))
        opened = database.open_database(tmp_path, url, read_only=False)
    with opened.connection_context():
        for statement in ROWS:
            opened.execute_sql(statement)
    return url


def states(journal):
    """Run -> state, seconds and error."""
    return {run.run_id: (run.state, run.seconds, run.error) for run in journal.runs()}


def test_lengths_and_heartbeats_move_into_the_run(earlier, tmp_path):
    """Only read, it has neither and gives nobody up; migrated, it has both, and who is silent was interrupted."""
    reading = Journal(tmp_path, earlier, read_only=True)
    assert states(reading) == {
        "ended": ("succeeded", None, None), "silent": ("running", None, None), "alive": ("running", None, None),
    }  # fmt: skip
    journal = Journal(tmp_path, earlier)
    expected = {
        "ended": ("succeeded", 7.5, None), "silent": ("interrupted", None, SILENT), "alive": ("running", None, None),
    }  # fmt: skip
    assert states(journal) == expected
    assert states(reading) == expected
    assert journal.settle() == ["silent"]
    assert LEASE_S < 1000


@pytest.mark.parametrize("read_only", [True, False], ids=["only read", "migrated"])
def test_sessions_of_a_range_are_occurrences_and_no_times_of_a_schedule(earlier, tmp_path, read_only):
    """In order, before and after the migration."""
    journal = Schedules(tmp_path, earlier, read_only=read_only)
    assert journal.sessions_of("range") == [
        Occurrence("range", "2013-02-11", "2013-02-11", "failed", "r", "no"),
        Occurrence("range", "2013-02-12", "2013-02-12", "waiting"),
    ]
    assert (journal.open_occurrences(), journal.count_states("occurrence")) == ([], {})


def test_nothing_is_left_of_the_tables_of_before(earlier, tmp_path, server, database):
    """None is there after the first writer."""
    Journal(tmp_path, earlier)
    assert server.sql("SELECT to_regclass('run_length'), to_regclass('backfill_session')", database) == "|"
