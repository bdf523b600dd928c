"""Uploads that nobody needs any more: brought long ago, read by no run since, and named by nothing that starts runs."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

from core.errors import AftercloseError
from core.journal.backfills import DONE, Backfills
from core.journal.schedules import Schedules
from core.paths import real_path, typed_path
from core.registry.origins import PAGE
from core.request.known_profiles import KnownProfiles
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.request.upload_list import uploads_in
from core.request.uploads import folder_of
from core.review.makers import MEANING

_NAMING = ("path", "tickers", "membership", "symbols")
"""Parameters that name a file; tickers do behind ``@``."""


def old_uploads(settings: Settings, now: datetime) -> list[Path]:
    """Return uploads older than ``[files] uploads_keep_days`` that may go; only what the desk itself put there.

    What a run made of one stays: its prices are in the checkpoint.
    """
    days = int(settings["uploads_keep_days"] or 0)
    if not days or settings.profile_faults:
        return []  # a section that cannot be read may name any of them
    try:
        folder = real_path(folder_of(settings))
    except AftercloseError:
        return []  # there are no uploads then
    oldest = now.astimezone(UTC) - timedelta(days=days)
    old = [folder / entry.name for entry in uploads_in(folder) if entry.at < oldest.timestamp()]
    old = [path for path in old if path.is_file() and path.lstat().st_mtime < oldest.timestamp()]
    in_use = {text for text in _names_in_use(settings, oldest) if text} if old else set()
    return [path for path in old if not any(_is_named_in(path, text) for text in in_use)]


def _is_named_in(path: Path, text: str) -> bool:
    """Return whether a name may mean an upload: itself, a folder around it, or a pattern in one.

    Of a pattern what stands before its first wildcard counts, and of a name that is not absolute nobody knows from
    which folder it was meant: an upload stays rather once too often.
    """
    place = Path(os.path.normpath(typed_path(text)))
    parts = place.parts
    if glob.has_magic(text) and not place.exists():
        parts = tuple(takewhile(lambda part: not glob.has_magic(part), parts))
    if place.is_absolute():
        target = real_path(Path(*parts))
        return path == target or target in path.parents
    if _is_named_in(path, str(Path.cwd().joinpath(*parts))):  # also through a link
        return True
    parts = tuple(part for part in parts if part != "..")
    spans = range(len(path.parts) - len(parts) + 1)
    return any(path.parts[start : start + len(parts)] == parts for start in spans)


def _names_in(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a request or a profile names of files: prices, and lists that may have been brought as well."""
    yield from (str(values.get(name) or "").removeprefix("@") for name in _NAMING)


def _names_in_use(settings: Settings, oldest: datetime) -> Iterator[str]:
    """Yield the names of files in profiles, schedules, ranges and runs since then.

    And what the profiles stand for that those name: one without a section is named in the place of its file.
    """
    for values in (settings.defaults, *settings.profiles.values()):
        yield from _names_in(values)
    reading = Schedules.find(settings.data, settings.journal)
    if reading is None:
        return
    profiles, names = KnownProfiles(settings.data), set[str]()
    for request in _requests(settings, reading, oldest):
        yield from _names_in(request)
        name = str(request.get(PROFILE) or "")
        if name and name not in names and (entry := profiles.entry(name)) is not None:
            yield from _names_in(entry.texts())
        names.add(name)


def _requests(settings: Settings, reading: Schedules, oldest: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield what schedules, ranges and runs since then ask for, and what their profiles meant when they were set."""
    backfills = Backfills(settings.data, settings.journal, read_only=True).backfills(limit=1_000)
    bodies = [entry.body for entry in reading.schedules()]
    bodies += [each.body for each in backfills if each.state != DONE]
    for body in bodies:
        yield body["request"]
        yield body.get(MEANING) or {}
    offset = 0
    while page := reading.runs(limit=PAGE, offset=offset):
        yield from (run.request for run in page)
        if datetime.fromisoformat(page[-1].created_at) < oldest:
            return
        offset += PAGE
