"""Which journal a data root in object storage belongs to: hosts that share one must share the other.

``<data>/journal.json`` names the journal that came first. A SQLite journal is on one machine, so a second
one, on another host or in another state folder, is refused before it can do the same work twice.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from core.errors import SettingsError
from core.paths import StoragePath, bytes_of
from core.platform.storage import Storage, storage_at

NAME = "journal.json"
SQLITE, POSTGRES = "sqlite", "postgresql"

MOST_BYTES = 1 << 16


def claim(root: StoragePath, identity: str, kind: str) -> None:
    """Take the data root for a journal, or see that it is this journal's already.

    Parameters
    ----------
    identity : str
        The journal's own name.
    kind : str
        ``sqlite`` or ``postgresql``.

    Raises
    ------
    SettingsError
        If the root belongs to another journal, or its storage writes over what must stay.
    OSError
        If the storage does not answer.
    """
    host = socket.gethostname()
    body = {"format": 1, "kind": "journal", "journal": kind, "id": identity, "host": host}
    data = json.dumps(body, indent=2).encode() + b"\n"
    path = root / NAME
    storage = storage_at(path)
    if storage.create(data):
        try:
            _judge_storage(storage, root, data)
        except BaseException:
            path.unlink(missing_ok=True)  # so that it is asked again
            raise
        return
    owner = _owner(path)
    same_host = kind == POSTGRES or owner.get("host") == host
    if owner.get("id") != identity or not same_host:
        raise SettingsError(
            f"{root} belongs to {_whose(owner)}, and this is the {_kind_name(kind)} journal of {host}",
            expected="one journal for all that use a data root",
            remedy="Several hosts need PostgreSQL: set AFTERCLOSE_JOURNAL to the same postgresql:// URL on each. "
            f"If nobody uses that journal any more, remove {path}.",
        )


def _judge_storage(storage: Storage, root: StoragePath, data: bytes) -> None:
    """Raise unless a storage creates no object twice, and writes over none that was changed meanwhile."""
    lacks = ["If-None-Match"] if storage.create(data) else []  # the same bytes: nothing is lost by asking
    if not storage.refuses_other_bytes(data):
        lacks.append("If-Match")
    if lacks:
        raise SettingsError(
            f"the storage of {root} does not honour {' and '.join(lacks)}",
            expected="a server that creates no object twice, and writes over none that was changed meanwhile",
            remedy="Use one that does, or a folder: two runs could write over each other's checkpoints.",
        )


def whose(root: StoragePath) -> str | None:
    """Return in words whose journal a data root belongs to, None while it is nobody's."""
    path = root / NAME
    return _whose(_owner(path)) if path.exists() else None


def damage(root: StoragePath) -> str | None:
    """Return in one sentence why the name of a root's journal cannot be read, None where it can or there is none."""
    try:
        whose(root)
    except SettingsError as error:
        return error.problem
    return None


def _owner(path: StoragePath) -> dict[str, Any]:
    try:
        owner = dict(json.loads(bytes_of(path, MOST_BYTES)))
        "".join(owner[name] for name in ("journal", "id", "host"))  # a TypeError where one is no text
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(
            f"{path} is not readable ({type(error).__name__})",
            expected="the name of a journal",
            remedy="Remove it once you know which journal this data root belongs to.",
        ) from error
    return owner


def _whose(owner: dict[str, Any]) -> str:
    journal = _kind_name(str(owner.get("journal")))
    return f"the {journal} journal that {owner.get('host')} began"


def _kind_name(kind: str) -> str:
    return {SQLITE: "SQLite", POSTGRES: "PostgreSQL"}.get(kind, "unknown")
