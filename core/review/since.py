"""What changed since the report of the same profile that was signed last: shown to who signs, and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.journal import Journal, Record
from core.registry.origins import Origins
from core.report.differences import Difference, differences
from core.request.settings import Settings
from core.review.evaluated import evaluation_of
from core.review.standing import standing_approvals
from core.store.checkpoints import Store

_MOST = 40
"""Differences that a record holds: a report in which more is different is another report."""


@dataclass(frozen=True)
class Since:
    """The signature before, and what is different from what it signed.

    Parameters
    ----------
    record : Record
        The approval of another report of the profile, the newest that was not revoked or rejected since.
    changes : tuple of Difference or None
        None where the evaluation of one of the two is gone.
    """

    record: Record
    changes: tuple[Difference, ...] | None

    def entry(self) -> dict[str, Any]:
        """Return it as a record keeps it."""
        changes = self.changes
        return {
            "report": self.record.subject,
            "record": self.record.seq,
            "changes": None if changes is None else [[c.what, c.before, c.now] for c in changes[:_MOST]],
        }


def since_last_signed(settings: Settings, journal: Journal | None, report_key: str) -> Since | None:
    """Return what changed since the report of the same profile that was signed last; None for the first one."""
    before = _last_signed(settings, journal, report_key) if journal else None
    if before is None:
        return None
    store = Store(settings.data)
    earlier, now = evaluation_of(store, before.subject), evaluation_of(store, report_key)
    if earlier is None or now is None:
        return Since(before, None)
    try:
        return Since(before, differences(earlier, now))
    except (KeyError, TypeError, AttributeError, ValueError):
        # an evaluation that others wrote need not have what ours has: that stops no signature
        return Since(before, None)


def recorded_since(settings: Settings, journal: Journal | None, report_key: str) -> dict[str, Any] | None:
    """Return what changed as a signature records it."""
    since = since_last_signed(settings, journal, report_key)
    return since.entry() if since else None


def _last_signed(settings: Settings, journal: Journal, report_key: str) -> Record | None:
    origins = Origins(settings)
    origins.judge_read()  # "no other report was signed before" stands in the signature
    profiles = origins.of_key("report", report_key)
    approvals = (record for record in standing_approvals(journal) if record.subject != report_key)
    return next((r for r in approvals if profiles & origins.of_key("report", r.subject)), None)


def sentences(entry: dict[str, Any] | None) -> str:
    """Return a record's entry in words, a line for each change."""
    if entry is None:
        return "no other report of this profile was signed before"
    opening = f"report {entry['report']}, record {entry['record']}"
    if entry["changes"] is None:
        return f"{opening}: its evaluation is gone, so nothing can be compared"
    if not entry["changes"]:
        return f"{opening}: nothing that a report says first is different"
    lines = [f"{what}: {_pair(before, now)}" for what, before, now in entry["changes"]]
    return "\n".join([f"{opening}:", *lines])


def _pair(before: str, now: str) -> str:
    if before and now:
        return f"{before} -> {now}"
    return before or now
