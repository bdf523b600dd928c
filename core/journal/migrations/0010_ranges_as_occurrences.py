"""Sessions of a range become occurrences like the times of a schedule, from a table of their own."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    """
    INSERT INTO occurrence (schedule, due_at, session, state, run_id, note, at)
    SELECT backfill.backfill_id, session, session, backfill_session.state, run_id, note, created_at
    FROM backfill_session JOIN backfill ON backfill.backfill_id = backfill_session.backfill_id
    ORDER BY backfill.seq, session
    """,
    "DROP TABLE backfill_session",
)


def up(migrator: Any, db: Any) -> None:
    """Move the rows and drop the table."""
    del migrator
    for statement in STATEMENTS:
        db.execute_sql(statement)
