"""Runs that are not over are found without reading those that are: each start of a run asks for them."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Create the index."""
    del migrator
    db.execute_sql("CREATE INDEX run_unended ON run (seq) WHERE state IN ('queued', 'running')")
