"""Artifacts that this process made a moment ago, so that the next stage need not parse them again.

The bytes on disk are still read and hashed; only when they are exactly those that were written is the
artifact in memory taken for what they say. Large tables are not held: their stages stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.artifacts import PARQUET_ABOVE_ROWS, Artifact, Table


@dataclass(frozen=True)
class Recent:
    """Artifacts by the SHA-256 of their bytes."""

    _held: dict[str, Artifact] = field(default_factory=dict)

    def keep(self, digest: str, artifact: Artifact) -> None:
        """Remember what the bytes with this digest say."""
        if not isinstance(artifact, Table) or artifact.rows <= PARQUET_ABOVE_ROWS:
            self._held[digest] = artifact

    def get(self, digest: str) -> Artifact | None:
        """Return the artifact of these bytes if this process made it."""
        return self._held.get(digest)
