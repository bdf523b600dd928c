"""Which receivers took which notice, kept beside the journal: a row that is put back there sends nothing a second time.

Whoever can write the database can have a notice that was sent wait again; here is a file for each notice (by its seal)
and receiver, and one more once all of them have it. They are of use as long as a notice may be sent, and go then.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from core.errors import AftercloseError
from core.fingerprint import sha256
from core.journal.outbox import QueuedNotice
from core.paths import StoragePath
from core.platform.storage import storage_at

FOLDER = "notices"
"""In the data root."""

_ALL = "all"


class Deliveries:
    """What was taken of the notices of a data root.

    Parameters
    ----------
    root : StoragePath
    """

    def __init__(self, root: StoragePath) -> None:
        self._folder = root / FOLDER

    def has(self, notice: QueuedNotice, mark: str = _ALL) -> bool:
        """Return whether a receiver took a notice; without a mark, whether all did who were to have it."""
        return self._path(notice, mark).exists()

    def add(self, notice: QueuedNotice, mark: str = _ALL) -> None:
        """Put down that a receiver took a notice, or all of them; where there is no room the journal alone says so."""
        with suppress(OSError, AftercloseError):
            self._folder.mkdir(parents=True, exist_ok=True)
            storage_at(self._path(notice, mark)).create(b"\n")

    def forget(self, before: datetime) -> None:
        """Remove what is of notices that nobody would send any more."""
        with suppress(OSError, AftercloseError):
            for path in self._folder.glob("[!.]*"):
                if path.lstat().st_mtime < before.timestamp():
                    path.unlink(missing_ok=True)

    def _path(self, notice: QueuedNotice, mark: str) -> StoragePath:
        # by its words as well: a seal can be written in more than one way
        return self._folder / f"{sha256(repr(notice.words).encode())[:32]}-{mark}"
