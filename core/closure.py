"""What a checkpoint rests on: itself and everything before it, followed through recorded inputs. EDGE."""

from __future__ import annotations

from collections.abc import Iterable

from core.checkpoints import Slot, Store
from core.errors import CheckpointError
from core.lineage import REGISTRY


def closure(store: Store, slots: Iterable[Slot]) -> tuple[set[Slot], set[str]]:
    """Return all checkpoints that ``slots`` rest on, themselves included, and the ids of models used.

    A checkpoint whose meta is gone or unreadable is kept in the answer: what cannot be read must not
    be taken for unneeded.
    """
    found: set[Slot] = set()
    models: set[str] = set()
    waiting = list(slots)
    while waiting:
        slot = waiting.pop()
        if slot in found:
            continue
        found.add(slot)
        try:
            meta = store.meta(slot)
        except CheckpointError:
            continue
        for source in meta.inputs if meta else ():
            if source.stage == REGISTRY:
                models.add(source.key)
            else:
                waiting.append(Slot(source.stage, source.key))
    return found, models
