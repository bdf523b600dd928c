"""Checkpoints: a stage's artifacts under a key, committed by one ``meta.json`` written last.

``<data>/checkpoints/<stage>/<key>/`` exists for good once its ``meta.json`` does. Nothing is written
over it; a damaged one is moved to ``<data>/quarantine/`` and made again. Reading always verifies.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import CheckpointError
from core.fingerprint import digest_of, sha256, sha256_file
from core.paths import NewFile, StoragePath, bytes_of
from core.platform.filedigest import digest_of_file
from core.platform.files import TEMPORARY
from core.platform.storage import storage_at
from core.store.meta import Input, Meta, Slot, checked_meta
from core.tables.artifacts import Encoded

__all__ = ["Input", "Meta", "Slot", "Store"]

META = "meta.json"
ALWAYS_HASHED_BYTES = 64 * 1024**2
"""Files up to this size are hashed whenever asked; larger ones once per identity on disk."""


MOST_META_BYTES = 256 << 20
"""Of a commit mark, which says the first and last day of each ticker: a few dozen bytes for each."""


class Store:
    """All checkpoints of a data root."""

    def __init__(self, root: StoragePath) -> None:
        self.root = root

    def folder(self, slot: Slot) -> StoragePath:
        """Return the folder of ``slot``, whether it exists or not."""
        return self.root / "checkpoints" / slot.stage / slot.key

    def meta_path(self, slot: Slot) -> StoragePath:
        """Return the commit mark's path: what a Luigi target points to."""
        return self.folder(slot) / META

    def meta(self, slot: Slot) -> Meta | None:
        """Return the meta of a committed checkpoint, None if there is none.

        Raises
        ------
        CheckpointError
            If the file is there and is not what was written.
        """
        path = self.meta_path(slot)
        try:
            data = bytes_of(path, MOST_META_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        return checked_meta(data, path, slot)

    def readable_meta(self, slot: Slot) -> Meta | None:
        """Return the meta of a committed checkpoint, None if there is none or it is damaged, which verify reports."""
        try:
            return self.meta(slot)
        except CheckpointError:
            return None

    def damage(self, slot: Slot, *, quick: bool = False) -> str | None:
        """Return what is wrong with a checkpoint in one sentence, None if it is whole or absent.

        ``quick`` trusts the size of each file instead of hashing it.
        """
        try:
            meta = self.meta(slot)
            if meta is None:
                return None
            for name, artifact in meta.artifacts.items():
                self._verify(self.folder(slot) / name, artifact, quick=quick)
        except CheckpointError as error:
            return error.problem
        return None

    def _verify(self, path: StoragePath, artifact: Mapping[str, Any], *, quick: bool) -> None:
        try:
            size = path.stat().st_size
            if size != artifact["bytes"]:
                raise _differs(path, f"{size} bytes", f"{artifact['bytes']} bytes")
            if quick:
                return
            small = size <= ALWAYS_HASHED_BYTES
            digest = sha256(bytes_of(path, size)) if small else digest_of_file(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        if digest != artifact["sha256"]:
            raise _differs(path, f"SHA-256 {digest[:12]}", f"{artifact['sha256'][:12]}")

    def read(self, slot: Slot, filename: str) -> bytes:
        """Return an artifact's bytes, verified against the meta.

        Raises
        ------
        CheckpointError
            If the checkpoint is not committed, or the bytes are not those that were committed.
        """
        path, expected, committed_bytes = self._committed(slot, filename)
        try:
            data = bytes_of(path, committed_bytes)
        except OSError as error:
            raise _unreadable(path, error) from error
        if sha256(data) != expected:
            raise _differs(path, f"SHA-256 {sha256(data)[:12]}", expected[:12])
        return data

    def file(self, slot: Slot, filename: str) -> Path:
        """Return the path of a large artifact that is read piece by piece, its bytes verified now.

        Raises
        ------
        CheckpointError
            As :meth:`read`.
        """
        path, expected, committed_bytes = self._committed(slot, filename)
        try:
            size = path.stat().st_size  # before it is fetched: an object may fill this machine's disk
            if size != committed_bytes:
                raise _differs(path, f"{size} bytes", f"{committed_bytes} bytes")
            copy = storage_at(path).local_copy(expected)
            digest = sha256_file(copy)
        except OSError as error:
            raise _unreadable(path, error) from error
        if digest != expected:
            raise _differs(copy, f"SHA-256 {digest[:12]}", expected[:12])
        return copy

    def _committed(self, slot: Slot, filename: str) -> tuple[StoragePath, str, int]:
        """Return where a committed artifact stands, and the SHA-256 and the bytes that it was committed with."""
        meta = self.meta(slot)
        if meta is None or filename not in meta.artifacts:
            raise CheckpointError(
                f"{slot.stage}/{slot.key} holds no committed {filename}", expected="a finished stage"
            )
        artifact = meta.artifacts[filename]
        return self.folder(slot) / filename, str(artifact["sha256"]), int(artifact["bytes"])

    def commit(self, slot: Slot, artifacts: Sequence[Encoded], meta: Mapping[str, Any]) -> Meta:
        """Write the artifacts, then ``meta.json``, and return what is committed.

        If somebody else committed the same slot in the meantime, theirs is returned and stays.

        Raises
        ------
        CheckpointError
            If the disk is full, read-only or otherwise refuses, naming the cause.
        """
        already = self.meta(slot)
        if already is not None:
            return already  # before anything is written: no other bytes in the place of committed ones
        folder = self.folder(slot)
        body = {"format": 1, "kind": "meta", "stage": slot.stage, "key": slot.key, **meta}
        body["artifacts"] = [_entry(a) for a in artifacts]
        body["self_sha256"] = digest_of(body)
        data = json.dumps(body, indent=2, allow_nan=False).encode() + b"\n"
        with CheckpointError.of_disk(
            f"{slot.stage} could not be written to {folder}",
            expected="a writable data root with room",
            remedy="Nothing committed was touched; mend the cause and run again.",
        ):
            storage_at(folder).commit(
                artifacts,
                META,
                data,
                committed=lambda: self.meta(slot) is not None,
                move_other=partial(self._keep_other, slot),
            )
        return self._reread(slot)

    def _reread(self, slot: Slot) -> Meta:
        committed = self.meta(slot)
        if committed is None:
            raise CheckpointError(f"{slot.stage}/{slot.key} vanished while it was written")
        return committed

    def _keep_other(self, slot: Slot, path: StoragePath, artifact: NewFile) -> None:
        """Move what stands at ``path`` without a commit mark away, unless it is ``made``: it may be a person's."""
        try:
            same_size = path.stat().st_size == artifact.size
            if not path.is_symlink() and same_size and sha256_file(path) == artifact.sha256:
                return
        except FileNotFoundError:
            return
        except OSError:
            pass  # a folder, or unreadable: not what was written here
        target = self.root / "quarantine" / slot.stage / f"{slot.key}-uncommitted-{secrets.token_hex(6)}"
        target.mkdir(parents=True)
        path.rename(target / path.name)

    def sweep(self, slot: Slot) -> int:
        """Remove temporaries that a killed writer left; only under the slot's lock. Return how many."""
        temporaries = list(self.folder(slot).glob(f"{TEMPORARY}*"))
        for path in temporaries:
            if path.is_dir():
                with suppress(OSError):
                    storage_at(path).remove_folder()
            else:
                path.unlink(missing_ok=True)
        return len(temporaries)

    def quarantine(self, slot: Slot, name: str) -> StoragePath:
        """Move a damaged checkpoint away under ``name`` and return where it went; nothing is deleted."""
        target = self.root / "quarantine" / slot.stage / f"{slot.key}-{name}"
        with CheckpointError.of_disk(f"the damaged {slot.stage}/{slot.key} could not be moved away"):
            target.parent.mkdir(parents=True, exist_ok=True)
            while target.exists():
                target = target.with_name(f"{target.name}x")
            self.folder(slot).rename(target)
        return target


def _entry(artifact: Encoded) -> dict[str, Any]:
    return {
        "name": artifact.kind,
        "file": artifact.filename,
        "format": artifact.format,
        "sha256": artifact.sha256,
        "bytes": artifact.size,
        "rows": artifact.rows,
    }


def _differs(path: StoragePath, content: str, expected: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is damaged: it has {content}",
        expected=expected,
        remedy="Run again: it is quarantined and remade.",
    )


def _unreadable(path: StoragePath, error: OSError) -> CheckpointError:
    return CheckpointError(f"{path} cannot be read: {error.strerror or error}")
