"""Keys of OpenSSH that tests make."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import struct
import subprocess

import pytest


def _text(data: bytes) -> bytes:
    return struct.pack("!L", len(data)) + data


def line_of(point: bytes) -> str:
    """The line of a public key by its 32 bytes."""
    return f"ssh-ed25519 {base64.b64encode(_text(b'ssh-ed25519') + _text(point)).decode()}"


def crafted(key, text: str, *, hashed_by: str = "sha512", point: bytes = b"", signature: bytes = b"") -> str:
    """A signature such as ssh-keygen would never make: by another hash, under another key, with bytes of one's own."""
    digest = hashlib.new(hashed_by, text.encode())
    hashed = digest.digest(16) if hashed_by.startswith("shake") else digest.digest()
    inner = b"SSHSIG" + b"".join(map(_text, (b"afterclose", b"", hashed_by.encode(), hashed)))
    public = _text(b"ssh-ed25519") + _text(point or key.public_key().public_bytes_raw())
    signed = _text(b"ssh-ed25519") + _text(signature or key.sign(inner))
    parts = (public, b"afterclose", b"", hashed_by.encode(), signed)
    blob = b"SSHSIG" + struct.pack("!L", 1) + b"".join(map(_text, parts))
    return f"-----BEGIN SSH SIGNATURE-----\n{base64.b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"


@pytest.fixture
def make_key(tmp_path):
    """A new key of OpenSSH by its name."""
    if not shutil.which("ssh-keygen"):
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)("no ssh-keygen")

    def make(name):
        path = tmp_path / name
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(words, check=True)
        return path

    return make
