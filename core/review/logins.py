"""From a login to a person: who somebody is by the claims of an identity provider, and which role they have.

The provider says who it is; the role comes from a file of the desk's owner, or from a claim where there is no
file. The file is read each time: a role that is taken away is gone with the next act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import SettingsError
from core.report.narrative import cleaned
from core.request.settings import ROLES, Settings
from core.review.people import Person, identity_of
from core.review.roles_file import read_roles

Claims = Mapping[str, Any]

_NAMES = ("name", "preferred_username", "email", "sub")
MOST_CHARACTERS = 100
"""Of a printed name: it stands on one line of a report."""


def person_of(settings: Settings, claims: Claims) -> Person:
    """Return the person behind a login.

    Parameters
    ----------
    claims : mapping
        Of a token that was verified: ``iss`` and ``sub``, and what the provider tells besides.

    Raises
    ------
    SettingsError
        If the login lacks issuer or subject, or the file of roles cannot be used: nobody gets a role then.
    """
    issuer, subject = (str(claims.get(key) or "") for key in ("iss", "sub"))
    if not issuer or not subject:
        raise SettingsError(
            "the login has no issuer or no subject", expected="an OpenID Connect provider with both claims"
        )
    identity = f"{subject}@{issuer.partition('://')[2].rstrip('/') or issuer}"
    if not identity.isprintable() or {"<", ">"} & set(identity) or identity[0] == " ":
        # records keep a person as "Name <id>": two ids that differ in such signs alone would be one
        raise SettingsError(
            f"the login has the subject {subject!r} of {issuer!r}",
            expected="an OpenID Connect provider whose subjects can be printed, without < or >, or a blank in front",
        )
    name = next((text for key in _NAMES if (text := _line(claims.get(key)))), identity)
    return Person(
        identity,
        name,
        role_of(settings, identity, claims),
        f"OpenID Connect, {issuer}",
        issuer,
        subject,
        _moment(claims.get("auth_time")) or _moment(claims.get("iat")),
        _moment(claims.get("auth_time")),
    )


def _moment(seconds: object) -> str:
    """Return a claim's time in UTC, empty if it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _line(text: object) -> str:
    return " ".join(cleaned(str(text or "")).split())[:MOST_CHARACTERS]


def role_of(settings: Settings, identity: str, claims: Claims) -> str:
    """Return the role of somebody who logged in: by the file if one is set, else by the claim.

    In the file people stand by id, or by an address that the provider has verified. Whoever has no role
    gets the default one.

    Raises
    ------
    SettingsError
        If the file is malformed or names a role that there is not.
    """
    default = str(settings["people_default_role"])
    roles_file = settings.file_named("people_roles_file")
    if roles_file:
        roles = read_roles(roles_file)
        verified = str(claims.get("email") or "") if claims.get("email_verified") is True else ""
        issuer = str(claims.get("iss") or "")
        return roles.of_id(identity) or roles.of_email(verified, issuer) or default
    claim = claims.get(str(settings["people_roles_claim"]))
    return (
        _highest([claim] if isinstance(claim, str) else claim if isinstance(claim, list) else ()) or default
    )


def role_of_label(settings: Settings, label: str) -> str:
    """Return the present role of the person in a stored label, as far as it is known without a login.

    A local user has the role of ``[user]``. Somebody who logged in has the role that the file gives to their id,
    else the default one. Where roles come from a claim nobody can know it now: it was an operator's at least
    when the label was kept, and that holds.

    Raises
    ------
    SettingsError
        If the file cannot be used.
    """
    identity = identity_of(label)
    if identity is None:
        return str(settings["user_role"] or "")
    roles_file = settings.file_named("people_roles_file")
    if not roles_file:
        return "operator"
    return read_roles(roles_file).of_id(identity) or str(settings["people_default_role"])


def _highest(names: Iterable[object]) -> str | None:
    roles = [name for name in names if name in ROLES]
    return str(max(roles, key=ROLES.index)) if roles else None
