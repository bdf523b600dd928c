"""Tokens of the HTTP interface: who may ask without a browser, and in which role. Only digests are kept."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from core.errors import MissingFileError, ParameterError, SettingsError
from core.fingerprint import sha256
from core.request.settings import ROLES, Settings
from core.review.people import Person

SETTING = "api_tokens"
PREFIX = "afterclose_"
"""How a token begins, so that it can be told from other secrets where it should not lie."""

MOST = ROLES[:2]
"""Roles a token may have: what an approver does is a person's act."""

BY_TOKEN = "token"  # noqa: S105 - how somebody is known, no secret
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Token:
    """A token's name, its role, and the SHA-256 of its text."""

    name: str
    role: str
    sha256: str

    @property
    def person(self) -> Person:
        """Who acts with it."""
        return Person(f"{BY_TOKEN}:{self.name}", self.name, self.role, BY_TOKEN)


def tokens_file(settings: Settings) -> Path | None:
    """Return the file of tokens, beside ``luigi.cfg`` where its path is not absolute; None: the interface is off."""
    text = str(settings[SETTING] or "")
    home = settings.file.absolute().parent if settings.file else Path.cwd()
    return home / Path(text).expanduser() if text else None


def read_tokens(path: Path) -> list[Token]:
    """Return the tokens of a file, sorted by name.

    Raises
    ------
    MissingFileError, SettingsError
        If it is not there, others may read it, or it is not as :func:`add_token` writes it.
    """
    if not path.is_file():
        raise MissingFileError.of(path, "file of tokens")
    if path.stat().st_mode & 0o077:
        raise SettingsError(
            f"{path} can be read by others",
            expected="a file for its owner alone",
            remedy=f"chmod 600 {quote(str(path))}",
        )
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        tokens = [
            Token(name, str(entry["role"]), str(entry["sha256"])) for name, entry in sorted(entries.items())
        ]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} is no file of tokens",
            expected="sections with role and sha256, as afterclose tokens writes them",
        ) from error
    wrong = [token.name for token in tokens if token.role not in MOST]
    if wrong:
        raise SettingsError(
            f"{path}: the token {wrong[0]} has another role", expected=f"one of {', '.join(MOST)}"
        )
    return tokens


def add_token(path: Path, name: str, role: str) -> str:
    """Make a token, keep its digest in ``path`` (made for its owner alone), and return its text, which is nowhere kept.

    Raises
    ------
    ParameterError
        If the name cannot be used or is there already, or the role is none of :data:`MOST`.
    """
    if not _NAME.fullmatch(name):
        raise ParameterError(f"the token's name is {name!r}", expected="small letters, digits and -")
    if role not in MOST:
        raise ParameterError(f"the role is {role!r}", expected=f"one of {', '.join(MOST)}")
    if path.exists() and any(token.name == name for token in read_tokens(path)):
        raise ParameterError(
            f"there is a token {name} already",
            expected="a new name",
            remedy=f"Remove its section from {path} first.",
        )
    text = PREFIX + secrets.token_urlsafe(32)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "ab") as stream:
        stream.write(f'[{name}]\nrole = "{role}"\nsha256 = "{sha256(text.encode())}"\n'.encode())
    return text


def person_of(tokens: list[Token], text: str) -> Person | None:
    """Return who asks with this token, None if nobody does; takes as long whichever it is."""
    digest = sha256(text.encode())
    matches = [token for token in tokens if hmac.compare_digest(token.sha256, digest)]
    return matches[0].person if matches else None
