"""Which answer of a live source a run rests on, and which earlier one it may copy from. EDGE.

A live source may answer the same request differently tomorrow, so its answers are numbered: the plan
takes the latest that is there and intact, else the next number, which is a new key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from core.artifacts import Table, decode
from core.errors import CheckpointError
from core.ingesting import Earlier
from core.store.checkpoints import Meta, Slot, Store

if TYPE_CHECKING:
    from core.plan import StagePlan

LARGEST_GAP = 64
"""Numbers in a row that may be absent (removed by hand or by gc) before the search for vintages ends."""

_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-[0-9a-f]+")
_SAME = ("source", "tickers", "start")
"""Parameters that an earlier checkpoint must share for its rows to be the same rows."""


def choose_vintage(store: Store, slot_of: Callable[[int], Slot], *, fresh: bool) -> int:
    """Return the vintage to use: the latest that is there and intact, else the next.

    Parameters
    ----------
    store : Store
        The checkpoints.
    slot_of : callable
        The slot of each vintage.
    fresh : bool
        True asks for a new answer whatever is there.
    """
    taken = list(_taken(store, slot_of))
    if not fresh:
        for number in reversed(taken):
            slot = slot_of(number)
            if store.damage(slot) is None and store.meta_path(slot).exists():
                return number
    return taken[-1] + 1 if taken else 0


def _taken(store: Store, slot_of: Callable[[int], Slot]) -> Iterator[int]:
    """Yield the vintages that were ever committed, as far as the data root shows, ascending."""
    stage = slot_of(0).stage
    quarantined = _names(store, "quarantine", stage)
    number = last = -1
    while number - last <= LARGEST_GAP:
        number += 1
        slot = slot_of(number)
        if store.meta_path(slot).exists() or any(n.startswith(f"{slot.key}-") for n in quarantined):
            last = number
            yield number


def _names(store: Store, *parts: str) -> list[str]:
    try:
        return [path.name for path in store.root.joinpath(*parts).iterdir()]
    except OSError:
        return []  # none yet, or not ours to read: then there is nothing to take from it


def refuse_to_ask_again(plan: StagePlan, reason: str) -> None:
    """Raise if a damaged checkpoint is a live source's answer: asked again, the same key could hold other rows.

    Raises
    ------
    CheckpointError
        Saying that the next run takes the next vintage.
    """
    live = plan.stage.upstream is None and not plan.parameters.get("input_digest")
    if live:
        raise CheckpointError(
            f"the answer of {plan.parameters['source']} in {plan.slot.stage}/{plan.slot.key} was damaged while "
            f"the run went on: {reason}",
            expected="what was intact when the run began",
            remedy="Run again: the damaged one stays where it is, and the source is asked anew.",
        )


def earlier_answer(store: Store, plan: StagePlan) -> Earlier | None:
    """Return the newest intact answer to the same request up to an earlier day, None if there is none.

    A second answer to the very same request (a vintage above 0) was asked for because the first is not
    trusted: it copies nothing.
    """
    wanted = plan.parameters
    if not wanted.get("end") or wanted.get("vintage"):
        return None
    # day by day backwards: with years of sessions filled in, reading every meta for each would add up
    for slots in _before(store, plan.stage.name, str(wanted["end"])):
        metas = [(slot, meta) for slot in slots if (meta := _readable(store, slot)) is not None]
        same = [(slot, meta) for slot, meta in metas if _same(meta, plan)]
        for slot, meta in sorted(same, key=lambda entry: _vintage(entry[1]), reverse=True):
            loaded = _loaded(store, slot, meta)
            if loaded is not None:
                return loaded
    return None


def _before(store: Store, stage: str, end: str) -> Iterator[list[Slot]]:
    """Yield the checkpoints of each day before ``end`` that they are labelled with, newest day first."""
    found: dict[str, list[Slot]] = {}
    for name in _names(store, "checkpoints", stage):
        dated = _DATED.fullmatch(name)
        if dated and dated[1] < end:
            found.setdefault(dated[1], []).append(Slot(stage, name))
    yield from (found[day] for day in sorted(found, reverse=True))


def _readable(store: Store, slot: Slot) -> Meta | None:
    try:
        return store.meta(slot)
    except CheckpointError:
        return None  # damaged: whoever needs it says so; here it is merely nothing to copy from


def _vintage(meta: Meta) -> int:
    return int(meta.body["parameters"].get("vintage") or 0)


def _same(meta: Meta, plan: StagePlan) -> bool:
    told = meta.body["parameters"]
    return meta.body["version"] == plan.stage.version and all(
        told.get(name) == plan.parameters.get(name) for name in _SAME
    )


def _loaded(store: Store, slot: Slot, meta: Meta) -> Earlier | None:
    name = next(iter(meta.artifacts))
    try:
        artifact = decode(store.read(slot, name), name)
    except CheckpointError:
        return None
    return Earlier(slot.key, meta.digests[name], artifact) if isinstance(artifact, Table) else None
