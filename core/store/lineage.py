"""Whether a checkpoint fits what is there now, and what a stage was given: followed through digests."""

from __future__ import annotations

from collections.abc import Iterator

from core.paths import StoragePath
from core.store.checkpoints import META, Meta, Slot, Store

REGISTRY = "models"
"""Stands in a meta's inputs where a stage's name would, for a model taken from the registry."""


def keys_behind(store: Store, slot: Slot) -> dict[str, str]:
    """Return the key of each stage that a checkpoint rests on, its own included, by what the metas say.

    Raises
    ------
    CheckpointError
        If a meta on the way is damaged.
    """
    keys: dict[str, str] = {}
    waiting = [slot]
    while waiting:
        behind = waiting.pop()
        if behind.stage == REGISTRY or keys.get(behind.stage) == behind.key:
            continue
        keys[behind.stage] = behind.key
        meta = store.meta(behind)
        waiting += [Slot(i.stage, i.key) for i in meta.inputs] if meta else []
    return keys


def trainings(store: Store, identity: str) -> Iterator[tuple[Slot, Meta]]:
    """Yield the committed trainings that made a model, by key; damaged metas are passed over."""
    for slot in slots(store.root):
        if slot.stage != "train_or_score":
            continue
        meta = store.readable_meta(slot)
        if meta is not None and meta.digests.get("model.json", "").startswith(identity):
            yield slot, meta


def slots(root: StoragePath) -> Iterator[Slot]:
    """Yield every committed checkpoint's slot, by stage and key."""
    for meta in sorted((root / "checkpoints").glob(f"*/*/{META}")):
        yield Slot(meta.parent.parent.name, meta.parent.name)
