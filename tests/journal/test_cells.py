"""Rows that somebody else put into the database: of another kind, or with names that lead elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from core.journal import Journal
from core.journal.faults import JournalError
from core.journal.schedules import Schedules
from core.platform.processes import this_process
from core.request import settings
from core.review import ledger
from core.upkeep.verification import verify

CELLS = [
    ("run", "keys", "5"), ("run", "keys", '{"report": 5}'), ("run", "keys", '{"report": "../../keys"}'),
    ("run", "request", "[]"), ("run", "request", '{"source": {"a": 1}}'), ("run", "profile", b"\xff"),
    ("run", "created_at", "soon"), ("run", "created_at", "2026-01-01"), ("run", "created_at", ""),
    ("run", "session", "x"), ("run", "run_id", "../../../etc"), ("run", "run_id", "9" * 5000),
    ("event", "facts", "7"), ("event", "at", b"x"), ("record", "kind", b"signature"), ("record", "content", "1.5"),
    ("record", "content", b"\xff\xfe"), ("record", "content", "[" * 5000), ("draft", "body", b"x"),
    ("draft", "author", b"1"), ("schedule", "body", "3"), ("event", "facts", '{"bytes": "x"}'),
    ("schedule", "body", '{"timing": 3}'), ("schedule", "since", "x"), ("event", "at", "soon"),
    ("event", "at", "2026-01-01"), ("draft", "at", "x"), ("schedule", "body", '{"request": {"path": 5}}'),
    ("schedule", "body", '{"timing": {"text": []}}'), ("occurrence", "state", b"7"),
    ("scheduler", "beat_at", "x"), ("scheduler", "beat_at", "2026-01-01"), ("scheduler", "pid", "x"),
    ("scheduler", "pid_started", b"1"), ("scheduler", "boot_id", b"7"), ("scheduler", "host", b"7"),
]  # fmt: skip


@pytest.fixture
def journal(data):
    """A journal with one row in each table that people and runs fill."""
    configured = settings.load({"AFTERCLOSE_DATA": str(data)}, data.parent)
    journal = Schedules(data)
    ledger.add_run(configured, journal, "r", who="a", how="desk", request={}, target="report", state="failed")
    journal.event("r", "ingest", "started", {})
    ledger.save_draft(configured, journal, "k", "text", author="a")
    journal.add_schedule(
        "s", {"timing": {"text": "close"}, "request": {}}, since="2026-01-01T00:00:00+00:00", who="a"
    )
    journal.beat(this_process(), "2026-01-01T00:00:00+00:00")
    with closing(sqlite3.connect(data / "journal.sqlite")) as raw:
        raw.execute(
            "INSERT INTO occurrence (schedule, due_at, state, at) VALUES ('s', '2026-01-01', 'waiting', 'x')"
        )
        raw.commit()
    return configured


def look(configured):
    """Read all rows of all tables."""
    journal = Schedules(configured.data)
    journal.runs(), journal.events("r"), journal.ledger(), journal.drafts("k")
    journal.schedules(), journal.occurrences("s"), journal.last_beat()


@pytest.mark.parametrize(("table", "column", "cell"), CELLS)
def test_a_cell_of_another_kind_is_damage_in_words(table, column, cell, journal):
    """Whoever reads it is told 30, not an error of its own; verify names the journal."""
    look(journal)
    with closing(sqlite3.connect(journal.data / "journal.sqlite")) as raw:
        raw.execute(f"UPDATE {table} SET {column} = ?", [cell])
        raw.commit()
    with pytest.raises(JournalError) as error:
        look(journal)
    assert error.value.exit_code == 30
    if table in ("run", "record") or column == "facts":
        assert [fault for fault in verify(journal, quick=True).faults if fault.what == "journal"]


def test_what_was_written_is_read_back(journal):
    """Nothing of a journal of our own is taken for damage."""
    look(journal)
    assert Journal(journal.data).run("r").state == "failed"
