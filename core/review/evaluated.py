"""What a report was made from and by: its evaluation, and the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import AftercloseError
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind


def evaluation_of(store: Store, report_key: str) -> Mapping[str, Any] | None:
    """Return the body of the evaluation behind a report; None when it is gone or damaged."""
    try:
        key = keys_behind(store, Slot("report", report_key)).get("evaluate")
        return evaluation_at(store, key) if key else None
    except AftercloseError:
        return None


def program_of(store: Store, report_key: str) -> Mapping[str, Any] | None:
    """Return the program that made a report; None where an earlier version did not record it."""
    meta = store.meta(Slot("report", report_key))
    return meta.body.get("program") if meta else None
