"""Who acts, and what each role may do; asked by every service at the moment of the action.

A person comes from the settings (one local user of this machine) or from a login, never from a text box
or a header of a request. Four roles, each of which may do all that those before it may.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import SignOffError
from core.report.narrative import cleaned
from core.request.settings import ROLES, Settings

ACTIONS: Mapping[str, str] = {
    "view": "viewer",
    "launch": "operator",
    "cancel": "operator",
    "save_draft": "operator",
    "comment": "operator",
    "submit": "operator",
    "publish": "operator",
    "waive": "operator",
    "schedule": "operator",
    "decide": "operator",
    "gc": "operator",
    "register_key": "operator",
    "annotate": "operator",
    "request_changes": "approver",
    "sign": "approver",
    "reject": "approver",
    "revoke": "approver",
    "promote": "approver",
    "rollback": "approver",
    "restore": "approver",
    "rotate_key": "admin",
    "withdraw_key": "admin",
    "backup_keys": "admin",
}
"""Action -> the least role that may do it."""

LOCAL = "local user of the desk"
"""How a person is known who did not log in: by the settings, on this machine."""

BY_TOKEN = "token"  # noqa: S105 - how somebody is known, no secret
"""How a person is known who acts by a token of the HTTP interface."""

_OF_TOKEN = re.compile(rf"{BY_TOKEN}:[^@]+")
_OF_LABEL = re.compile(r"<([^<>]+)>$")


@dataclass(frozen=True)
class Person:
    """Somebody who acts.

    Parameters
    ----------
    id : str
        Tells people apart for good: account of this machine, or subject and issuer of a login.
    name : str
        Printed name, as it stands in reports.
    role : str
        viewer, operator, approver or admin; any other word may do nothing.
    authentication : str
        How the person was known: :data:`LOCAL`, or the issuer of a login.
    issuer, subject : str
        Of a login, as the provider has them.
    authenticated_at : str
        UTC, ISO: when the provider saw the person, or else issued the token; empty where it does not say.
    auth_time : str
        UTC, ISO: when the provider saw the person; empty where it does not say, whatever it issued when.
    """

    id: str
    name: str
    role: str
    authentication: str = LOCAL
    issuer: str = ""
    subject: str = ""
    authenticated_at: str = ""
    auth_time: str = ""

    @property
    def logged_in(self) -> bool:
        """Whether a login stands behind the person; a local user is whoever sits at the machine."""
        return self.authentication != LOCAL

    @property
    def label(self) -> str:
        """The name as drafts and runs keep it; behind a login with the id, so that two of a name differ."""
        name, identity = (re.sub(r"[<>]", "", text).strip() for text in (self.name, self.id))
        return f"{name} <{identity}>" if self.logged_in else name


def identity_of(label: str) -> str | None:
    """Return the id in a label that was kept; None for a local user, whom nobody checked.

    >>> identity_of("Ann Example <77@id.example.org>")
    '77@id.example.org'
    >>> identity_of("local user") is None
    True
    """
    match = _OF_LABEL.search(label)
    return match[1] if match else None


def who_is(label: str) -> str:
    """Return what tells the person of a label apart: the id of a login, the name of a local user."""
    return identity_of(label) or label


def who_acted(content: Mapping[str, Any]) -> str:
    """Return the same of who made a record."""
    return who_is(str(content.get("label") or content["user"]))


def of_nobody(identity: str | None) -> bool:
    """Return whether an id is a token's that has no owner: who acted is not on record.

    >>> [of_nobody(text) for text in ("token:ci", "77@id.example.org", "token:ci@id.example.org", None)]
    [True, False, False, False]
    """
    return identity is not None and _OF_TOKEN.fullmatch(identity) is not None


def may(person: Person, action: str) -> bool:
    """Return whether the person's role may do ``action`` (a key of :data:`ACTIONS`)."""
    least = ROLES.index(ACTIONS[action])
    return person.role in ROLES[least:]


def require(person: Person, action: str) -> None:
    """Raise unless the person may do ``action``.

    Raises
    ------
    SignOffError
        Naming the person's role and those that may.
    """
    if not may(person, action):
        allowed = ROLES[ROLES.index(ACTIONS[action]) :]
        raise SignOffError(
            f"{person.name} has the role {person.role!r}",
            expected=f"one of {', '.join(allowed)} to {action.replace('_', ' ')}",
            remedy="Ask somebody with that role.",
        )


def local_person(settings: Settings) -> Person:
    """Return the person at this machine, by ``[user]`` of ``luigi.cfg``: never an independent reviewer."""
    name = " ".join(cleaned(str(settings["user_name"] or "")).split())
    return Person(f"local:{getpass.getuser()}", name, str(settings["user_role"] or ""))


def separated(settings: Settings, rule: str, person: Person) -> bool:
    """Return whether a rule of separation holds for this person.

    Parameters
    ----------
    rule : {'separate_author', 'separate_requester'}
        A key of ``[review]``: ``team`` (everybody who logged in), ``always`` or ``never``.
    """
    policy = settings[f"review_{rule}"]
    return policy == "always" or (policy == "team" and person.logged_in)


def involved(person: Person, labels: Iterable[str]) -> bool:
    """Return whether the person is among those that kept ``labels``: by id, a local user by name."""
    return who_is(person.label) in map(who_is, labels)


def independent(person: Person, labels: Iterable[str]) -> bool:
    """Return whether a review by ``person`` is independent of those that kept ``labels``.

    Only logins can show that: with nobody named, or with any local user among them, it is not.
    """
    identities = [identity_of(label) for label in labels]
    own = identity_of(person.label)
    return person.logged_in and bool(identities) and None not in identities and own not in identities


def act_fields(person: Person, *, account: bool = False) -> dict[str, Any]:
    """Return how the record of an act begins: the present time, and who acts.

    Of a login also issuer, subject and time of authentication; with ``account`` the account of this machine as well.
    """
    fields: dict[str, Any] = {
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": person.name,
        "user_id": person.id,
        "role": person.role,
        "authentication": person.authentication,
    }
    if person.issuer:
        fields |= {
            "issuer": person.issuer,
            "subject": person.subject,
            "authenticated_at": person.authenticated_at,
        }
    return {**fields, "account": getpass.getuser()} if account else fields
