"""Whose the steps of a log-in are: what another site's page asks for is nobody's, and counts as none. No Streamlit.

The identity provider leads a person back to an address that anybody can write into a page, as a picture too. What is
judged there, and counted where nobody is logged in by it, is the log-in that was begun in the same browser: the session
cookie has its ``state``. Whether that cookie is true is Streamlit's to judge, by its signature.
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error
from urllib.parse import parse_qs

from dashboard.bodies import Scope

LOGIN, CALLBACK, LOGOUT = "/auth/login", "/oauth2callback", "/auth/logout"
"""Where Streamlit's log-in begins, where the identity provider leads back to, and where somebody logs out."""

SESSION = "_streamlit_session"
"""The cookie that lasts from the beginning of a log-in to its end."""

_OF_A_PERSON = (b"", b"document", b"empty")
"""What ``Sec-Fetch-Dest`` says of a page that somebody opens; programs and old browsers send none."""


def step_refusal(scope: Scope, path: str) -> tuple[int, str] | None:
    """Return why a step of a log-in is refused: none is a part of a page, and nobody is logged out by another site."""
    if not path.endswith((LOGIN, CALLBACK, LOGOUT)):
        return None
    if any(value not in _OF_A_PERSON for value in _values_of(scope, b"sec-fetch-dest")):
        return 403, "Whoever logs in or out opens a page."
    if path.endswith(LOGOUT) and b"cross-site" in _values_of(scope, b"sec-fetch-site"):
        return 403, "Whoever logs out does so at this desk."
    return None


def _values_of(scope: Scope, header: bytes) -> list[bytes]:
    return [value for name, value in scope["headers"] if name.lower() == header]


def is_of_this_browser(scope: Scope) -> bool:
    """Return whether the way back from the provider belongs to a log-in that was begun in the browser that asks."""
    (state,) = parse_qs(bytes(scope.get("query_string") or b"").decode("latin-1")).get("state", [""])[-1:]
    return any(session is None or _has(session, state) for session in _sessions(scope))


def _has(session: dict[str, object], state: str) -> bool:
    return bool(state) and any(key.startswith("_state_") and key.endswith(f"_{state}") for key in session)


def _sessions(scope: Scope) -> list[dict[str, object] | None]:
    """Return what each session cookie of a request holds; None of one that is written in another way than is known."""
    sessions: list[dict[str, object] | None] = []
    for name, value in scope["headers"]:
        if name.lower() != b"cookie":
            continue
        for part in value.decode("latin-1").split(";"):
            key, _, text = part.strip().partition("=")
            if key == SESSION:
                sessions.append(_content_of(text))
    return sessions


def _content_of(text: str) -> dict[str, object] | None:
    try:
        content = json.loads(b64decode(text.partition(".")[0], validate=True))
    except (Error, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
