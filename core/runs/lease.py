"""Leading a run where several hosts share a journal: a sign of life every few seconds."""

from __future__ import annotations

import threading

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.postgres import is_postgres
from core.journal.signs import SIGN_S
from core.request.settings import Settings


class Lease:
    """Signs for a run in the journal while this process leads it; see :mod:`core.journal.signs`.

    A thread of its own signs, so that hours of training in the main one do not look like an end. Nothing is
    started for an SQLite journal.
    """

    def __init__(self, settings: Settings, run_id: str, *, every_s: float = SIGN_S) -> None:
        self._settings = settings
        self._run_id = run_id
        self._every_s = every_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to sign; a second call does nothing."""
        if self._thread is None and is_postgres(self._settings.journal):
            self._thread = threading.Thread(target=self._sign, name="lease", daemon=True)
            self._thread.start()

    def _sign(self) -> None:
        # a journal of its own: a worker that is forked meanwhile must not inherit a lock that this thread holds
        journal: Journal | None = None
        while not self._over.wait(self._every_s):
            try:
                journal = journal or Journal(self._settings.data, self._settings.journal)
                journal.sign(self._run_id)
            except AftercloseError:
                journal = None  # the next sign may come through; until then others may think what they see

    def close(self) -> None:
        """Sign no more: the run has ended."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)
