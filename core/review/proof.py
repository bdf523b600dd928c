"""The proof of a published report: an in-toto statement over digests in a DSSE envelope, signed with Ed25519.

Formats: https://github.com/in-toto/attestation (Statement v1) and https://github.com/secure-systems-lab/dsse
(protocol and envelope, v1).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from core.errors import CheckpointError
from core.seals.keypair import PrivateKey, read_public

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:afterclose:sign-off:v1"


def statement(subjects: Mapping[str, str], predicate: Mapping[str, Any]) -> bytes:
    """Return the statement's bytes, one subject a line, so that a shell can read them out.

    Parameters
    ----------
    subjects : mapping
        Name -> SHA-256 of its bytes.
    predicate : mapping
        What is said about them.
    """
    lines = [
        json.dumps({"name": name, "digest": {"sha256": digest}}) for name, digest in sorted(subjects.items())
    ]
    predicate_text = json.dumps(predicate, sort_keys=True)
    listed = ",\n".join(lines)
    return (
        f'{{"_type": "{STATEMENT_TYPE}",\n"predicateType": "{PREDICATE_TYPE}",\n'
        f'"subject": [\n{listed}\n],\n"predicate": {predicate_text}}}\n'
    ).encode()


def encoded(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding of type and payload.

    >>> encoded(b"hello")
    b'DSSEv1 28 application/vnd.in-toto+json 5 hello'
    """
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def envelope(payload: bytes, key: PrivateKey) -> bytes:
    """Return the signed envelope as JSON; the same payload and key give the same bytes."""
    return _envelope(payload, key.id, key.sign(encoded(payload)))


def _envelope(payload: bytes, key_id: str, signature: bytes) -> bytes:
    body = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(body, indent=1).encode() + b"\n"


def unverified(data: bytes) -> dict[str, Any]:
    """Return the statement in an envelope without a look at its signature; ``ValueError`` or the like if it is none."""
    statement_body: dict[str, Any] = json.loads(base64.b64decode(json.loads(data)["payload"], validate=True))
    return statement_body


def opened(data: bytes, public_pem: bytes, name: str) -> dict[str, Any]:
    """Return the statement in an envelope whose signature by this key holds.

    Parameters
    ----------
    name : str
        What the envelope is called in messages.

    Raises
    ------
    DataError
        If the key is no Ed25519 public key.
    CheckpointError
        If the envelope is not what was written, or the signature is not by this key.
    """
    from cryptography.exceptions import InvalidSignature

    public, key = read_public(public_pem, "the public key")
    try:
        body = json.loads(data)
        (entry,) = body["signatures"]
        payload = base64.b64decode(body["payload"], validate=True)
        signature = base64.b64decode(entry["sig"], validate=True)
        statement_body: dict[str, Any] = json.loads(payload)
        whole = _envelope(payload, str(entry["keyid"]), signature) == data
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise CheckpointError(f"{name} is not a DSSE envelope ({type(error).__name__})") from error
    if entry["keyid"] != public.id:
        raise CheckpointError(
            f"{name} was signed with key {str(entry['keyid'])[:12]}", expected=f"key {public.id[:12]}"
        )
    try:
        key.verify(signature, encoded(payload))
    except InvalidSignature as error:
        raise CheckpointError(
            f"the signature in {name} does not hold", expected="an untouched file"
        ) from error
    if not whole:
        raise CheckpointError(f"{name} was changed after publication: it is written in another form")
    return statement_body
