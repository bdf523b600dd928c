"""Which keys count: those the ledger began with, and those that a record signed by a key that counts brought in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.errors import DataError
from core.fingerprint import SHORT
from core.journal import Record
from core.journal.chain import hash_of, signed_bytes
from core.journal.records import SEAL
from core.seals.head import FirstKey, Head
from core.seals.keypair import read_public

KEY = "key"
"""Kind of the record that brings a key in, and may retire another."""

KEY_KINDS = (KEY, SEAL)
ROTATED, ADMITTED, RENEWED = "rotated", "admitted", "begun anew"
"""Meanings of such a record: another key in place of one, one beside the others, one although none could say so."""


class Trust:
    """The keys that count, as records are read in order.

    Parameters
    ----------
    begun : iterable of FirstKey
        What the ledger began with.
    """

    def __init__(self, begun: Iterable[FirstKey]) -> None:
        self.pems = {entry.key: entry.public.encode() for entry in begun}
        self.since = dict.fromkeys(self.pems, 0)
        self.retired: dict[str, int] = {}
        self.replaced: dict[str, str] = {}
        self.before: set[str] = set()
        self.sealed_at = 0

    def counts(self, key: str, seq: int) -> bool:
        """Return whether record ``seq`` may be signed by a key."""
        return key in self.since and self.since[key] < seq <= self.retired.get(key, seq)

    def proves(self, key: str) -> bool:
        """Return whether a published proof may be by a key: one that ever counted, or one older than the seal."""
        return key in self.since or key in self.before

    def fault(self, record: Record) -> str | None:
        """Return in one sentence why a record's signature does not count, None if it does."""
        if not record.signature:
            return f"record {record.seq} carries no signature: it was put in, or its signature taken away"
        if not self.counts(record.key, record.seq):
            return f"record {record.seq} is signed by key {record.key[:SHORT]}, which does not count here"
        # the signature is over the hash that the row states: what else the row says is none of it until they fit
        if record.hash != hash_of(record.seq, record.kind, record.subject, record.content, record.prev_hash):
            return f"record {record.seq} was changed after it was written"
        if not holds(self.pems[record.key], record.signature, signed_bytes(record.hash)):
            return f"the signature of record {record.seq} does not hold: it was forged, changed or copied"
        return None

    def learn(self, record: Record) -> None:
        """Take in what a record says of keys, if it is itself signed by a key that counts."""
        if record.kind not in KEY_KINDS or self.fault(record):
            return
        if record.kind == SEAL:
            self.before |= set(record.content.get("keys", ()))
            self.sealed_at = self.sealed_at or record.seq
            return
        try:
            public = read_public(str(record.content["public"]).encode(), "a key")[0]
        except (DataError, KeyError):
            return
        self.pems[public.id] = public.pem
        self.since.setdefault(public.id, record.seq)
        if record.content.get("meaning") == ROTATED:
            self.replaced[public.id] = str(record.content["before"])
            # the first retirement counts: a second one gives the key no time back
            self.retired.setdefault(self.replaced[public.id], record.seq)


def trust_of(begun: Iterable[FirstKey], records: Iterable[Record]) -> Trust:
    """Return which keys count after ``records``, in order; only those of :data:`KEY_KINDS` say anything."""
    trust = Trust(begun)
    for record in records:
        trust.learn(record)
    return trust


def older_than_signed(records: Sequence[Record], head: Head | None) -> int:
    """Return how many records at the beginning are older than signed records: those that the first signed one seals."""
    first = next((record for record in records if record.signature), None)
    if first is None:
        return 0 if head is not None and head.seq else len(records)
    return first.seq - 1 if first.kind == SEAL and first.content["records"] == first.seq - 1 else 0


@lru_cache(maxsize=1 << 15)
def holds(pem: bytes, signature: str, data: bytes) -> bool:
    """Return whether an Ed25519 signature (base64) over ``data`` is by the private half of a public key."""
    from cryptography.exceptions import InvalidSignature

    try:
        read_public(pem, "a key")[1].verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, DataError, binascii.Error, ValueError):
        return False
    return True
