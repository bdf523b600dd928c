"""What may go: checkpoints that nothing kept rests on, and old logs. EDGE.

Kept are the closures of every report that is signed, published or being edited, of the champion and the
models in the registry, of runs that go, and of the last successes. The rest is listed with its size and
removed only when asked, each under its own lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import locks
from core.checkpoints import Slot, Store
from core.closure import closure
from core.errors import BusyError, CheckpointError
from core.journal import Journal
from core.registry import Registry
from core.settings import Settings
from core.verification import slots


@dataclass(frozen=True)
class Garbage:
    """One thing that may go: ``checkpoint``, ``quarantine`` or ``log``, where it is and its bytes."""

    what: str
    path: Path
    size_bytes: int
    slot: Slot | None = None


def garbage(settings: Settings, now: datetime) -> list[Garbage]:
    """Return what may go, the largest first. Read-only."""
    store = Store(settings.data)
    kept = _kept(settings, store)
    found = [
        Garbage("checkpoint", folder, _size(folder), slot)
        for slot in slots(settings.data)
        if slot not in kept and (folder := store.folder(slot))
    ]
    moved = (settings.data / "quarantine").glob("*/*")
    found += [Garbage("quarantine", path, _size(path)) for path in moved]
    found += [Garbage("log", path, _size(path)) for path in _old_logs(settings, now)]
    return sorted(found, key=lambda g: (-g.size_bytes, str(g.path)))


def _kept(settings: Settings, store: Store) -> set[Slot]:
    wanted: set[Slot] = set()
    if Journal.exists(settings.data, settings.journal):
        journal = Journal(settings.data, settings.journal, read_only=True)
        runs = journal.active_runs() + journal.successes(int(settings["run_keep_successes"] or 1))
        wanted |= {Slot(stage, key) for run in runs for stage, key in run.keys.items() if stage != "publish"}
        wanted |= {Slot("report", key) for key in journal.report_keys()}
    published = (settings.data / "published").glob("*")
    wanted |= {Slot("report", folder.name) for folder in published}
    wanted |= set(_makers_of_models(settings.data, store))
    latest = (settings.data / "latest").glob("*")
    wanted |= {Slot(p.resolve().parent.parent.name, p.resolve().parent.name) for p in latest}
    return closure(store, wanted)[0]


def _makers_of_models(root: Path, store: Store) -> Iterator[Slot]:
    """Yield the training checkpoints whose model is the champion: they are what it can be traced to."""
    champion = Registry(root).champion()
    for slot in slots(root):
        if champion is None or slot.stage != "train_or_score":
            continue
        try:
            meta = store.meta(slot)
        except CheckpointError:
            yield slot
            continue
        digest = meta.digests.get("model.json", "") if meta else ""
        if digest.startswith(champion.model_id):
            yield slot


def _old_logs(settings: Settings, now: datetime) -> list[Path]:
    days = int(settings["run_keep_logs_days"] or 1)
    oldest = f"{now.astimezone(UTC) - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    folder = settings.data / "runs"
    # a run id begins with its time, so the name alone tells its age
    return sorted(p for p in folder.glob("*T*Z-*") if p.name < oldest) if folder.is_dir() else []


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(p.lstat().st_size for p in files if p.is_file() and not p.is_symlink())


def remove(settings: Settings, item: Garbage) -> bool:
    """Remove one thing and return whether it went; a checkpoint that is being made stays."""
    if item.slot is None:
        shutil.rmtree(item.path)
        return True
    name = f"{item.slot.stage}-{item.slot.key}"
    try:
        with locks.held(settings.data, name, "gc", waiting=None):
            # the commit mark first: whatever is left after a kill is no checkpoint
            Store(settings.data).meta_path(item.slot).unlink(missing_ok=True)
            shutil.rmtree(item.path)
    except BusyError:
        return False
    return True
