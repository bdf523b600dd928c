"""``<data>/latest/``: links to all artifacts of the last successful run, under their plain names."""

from __future__ import annotations

from pathlib import PurePath

from core.paths import StoragePath
from core.platform.storage import storage_at
from core.store.checkpoints import Slot, Store


def latest_slots(root: StoragePath) -> dict[str, Slot]:
    """Return where the artifacts of the last successful run are, by file name; those that are gone are left out."""
    latest = root / "latest"
    targets = storage_at(latest).links()
    slots = {
        name: Slot(*PurePath(to).parts[-3:-1])
        for name, to in targets.items()
        if "checkpoints" in PurePath(to).parts
    }
    store = Store(root)
    return {name: slot for name, slot in slots.items() if (store.folder(slot) / name).exists()}
