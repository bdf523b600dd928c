"""Artifacts that this process made or read, so that the next stage need not read them again."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.tables import limits
from core.tables.artifacts import Artifact, Table


@dataclass(frozen=True)
class Recent:
    """Artifacts by the SHA-256 of their bytes; large tables are read again."""

    _artifacts: dict[str, Artifact] = field(default_factory=dict)

    def keep(self, digest: str, artifact: Artifact) -> None:
        """Remember what the bytes with this digest say."""
        if not isinstance(artifact, Table) or artifact.rows <= limits.PARQUET_ABOVE_ROWS:
            self._artifacts[digest] = artifact

    def forget(self, digest: str) -> None:
        """Let go of what the bytes with this digest say: nothing reads them any more."""
        self._artifacts.pop(digest, None)

    def get(self, digest: str) -> Artifact | None:
        """Return the artifact of these bytes if this process made it."""
        return self._artifacts.get(digest)
