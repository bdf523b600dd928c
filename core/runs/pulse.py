"""Signs of life of a run: a heartbeat that its supervisor leaves, and how far long work in a stage is.

Both are small files in the run's folder, replaced as they change and never synced: they are news, not record.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.platform.progress import Progress
from core.runs.launcher import OUTPUT_NAME
from core.runs.log import LOG_NAME

HEARTBEAT_NAME, PROGRESS_NAME = "heartbeat", "progress.json"

BEAT_S = 1.0
"""Seconds between two heartbeats, and at least between two notes of progress."""

SILENT_S = 30.0
"""A run that goes and gave no sign for longer may hang, or its machine is overwhelmed."""


class Heart:
    """Leaves a heartbeat in a run's folder, at most once a second."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / HEARTBEAT_NAME
        self._last = float("-inf")

    def beat(self) -> None:
        """Leave a sign; a folder that cannot be written gets none."""
        if time.monotonic() - self._last >= BEAT_S:
            self._last = time.monotonic()
            with suppress(OSError):
                self._path.write_bytes(b"")


def noted(folder: Path, stage: str, told: Progress) -> Progress:
    """Return a callback that keeps how far a stage is in the run's folder, and passes it on to ``told``."""
    last = float("-inf")

    def note(done: int, total: int) -> None:
        nonlocal last
        told(done, total)
        if done >= total or time.monotonic() - last >= BEAT_S:
            last = time.monotonic()
            body = json.dumps({"stage": stage, "done": done, "total": total})
            temporary = folder / f"{PROGRESS_NAME}.part"
            with suppress(OSError):
                temporary.write_text(body, encoding="utf-8")
                temporary.replace(folder / PROGRESS_NAME)

    return note


@dataclass(frozen=True)
class Pulse:
    """How a run does right now.

    Parameters
    ----------
    age_s : float or None
        Seconds since its last sign of life: heartbeat, progress, log or output. None when it gave none yet.
    stage : str
        The stage that last told how far it is; empty when none did.
    done, total : int
        How far that is.
    """

    age_s: float | None
    stage: str = ""
    done: int = 0
    total: int = 0

    @property
    def silent(self) -> bool:
        """Whether the last sign is so long ago that a person should look."""
        return self.age_s is not None and self.age_s > SILENT_S


def pulse(folder: Path, now: float) -> Pulse:
    """Return the signs of life in a run's folder; ``now`` is in seconds since the epoch."""
    names = (HEARTBEAT_NAME, PROGRESS_NAME, LOG_NAME, OUTPUT_NAME)
    seen = [at for name in names if (at := _changed(folder / name)) is not None]
    age = max(0.0, now - max(seen)) if seen else None
    try:
        told = json.loads((folder / PROGRESS_NAME).read_bytes())
        return Pulse(age, str(told["stage"]), int(told["done"]), int(told["total"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Pulse(age)


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
