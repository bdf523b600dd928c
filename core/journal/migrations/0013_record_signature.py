"""Who signed each record of the ledger; older records carry no signature and are sealed by the next one."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    "ALTER TABLE record ADD COLUMN signed_by TEXT",
    "ALTER TABLE record ADD COLUMN signature TEXT",
    "CREATE INDEX record_about ON record (subject, seq)",
    "CREATE INDEX record_act ON record (seq) WHERE kind NOT IN ('request', 'draft', 'seal')",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, and indices that find acts among many runs."""
    del migrator
    for statement in STATEMENTS:
        db.execute_sql(statement)
