"""A person from the claims of a login (OpenID Connect) that was checked before: who, and with what role. EDGE."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import MissingFileError, SettingsError, SignOffError, nearest
from core.report.blocks import visible
from core.review.people import Person
from core.settings import ROLES, Settings

MAX_NAME = 200
"""Characters of a printed name."""


def person_of(settings: Settings, claims: Mapping[str, Any]) -> Person:
    """Return the person that a login's claims name.

    The id is subject and issuer, which a provider never gives to somebody else. The role comes from
    ``[people] roles_file`` if that is set, else from the claim ``[people] roles_claim``; the highest of several
    counts, and without any it is ``[people] default_role``.

    Parameters
    ----------
    claims : mapping
        Claims of an ID token whose signature, audience and time somebody has checked: ``iss``, ``sub``, and
        ``name``, ``email``, ``email_verified``, roles as far as they are there.

    Raises
    ------
    SignOffError
        If the claims name nobody.
    SettingsError, MissingFileError
        If the file of roles cannot be used.
    """
    issuer, subject = str(claims.get("iss") or ""), str(claims.get("sub") or "")
    if not issuer or not subject:
        raise SignOffError(
            "the login names nobody", expected="the claims iss and sub", remedy="Log out, and in again."
        )
    where = urlsplit(issuer)
    place = f"{where.netloc}{where.path}".rstrip("/") or issuer
    identity = visible(f"{subject}@{place}").replace("<", "").replace(">", "")
    email = _verified(claims)
    name = visible(str(claims.get("name") or email or subject)).replace("<", "").replace(">", "").strip()
    role = _role(settings, claims, identity, email)
    return Person(identity, name[:MAX_NAME] or identity, role, f"OpenID Connect, {place}")


def _verified(claims: Mapping[str, Any]) -> str:
    """Return the address that the provider has checked; one that anybody could claim names nobody."""
    verified = claims.get("email_verified") in (True, "true")
    return str(claims.get("email") or "").strip().lower() if verified else ""


def _role(settings: Settings, claims: Mapping[str, Any], identity: str, email: str) -> str:
    file = str(settings["people_roles_file"] or "")
    if file:
        known = read_roles(Path(file).expanduser())
        found = [
            role for name, role in known.items() if name == identity or (email and name.lower() == email)
        ]
    else:
        held = claims.get(str(settings["people_roles_claim"] or "roles"))
        values = held.replace(",", " ").split() if isinstance(held, str) else held
        found = [value for value in values if value in ROLES] if isinstance(values, list | tuple) else []
    return max(found, key=ROLES.index, default=str(settings["people_default_role"] or ROLES[0]))


def read_roles(path: Path) -> dict[str, str]:
    """Return role by person from a TOML file: a table ``[roles]`` of ``"ann@example.org" = "approver"``.

    Raises
    ------
    MissingFileError
        If there is no such file.
    SettingsError
        Naming what is wrong in it.
    """
    if not path.is_file():
        raise MissingFileError.of(path, "file of roles")
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}", expected="a table [roles]") from error
    table = body.get("roles")
    if not isinstance(table, dict) or set(body) != {"roles"}:
        raise SettingsError(f"{path.name} has {', '.join(body) or 'nothing'}", expected="one table, [roles]")
    for name, role in table.items():
        if role not in ROLES:
            raise SettingsError(
                f"{path.name}: {name} has the role {role!r}",
                expected=f"one of {', '.join(ROLES)}",
                remedy=nearest(str(role), ROLES).strip(),
            )
    return dict(table)
