"""Uploads that nobody needs any more: brought long ago, read by no run since, and named by nothing that starts runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.backfills import DONE, Backfills
from core.journal.schedules import Schedules
from core.registry.origins import PAGE
from core.request.settings import Settings
from core.request.upload_list import uploads_in
from core.request.uploads import folder_of


def old_uploads(settings: Settings, now: datetime) -> list[Path]:
    """Return uploads older than ``[files] uploads_keep_days`` that may go; only what the desk itself put there.

    What a run made of one stays: its prices are in the checkpoint.
    """
    days = int(settings["uploads_keep_days"] or 0)
    if not days or settings.profile_faults:
        return []  # a section that cannot be read may name any of them
    try:
        folder = folder_of(settings).resolve()
    except AftercloseError:
        return []  # there are no uploads then
    oldest = now.astimezone(UTC) - timedelta(days=days)
    old = [folder / entry.name for entry in uploads_in(folder) if entry.at < oldest.timestamp()]
    old = [path for path in old if path.lstat().st_mtime < oldest.timestamp()]
    in_use = (
        [Path(text).expanduser().resolve() for text in _paths_in_use(settings, oldest) if text] if old else []
    )
    return [path for path in old if not any(path == name or name in path.parents for name in in_use)]


def _paths_in_use(settings: Settings, oldest: datetime) -> Iterator[str]:
    """Yield the paths that profiles, schedules, ranges and runs since then name."""
    yield str(settings["path"] or "")
    yield from (str(values.get("path") or "") for values in settings.profiles.values())
    if not Journal.exists(settings.data, settings.journal):
        return
    reading = Schedules(settings.data, settings.journal, read_only=True)
    yield from (str(entry.body["request"].get("path", "")) for entry in reading.schedules())
    ranges = Backfills(settings.data, settings.journal, read_only=True).backfills(limit=1_000)
    yield from (str(each.body["request"].get("path", "")) for each in ranges if each.state != DONE)
    offset = 0
    while page := reading.runs(limit=PAGE, offset=offset):
        yield from (run.request.get("path", "") for run in page)
        if datetime.fromisoformat(page[-1].created_at) < oldest:
            return
        offset += PAGE
