"""The append-only chain: each record holds the hash of the one before, so an edit anywhere shows.

The hash is the SHA-256 of the canonical JSON of the record without ``hash``. A chain shows edits,
insertions and reordering; a cut tail shows against the heads printed in published documents.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.fingerprint import canonical, digest_of

GENESIS = "0" * 64


@dataclass(frozen=True)
class Record:
    """A decision or signature.

    Parameters
    ----------
    seq : int
        1, 2, 3, ... without gaps.
    kind : str
        ``signature``, ``promotion``, ...
    subject : str
        What it is about: a report key, a model id.
    content : mapping
        Everything else: at_utc, user, role, meaning, comment, digests.
    prev_hash, hash : str
        SHA-256 of the record before and of this one.
    key, signature : str
        Id of the key that signed the hash, and its Ed25519 signature (base64); empty in older records
        records were signed.
    """

    seq: int
    kind: str
    subject: str
    content: Mapping[str, Any]
    prev_hash: str
    hash: str
    key: str = ""
    signature: str = ""


class Signer(Protocol):
    """A private key that signs records."""

    @property
    def id(self) -> str:
        """SHA-256 of the public half."""

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature of ``data``."""


def make(
    seq: int,
    kind: str,
    subject: str,
    content: Mapping[str, Any],
    prev_hash: str,
    *,
    signer: Signer | None = None,
) -> Record:
    """Return the record that follows ``prev_hash``, signed by ``signer``."""
    # through JSON, so that what is hashed is what will be read back
    stored = json.loads(canonical(content))
    digest = hash_of(seq, kind, subject, stored, prev_hash)
    key = signature = ""
    if signer is not None:
        key, signature = signer.id, base64.b64encode(signer.sign(signed_bytes(digest))).decode()
    return Record(seq, kind, subject, stored, prev_hash, digest, key, signature)


def signed_bytes(digest: str) -> bytes:
    """Return what is signed of a record with this hash; the words before it keep it from meaning anything else."""
    return b"afterclose ledger record v1 " + digest.encode()


def hash_of(seq: int, kind: str, subject: str, content: Mapping[str, Any], prev_hash: str) -> str:
    """Return the SHA-256 of a record's canonical JSON."""
    return digest_of(
        {"seq": seq, "kind": kind, "subject": subject, "content": content, "prev_hash": prev_hash}
    )


def chain_faults(records: Iterable[Record]) -> list[str]:
    """Return one sentence per place where the chain is broken; empty when it holds.

    Parameters
    ----------
    records : iterable of Record
        In order of ``seq``.
    """
    faults, previous, expected = [], GENESIS, 1
    for record in records:
        if record.seq != expected:
            faults.append(f"record {expected} is missing before record {record.seq}")
        if record.prev_hash != previous:
            faults.append(f"record {record.seq} does not follow the one before it")
        if record.hash != hash_of(record.seq, record.kind, record.subject, record.content, record.prev_hash):
            faults.append(f"record {record.seq} was changed after it was written")
        previous, expected = record.hash, record.seq + 1
    return faults
