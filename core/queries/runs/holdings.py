"""What a run's stages hold: each checkpoint's artifacts, what they were made from, whether they are whole."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import CheckpointError, DataError
from core.journal import Journal, Run
from core.queries.runs.progress import bytes_by_stage
from core.request.settings import Settings
from core.request.stages import NAMES
from core.store.checkpoints import Input, Meta, Slot, Store
from core.store.lineage import keys_behind
from core.upkeep.archive import export

MOST_ZIPPED_BYTES = 256 * 1024**2


@dataclass(frozen=True)
class Holding:
    """One stage of a run as it is on disk.

    Parameters
    ----------
    slot : Slot
    meta : Meta or None
        None where nothing is committed, or where the meta itself cannot be read.
    damage : str
        What is wrong with it in one sentence; empty for a whole or absent checkpoint.
    """

    slot: Slot
    meta: Meta | None
    damage: str

    @property
    def state(self) -> str:
        """``whole``, ``damaged`` or ``not made``."""
        return "damaged" if self.damage else "whole" if self.meta else "not made"

    def artifacts(self) -> list[Mapping[str, Any]]:
        """Return the artifacts as the meta has them: name, file, format, sha256, bytes, rows."""
        return list(self.meta.artifacts.values()) if self.meta else []

    def inputs(self) -> list[Input]:
        """Return what the stage was given."""
        return self.meta.inputs if self.meta else []


def keys_of(store: Store, run: Run) -> dict[str, str]:
    """Return the key of each stage of a run, also of those that its last one only rests on, in running order."""
    keys = dict(run.keys)
    for stage in reversed(NAMES):
        if stage in keys:
            with suppress(CheckpointError):  # a damaged meta hides what is behind it
                keys = keys_behind(store, Slot(stage, keys[stage])) | keys
            break
    return {stage: keys[stage] for stage in NAMES if stage in keys}


def holding(store: Store, slot: Slot) -> Holding:
    """Return one stage as it is on disk; nothing is trusted that was not hashed."""
    try:
        meta = store.meta(slot)
    except CheckpointError as error:
        return Holding(slot, None, str(error))
    return Holding(slot, meta, store.damage(slot) or "")


def export_command(run: Run) -> str:
    """Return the command that writes the archive of a run, of whatever size."""
    return f"afterclose export {run.run_id}"


def exceeds_zip_limit(journal: Journal, *runs: Run) -> bool:
    """Return whether what runs made or took together is so much that their archive is not given to a browser."""
    sizes = (sum(bytes_by_stage(journal.events(run.run_id)).values()) for run in runs)
    return sum(sizes) > MOST_ZIPPED_BYTES


def as_zip(settings: Settings, run: Run) -> bytes:
    """Return the archive of one run as :func:`core.upkeep.archive.export` writes it.

    Raises
    ------
    CheckpointError
        If it cannot be written anywhere.
    DataError
        If it is larger than :data:`MOST_ZIPPED_BYTES`: a browser is given it out of the server's memory.
    """
    with TemporaryDirectory() as folder:
        target = Path(folder) / f"{run.run_id}.zip"
        export(settings, run, target)
        weight = target.stat().st_size
        if weight > MOST_ZIPPED_BYTES:
            raise DataError(
                f"the archive of run {run.run_id} has {weight / 1024**2:,.0f} MiB",
                expected=f"at most {MOST_ZIPPED_BYTES / 1024**2:,.0f} MiB to give it to a browser",
                remedy=f"Write it to a file: {export_command(run)}",
            )
        return target.read_bytes()
