"""Records of people's acts: appended to the journal's chain, its head kept in a second place. EDGE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.journal import Draft, Journal, Record
from core.settings import Settings


def append(
    settings: Settings,
    journal: Journal,
    kind: str,
    subject: str,
    content: Mapping[str, Any],
    *,
    unless: Callable[[list[Record], Draft | None], None] | None = None,
) -> Record:
    """Add a record at the end of the chain and return it; ``unless`` as in :meth:`Journal.append`."""
    del settings
    return journal.append(kind, subject, content, unless=unless)
