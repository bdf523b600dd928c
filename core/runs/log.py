"""The log of one run: JSON lines under ``<data>/runs/<run>/log.jsonl``.

Each line is one ``write`` to a file opened for appending, so lines of several processes never mix and
a kill leaves whole lines. A data root that cannot be written is reported once and does not stop a run.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.paths import StoragePath
from core.platform.storage import local_folder

LOG_NAME = "log.jsonl"


def new_run_id(now: datetime) -> str:
    """Return a run id that sorts by time: ``20130301T210500Z-1f4a9c``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


class RunLog:
    """Appends events of one run; safe from several processes."""

    def __init__(self, root: StoragePath, run_id: str) -> None:
        self.run_id = run_id
        self.folder = local_folder(root) / "runs" / run_id
        self.unwritable: OSError | None = None
        self._descriptor: int | None = None
        self._broken_off = b""  # what ends half a line, where there was no room for all of it

    def __del__(self) -> None:
        """Close the file: a scheduler makes a log at each look, for as long as it goes on."""
        if self.__dict__.get("_descriptor") is not None:
            with suppress(OSError):
                os.close(self.__dict__.pop("_descriptor"))

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process makes of this one: it opens the file itself."""
        return {**self.__dict__, "_descriptor": None}

    @property
    def path(self) -> Path:
        """The log file."""
        return self.folder / LOG_NAME

    def write(self, event: str, *, level: str = "info", stage: str | None = None, **facts: Any) -> None:
        """Append one event; ``facts`` are JSON values."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level}
        body = {**line, "run": self.run_id, "stage": stage, "event": event, **facts}
        self._append(json.dumps(body, default=str).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            if self._descriptor is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self.path, flags, 0o644)
            whole = self._broken_off + line
            self._broken_off = b"\n" if os.write(self._descriptor, whole) < len(whole) else b""
        except OSError as error:
            self.unwritable = error

    def save(self, name: str, data: bytes) -> Path | None:
        """Keep a file beside the log and return its path, None if the root cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(data)
        except OSError as error:
            self.unwritable = error
            return None
        return self.folder / name
