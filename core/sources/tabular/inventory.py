"""Which files a path means, what they weigh, and one digest over them all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from core.errors import MissingFileError, ParameterError, listed
from core.fingerprint import digest_of
from core.platform.filedigest import digest_of_file
from core.sources.tabular.options import MAX_BYTES

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
_PACKED = ".gz"
MAX_FILES = 20_000
_TABLE = re.compile(r"(?i)\.(csv|tsv|txt|parquet|pq)(\.gz)?$")


def stem_of(name: str) -> str:
    """Return a file's name without folder and table endings; other dots stay.

    >>> stem_of("brk.b.csv.gz"), stem_of("005930.KS.parquet"), stem_of("prices")
    ('brk.b', '005930.KS', 'prices')
    """
    return _TABLE.sub("", Path(name).name)


@dataclass(frozen=True)
class Inventory:
    """The files behind a path, sorted by name.

    Parameters
    ----------
    path : Path
        The file, or the folder.
    files : tuple of Path
        Never empty.
    """

    path: Path
    files: tuple[Path, ...]

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return self.files != (self.path,)

    @property
    def name(self) -> str:
        """The name of the file or folder."""
        return self.path.name or self.path.absolute().name or "folder"

    def folders(self) -> list[str]:
        """Return the names of the folders in the folder, which are not read."""
        return _folders(self.path) if self.is_folder else []

    def digest(self) -> str:
        """Return the file's SHA-256, or of a folder the SHA-256 over names and digests, sorted by name."""
        return self.digest_over({file.name: digest_of_file(file) for file in self.files})

    def digest_over(self, digests: dict[str, str]) -> str:
        """Return the digest of these files, from the digest of each by name."""
        if not self.is_folder:
            return digests[self.files[0].name]
        # names in one Unicode form: the same folder on another system has the same digest
        by_name = sorted((unicodedata.normalize("NFC", name), digest) for name, digest in digests.items())
        return digest_of(by_name)


def inventory_of(path_text: str) -> Inventory:
    """Return the files that a path means: itself, or the tables directly in it.

    In a folder, files with other endings and hidden ones are not read, nor are folders in it.

    Raises
    ------
    MissingFileError
        If there is nothing, or no table in the folder.
    ParameterError
        If the files are too many or too large, or a link leads out of the folder.
    """
    path = Path(path_text)
    if path.is_dir():
        files = _tables(path)
    elif path.is_file():
        files = (path,)
    else:
        raise MissingFileError.of(path, "price file", parameter="path")
    if not files:
        folders = _folders(path)
        beside = f"; it has {len(folders)} folders in it ({listed(folders)})" if folders else ""
        raise MissingFileError(
            f"there is no price file in the folder {path}{beside}",
            expected=f"at least one file ending in {', '.join(SUFFIXES)}, or one of these and {_PACKED}",
            remedy="Folders in a folder are not read: name one of them."
            if folders
            else "Check the folder, or name a file.",
            parameter="path",
        )
    _judge_size(path, files)
    return Inventory(path, files)


def _folders(folder: Path) -> list[str]:
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def _tables(folder: Path) -> tuple[Path, ...]:
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    files = [f for f in entries if not f.name.startswith(".") and _TABLE.search(f.name) and f.is_file()]
    home = folder.resolve()
    for file in files:
        if file.resolve().parent != home:
            raise ParameterError(
                f"{file.name} in {folder.name} is a link to {file.resolve()}",
                expected="files that are in the folder itself",
                remedy="Copy the file into the folder, or take the link away.",
            )
    if len(files) > MAX_FILES:
        raise ParameterError(f"{folder.name} has {len(files):,} files", expected=f"at most {MAX_FILES:,}")
    return tuple(files)


def _judge_size(path: Path, files: tuple[Path, ...]) -> None:
    size = sum(file.stat().st_size for file in files)
    if size > MAX_BYTES:
        raise ParameterError(
            f"{path.name} has {size:,} bytes",
            expected=f"at most {MAX_BYTES:,}",
            remedy="Take a shorter range or fewer tickers.",
        )
