"""Tokens of the HTTP interface: who may ask without a browser, and in which role. Only digests are kept."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from core.errors import MissingFileError, ParameterError, SettingsError
from core.fingerprint import is_digest, sha256
from core.platform.files import append_whole
from core.platform.toml_text import NotToml, toml_in
from core.request.settings import ROLES, Settings
from core.review.logins import role_of_label
from core.review.people import BY_TOKEN, Person, of_nobody

SETTING = "api_tokens"
PREFIX = "afterclose_"
"""How a token begins, so that it can be told from other secrets where it should not lie."""

MOST = ROLES[:2]
"""Roles a token may have: what an approver does is a person's act."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_OWNER = re.compile(r"[^\s<>@\"\\]+@[^\s<>\"\\]+")
"""The id of a login, as the audit page shows it; printable characters are asked for beside."""


@dataclass(frozen=True)
class Token:
    """A token's name, its role, the SHA-256 of its text, and whose it is: the id of a login, empty if nobody's."""

    name: str
    role: str
    sha256: str
    owner: str = ""

    @property
    def person(self) -> Person:
        """Who acts with it: its owner, by their id; one that is nobody's by the id of the token."""
        return Person(self.owner or f"{BY_TOKEN}:{self.name}", f"token {self.name}", self.role, BY_TOKEN)


def tokens_file(settings: Settings) -> Path | None:
    """Return the file of tokens, beside ``luigi.cfg`` where its path is not absolute; None: the interface is off."""
    return settings.file_named(SETTING)


def read_tokens(path: Path) -> list[Token]:
    """Return the tokens of a file, sorted by name.

    Raises
    ------
    MissingFileError, SettingsError
        If it is not there, others may read it, or it is not as :func:`add_token` writes it.
    """
    MissingFileError.unless_file(path, "file of tokens")
    if path.stat().st_mode & 0o077:
        raise SettingsError(
            f"{path} can be read by others",
            expected="a file for its owner alone",
            remedy=f"chmod 600 {quote(str(path))}",
        )
    try:
        entries = toml_in(path)
        tokens = [
            Token(name, _text(entry["role"]), _text(entry["sha256"]), _text(entry.get("owner", "")))
            for name, entry in sorted(entries.items())
        ]
    except (OSError, NotToml, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{path} is no file of tokens",
            expected="sections with role and sha256, as afterclose tokens writes them",
        ) from error
    wrong = [token.name for token in tokens if token.role not in MOST]
    if wrong:
        raise SettingsError(
            f"{path}: the token {wrong[0]} has another role", expected=f"one of {', '.join(MOST)}"
        )
    odd = next((token.name for token in tokens if not is_digest(token.sha256)), None)
    if odd:
        raise SettingsError(f"{path}: the sha256 of token {odd} is none", expected="64 hex digits")
    for token in tokens:
        if token.owner:
            _judge_owner(token.owner)
    return tokens


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def add_token(path: Path, name: str, role: str, owner: str = "") -> str:
    """Make a token, keep its digest in ``path`` (made for its owner alone), and return its text, which is nowhere kept.

    Parameters
    ----------
    owner : str
        The id of the login whose it is: what is asked for with it counts as asked for by that person. Empty: nobody's.

    Raises
    ------
    ParameterError
        If the name cannot be used or is there already, the role is none of :data:`MOST`, or the owner is no id.
    """
    if not _NAME.fullmatch(name):
        raise ParameterError(f"the token's name is {name!r}", expected="small letters, digits and -")
    if role not in MOST:
        raise ParameterError(f"the role is {role!r}", expected=f"one of {', '.join(MOST)}")
    if owner:
        _judge_owner(owner)
    if path.exists() and any(token.name == name for token in read_tokens(path)):
        raise ParameterError(
            f"there is a token {name} already",
            expected="a new name",
            remedy=f"Remove its section from {path} first.",
        )
    text = PREFIX + secrets.token_urlsafe(32)
    lines = [f"[{name}]", f'role = "{role}"', f'sha256 = "{sha256(text.encode())}"']
    lines += [f'owner = "{owner}"'] if owner else []
    section = "\n".join(lines)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        # whoever mended the file by hand may have left its last line without an end
        before = "\n" if os.fstat(descriptor).st_size else ""
        append_whole(descriptor, f"{before}{section}\n".encode())
    finally:
        os.close(descriptor)
    return text


def judge_new_owner(settings: Settings, owner: str, role: str) -> None:
    """Raise where people have roles and a new token is nobody's, or would be able to do more than its owner.

    Raises
    ------
    ParameterError
        Naming the option, or the line that the file of roles needs.
    """
    if not settings["people_roles_file"]:
        return
    if not owner:
        raise ParameterError(
            "the token would be nobody's, and people have roles here ([people] roles_file)",
            expected="--owner SUBJECT@ISSUER, as the page Record shows the id of a login",
        )
    if _lower(role, role_of_label(settings, f"owner <{owner}>")) != role:
        raise ParameterError(
            f"the file of roles does not give {owner!r} the role {role}",
            expected="an owner, by id, who may do what the token may",
            remedy=f'Add a line to [ids] there: "{owner}" = "{role}"',
        )


def _judge_owner(owner: str) -> None:
    if not _OWNER.fullmatch(owner) or not owner.isprintable():
        raise ParameterError(
            f"the owner of a token is {owner!r}",
            expected="the id of a login, SUBJECT@ISSUER, as the page Record shows it",
        )


def _lower(role: str, other: str) -> str:
    """Return the role that may do less; a word that is none may do nothing."""
    return min((role, other), key=lambda word: ROLES.index(word) if word in ROLES else -1)


def person_of(settings: Settings, tokens: list[Token], text: str) -> Person | None:
    """Return who asks with this token, None if nobody does; takes as long whichever it is.

    Where a file gives roles, a token does no more than its owner may now: one whose owner has left is a viewer's.
    """
    digest = sha256(text.encode())
    matches = [token.person for token in tokens if hmac.compare_digest(token.sha256, digest)]
    if not matches:
        return None
    person = matches[0]
    if not settings["people_roles_file"] or of_nobody(person.id):
        return person
    return replace(person, role=_lower(person.role, role_of_label(settings, person.label)))
