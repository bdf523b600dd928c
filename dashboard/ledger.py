"""Whether the ledger holds, said above every page: looked at again now and then, the seldomer the longer it takes."""

from __future__ import annotations

import threading
import time

import streamlit as st

from core.review.ledger_check import ledger_faults
from dashboard import shell

SHORTEST_S = 15.0
"""A forgery is said within this time, or as soon as looking takes a fiftieth of the time between two looks."""


LONGEST_S = 300.0
"""A look that takes longer is said: what it would find is not known meanwhile, and may be found by nobody."""


class Watch:
    """The last look at one ledger, shared by all viewers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_s = 0.0
        self._faults: tuple[str, ...] = ()
        self._began: float | None = None

    def faults(self) -> tuple[str, ...]:
        """Return in what the ledger does not hold; a call during another one's check gets the previous answer."""
        if time.monotonic() >= self._next_s and self._lock.acquire(blocking=False):
            try:
                self._began = began = time.monotonic()
                self._faults = tuple(ledger_faults(shell.settings())[1])
                self._next_s = time.monotonic() + max(SHORTEST_S, 50 * (time.monotonic() - began))
            finally:
                self._began = None
                self._lock.release()
        since = self._began
        if since is not None and time.monotonic() - since > LONGEST_S:
            minutes = int((time.monotonic() - since) / 60)
            return (f"the look at it has not ended for {minutes} minutes, so nobody knows", *self._faults)
        return self._faults


@st.cache_resource(max_entries=4)
def _watch(root: str, journal: str) -> Watch:
    del root, journal  # what it is about
    return Watch()


def alarm() -> None:
    """Say above a page that the ledger does not hold; nothing where it does."""
    now = shell.settings()
    faults = _watch(str(now.data), now.journal).faults()
    if not faults:
        return
    more = f" And {len(faults) - 1:,} more: the page Record lists them." if len(faults) > 1 else ""
    shell.alarm(f"The ledger does not hold, and nothing can be published: {faults[0]}.{more}")
