"""The first tables: runs, events, drafts, records."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE run (
        seq {serial}, run_id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, who TEXT NOT NULL,
        how TEXT NOT NULL, request TEXT NOT NULL, target TEXT NOT NULL, keys TEXT NOT NULL,
        state TEXT NOT NULL, started_at TEXT, ended_at TEXT, exit_code INTEGER, error TEXT,
        host TEXT NOT NULL, pid INTEGER, pid_started BIGINT, boot_id TEXT
    )
    """,
    """
    CREATE TABLE event (
        seq {serial}, run_id TEXT NOT NULL, at TEXT NOT NULL, stage TEXT NOT NULL,
        state TEXT NOT NULL, facts TEXT NOT NULL
    )
    """,
    "CREATE INDEX event_run ON event (run_id, seq)",
    """
    CREATE TABLE draft (
        seq {serial}, report_key TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,
        author TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (report_key, number)
    )
    """,
    """
    CREATE TABLE record (
        seq INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, prev_hash TEXT NOT NULL,
        kind TEXT NOT NULL, subject TEXT NOT NULL, content TEXT NOT NULL
    )
    """,
    "CREATE INDEX record_subject ON record (kind, subject, seq)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables."""
    del migrator
    sqlite = "sqlite" in type(db).__name__.lower()
    serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "BIGSERIAL PRIMARY KEY"
    for statement in STATEMENTS:
        db.execute_sql(statement.format(serial=serial))
