"""Which files a path means, what they weigh, and one digest over them all."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

from core.errors import MissingFileError, ParameterError, SourceError, listed
from core.fingerprint import digest_of
from core.paths import is_there, real_path, typed_path
from core.platform.filedigest import digest_of_file
from core.sources.tabular.options import MAX_BYTES

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".feather", ".arrow", ".xlsx", ".xlsm")
PACKED = (".gz", ".bz2", ".zst")
MAX_FILES = 20_000
MOST_LOOKS = 1_000_000
"""Folders that a pattern leads through; each way there by links counts."""

MAX_DEPTH = 6
"""Folders named ``key=value`` within each other."""

_TABLE = re.compile(rf"(?i)({'|'.join(map(re.escape, SUFFIXES))})({'|'.join(map(re.escape, PACKED))})?$")
_ANY_FOLDERS = "**"
_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
MOST_SKIPPED = 50
"""Names of what is left unread that are recorded."""


def stem_of(name: str) -> str:
    """Return a file's name without folder and table endings; other dots stay.

    >>> stem_of("brk.b.csv.gz"), stem_of("005930.KS.parquet"), stem_of("prices")
    ('brk.b', '005930.KS', 'prices')
    """
    return _TABLE.sub("", Path(name).name)


def is_table_name(name: str) -> bool:
    """Return whether a file of a folder is read: its name ends like a table's, and it is not hidden."""
    return _TABLE.search(name) is not None and not name.startswith(".")


@dataclass(frozen=True)
class Inventory:
    """The files behind a path, sorted by name.

    Parameters
    ----------
    path : Path
        The file, the folder, or the pattern.
    files : tuple of Path
        Never empty.
    base : Path
        The folder that names are relative to.
    skipped : tuple of str
        What is in a folder and is not read: other endings, and folders; hidden ones are not counted.
    """

    path: Path
    files: tuple[Path, ...]
    base: Path
    skipped: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether the path means several files: a folder or a pattern."""
        return self.files != (self.path,)

    @property
    def name(self) -> str:
        """The name of the file or folder, or the pattern behind its folder."""
        if _is_pattern(self.path):
            return self.path.relative_to(self.base).as_posix()
        return self.path.name or self.path.absolute().name or "folder"

    def name_of(self, file: Path) -> str:
        """Return a file's name within the folder: with the folders ``key=value`` that it is in."""
        return file.relative_to(self.base).as_posix()

    def folders(self) -> list[str]:
        """Return the names of the folders in the folder that are not read."""
        return [name.removesuffix("/") for name in self.skipped if name.endswith("/")]

    def digest(self) -> str:
        """Return the file's SHA-256, or of a folder the SHA-256 over names and digests, sorted by name."""
        return self.digest_over({self.name_of(file): digest_of_file(file) for file in self.files})

    def digest_over(self, digests: dict[str, str]) -> str:
        """Return the digest of these files, from the digest of each by name.

        The names of what is not read count as well, where there are any: they are on record in the artifact.
        """
        if not self.is_folder:
            return digests[self.name_of(self.files[0])]
        # names in one Unicode form: the same folder on another system has the same digest
        by_name = sorted((unicodedata.normalize("NFC", name), digest) for name, digest in digests.items())
        skipped = sorted(unicodedata.normalize("NFC", name) for name in self.skipped)
        return digest_of([*by_name, skipped] if skipped else by_name)


def partitions_of(name: str) -> dict[str, str]:
    """Return what the folders ``key=value`` of a file's name say.

    >>> partitions_of("ticker=BRK%2FB/year=2022/part-0.parquet")
    {'ticker': 'BRK/B', 'year': '2022'}
    """
    pairs = (part.partition("=") for part in Path(name).parent.parts)
    return {unquote(key): unquote(value) for key, mark, value in pairs if mark}


def globbed(path_text: str) -> tuple[Path, ...]:
    """Return the files that a pattern with ``*``, ``?`` or ``[...]`` matches, sorted; none for any other path.

    Raises
    ------
    ParameterError
        If it leads through too many folders: links may lead in circles.
    """
    path = typed_path(path_text)
    if not _is_pattern(path):
        return ()
    base = _fixed_part(path)
    matches = set(_matching(base, path.parts[len(base.parts) :], path))
    return tuple(sorted(match for match in matches if _is_file(match)))


def _matching(base: Path, patterns: tuple[str, ...], whole: Path) -> Iterator[Path]:
    """Yield what matches below a folder, as ``glob`` has it, some of it more than once."""
    waiting, looks = [(base, patterns)], 0
    while waiting:
        folder, parts = waiting.pop()
        if not parts:
            yield folder
            continue
        looks += 1
        if looks > MOST_LOOKS:
            raise ParameterError(
                f"{whole} leads through more than {MOST_LOOKS:,} folders",
                expected="a pattern that leads through fewer",
                remedy="Name the folder that holds the files. Do links in it lead in circles?",
                parameter="path",
            )
        waiting += _steps(folder, parts)


