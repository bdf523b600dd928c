"""The heartbeat of a run: that it is alive, and the progress of a long stage.

Both are small files in the run's folder, replaced as they change and never synced: they are news, not record. Who
cannot ask the run's process (another machine, another container) looks at a time in the journal.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.heartbeats import HEARTBEAT_S
from core.paths import bytes_of
from core.platform.progress import Progress
from core.request.settings import Settings
from core.runs.launcher import OUTPUT_NAME
from core.runs.log import LOG_NAME, RunLog

HEARTBEAT_NAME, PROGRESS_NAME = "heartbeat", "progress.json"

BEAT_S = 1.0
"""Seconds between two heartbeats in the folder, and at least between two records of progress."""

SILENT_S = 30.0
"""A run that goes and gave no heartbeat for longer may hang, or its machine is overwhelmed."""


_BEATING = threading.Lock()
"""Taken while a heartbeat is written and while this process forks: a worker must not inherit a library's lock that the
thread holds, or it waits for ever."""

os.register_at_fork(
    before=_BEATING.acquire, after_in_parent=_BEATING.release, after_in_child=_BEATING.release
)


class Heartbeat:
    """Shows that a run goes, for as long as this process leads it.

    Parameters
    ----------
    every_s : float
        Seconds between two heartbeats in the journal; see :mod:`core.journal.heartbeats`.
    """

    def __init__(self, settings: Settings, run_id: str, *, every_s: float = HEARTBEAT_S) -> None:
        self._settings = settings
        self._run_id = run_id
        self._path = RunLog(settings.data, run_id).folder / HEARTBEAT_NAME
        self._last = float("-inf")
        self._every_s = every_s
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def beat(self) -> None:
        """Leave a heartbeat in the run's folder, at most once a second; one that cannot be written gets none."""
        if time.monotonic() - self._last >= BEAT_S:
            self._last = time.monotonic()
            with suppress(OSError):
                self._path.write_bytes(b"")

    def start(self) -> None:
        """Begin to beat in the journal; a second call does nothing.

        A thread of its own does it, so that hours of training in the main one do not look like an end.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat_in_journal, name="heartbeat", daemon=True)
            self._thread.start()

    def _beat_in_journal(self) -> None:
        # a journal of its own: a worker that is forked meanwhile must not inherit a lock that this thread holds
        journal: Journal | None = None
        while not self._closed.wait(self._every_s):
            try:
                with _BEATING:
                    journal = journal or Journal(self._settings.data, self._settings.journal)
                    journal.heartbeat(self._run_id)
            except AftercloseError:
                journal = None  # the next one may come through; until then others may think what they see

    def close(self) -> None:
        """Beat no more: the run has ended."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)


def recorded(folder: Path, stage: str, progress: Progress) -> Progress:
    """Return a callback that records in the run's folder how far a stage is, and passes it on to ``progress``."""
    last = float("-inf")

    def record(done: int, total: int) -> None:
        nonlocal last
        progress(done, total)
        if done >= total or time.monotonic() - last >= BEAT_S:
            last = time.monotonic()
            body = json.dumps({"stage": stage, "done": done, "total": total})
            temporary = folder / f"{PROGRESS_NAME}.part"
            with suppress(OSError):
                temporary.write_text(body, encoding="utf-8")
                temporary.replace(folder / PROGRESS_NAME)

    return record


@dataclass(frozen=True)
class Pulse:
    """How a run does right now, by its heartbeat.

    Parameters
    ----------
    age_s : float or None
        Seconds since its last sign of life: heartbeat, progress, log or output. None when it gave none yet.
    stage : str
        The stage that last recorded how far it is; empty when none did.
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
    """Return how the run of a folder does; ``now`` is in seconds since the epoch."""
    names = (HEARTBEAT_NAME, PROGRESS_NAME, LOG_NAME, OUTPUT_NAME)
    times = [at for name in names if (at := _modified_at(folder / name)) is not None]
    age = max(0.0, now - max(times)) if times else None
    try:
        progress = json.loads(bytes_of(folder / PROGRESS_NAME))
        return Pulse(age, str(progress["stage"]), int(progress["done"]), int(progress["total"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Pulse(age)


def _modified_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
