"""A run's length and its last heartbeat become columns of the run, from tables of their own."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN started_s DOUBLE PRECISION",
    "ALTER TABLE run ADD COLUMN seconds DOUBLE PRECISION",
    "ALTER TABLE run ADD COLUMN heartbeat_at DOUBLE PRECISION",
    # a start is measured from the start of the machine that leads the run: its boot stands in the run already
    """
    UPDATE run SET started_s = (SELECT started FROM run_length
        WHERE run_length.run_id = run.run_id AND run_length.boot_id = run.boot_id)
    """,
    "UPDATE run SET seconds = (SELECT seconds FROM run_length WHERE run_length.run_id = run.run_id)",
    "UPDATE run SET heartbeat_at = (SELECT at FROM run_sign WHERE run_sign.run_id = run.run_id)",
    "DROP TABLE run_length",
    "DROP TABLE run_sign",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, fill them and drop the tables."""
    del migrator
    for statement in STATEMENTS:
        db.execute_sql(statement)
