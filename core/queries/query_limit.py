"""How long a question in SQL may take, from its first table on to its last row."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from core.errors import StageError

if TYPE_CHECKING:
    import duckdb

AGAIN_S = 0.05
"""Between two interruptions of a question whose time is over."""


class QueryTimeout(StageError):
    """A question took longer than the settings allow."""


class QueryLimit:
    """Interrupts a connection from its last moment on, again and again: what begins later is broken off as well."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._over, self._stopped = threading.Event(), threading.Event()

    def start(self) -> None:
        """Let the time run, where there is a limit."""
        if self._seconds:
            threading.Thread(target=self._watch, name="query-limit", daemon=True).start()

    def _watch(self) -> None:
        if self._stopped.wait(self._seconds):
            return
        self._over.set()
        while not self._stopped.wait(AGAIN_S):
            self._connection.interrupt()

    def raise_if_exceeded(self) -> None:
        """Raise if the time is over."""
        if self._over.is_set():
            raise QueryTimeout(
                f"the question took longer than {self._seconds:g} s",
                expected="[query] timeout_s in luigi.cfg to be enough",
                remedy="Ask for less (fewer tables beside each other, a WHERE, a LIMIT), or raise it; 0 is no limit.",
            )

    def stop(self) -> None:
        """Let go of the connection."""
        self._stopped.set()
