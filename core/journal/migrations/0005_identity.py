"""The journal's own name: what a data root in object storage remembers it by."""

from __future__ import annotations

import secrets
from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Create the table with its one row."""
    del migrator
    db.execute_sql("CREATE TABLE identity (id TEXT NOT NULL)")
    db.execute_sql(f"INSERT INTO identity (id) VALUES ('{secrets.token_hex(16)}')")  # noqa: S608 - hex digits
