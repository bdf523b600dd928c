"""The file that gives people roles: ids of logins in one table, addresses of mail in another.

``subject@issuer`` and an address of mail can be the same text. In ``[ids]`` a text is an id and in ``[emails]`` an
address, whatever it looks like. In ``[roles]``, of earlier versions, it may be either; there an address does not count
for a login whose issuer has ids that look like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import MissingFileError, SettingsError, nearest
from core.platform.toml_text import NotToml, in_short, toml_in
from core.request.settings import ROLES

IDS, EMAILS, EITHER = "ids", "emails", "roles"
"""Tables of the file."""


@dataclass(frozen=True)
class Roles:
    """Role by id, by address of mail, and by what may be either."""

    ids: Mapping[str, str] = field(default_factory=dict)
    emails: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    def of_id(self, identity: str) -> str | None:
        """Return the role of the login with an id, None if the file has none."""
        return self.ids.get(identity) or self.roles.get(identity)

    def of_email(self, address: str, issuer: str) -> str | None:
        """Return the role of whoever a provider says has an address, None if the file has none.

        >>> old = Roles(roles={"77@id.example.org": "admin", "bob@example.org": "operator"})
        >>> old.of_email("bob@example.org", "https://id.example.org")
        'operator'
        >>> old.of_email("77@id.example.org", "https://id.example.org") is None
        True
        """
        if address in self.emails:
            return self.emails[address]
        host = (issuer.partition("://")[2] or issuer).partition("/")[0]
        domain = address.rpartition("@")[2].partition("/")[0]
        return None if domain.casefold() == host.casefold() else self.roles.get(address)


def read_roles(path: Path) -> Roles:
    """Return the roles of a file such as ``[ids]`` with ``"77@id.example.org" = "approver"``.

    Raises
    ------
    MissingFileError, SettingsError
        If it is not there, is no TOML, or names a role that there is not.
    """
    MissingFileError.unless_file(path, "file of roles")
    try:
        content = toml_in(path)
    except (OSError, NotToml) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}", expected="TOML") from error
    tables = {name: table for name, table in content.items() if isinstance(table, dict)}
    if not content or set(content) - {IDS, EMAILS, EITHER} or len(tables) < len(content):
        raise SettingsError(
            f"{path.name} has {', '.join(content) or 'nothing'}",
            expected=f"the tables [{IDS}] and [{EMAILS}], or [{EITHER}] as before",
        )
    for table in tables.values():
        for who, role in table.items():
            _check_role(path, who, role)
    return Roles(**tables)


def _check_role(path: Path, who: str, role: object) -> None:
    if role not in ROLES:
        raise SettingsError(
            f"{path.name}: {in_short(who)} has the role {in_short(role)}",
            expected=f"one of {', '.join(ROLES)}",
            remedy=nearest(in_short(role).strip("'"), ROLES).strip(),
        )
