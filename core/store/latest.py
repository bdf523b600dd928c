"""``<data>/latest/``: links to all artifacts of the last successful run, under their plain names. EDGE.

Object storage has no links: there ``latest/index.json`` says where each artifact is.
"""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePath

from core.plan import StagePlan
from core.store import locks
from core.store.checkpoints import Slot, Store
from core.store.objects import ObjectPath

INDEX = "index.json"


def link_latest(root: Path, plan: StagePlan, *, journal: str) -> None:
    """Point ``<data>/latest/`` at all artifacts of a finished run, under their plain names."""
    store, latest = Store(root), root / "latest"
    wanted: dict[str, str] = {}
    for stage_plan in plan.line():
        meta = store.meta(stage_plan.slot)
        for name in meta.digests if meta else ():
            wanted[name] = f"../checkpoints/{stage_plan.slot.stage}/{stage_plan.slot.key}/{name}"
    model = plan.before("train_or_score").parameters["model_id"]
    if model:
        wanted["model.json"] = f"../models/{model}.json"
    if isinstance(latest, ObjectPath):
        _write_index(latest, wanted)
        return
    if _links(latest) == wanted:
        return  # nothing to do, so a read-only root is no trouble
    latest.mkdir(parents=True, exist_ok=True)
    # one at a time: two runs that end together must not tidy away each other's new links
    with locks.held(root, "latest", str(os.getpid()), journal=journal, waiting=lambda _: None):
        for name, target in wanted.items():
            _link(latest / name, target)
        for old in latest.iterdir():
            if old.name not in wanted:
                old.unlink()


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


def _write_index(latest: ObjectPath, targets: dict[str, str]) -> None:
    if _indexed(latest) != targets:
        body = {"format": 1, "kind": "latest", "artifacts": targets}
        (latest / INDEX).write_bytes(json.dumps(body, indent=2, sort_keys=True).encode() + b"\n")


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


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
