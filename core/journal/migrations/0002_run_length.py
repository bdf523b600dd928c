"""The length of each run by a clock that cannot be set; older runs keep the difference of their times."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    del migrator
    db.execute_sql(
        "CREATE TABLE run_length (run_id TEXT PRIMARY KEY, boot_id TEXT NOT NULL, "
        "started DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION)"
    )
