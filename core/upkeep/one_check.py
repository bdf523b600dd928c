"""Verifying at a desk: one at a time, because each reads every file and whoever may look may press."""

from __future__ import annotations

from threading import Lock

from core.errors import BusyError
from core.request.settings import Settings
from core.upkeep.verification import Verification, verify

_AT_WORK = Lock()


def verify_alone(settings: Settings) -> Verification:
    """Return what a check finds.

    Raises
    ------
    BusyError
        If this process is checking already.
    """
    if not _AT_WORK.acquire(blocking=False):
        raise BusyError(
            "everything is being verified already: somebody else pressed the button",
            expected="one check at a time",
            remedy="Look again when it has ended.",
        )
    try:
        return verify(settings)
    finally:
        _AT_WORK.release()
