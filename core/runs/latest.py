"""Point ``<data>/latest/`` at all artifacts of a finished run; :mod:`core.store.latest` reads it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.journal import locks
from core.platform.objects import ObjectPath
from core.runs.plan import StagePlan
from core.store.checkpoints import Store
from core.store.latest import INDEX, _indexed, _links


def link_latest(root: Path, plan: StagePlan, *, journal: str) -> None:
    """Point ``<data>/latest/`` at all artifacts of a finished run, under their plain names."""
    store, latest = Store(root), root / "latest"
    targets: dict[str, str] = {}
    for stage_plan in plan.line():
        meta = store.meta(stage_plan.slot)
        for name in meta.digests if meta else ():
            targets[name] = f"../checkpoints/{stage_plan.slot.stage}/{stage_plan.slot.key}/{name}"
    model = plan.before("train_or_score").parameters["model_id"]
    if model:
        targets["model.json"] = f"../models/{model}.json"
    if isinstance(latest, ObjectPath):
        _write_index(latest, targets)
        return
    if _links(latest) == targets:
        return  # nothing to do, so a read-only root is no trouble
    latest.mkdir(parents=True, exist_ok=True)
    # one at a time: two runs that end together must not tidy away each other's new links
    with locks.held(root, "latest", str(os.getpid()), journal=journal, waiting=lambda _: None):
        for name, target in targets.items():
            _link(latest / name, target)
        for old in latest.iterdir():
            if old.name not in targets:
                old.unlink()


def _write_index(latest: ObjectPath, targets: dict[str, str]) -> None:
    if _indexed(latest) != targets:
        body = {"format": 1, "kind": "latest", "artifacts": targets}
        (latest / INDEX).write_bytes(json.dumps(body, indent=2, sort_keys=True).encode() + b"\n")


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
