"""Reading what a run prints as it grows, from where one stopped. EDGE."""

from __future__ import annotations

from pathlib import Path

from core.runs.launcher import OUTPUT_NAME
from core.runs.log import RunLog


class Follower:
    """Reads a file of a run piece by piece: what it said, or what it printed."""

    def __init__(self, root: Path, run_id: str, name: str = OUTPUT_NAME) -> None:
        self._path = RunLog(root, run_id).folder / name
        self._at = 0

    def more(self) -> str:
        """Return what was printed since the last call; empty when nothing was."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._at)
                data = stream.read()
        except OSError:
            return ""
        self._at += len(data)
        return data.decode(errors="replace")
