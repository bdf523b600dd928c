"""The profile that a notice is about, whose deputy it goes to."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column; older notices are about none."""
    del migrator
    db.execute_sql("ALTER TABLE notice ADD COLUMN profile TEXT")
