"""The profile that each run belongs to, and the last session that its report holds."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN profile TEXT",
    "ALTER TABLE run ADD COLUMN session TEXT",
    "CREATE INDEX run_profile ON run (profile, session, seq)",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns; older runs are taken over by ``core.registry.origins``."""
    del migrator
    for statement in STATEMENTS:
        db.execute_sql(statement)
