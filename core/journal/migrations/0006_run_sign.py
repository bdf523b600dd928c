"""The last sign of life of each run, by the database's clock; older runs have none and are never given up."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    del migrator
    db.execute_sql("CREATE TABLE run_sign (run_id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)")
