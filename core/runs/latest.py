"""Point ``<data>/latest/`` at all artifacts of a finished run; :mod:`core.store.latest` reads it."""

from __future__ import annotations

import os

from core.journal import locks
from core.paths import StoragePath
from core.platform.storage import storage_at
from core.runs.plan import StagePlan
from core.store.checkpoints import Store


def link_latest(root: StoragePath, plan: StagePlan, *, journal: str) -> None:
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
    links = storage_at(latest)
    if links.links() == targets:
        return  # nothing to do, so a read-only root is no trouble
    # one at a time: two runs that end together must not tidy away each other's new links
    with locks.hold(root, "latest", str(os.getpid()), journal=journal, waiting=lambda _: None):
        links.link(targets)
