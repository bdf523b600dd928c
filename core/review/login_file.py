"""The file with which people log in: judged before the desk starts, so that no desk is open by mistake."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from core.errors import CommandError, MissingFileError
from core.platform.toml_text import NotToml, toml_in
from core.platform.web_addresses import is_loopback

ORIGIN_VARIABLE = "AFTERCLOSE_ORIGIN"
"""Set for the desk's process: the address that a login leads back to, whose origin is the desk's own."""

SHORTEST_SECRET = 32
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")


def public_address(path: Path) -> str:
    """Return the address under which people reach the desk (its ``redirect_uri``), after judging the file.

    Parameters
    ----------
    path : Path
        TOML with ``[auth]``: ``redirect_uri``, ``cookie_secret``, ``client_id``, ``client_secret`` and
        ``server_metadata_url``. Only its owner may read it.

    Raises
    ------
    MissingFileError, CommandError
        Naming what is wrong, never a secret.
    """
    if find_spec("authlib") is None:
        raise CommandError(
            "logging in needs a package that is not installed", expected="the extra team",
            remedy='Install it: pip install "afterclose[team]".',
        )  # fmt: skip
    MissingFileError.unless_file(path, "file for logging in")
    if path.stat().st_mode & 0o077:
        raise CommandError(
            f"{path} can be read by others, and it holds secrets", expected="a file for its owner alone",
            remedy=f"chmod 600 {quote(str(path))}",
        )  # fmt: skip
    return _check(path, _auth(path))


def _auth(path: Path) -> dict[str, str]:
    try:
        auth = toml_in(path).get("auth")
    except (OSError, NotToml) as error:
        # the parser's message may quote a line, and so a secret
        raise CommandError(f"{path} is no TOML", expected="[auth] with keys and values") from error
    lacking = [key for key in NEEDED if not isinstance(auth, dict) or not isinstance(auth.get(key), str)]
    if lacking or not isinstance(auth, dict):
        raise CommandError(f"{path} lacks {', '.join(lacking)}", expected=f"[auth] with {', '.join(NEEDED)}")
    return auth


def _check(path: Path, auth: dict[str, str]) -> str:
    if len(auth["cookie_secret"]) < SHORTEST_SECRET:
        raise CommandError(
            f"cookie_secret in {path} has {len(auth['cookie_secret'])} characters",
            expected=f"at least {SHORTEST_SECRET}",
            remedy='Make one: python -c "import secrets; print(secrets.token_urlsafe(48))".',
        )
    for key in ("redirect_uri", "server_metadata_url"):
        try:
            parts = urlsplit(auth[key])
            _ = parts.port
        except ValueError as error:
            raise CommandError(f"{key} in {path} is no address", expected="an address with https") from error
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise CommandError(
                f"{key} in {path} is not encrypted",
                expected="an address with https (http on this machine only)",
            )
    if not urlsplit(auth["redirect_uri"]).path.endswith("/oauth2callback"):
        raise CommandError(
            f"redirect_uri in {path} leads elsewhere", expected="an address that ends in /oauth2callback"
        )
    return auth["redirect_uri"]
