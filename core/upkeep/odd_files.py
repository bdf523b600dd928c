"""What of a data root nobody can look at as it is made: pipes and devices in it, and folders that cannot be listed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

NO_FILE = "it is a pipe or a device, and no file"


def odd_files(root: Path, folders: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what is odd below some folders of a data root, by its way from it, and how.

    Pipes, sockets and devices, and links to such: whoever opens a pipe waits for somebody at its other end, so nobody
    here opens one; a report in whose place it is, is not there. And folders that this account cannot list, although it
    may read what is in them by name: who looks for files there finds none, and takes that for none being there.
    """
    waiting = [root / name for name in folders]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue  # named with what should be in it
        except OSError as error:
            yield folder.relative_to(root).as_posix(), f"it cannot be listed: {error.strerror or error}"
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif not entry.is_file() and not entry.is_dir() and path.exists():
                yield path.relative_to(root).as_posix(), NO_FILE
