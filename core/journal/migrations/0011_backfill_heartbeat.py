"""A range that is filled in has a heartbeat, as a run has."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column."""
    del migrator
    db.execute_sql("ALTER TABLE backfill ADD COLUMN heartbeat_at DOUBLE PRECISION")
