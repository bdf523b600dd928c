"""The files beside a run's log: what its processes printed, and the findings that stopped it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import CheckpointError
from core.paths import StoragePath, bytes_of, opened
from core.queries.runs.log_lines import tail
from core.runs.launcher import OUTPUT_NAME, RESULT_NAME
from core.runs.log import RunLog

FINDINGS_NAME = "findings.json"
MOST_FINDINGS = 1000
"""Findings shown; the file has all."""

MOST_FINDINGS_BYTES = 64 * 1024**2
"""A quarter of a million findings; their objects take some ten times as much memory."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run that the journal knows."""

    root: StoragePath
    run_id: str

    @property
    def path(self) -> Path:
        """Where the files are."""
        return RunLog(self.root, self.run_id).folder

    @property
    def log_path(self) -> Path:
        """Where the log is, whether it was begun or not."""
        return RunLog(self.root, self.run_id).path

    def output(self) -> str:
        """Return the end of what the run said and of what it printed; empty for one started in a terminal."""
        parts = [tail(self.path / name)[0] for name in (OUTPUT_NAME, RESULT_NAME)]
        return b"".join(parts).decode(errors="replace")

    def findings(self) -> list[dict[str, Any]]:
        """Return the findings that stopped the run, errors first; none if the gate did not stop it.

        Raises
        ------
        CheckpointError
            If the file is there and cannot be read.
        """
        try:
            findings = self._body()["findings"]
            ordered = sorted(findings, key=lambda finding: finding["severity"] != "error")
        except FileNotFoundError:
            return []
        except (KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path / FINDINGS_NAME} cannot be read ({type(error).__name__})"
            ) from error
        return ordered[:MOST_FINDINGS]

    def last_session(self) -> str:
        """Return the last session (ISO) of the prices that the gate stopped; empty where its findings do not say.

        Raises
        ------
        CheckpointError
            If the file is there and cannot be read.
        """
        try:
            tickers = (self._body().get("source") or {}).get("tickers") or {}
            return max((str(each.get("last") or "") for each in tickers.values()), default="")
        except (FileNotFoundError, AttributeError):
            return ""

    def _body(self) -> Any:
        """Return what ``findings.json`` holds.

        Raises
        ------
        FileNotFoundError
            If there is none.
        CheckpointError
            If it cannot be read.
        """
        path = self.path / FINDINGS_NAME
        try:
            weight = path.stat().st_size
            if weight > MOST_FINDINGS_BYTES:
                raise CheckpointError(
                    f"{path} has {weight / 1024**2:,.0f} MiB",
                    expected=f"at most {MOST_FINDINGS_BYTES / 1024**2:,.0f} MiB to show it here",
                    remedy="Look into the file: so many findings are one mistake of the whole table.",
                )
            return json.loads(bytes_of(path))
        except FileNotFoundError:
            raise
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{path} cannot be read ({type(error).__name__})") from error


class Follower:
    """Reads a file of a run piece by piece: what it said, or what it printed."""

    def __init__(self, root: StoragePath, run_id: str, name: str = OUTPUT_NAME) -> None:
        self._path = RunLog(root, run_id).folder / name
        self._at = 0

    def more(self) -> str:
        """Return what was printed since the last call; empty when nothing was."""
        try:
            with opened(self._path) as stream:
                stream.seek(self._at)
                data = stream.read()
        except OSError:
            return ""
        self._at += len(data)
        return data.decode(errors="replace")
