"""The newest head of the ledger, signed, in a file of the data root outside the database.

A chain that was cut shorter, or a journal that was emptied or deleted, is whole by itself. ``<data>/ledger/head.json``
shows it, for a forger who may write the database; whoever may write the whole data root can roll all of it back, which
only a witness outside shows (``[proof] heads_file``). The file also says with which keys it began.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import CheckpointError
from core.fingerprint import canonical
from core.journal.chain import GENESIS, Signer
from core.paths import StoragePath, bytes_of
from core.platform.storage import local_folder, storage_at

FOLDER = "ledger"
HEAD = f"{FOLDER}/head.json"
"""Its place in the data root."""

_FORMAT, _KIND = 1, "ledger"


@dataclass(frozen=True)
class FirstKey:
    """A key that was the first to count here: no earlier key vouches for it.

    Parameters
    ----------
    key, public : str
        The key's id, and its public half (PEM).
    at_utc, why : str
        When; and why, for any but the first.
    """

    key: str
    public: str
    at_utc: str
    why: str = ""


@dataclass(frozen=True)
class Head:
    """The newest record's number and hash, by whose key that is said, and with which keys the ledger began."""

    seq: int
    sha256: str
    begun: tuple[FirstKey, ...]
    key: str = ""
    signature: str = ""

    def body(self) -> dict[str, Any]:
        """Return what is signed."""
        body = {"format": _FORMAT, "kind": _KIND, **asdict(self)}
        del body["signature"]
        return body

    def signed(self, signer: Signer) -> Head:
        """Return this head signed by a key."""
        own = replace(self, key=signer.id, signature="")
        return replace(own, signature=base64.b64encode(signer.sign(own.signed_bytes())).decode())

    def signed_bytes(self) -> bytes:
        """Return the bytes that the signature is over."""
        return b"afterclose ledger head v1 " + canonical(self.body())

    def moved(self, seq: int, sha256: str) -> Head:
        """Return the head at another record, unsigned."""
        return replace(self, seq=seq, sha256=sha256, key="", signature="")


def first_head(first_key: FirstKey) -> Head:
    """Return the head of a ledger that has no record yet."""
    return Head(0, GENESIS, (first_key,))


def as_bytes(head: Head) -> bytes:
    """Return the file's bytes."""
    return json.dumps({**head.body(), "signature": head.signature}, indent=1).encode() + b"\n"


def exchange_head(root: StoragePath, before: bytes | None, head: Head) -> bool:
    """Write the head if its file still has the bytes of ``before``, None for no file, and return whether it did.

    Whoever reads and writes it within a transaction has nobody beside them only while the database says so: a machine
    that sleeps in between has lost its turn, and others have moved the head on by the time it wakes.

    Raises
    ------
    OSError
        If the data root cannot be written.
    """
    if local_folder(root) == root:  # whoever may open a file of it may hold its lock
        local_folder(root).joinpath(FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    file = storage_at(root / HEAD)
    return file.create(as_bytes(head)) if before is None else file.exchange(before, as_bytes(head))


def head_bytes(root: StoragePath) -> bytes | None:
    """Return the bytes of the head's file whatever they are, None where there is none; ``OSError`` if unreadable."""
    try:
        return bytes_of(root / HEAD)
    except FileNotFoundError:
        return None


def read_head(root: StoragePath) -> Head | None:
    """Return the head in a data root, None where there is none.

    Raises
    ------
    CheckpointError
        If the file is none of ours.
    """
    path = root / HEAD
    try:
        data = head_bytes(root)
        return head_of(data) if data is not None else None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not the head of a ledger ({type(error).__name__})") from error


def begins_as(root: StoragePath, data: bytes) -> bool:
    """Return whether a head's bytes are of the ledger in a data root: of one that began with the same key."""
    try:
        own, other = read_head(root), head_of(data)
    except (CheckpointError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return own is not None and own.begun[0].key == other.begun[0].key


def head_of(data: bytes) -> Head:
    """Return the head in a file's bytes; ``ValueError``, ``KeyError`` or ``TypeError`` if there is none in it."""
    head = head_in(json.loads(data))
    if as_bytes(head) != data:
        raise ValueError("written in another form")
    return head


def head_in(body: dict[str, Any]) -> Head:
    """Return the head in the parsed form of a file; raises as :func:`head_of`."""
    body = dict(body)
    if (body.pop("format"), body.pop("kind")) != (_FORMAT, _KIND):
        raise ValueError("another format")
    begun = tuple(FirstKey(**entry) for entry in body.pop("begun"))
    head = Head(int(body.pop("seq")), str(body.pop("sha256")), begun, **body)
    if not begun:
        raise ValueError("it began with no key")
    return head
