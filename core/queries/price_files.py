"""Price files under the folders that runs read: what a folder has, which files answer to some words. Read-only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path

from core.errors import ParameterError
from core.paths import real_path
from core.platform.storage import local_folder
from core.request import roots
from core.request.settings import Settings
from core.sources.tabular.inventory import is_table_name

MOST_ENTRIES = 400
"""Of one folder; more are found by words."""

MOST_LOOKED_AT = 50_000
"""Names that a search looks at: a second on a slow disk."""

MOST_FOUND = 60
MAX_DEPTH = 8
"""Folders within each other that a search goes down."""


@dataclass(frozen=True)
class PriceFile:
    """A file of prices, or a folder.

    Parameters
    ----------
    path : Path
    is_folder : bool
    size : int
        Bytes of a file; of a folder the number of price files directly in it.
    modified : datetime or None
        When it was last written (UTC); None for a folder.
    """

    path: Path
    is_folder: bool
    size: int
    modified: datetime | None = None


@dataclass(frozen=True)
class Listing:
    """What there is, and whether it is all.

    Parameters
    ----------
    entries : tuple of PriceFile
        Folders by name, then files by name; of a search the last written first.
    complete : bool
        Whether nothing was left out.
    """

    entries: tuple[PriceFile, ...]
    complete: bool = True


def folders(settings: Settings) -> tuple[Path, ...]:
    """Return the folders to begin with: the configured roots, without any the working folder."""
    return roots.roots_of(settings, os.environ) or (real_path(Path.cwd()),)


def listing(settings: Settings, folder: Path) -> Listing:
    """Return what a folder has for a run to read.

    Raises
    ------
    ParameterError
        If the folder is in none of the folders to begin with, or no run may read there.
    """
    _check_folder(settings, folder)
    with ParameterError.of_disk(f"{folder} cannot be read", expected="a folder", parameter="path"):
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name.casefold())
    readable = [each for entry in entries if (each := _entry(settings, entry)) is not None]
    ordered = sorted(readable, key=lambda each: not each.is_folder)
    return Listing(tuple(ordered[:MOST_ENTRIES]), len(ordered) <= MOST_ENTRIES)


def search(settings: Settings, words: str) -> Listing:
    """Return the price files below all folders to begin with whose names hold every word, the last written first."""
    terms = words.casefold().split()
    matches, looked_at = [], 0
    for entry, below in _walked(settings):
        looked_at += 1
        if looked_at > MOST_LOOKED_AT:
            break
        if is_table_name(entry.name) and all(word in below.casefold() for word in terms):
            match = _entry(settings, entry)
            if match is not None and not match.is_folder:
                matches.append(match)
    newest = nlargest(MOST_FOUND, matches, key=lambda each: each.modified or datetime.min.replace(tzinfo=UTC))
    return Listing(tuple(newest), looked_at <= MOST_LOOKED_AT and len(matches) <= MOST_FOUND)


def _walked(settings: Settings) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield each file below the folders to begin with, and its path below that; no link to a folder is followed."""
    data = real_path(local_folder(settings.data))
    waiting = [(folder, "", 0) for folder in folders(settings)]
    while waiting:
        folder, below, depth = waiting.pop()
        try:
            with os.scandir(folder) as scanned:
                entries = list(scanned)
        except OSError:
            continue  # not for this person's eyes, or gone
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{below}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield entry, name
            elif depth < MAX_DEPTH and Path(entry.path) != data:
                waiting.append((Path(entry.path), f"{name}/", depth + 1))


def _check_folder(settings: Settings, folder: Path) -> None:
    inside = real_path(folder)
    if not any(inside.is_relative_to(root) for root in folders(settings)):
        raise ParameterError(
            f"{folder} is in none of the folders of price files",
            expected=f"a folder under {', '.join(map(str, folders(settings)))}",
            parameter="path",
        )
    roots.check_path(str(folder), settings, parameter="path")


def _entry(settings: Settings, entry: os.DirEntry[str]) -> PriceFile | None:
    """Return what stands at a name, None where no run reads it."""
    if entry.name.startswith("."):
        return None
    try:
        is_folder = entry.is_dir()
        if not is_folder and not (is_table_name(entry.name) and entry.is_file()):
            return None
        roots.check_path(entry.path, settings, parameter="path")
        if is_folder:
            return PriceFile(Path(entry.path), True, _tables_in(entry.path))
        about = entry.stat()
    except (ParameterError, OSError):
        return None  # out of reach, or gone in between
    return PriceFile(Path(entry.path), False, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


def _tables_in(folder: str) -> int:
    try:
        with os.scandir(folder) as scanned:
            return sum(is_table_name(entry.name) for entry in scanned)
    except OSError:
        return 0
