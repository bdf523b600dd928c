"""``<data>/latest/``: links to all artifacts of the last successful run, under their plain names.

Object storage has no links: there ``latest/index.json`` says where each artifact is.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath

from core.platform.objects import ObjectPath
from core.store.checkpoints import Slot, Store

INDEX = "index.json"


def latest_slots(root: Path) -> dict[str, Slot]:
    """Return where the artifacts of the last successful run are, by file name; those that are gone are left out."""
    latest = root / "latest"
    targets = _indexed(latest) if isinstance(latest, ObjectPath) else _links(latest)
    slots = {
        name: Slot(*PurePath(to).parts[-3:-1])
        for name, to in targets.items()
        if "checkpoints" in PurePath(to).parts
    }
    store = Store(root)
    return {name: slot for name, slot in slots.items() if (store.folder(slot) / name).exists()}


def _indexed(latest: ObjectPath) -> dict[str, str]:
    try:
        return {
            str(name): str(to) for name, to in json.loads((latest / INDEX).read_bytes())["artifacts"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # not there yet, or not what was written: made anew


def _links(latest: Path) -> dict[str, str]:
    try:
        return {path.name: str(path.readlink()) for path in latest.iterdir()}
    except OSError:
        return {}  # not there yet, or something that is no link: made anew
