"""Who sits at this desk: the local user, or whoever logged in by OpenID Connect (extra ``team``).

Whether a login is needed is said by ``afterclose dashboard --login`` and by the address that is listened on,
never by what a browser sends. When a login is needed and cannot be had, nobody is let in.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.errors import AftercloseError, SettingsError
from core.platform.web_addresses import is_loopback
from core.request import settings as configuration
from core.request.roots import LOGIN_VARIABLE
from core.request.settings import Settings
from core.review import logouts
from core.review.logins import person_of
from core.review.people import Person, local_person, may
from dashboard.words import literal

CLOCKS_APART_S = 60
"""How far the provider's clock may be ahead of ours."""

LONGEST_S = 12 * 3600
"""A login counts this long; the cookie itself would be good for thirty days."""


def required() -> bool:
    """Return whether only people who logged in may see this desk."""
    return bool(os.environ.get(LOGIN_VARIABLE)) or not is_loopback(
        st.get_option("server.address") or ""  # without one it listens at all of them
    )


def person(settings: Settings) -> Person:
    """Return who acts here.

    Raises
    ------
    SettingsError
        If a login is needed and there is none.
    """
    if not required():
        return local_person(settings)
    claims = _claims(settings)
    if claims is None:
        raise _nobody()
    return person_of(settings, claims)


def _nobody() -> SettingsError:
    return SettingsError("nobody is logged in", expected="a login", remedy="Reload the page and log in.")


def asking_again() -> Callable[[], None]:
    """Return what raises once the login of this visitor is over, wherever it is called.

    Streamlit makes a file in a thread of its own, in which it knows no visitor.
    """
    if not required():
        return lambda: None
    claims = st.user.to_dict()

    def ask() -> None:
        if not claims.get("is_logged_in") or not _counts(configuration.load(), claims, time.time()):
            raise _nobody()

    return ask


def _claims(settings: Settings) -> Mapping[str, Any] | None:
    """Return the verified claims of this visitor's login, None without one or when it counts no more."""
    if not st.user.get("is_logged_in"):
        return None
    claims = st.user.to_dict()
    return claims if _counts(settings, claims, time.time()) else None


def _counts(settings: Settings, claims: Mapping[str, Any], now: float) -> bool:
    """Return whether a login is recent, says no time that is none, and was not ended by logging out."""
    auth_time = claims.get("auth_time")
    timely = (auth_time is None or is_sound(auth_time, now)) and is_current(claims.get("iat"), now)
    return timely and not logouts.is_ended(settings, claims)


def claims_in(signed: bytes | None) -> Mapping[str, Any]:
    """Return the claims of the verified content of a login's cookie; none where nobody is logged in."""
    try:
        claims = json.loads(signed or b"null")
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") is True else {}


def may_launch(settings: Settings, signed: bytes | None, *, needed: bool, now: float) -> bool:
    """Return whether whoever sends a request may start runs, for what is judged before a page sees it.

    Parameters
    ----------
    signed : bytes or None
        The verified content of the login's cookie, None without one.
    needed : bool
        Whether this desk asks for a login; else the local user sends it.
    now : float
        Seconds since 1970.
    """
    if not needed:
        return may(local_person(settings), "launch")
    claims = claims_in(signed)
    try:
        return _counts(settings, claims, now) and may(person_of(settings, claims), "launch")
    except AftercloseError:
        return False


def is_sound(moment: object, now: float) -> bool:
    """Return whether a claim is a time (seconds since 1970) that has come.

    >>> is_sound(1000, 1000), is_sound("1000", 1000), is_sound(2000, 1000), is_sound(float("nan"), 1000)
    (True, False, False, False)
    """
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        return False
    return 0 <= moment <= now + CLOCKS_APART_S


def is_current(issued: object, now: float) -> bool:
    """Return whether a login issued at ``issued`` still counts at ``now``.

    Parameters
    ----------
    issued : object
        The claim ``iat``: seconds since 1970. Absent, a text, not finite or from the future it is no proof
        of a recent login, and the login does not count.
    now : float
        Seconds since 1970.

    Examples
    --------
    >>> is_current(1000, 1000 + LONGEST_S), is_current(1000, 1001 + LONGEST_S), is_current("1000", 1001)
    (True, False, False)
    """
    return is_sound(issued, now) and isinstance(issued, int | float) and now - LONGEST_S <= issued


def admitted() -> bool:
    """Return whether this visitor may see the desk; else draw the way to log in."""
    if not required() or _claims(configuration.load()) is not None:
        return True
    st.title("Afterclose", anchor=False)
    st.markdown("This desk is for people who are known here.")
    st.button("Log in", key="log_in", type="primary", on_click=st.login)
    return False


def again() -> None:
    """Draw the way to log in once more, for an act that asks for a recent login."""
    st.button("Log in again", key="log_in_again", on_click=st.login)


def farewell() -> None:
    """Draw the way to log out, where there is a login."""
    if required():
        st.button("Log out", key="log_out", type="tertiary", on_click=st.logout)


def actor(settings: Settings) -> str:
    """Return in words who acts here."""
    who = person(settings)
    return f"{literal(who.name)} ({literal(who.role)})"
