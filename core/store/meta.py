"""What a checkpoint's ``meta.json`` says: which artifacts, made from what; checked against its own digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import CheckpointError
from core.fingerprint import digest_of, is_digest
from core.paths import StoragePath


@dataclass(frozen=True)
class Slot:
    """Where a stage's checkpoint belongs: the stage's name and the key."""

    stage: str
    key: str


@dataclass(frozen=True)
class Input:
    """What a stage was given: whose artifact (stage and key), its file name and its digest."""

    stage: str
    key: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class Meta:
    """A committed checkpoint's ``meta.json``, checked against its own digest."""

    body: Mapping[str, Any]

    @property
    def artifacts(self) -> dict[str, Mapping[str, Any]]:
        """The artifacts by file name: name, file, format, sha256, bytes, rows."""
        return {a["file"]: a for a in self.body["artifacts"]}

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each artifact by file name."""
        return {name: a["sha256"] for name, a in self.artifacts.items()}

    @property
    def inputs(self) -> list[Input]:
        """What the stage was given."""
        return [
            Input(i["stage"], i["key"], name, digest)
            for i in self.body["inputs"]
            for name, digest in i["artifacts"].items()
        ]

    @property
    def size(self) -> int:
        """Bytes of all artifacts together."""
        return sum(int(artifact["bytes"]) for artifact in self.body["artifacts"])

    @property
    def rows(self) -> int | None:
        """Rows of the main artifact, if it is a table."""
        rows = self.body["artifacts"][0]["rows"]
        return None if rows is None else int(rows)


def checked_meta(data: bytes, path: StoragePath, slot: Slot) -> Meta:
    """Return the meta of ``slot`` from the bytes at ``path``.

    Raises
    ------
    CheckpointError
        If they are not what was written for it.
    """
    try:
        body = json.loads(data)
        claimed = body.pop("self_sha256")
        right = claimed == digest_of(body) and (body["stage"], body["key"]) == (slot.stage, slot.key)
        sound = _is_sound(body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable meta file ({type(error).__name__})") from error
    if not right:
        raise CheckpointError(f"{path} was changed after it was written")
    if not sound:
        raise CheckpointError(f"{path} is not a readable meta file (it is not shaped as one)")
    return Meta(body)


def _is_sound(body: Mapping[str, Any]) -> bool:
    """Return whether everything has the type that readers expect, and names lead nowhere else.

    Its own digest shows damage and not who wrote it: whoever may write the data root makes one that is right.
    """
    artifacts = all(
        _is_plain(a["file"])
        and is_digest(a["sha256"])
        and _is_count(a["bytes"])
        and (a["rows"] is None or _is_count(a["rows"]))
        for a in body["artifacts"]
    )
    inputs = all(
        _is_plain(i["stage"])
        and _is_plain(i["key"])
        and all(_is_plain(name) and is_digest(digest) for name, digest in i["artifacts"].items())
        for i in body["inputs"]
    )
    mappings = isinstance(body.get("parameters", {}), dict) and isinstance(body.get("program") or {}, dict)
    return bool(body["artifacts"]) and artifacts and inputs and mappings


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
