"""The seal of a notice that waits in the journal: whoever can write the database has the desk tell people nothing.

A notice is sealed by the desk's key when its cause arises, with its time. One without a seal that holds, and a copy of
one, is dropped when its turn comes, and stays on record with the reason.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache

from core.errors import AftercloseError
from core.fingerprint import SHORT, digest_of
from core.journal.chain import Signer
from core.journal.outbox import Outbox, QueuedNotice, Seal, Words
from core.paths import StoragePath
from core.request.settings import Settings
from core.seals.desk import private_path
from core.seals.head import read_head
from core.seals.judged_journal import judged_journal
from core.seals.keypair import PublicKey, read_private
from core.seals.trust import KEY_KINDS, Trust, holds, trust_of

Fault = Callable[[QueuedNotice], str | None]
"""Returns why a notice may not go out, None if it may."""


def sealed_bytes(words: Words) -> bytes:
    """Return what is signed of a notice; the words before it keep it from meaning anything else."""
    return b"afterclose notice v1 " + digest_of(list(words)).encode()


def seal_with(key: Signer | None) -> Seal:
    """Return what seals a notice's words with a key; without one it has no seal."""
    return lambda words: (key.id, base64.b64encode(key.sign(sealed_bytes(words))).decode()) if key else None


def judge_of(settings: Settings, outbox: Outbox) -> Fault:
    """Return what says of each notice whether its seal holds: by a key that counts in the ledger now.

    Of one by another machine's key it raises where the ledger is not whole: a key that was rotated out counts for as
    long as somebody hides the record of that.
    """
    own, head = _own(settings.data), read_head(settings.data)
    # while nothing was signed yet the key of this machine will be the first
    first = {own.id: own.pem} if own else {}
    pems = first if head is None else _counting(trust_of(head.begun, outbox.of_kinds(KEY_KINDS)))
    whole = cache(lambda: _counting(judged_journal(outbox).trust))

    def fault(notice: QueuedNotice) -> str | None:
        key = notice.sealed_by or ""
        if not notice.seal:
            return "it has no seal: it was put in from outside, or is of an earlier version"
        if key in pems and not holds(pems[key], notice.seal, sealed_bytes(notice.words)):
            return "its seal does not hold: it was changed, or put in from outside"
        if outbox.first_with(notice.seal) != notice.seq:
            return "it is a copy of another notice"
        if key not in pems or ((own is None or key != own.id) and key not in whole()):
            return f"it is sealed by key {key[:SHORT]}, which does not count here"
        return None

    return fault


def _own(root: StoragePath) -> PublicKey | None:
    path = private_path(root)
    try:
        return read_private(path).public if path.exists() else None
    except (AftercloseError, OSError):
        return None


def _counting(trust: Trust) -> dict[str, bytes]:
    return {key: pem for key, pem in trust.pems.items() if key not in trust.retired}
