"""``<data>/latest/``: links to all artifacts of the last successful run, under their plain names. EDGE."""

from __future__ import annotations

import os
from pathlib import Path

from core.plan import StagePlan
from core.registry.registry import Registry
from core.store import locks
from core.store.checkpoints import Store


def link_latest(root: Path, plan: StagePlan, *, journal: str) -> None:
    """Point ``<data>/latest/`` at all artifacts of a finished run, under their plain names."""
    store, latest = Store(root), root / "latest"
    wanted: dict[str, str] = {}
    for stage_plan in plan.line():
        meta = store.meta(stage_plan.slot)
        for name in meta.digests if meta else ():
            wanted[name] = os.path.relpath(store.folder(stage_plan.slot) / name, latest)
    model = plan.before("train_or_score").parameters["model_id"]
    if model:
        wanted["model.json"] = os.path.relpath(Registry(root).folder / f"{model}.json", latest)
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
