"""The key that proves what this desk published: made at first use, readable by its owner only.

``<data>/keys/desk.pem`` is the private half; it is in no archive unless asked for. ``<data>/keys/<id>.pub.pem``
are the public halves of all keys that ever signed here: what was published under an earlier one stays
verifiable.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CheckpointError, DataError, MissingFileError, SettingsError
from core.fingerprint import SHORT, sha256
from core.journal import Journal, Record
from core.paths import StoragePath
from core.platform.storage import local_folder, replace_file
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, person_fields, require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEYS, PRIVATE_KEY = "keys", "desk.pem"
"""Folder of the keys in the data root, and the name of the private half in it."""

KEY = "key"
"""Kind of the record of a rotation."""


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


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """Return the key that signs here: the one of ``[proof] key_file``, else the desk's, made if there is none.

    Raises
    ------
    SettingsError, DataError, CheckpointError
        If the file is not there, not an Ed25519 key, readable by others, or a new one cannot be written.
    """
    own = str(settings["proof_key_file"] or "")
    path = Path(own).expanduser() if own else _private_path(settings)
    if own and not path.is_file():
        raise SettingsError(
            f"[proof] key_file names {own}, which is not a file", expected="an Ed25519 key (PEM)"
        )
    if not path.exists():
        _create(path)
    key = _read_private(path)
    _keep_public(settings.data, public_of(key))
    return key


def _private_path(settings: Settings) -> Path:
    """Return where the desk's key is: on this machine, also when the data root is in a bucket that others read."""
    return local_folder(settings.data) / KEYS / PRIVATE_KEY


def _create(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)  # 0600 from its first moment on
        with os.fdopen(handle, "wb") as stream:
            stream.write(_private_pem(Ed25519PrivateKey.generate()))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, path)  # whoever comes second takes the first one's key
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    except OSError as error:
        raise CheckpointError(
            f"the desk's key {path} could not be made: {error.strerror or error}",
            expected="a writable data root",
        ) from error


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def _read_private(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if path.stat().st_mode & 0o077:
        raise SettingsError(
            f"the key {path} can be read by others", expected="mode 600", remedy=f"Run: chmod 600 {path}"
        )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DataError(
            f"the key {path} cannot be read: {error}", expected="an unencrypted Ed25519 key (PKCS 8, PEM)"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DataError(f"the key {path} is a {type(key).__name__}", expected="an Ed25519 key")
    return key


def public_of(key: Ed25519PrivateKey) -> PublicKey:
    """Return the public half."""
    return _public(key.public_key())


def _public(key: Ed25519PublicKey) -> PublicKey:
    from cryptography.hazmat.primitives import serialization as form

    info = form.PublicFormat.SubjectPublicKeyInfo
    return PublicKey(
        sha256(key.public_bytes(form.Encoding.DER, info)), key.public_bytes(form.Encoding.PEM, info)
    )


def read_public(pem: bytes, name: str) -> tuple[PublicKey, Ed25519PublicKey]:
    """Return a public key from its PEM bytes.

    Raises
    ------
    DataError
        If they are not an Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DataError(f"{name} is not a public key", expected="an Ed25519 public key (PEM)") from error
    if not isinstance(key, Ed25519PublicKey):
        raise DataError(f"{name} is a {type(key).__name__}", expected="an Ed25519 public key (PEM)")
    return _public(key), key


def _public_path(root: StoragePath, key: PublicKey) -> StoragePath:
    return root / KEYS / f"{key.id[:SHORT]}.pub.pem"


def _keep_public(root: StoragePath, key: PublicKey) -> None:
    path = _public_path(root, key)
    if path.is_file() and path.read_bytes() == key.pem:
        return
    try:
        replace_file(path, key.pem)
    except OSError as error:
        raise CheckpointError(
            f"{path} could not be written: {error.strerror or error}", expected="a writable data root"
        ) from error


def public_key_files(root: StoragePath) -> dict[str, StoragePath]:
    """Return the files of all public keys that signed here, by key id; other files are skipped."""
    files = {}
    for path in sorted((root / KEYS).glob("*.pub.pem")):
        try:
            files[read_public(path.read_bytes(), path.name)[0].id] = path
        except (DataError, OSError):
            continue
    return files


def in_use(settings: Settings) -> PublicKey | None:
    """Return the public half of the key that would sign now, None while there is none. Makes nothing."""
    if not settings["proof_key_file"] and not _private_path(settings).exists():
        return None
    return public_of(signing_key(settings))


def rotate(settings: Settings, journal: Journal, *, person: Person, why: str) -> tuple[PublicKey, Record]:
    """Make a new key for the desk, forget the old private half, record both ids, and return the new one.

    Raises
    ------
    SignOffError
        If the person is no admin.
    MissingFileError
        If there is no key of the desk yet, or a person's own key is in use.
    """
    require(person, "rotate_key")
    path = _private_path(settings)
    if settings["proof_key_file"] or not path.is_file():
        raise MissingFileError(
            f"there is no key of the desk at {path}", expected="a key that was made by publishing"
        )
    before = public_of(signing_key(settings))
    aside = path.with_name(f".{PRIVATE_KEY}.old")
    path.rename(aside)
    after = public_of(signing_key(settings))
    content = {
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        **person_fields(person),
        "meaning": "rotated",
        "comment": why,
        "before": before.id,
        "public": after.pem.decode(),
    }
    record = ledger.append(settings, journal, KEY, after.id, content)
    aside.unlink()
    return after, record
