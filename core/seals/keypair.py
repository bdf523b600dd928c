"""Ed25519 keys as files: the private half for its owner only, the public half for everybody.

The one form that is written here (PKCS 8 and SubjectPublicKeyInfo, PEM) has the 32 bytes of the key at its end,
so it is read and written without the library's readers of every form there is: importing those takes 15 ms, and
each run signs who asked for it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from core.errors import CheckpointError, DataError, SettingsError
from core.fingerprint import sha256
from core.paths import bytes_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PRIVATE_FORM = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC_FORM = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key (RFC 8410, sections 4 and 7)."""

MOST_KEY_BYTES = 1 << 16
"""Bytes of a file with a key: those in other forms, with comments, have a few thousand."""

_PEM = re.compile(rb"-----BEGIN (PRIVATE|PUBLIC) KEY-----\s+([A-Za-z0-9+/=\s]+)-----END \1 KEY-----\s*")


@dataclass(frozen=True)
class PublicKey:
    """The half of a key that others verify with.

    Parameters
    ----------
    id : str
        SHA-256 of the key's DER form (SubjectPublicKeyInfo).
    pem : bytes
    """

    id: str
    pem: bytes


class PrivateKey:
    """A key that signs.

    Parameters
    ----------
    key : Ed25519PrivateKey
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = _public(key.public_key())

    @property
    def id(self) -> str:
        """SHA-256 of the public half."""
        return self.public.id

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``: the same bytes each time."""
        return self._key.sign(data)


def _public(key: Ed25519PublicKey) -> PublicKey:
    der = _PUBLIC_FORM + key.public_bytes_raw()
    return PublicKey(sha256(der), _pem("PUBLIC", der))


def _pem(half: str, der: bytes) -> bytes:
    return (
        f"-----BEGIN {half} KEY-----\n{base64.b64encode(der).decode()}\n-----END {half} KEY-----\n".encode()
    )


def _raw(data: bytes, form: bytes) -> bytes | None:
    """Return the 32 bytes of a key in the form that is written here, None if it is another one."""
    match = _PEM.fullmatch(data.strip())
    if match is None:
        return None
    try:
        der = base64.b64decode(b"".join(match[2].split()), validate=True)
    except binascii.Error:
        return None
    return der[len(form) :] if der.startswith(form) and len(der) == len(form) + 32 else None


def create(path: Path) -> None:
    """Make a new private key at ``path``, readable by its owner only, unless there is one.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    data = _pem("PRIVATE", _PRIVATE_FORM + Ed25519PrivateKey.generate().private_bytes_raw())
    with CheckpointError.of_disk(f"the desk's key {path} could not be made", expected="a writable data root"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)  # 0600 from its first moment on
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, path)  # whoever comes second takes the first one's key
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()


def read_private(path: Path) -> PrivateKey:
    """Return the private key in a file.

    Raises
    ------
    SettingsError
        If others can read it.
    DataError
        If it is no Ed25519 key without a passphrase.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(
                f"the key {path} can be read by others",
                expected="mode 600",
                remedy=f"Run: chmod 600 {quote(str(path))}",
            )
        data = bytes_of(path, MOST_KEY_BYTES)
    except OSError as error:
        raise DataError(f"the key {path} cannot be read: {error}", expected="a readable file") from error
    raw = _raw(data, _PRIVATE_FORM)
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(raw) if raw else _in_another_form(data, path))


def _in_another_form(data: bytes, path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DataError(
            f"the key {path} cannot be read: {error}", expected="an unencrypted Ed25519 key (PKCS 8, PEM)"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError(f"the key {path} is a {type(key).__name__}", expected="an Ed25519 key")
    return key


def read_public(pem: bytes, name: str) -> tuple[PublicKey, Ed25519PublicKey]:
    """Return a public key from its PEM bytes.

    Raises
    ------
    DataError
        If they are not an Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = _raw(pem, _PUBLIC_FORM)
    if raw is not None:
        key: object = Ed25519PublicKey.from_public_bytes(raw)
    else:
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            key = load_pem_public_key(pem)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise DataError(f"{name} is not a public key", expected="an Ed25519 public key (PEM)") from error
    if not isinstance(key, Ed25519PublicKey):
        raise DataError(f"{name} is a {type(key).__name__}", expected="an Ed25519 public key (PEM)")
    return _public(key), key