def _steps(folder: Path, parts: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield what matches the first of some patterns in a folder, each with the patterns below it.

    ``**`` is any folders or none; as the last part it is any files, too.
    """
    pattern, rest = parts[0], parts[1:]
    if not glob.has_magic(pattern):
        yield folder / pattern, rest
        return
    deep = pattern == _ANY_FOLDERS
    if deep and rest:
        yield folder, rest
    for name in _names_in(folder):
        if name.startswith(".") and not pattern.startswith("."):
            continue
        place = folder / name
        is_folder = _is_folder(place)
        if deep and is_folder:
            yield place, parts
        elif (is_folder or not rest) and (not rest if deep else fnmatchcase(name, pattern)):
            yield place, rest


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder at once: planning may be interrupted anywhere, and leaves nothing open."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - names, and no iterator
    except (OSError, ValueError):
        return []


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a way that is longer than any may be
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a way that is longer than any may be
        return False


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not is_there(path)


def inventory_of(path_text: str) -> Inventory:
    """Return the files that a path means: itself, the tables in a folder, or those that a pattern matches.

    In a folder the tables directly in it are read, and those in folders named ``key=value``. Files with other endings
    and other folders are not; they are named. Hidden ones are not looked at.

    Raises
    ------
    MissingFileError
        If there is nothing, or no table in the folder.
    ParameterError
        If the files are too many or too large, or a link leads out of the folder.
    SourceError
        If the folder may not be entered, or a storage does not answer.
    """
    path = typed_path(path_text)
    with SourceError.of_disk(
        f"{path} cannot be read", remedy="Whoever runs this needs the right to read it."
    ):
        if path.is_dir():
            inventory = _folder(path)
        elif path.is_file():
            inventory = Inventory(path, (path,), path.parent)
        elif files := globbed(path_text):
            inventory = Inventory(path, files, _fixed_part(path))
        else:
            raise MissingFileError.of(path, "price file", parameter="path")
        _check_inventory(inventory)
    return inventory


def _fixed_part(pattern: Path) -> Path:
    """Return the folders of a pattern before its first wildcard."""
    fixed = list(pattern.parent.parts)
    place = next((i for i, part in enumerate(fixed) if glob.has_magic(part)), len(fixed))
    return Path(*fixed[:place])


def _folder(path: Path) -> Inventory:
    files, skipped = [], []
    for entry in sorted(_entries(path), key=lambda entry: entry.relative_to(path).as_posix()):
        name = entry.relative_to(path).as_posix()
        if entry.is_dir():
            skipped.append(f"{name}/")
        elif is_table_name(entry.name):
            files.append(entry)
        elif entry.name.lower() not in _OF_SYSTEMS:
            skipped.append(name)
    if not files:
        raise no_table(path, [name.removesuffix("/") for name in skipped if name.endswith("/")])
    return Inventory(path, tuple(files), path, tuple(skipped[:MOST_SKIPPED]))


def _entries(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Yield files and folders that are not opened; folders named ``key=value`` are opened."""
    for entry in folder.iterdir():
        if entry.name.startswith((".", "_")):
            continue  # hidden, or the marks that Spark leaves
        if entry.is_dir() and "=" in entry.name and depth < MAX_DEPTH:
            yield from _entries(entry, depth + 1)
        else:
            yield entry


def no_table(path: object, folders: list[str]) -> MissingFileError:
    """Return that a folder, or what is at an address, holds nothing that is read."""
    beside = f"; it has {len(folders)} folders in it ({listed(folders)})" if folders else ""
    return MissingFileError(
        f"there is no price file in the folder {path}{beside}",
        expected=f"at least one file ending in {', '.join(SUFFIXES)}, or one of these and {', '.join(PACKED)}",
        remedy="Folders in a folder are not read, but those named key=value: name one of them."
        if folders
        else "Check the folder, or name a file.",
        parameter="path",
    )


def _is_text(name: str) -> bool:
    return name.encode(errors="replace").decode() == name


def _check_inventory(inventory: Inventory) -> None:
    files = inventory.files
    if odd := next((file for file in files if not file.is_file()), None):
        raise ParameterError(
            f"{odd.name} in {inventory.name} is no file: a pipe, a device, or a link to nowhere",
            expected="files alone: whoever opens a pipe waits for somebody at its other end",
            remedy="Take it away, or name the files.",
            parameter="path",
        )
    if strange := next(
        (file for file in files if not _is_text(f"{inventory.name}{inventory.name_of(file)}")), None
    ):
        raise ParameterError(
            f"{strange.name!a} in {inventory.name} has a name whose bytes are no UTF-8",
            expected="names that are text: they go on record",
            remedy="Give the file another name.",
            parameter="path",
        )
    if inventory.is_folder and not _is_pattern(inventory.path):
        home = real_path(inventory.base)
        for file in files:
            if not real_path(file).is_relative_to(home):
                raise ParameterError(
                    f"{file.name} in {inventory.name} is a link to {real_path(file)}",
                    expected="files that are in the folder itself",
                    remedy="Copy the file into the folder, or take the link away.",
                )
    if len(files) > MAX_FILES:
        raise ParameterError(f"{inventory.name} has {len(files):,} files", expected=f"at most {MAX_FILES:,}")
    size = sum(file.stat().st_size for file in files)
    if size > MAX_BYTES:
        raise ParameterError(
            f"{inventory.name} has {size:,} bytes",
            expected=f"at most {MAX_BYTES:,}",
            remedy="Take a shorter range or fewer tickers.",
        )
