"""Which answer of a live source a run rests on.

A live source may answer the same request differently tomorrow, so its answers are numbered: the plan
takes the latest that is there and intact, else the next number, which is a new key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.store.checkpoints import Slot, Store

LARGEST_GAP = 64
"""Numbers in a row that may be absent (removed by hand or by gc) before the search for vintages ends."""


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
    vintages = list(_committed_vintages(store, slot_of))
    if not fresh:
        for number in reversed(vintages):
            slot = slot_of(number)
            if store.damage(slot) is None and store.meta_path(slot).exists():
                return number
    return vintages[-1] + 1 if vintages else 0


def _committed_vintages(store: Store, slot_of: Callable[[int], Slot]) -> Iterator[int]:
    """Yield the vintages that were ever committed, as far as the data root shows, ascending."""
    stage = slot_of(0).stage
    quarantined = folder_names(store, "quarantine", stage)
    number = last = -1
    while number - last <= LARGEST_GAP:
        number += 1
        slot = slot_of(number)
        if store.meta_path(slot).exists() or any(n.startswith(f"{slot.key}-") for n in quarantined):
            last = number
            yield number


def folder_names(store: Store, *parts: str) -> list[str]:
    try:
        return [path.name for path in store.root.joinpath(*parts).iterdir()]
    except OSError:
        return []  # none yet, or unreadable: nothing to take from it
