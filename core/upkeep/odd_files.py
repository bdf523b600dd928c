"""What lies in a data root and is neither a file nor a folder: nothing here is made so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def odd_files(root: Path, folders: Iterable[str]) -> Iterator[str]:
    """Yield the pipes, sockets and devices below some folders of a data root, and links to such, by their way from it.

    Whoever opens a pipe waits for somebody at its other end, so nobody here opens one; a report in whose place it is,
    is not there.
    """
    waiting = [root / name for name in folders]
    while waiting:
        folder = waiting.pop()
        with suppress(OSError):  # not there, or unreadable: named with what should be in it
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif not entry.is_file() and not entry.is_dir() and path.exists():
                    yield path.relative_to(root).as_posix()
