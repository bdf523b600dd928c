"""SHA-256 of a file, computed once per process while its identity on disk stays the same."""

from __future__ import annotations

from core.fingerprint import sha256_file
from core.paths import StoragePath

_digests: dict[tuple[str, int, int, int, int], str] = {}


def identity(path: StoragePath) -> tuple[str, int, int, int, int]:
    """Return (path, size, mtime_ns, ctime_ns, inode): it changes whenever the file is written."""
    stat = path.stat()
    return (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def digest_of_file(path: StoragePath) -> str:
    """Return the SHA-256 of the file at ``path`` as 64 hex digits."""
    key = identity(path)
    if key not in _digests:
        _digests[key] = sha256_file(path)
    return _digests[key]
