"""Fits that are kept so that the next training need not do them again: nothing rests on them, and they may go.

Each is sealed by the key of the machine that did it: whoever may write the data root puts none there that a training
would take for its own.
"""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress
from functools import cached_property

from core.fingerprint import sha256
from core.journal.chain import Signer
from core.paths import StoragePath, bytes_of
from core.platform.storage import replace_file
from core.seals.desk import sealer_of

FOLDER = "fits"


class KeptFits:
    """The fits of a data root, ``<data>/fits/<digest>``: a seal on the first line, and what was learnt.

    One of another machine's key, or of a key before, is done again.
    """

    def __init__(self, root: StoragePath) -> None:
        self._root = root
        self._folder = root / FOLDER

    @cached_property
    def _sealer(self) -> Signer | None:
        return sealer_of(self._root)

    def _seal(self, digest: str, data: bytes) -> bytes | None:
        """Return what is on the first line; None where the machine has no key of its own, and nothing is kept."""
        if self._sealer is None:
            return None
        words = f"afterclose fit v1 {digest} {sha256(data)}"
        return base64.b64encode(self._sealer.sign(words.encode()))

    def read(self, digest: str) -> bytes | None:
        """Return what was kept, None where there is nothing or it is not what was kept."""
        try:
            head, _, data = bytes_of(self._folder / digest).partition(b"\n")
        except OSError:
            return None
        seal = self._seal(digest, data)
        return data if seal is not None and hmac.compare_digest(head, seal) else None

    def keep(self, digest: str, data: bytes) -> None:
        """Keep a fit; where there is no room the training goes on without."""
        seal = self._seal(digest, data)
        if seal is not None:
            with suppress(OSError):
                replace_file(self._folder / digest, seal + b"\n" + data)
