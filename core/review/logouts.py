"""Logins that somebody ended: logging out takes a cookie out of one browser, and a copy of it counts nowhere any more.

One empty file for each, on this machine beside the journal, for as long as a login could count; several machines know
each of their own. Where it cannot be written this process knows it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from core.fingerprint import sha256
from core.platform.storage import local_folder
from core.request.settings import Settings

FOLDER = "logouts"

KEPT_S = 2 * 86_400
"""A login counts for half a day from when it was issued."""

_OF_A_LOGIN = ("iss", "sub", "iat", "auth_time", "jti", "sid", "nonce")
"""Claims by which one login is told from the same person's next."""

_in_memory: set[str] = set()


def end(settings: Settings, claims: Mapping[str, Any]) -> None:
    """Put down that a login is over; of nobody's nothing is."""
    if not claims:
        return
    folder, mark = local_folder(settings.data) / FOLDER, _mark(claims)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / mark).touch()
        for path in folder.iterdir():
            if path.lstat().st_mtime < time.time() - KEPT_S:
                path.unlink(missing_ok=True)
    except OSError:
        _in_memory.add(mark)


def is_ended(settings: Settings, claims: Mapping[str, Any]) -> bool:
    """Return whether somebody logged out of a login."""
    mark = _mark(claims)
    return mark in _in_memory or (local_folder(settings.data) / FOLDER / mark).exists()


def _mark(claims: Mapping[str, Any]) -> str:
    return sha256(repr([(name, claims.get(name)) for name in _OF_A_LOGIN]).encode())[:32]
