"""Files that a run is asked with, kept in the data root under the digest that is in the key.

A stage made again, by this process or another, works with what the plan saw, whatever has become of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import CheckpointError, MissingFileError, SettingsError
from core.fingerprint import is_digest, sha256
from core.paths import Allowed, StoragePath, any_file, bytes_of, opened
from core.platform.storage import replace_file


@dataclass(frozen=True)
class FileCopies:
    """The copies of one sort of file.

    Parameters
    ----------
    folder, suffix : str
        Where they lie below the data root, and how their names end.
    max_bytes : int
        Of a file.
    contents : str
        What such a file says, as in "the copy of the waivers".
    option : str
        With which such a file is named on a command line.
    """

    folder: str
    suffix: str
    max_bytes: int
    contents: str
    option: str

    def at(self, root: StoragePath, digest: str) -> StoragePath:
        """Return where the copy with a digest is."""
        return root / self.folder / f"{digest}{self.suffix}"

    def read(self, path: StoragePath, parameter: str, allowed: Allowed = any_file) -> bytes:
        """Return the bytes of the file that a parameter names; ``allowed`` judges it once it is open.

        Raises
        ------
        MissingFileError
            If it is not there.
        SettingsError
            If it is larger than ``max_bytes``.
        """
        MissingFileError.unless_file(path, f"file of {parameter}", parameter=parameter)
        refused = SettingsError.of_disk(
            f"{path.name} cannot be read", expected=f"a readable file of {parameter}"
        )
        with refused, opened(path, allowed=allowed) as file:  # a system's file may have no size, and no end
            data: bytes = file.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            size = max(path.stat().st_size, len(data))
            raise SettingsError(f"{path.name} has {size:,} bytes", expected=f"at most {self.max_bytes:,}")
        return data

    def keep(self, data: bytes, root: StoragePath) -> str:
        """Return the digest of the bytes, of which the data root now has a copy.

        Raises
        ------
        SettingsError
            If they cannot be written.
        """
        digest = sha256(data)
        copy = self.at(root, digest)
        if not copy.is_file() or bytes_of(copy) != data:
            with SettingsError.of_disk(
                f"the {self.contents} cannot be kept in {copy.parent}", expected="a writable data root"
            ):
                replace_file(copy, data)
        return digest

    def load(self, digest: str, root: StoragePath) -> bytes:
        """Return the bytes of a copy.

        Raises
        ------
        CheckpointError
            If it is gone or is not what its digest says.
        """
        path = self.at(root, digest)
        data = bytes_of(path) if is_digest(digest) and path.is_file() else b""
        if sha256(data) != digest:
            raise CheckpointError(
                f"the copy of the {self.contents} {digest[:12]} in {path.parent} is gone or was changed",
                expected="the bytes that the plan saw",
                remedy=f"Run again with {self.option}.",
            )
        return data
