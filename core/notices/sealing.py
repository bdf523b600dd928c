"""The seal of a notice that waits in the journal: whoever can write the database has the desk tell people nothing.

A notice is sealed by the desk's key when its cause arises, with its time. One without a seal that holds, and a copy of
one, is dropped when its turn comes, and stays on record with the reason.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from core.errors import AftercloseError
from core.fingerprint import SHORT, digest_of
from core.journal.chain import Signer
from core.journal.outbox import Outbox, QueuedNotice, Seal, Words
from core.paths import StoragePath
from core.request.settings import Settings
from core.seals.desk import private_path
from core.seals.head import read_head
from core.seals.keypair import create, read_private
from core.seals.trust import KEY_KINDS, holds, trust_of

Fault = Callable[[QueuedNotice], str | None]
"""Returns why a notice may not go out, None if it may."""


def sealed_bytes(words: Words) -> bytes:
    """Return what is signed of a notice; the words before it keep it from meaning anything else."""
    return b"afterclose notice v1 " + digest_of(list(words)).encode()


def seal_with(key: Signer | None) -> Seal:
    """Return what seals a notice's words with a key; without one it has no seal."""
    return lambda words: (key.id, base64.b64encode(key.sign(sealed_bytes(words))).decode()) if key else None


def sealer_of(settings: Settings) -> Signer | None:
    """Return the desk's key, made where nothing was ever signed; None where its private half is lost, or of no use."""
    path = private_path(settings.data)
    try:
        if not path.exists():
            if read_head(settings.data) is not None:
                return None
            create(path)
        return read_private(path)
    except (AftercloseError, OSError):
        return None


def judge_of(settings: Settings, outbox: Outbox) -> Fault:
    """Return what says of each notice whether its seal holds: by a key that counts in the ledger now."""
    pems = _keys(settings.data, outbox)

    def fault(notice: QueuedNotice) -> str | None:
        key = notice.sealed_by or ""
        if not notice.seal:
            return "it has no seal: it was put in from outside, or is of an earlier version"
        if key not in pems:
            return f"it is sealed by key {key[:SHORT]}, which does not count here"
        if not holds(pems[key], notice.seal, sealed_bytes(notice.words)):
            return "its seal does not hold: it was changed, or put in from outside"
        if outbox.first_with(notice.seal) != notice.seq:
            return "it is a copy of another notice"
        return None

    return fault


def _keys(root: StoragePath, outbox: Outbox) -> dict[str, bytes]:
    head = read_head(root)
    if head is None:  # nothing was signed yet: the key of this machine will be the first
        path = private_path(root)
        public = read_private(path).public if path.exists() else None
        return {public.id: public.pem} if public else {}
    trust = trust_of(head.begun, outbox.of_kinds(KEY_KINDS))
    return {key: pem for key, pem in trust.pems.items() if key not in trust.retired}
