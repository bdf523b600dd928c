"""Which files of a run are gone: after a restore, or once ``gc`` has removed what nothing rested on."""

from __future__ import annotations

from core.journal import Run
from core.journal.runs_and_drafts import REACHED
from core.request.stages import NAMES
from core.store.checkpoints import Slot, Store


def gone_stages(store: Store, run: Run) -> tuple[str, ...]:
    """Return the stages of a run that came to its end whose checkpoints are not there any more."""
    if run.state not in REACHED:
        return ()
    slots = [Slot(stage, run.keys[stage]) for stage in NAMES if stage in run.keys]
    return tuple(slot.stage for slot in slots if not store.meta_path(slot).exists())


def in_words(stages: tuple[str, ...]) -> str:
    """Return a sentence about stages whose files are gone, empty where none is."""
    return f"files gone: {', '.join(stages)}; a run makes them again" if stages else ""
