"""By which key a notice is sealed: what was put in or changed behind the desk's back is sent to nobody."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    "ALTER TABLE notice ADD COLUMN sealed_by TEXT",
    "ALTER TABLE notice ADD COLUMN seal TEXT",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns; older notices that wait have no seal."""
    del migrator
    for statement in STATEMENTS:
        db.execute_sql(statement)
