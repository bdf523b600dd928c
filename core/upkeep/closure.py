"""What a checkpoint rests on: itself and everything before it, followed through recorded inputs."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import CheckpointError
from core.paths import StoragePath
from core.store import universe_files
from core.store import waivers as waiver_files
from core.store.checkpoints import Slot, Store
from core.store.lineage import REGISTRY
from core.tickers import universe_file


def closure(store: Store, slots: Iterable[Slot]) -> tuple[set[Slot], set[str]]:
    """Return all checkpoints that ``slots`` rest on, themselves included, and the ids of models used.

    A checkpoint whose meta is gone or unreadable is kept in the answer: what cannot be read must not
    be taken for unneeded.
    """
    visited: set[Slot] = set()
    models: set[str] = set()
    waiting = list(slots)
    while waiting:
        slot = waiting.pop()
        if slot in visited:
            continue
        visited.add(slot)
        try:
            meta = store.meta(slot)
        except CheckpointError:
            continue
        for source in meta.inputs if meta else ():
            if source.stage == REGISTRY:
                models.add(source.key)
            else:
                waiting.append(Slot(source.stage, source.key))
    return visited, models


def lists_behind(store: Store, slots: Iterable[Slot]) -> set[StoragePath]:
    """Return the kept files that ``slots`` were made with: long ticker lists, and waivers.

    Their digests are in the keys; a checkpoint whose meta is unreadable names none.
    """
    paths: set[StoragePath] = set()
    for slot in slots:
        try:
            meta = store.meta(slot)
        except CheckpointError:
            continue
        parameters = meta.body.get("parameters", {}) if meta else {}
        tickers, waivers = str(parameters.get("tickers") or ""), str(parameters.get("waivers_digest") or "")
        if tickers.startswith("sha256:"):
            paths.add(universe_file(store.root, tickers))
        for name in ("membership_digest", "symbols_digest"):
            if parameters.get(name):
                paths.add(universe_files.COPIES.at(store.root, str(parameters[name])))
        if waivers:
            paths.add(waiver_files.COPIES.at(store.root, waivers))
    return paths
