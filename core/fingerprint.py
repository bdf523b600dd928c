"""Digests: one canonical form of JSON, one hash function, one length for short ids."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import IO, Any

from core.paths import StoragePath, opened

SHORT = 12
"""Hex digits of a short id: 48 bits, a collision among 100,000 checkpoints has odds of 2e-5."""

_CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(value: object) -> bool:
    """Return whether a value is a SHA-256 as it is written here: 64 hex digits, and so a safe name of a file.

    >>> is_digest(sha256(b"")), is_digest("../prices"), is_digest(None)
    (True, False, False)
    """
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: StoragePath) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces of 1 MiB; raises as :func:`core.paths.opened`."""
    with opened(path) as stream:
        return sha256_stream(stream)


def sha256_stream(stream: IO[bytes]) -> str:
    """Return the SHA-256 of what is left of a stream, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, no blanks and ASCII only: equal values give equal bytes.

    Raises
    ------
    ValueError
        For NaN and infinities, which JSON does not have.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest_of(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``.

    >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    True
    """
    return sha256(canonical(value))


def digest_of_texts(texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of files by their names and texts, in whatever order they come.

    >>> digest_of_texts({"a.py": "1", "b.py": "2"}) == digest_of_texts({"b.py": "2", "a.py": "1"})
    True
    """
    return digest_of({name: sha256(text.encode("utf-8", "surrogatepass")) for name, text in texts.items()})
