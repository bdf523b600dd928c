"""Schedules, what became of each time they were due, ranges that are filled in, alarms told."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE schedule (
        seq {serial}, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, state TEXT NOT NULL,
        since TEXT NOT NULL, seen TEXT NOT NULL, created_at TEXT NOT NULL, who TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE occurrence (
        seq {serial}, schedule TEXT NOT NULL, due_at TEXT NOT NULL, session TEXT, state TEXT NOT NULL,
        run_id TEXT, note TEXT, at TEXT NOT NULL, UNIQUE (schedule, due_at)
    )
    """,
    "CREATE INDEX occurrence_state ON occurrence (state, seq)",
    """
    CREATE TABLE scheduler (
        id INTEGER PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, pid_started BIGINT NOT NULL,
        boot_id TEXT NOT NULL, beat_at TEXT NOT NULL
    )
    """,
    "CREATE TABLE alarm (subject TEXT PRIMARY KEY, at TEXT NOT NULL, note TEXT NOT NULL)",
    """
    CREATE TABLE backfill (
        seq {serial}, backfill_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, state TEXT NOT NULL,
        created_at TEXT NOT NULL, ended_at TEXT, who TEXT NOT NULL, host TEXT, pid INTEGER,
        pid_started BIGINT, boot_id TEXT
    )
    """,
    """
    CREATE TABLE backfill_session (
        backfill_id TEXT NOT NULL, session TEXT NOT NULL, state TEXT NOT NULL, run_id TEXT, note TEXT,
        PRIMARY KEY (backfill_id, session)
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables."""
    del migrator
    sqlite = "sqlite" in type(db).__name__.lower()
    serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "BIGSERIAL PRIMARY KEY"
    for statement in STATEMENTS:
        db.execute_sql(statement.format(serial=serial))
