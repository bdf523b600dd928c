"""OpenSSH keys (Ed25519) and the signatures that ``ssh-keygen -Y sign`` makes with them.

The format is OpenSSH's own (PROTOCOL.sshsig, https://github.com/openssh/openssh-portable): a signature says for which
purpose it was made, so that one made for a commit or a log-in is none here. What is verified, ``sshsig`` verifies; what
is signed, ``ssh-keygen`` signs: passphrases and agents are its own, and no private half is ever read here.
"""

from __future__ import annotations

import base64
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError, MissingFileError, SignOffError

PURPOSE = "afterclose"
"""What ``ssh-keygen`` calls the namespace."""

ALGORITHM = "ssh-ed25519"
HASHES = (b"sha512", b"sha256")
"""What OpenSSH hashes a text with; ``sshsig`` takes any hash that Python has, and two texts can have one MD5."""

MOST_CHARACTERS = 4_000
"""Of a key's line or of a signature: an Ed25519 signature has about 300."""

USUAL_FILE = "~/.ssh/id_ed25519"

_PRIME = 2**255 - 19
_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_WEAK = frozenset({0, 1, _PRIME - 1, _OF_ORDER_8, _PRIME - _OF_ORDER_8})
"""Second coordinates of the points whose order is 8 at most: whoever likes makes a signature that holds for them."""


@dataclass(frozen=True)
class OpenSshKey:
    """The public half of a person's key.

    Parameters
    ----------
    line : str
        Algorithm and key, as OpenSSH writes them, without the comment.
    fingerprint : str
        As ``ssh-keygen -l`` prints it: ``SHA256:...``.
    """

    line: str
    fingerprint: str


def read_key(text: str) -> OpenSshKey:
    """Return the key in the one line of a ``.pub`` file.

    Raises
    ------
    DataError
        If it is no Ed25519 key of OpenSSH.
    """
    from sshsig import PublicKey

    line = text.strip()
    expected = f"one line that begins with {ALGORITHM}, such as {USUAL_FILE}.pub has"
    if "PRIVATE KEY" in line:
        raise DataError("that is the private half of a key", expected=expected)
    if len(line) > MOST_CHARACTERS or "\n" in line or not line.startswith(f"{ALGORITHM} "):
        raise DataError("that is no Ed25519 key of OpenSSH", expected=expected)
    try:
        key = PublicKey.from_openssh_str(line)
    except (ValueError, NotImplementedError) as error:
        raise DataError("that is no Ed25519 key of OpenSSH", expected=expected) from error
    if _is_weak(key.openssh_str()):
        raise DataError("anybody can sign with that key: it was chosen so", expected="a key of ssh-keygen")
    return OpenSshKey(key.openssh_str(), key.sha256_str())


def _is_weak(line: str) -> bool:
    """Return whether a key is one of the few points of the curve for which anybody makes signatures."""
    coordinate = int.from_bytes(base64.b64decode(line.split()[1])[-32:], "little") & (2**255 - 1)
    return coordinate % _PRIME in _WEAK


def signer_of(text: str, signature: str) -> OpenSshKey | None:
    """Return whose signature over ``text`` this is, None if it is none.

    Parameters
    ----------
    text : str
        What ``ssh-keygen`` was given, byte for byte.
    signature : str
        What it printed, from ``-----BEGIN SSH SIGNATURE-----`` on.
    """
    from sshsig import InvalidSignature, check_signature
    from sshsig.sshsig import SshsigSignature

    if len(signature) > MOST_CHARACTERS or not signature.isascii():
        return None
    try:
        if SshsigSignature.from_armored(signature.strip()).hash_algo not in HASHES:
            return None
        key = check_signature(text, signature.strip(), PURPOSE)
    except (InvalidSignature, ValueError, NotImplementedError, AssertionError):
        return None  # AssertionError: another algorithm in the signature than in its key
    if key.algo_name != ALGORITHM or _is_weak(key.openssh_str()):
        return None
    return OpenSshKey(key.openssh_str(), key.sha256_str())


def command_for(text: str, key_file: str = USUAL_FILE) -> str:
    """Return the shell command that signs ``text`` and prints the signature; a path with ``~`` stays the shell's."""
    return f"printf %s {shlex.quote(text)} | ssh-keygen -Y sign -n {PURPOSE} -f {key_file}"


def signature_by(key_file: Path, text: str) -> str:
    """Return the signature of ``text``, by ``ssh-keygen`` and the key in a file; it may ask for a passphrase.

    Parameters
    ----------
    key_file : Path
        The private half, or the public one where an agent has the private half.

    Raises
    ------
    MissingFileError
        If there is no such file, or no ``ssh-keygen``.
    SignOffError
        If it did not sign.
    """
    MissingFileError.unless_file(key_file, "key")
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system; the text goes to its standard input
            ["ssh-keygen", "-Y", "sign", "-n", PURPOSE, "-f", str(key_file)],  # noqa: S607 - the person's own one
            input=text.encode(), capture_output=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise MissingFileError(
            "there is no ssh-keygen on this machine", expected="OpenSSH 8.1 or newer"
        ) from error
    if done.returncode:
        why = " ".join(done.stderr.decode(errors="replace").split()) or f"it ended with {done.returncode}"
        raise SignOffError(f"ssh-keygen did not sign: {why}", expected="a key that it can use")
    return done.stdout.decode()
