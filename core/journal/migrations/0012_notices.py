"""Notices to people: each that was to be sent, to whom it went, and when it is tried again."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE notice (
        seq {serial}, subject TEXT UNIQUE, event TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
        state TEXT NOT NULL, took TEXT NOT NULL, tries INTEGER NOT NULL, again_at TEXT NOT NULL, trouble TEXT,
        created_at TEXT NOT NULL, ended_at TEXT
    )
    """,
    "CREATE INDEX notice_state ON notice (state, seq)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    del migrator
    sqlite = "sqlite" in type(db).__name__.lower()
    serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "BIGSERIAL PRIMARY KEY"
    for statement in STATEMENTS:
        db.execute_sql(statement.format(serial=serial))
