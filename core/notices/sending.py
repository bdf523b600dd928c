"""One notice to one receiver by mail or chat, through apprise; off until ``[notices] urls`` names a receiver.

Addresses hold passwords and tokens. They are told to apprise and to nobody else: what is said of a receiver
is its place in the list and its scheme.
"""

from __future__ import annotations

import logging
import re
import stat
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from email.utils import make_msgid
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from core.errors import AftercloseError
from core.fingerprint import sha256
from core.platform.forked import EndedWithoutAnswer
from core.platform.isolated import Bounds, TookTooMuch, bounded
from core.request.receivers import OF_DEPUTY, OF_NOTICES, file_of, receivers_in
from core.request.settings import Settings

Event = Literal[
    "waiting", "failed", "drift", "no_report", "reminder", "escalation", "promote", "publish", "revoke"
]

MOST_CHARACTERS = 1_900
"""Of a notice's title and text together: some services get them as one text, and Discord, whose limit is the lowest,
refuses 2,000 with what the escapes add."""

_BETWEEN = 2
"""Characters that apprise puts between the two."""

DEPUTY: Event = "escalation"
"""The event whose notices go to the deputy."""


def room_beside(title: str) -> int:
    """Return how many characters a text may have beside a title."""
    return max(0, MOST_CHARACTERS - len(title) - _BETWEEN)


def is_enabled(settings: Settings, event: Event) -> bool:
    """Return whether ``settings`` ask for notices of ``event``."""
    return bool(settings[_receivers(event)]) and event in str(settings["notices_events"] or "").split(",")


def _receivers(event: str) -> str:
    return OF_DEPUTY if event == DEPUTY else OF_NOTICES


class UnusableReceivers(Exception):
    """The list of receivers cannot be used; the message names no address."""


def addresses(settings: Settings, event: str) -> list[str]:
    """Return the addresses of an event's receivers, those in a ``@FILE`` in its place.

    Raises
    ------
    UnusableReceivers
        If a file of them cannot be read, or others may read it.
    """
    lists = (
        [word] if (path := file_of(word, settings)) is None else _in_file(path)
        for word in receivers_in(settings, _receivers(event))
    )  # fmt: skip
    return [url for urls in lists for url in urls]


def _in_file(path: Path) -> list[str]:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnusableReceivers(
                f"{path.name} may be read by others; expected mode 600 (chmod 600 {path.name})"
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableReceivers(
            f"{path.name}, the list of receivers, cannot be read ({_cause(error)})"
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _cause(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else type(error).__name__


REPEATABLE = frozenset({" (json)", " (jsons)", " (xml)", " (xmls)", " (form)", " (forms)"})
"""Web hooks, which get the notice's identity as ``Idempotency-Key``."""

_message_id: ContextVar[str] = ContextVar("message_id", default="")


BOUNDS = Bounds(memory_mb=512, time_s=60)
"""For one receiver: the libraries wait for each piece of an answer, and take as many pieces as come."""


def send(address: str, title: str, text: str, identity: str = "") -> str | None:
    """Tell one receiver, and return what it did not do, None if it took the notice. Never raises.

    In a process of its own: an answer that never ends, or unpacks to more than there is, ends that one.

    Parameters
    ----------
    address, title, text : str
    identity : str
        Of the notice, the same at each attempt: a mail's Message-ID, and a web hook's ``Idempotency-Key``
        (draft-ietf-httpapi-idempotency-key-header). Other services take none.
    """
    if find_spec("apprise") is None:
        return "is out of reach: the extra [notices] is not installed"
    try:
        return bounded(BOUNDS, send_unbounded, address, title, text, identity)
    except TookTooMuch as error:
        most = f"{BOUNDS.time_s:g} seconds" if str(error) == "time" else f"{BOUNDS.memory_mb} MiB"
        return f"did not take it: its answer took more than {most}"
    except (EndedWithoutAnswer, AftercloseError, OSError) as error:
        return f"did not take it ({type(error).__name__})"


def send_unbounded(address: str, title: str, text: str, identity: str) -> str | None:
    """Return the same from this process, however long it takes."""
    from apprise import Apprise, AppriseAsset

    # one after the other in this thread: no event loop for a handful of messages. A redirect is no receiver: most
    # of them turn what is posted into a question, and whoever answers that was not told
    fresh = partial(Apprise, asset=AppriseAsset(async_mode=False, http_redirects=False))
    logging.getLogger("apprise").disabled = True  # its lines quote addresses
    with warnings.catch_warnings():
        # its plugins import a module of the standard library that 3.13 drops; they carry on without
        warnings.simplefilter("ignore", DeprecationWarning)
        token = _message_id.set(identity)
        try:
            return _trouble(fresh, address, title, text[: room_beside(title)], identity)
        finally:
            _message_id.reset(token)


def mark_of(address: str) -> str:
    """Return what tells a receiver apart in the journal: six hex digits over its address without the password.

    >>> mark_of("json://desk:one@a.example/hook") == mark_of("json://desk:two@a.example/hook")
    True
    """
    scheme, _, rest = address.partition("://")
    person, at, place = rest.rpartition("@")
    without_password = f"{person.partition(':')[0]}{at}{place}"
    return sha256(f"{scheme}://{_PASSWORD.sub('', without_password)}".encode())[:6]


_PASSWORD = re.compile(r"(?i)([?&]pass(word)?=)[^&]*")


def scheme_of(address: str) -> str:
    """Return the part of an address that may be shown: `` (mailto)``; nothing where it has no scheme."""
    scheme, colon, _ = address.partition("://")
    return f" ({scheme[:20]})" if colon else ""


def _stamp(sender: Any, identity: str) -> None:
    """Give what goes to a web hook or a mail server an identity of its own."""
    from apprise.plugins.email import base as mail

    # apprise has no option for a mail's id, and a second header of that name is refused by mail servers
    vars(mail)["make_msgid"] = _made_message_id
    for service in sender:
        if scheme_of(service.url()) in REPEATABLE:
            service.headers["Idempotency-Key"] = identity


def _made_message_id(idstring: str | None = None, domain: str | None = None) -> str:
    """Return the id of the mail that is on its way, in place of :func:`email.utils.make_msgid`."""
    identity = _message_id.get()
    return f"<{identity}@{domain or 'afterclose'}>" if identity else make_msgid(idstring, domain)


def _trouble(fresh: Callable[[], Any], address: str, title: str, text: str, identity: str) -> str | None:
    """Return what one receiver did not do, None if it took the notice."""
    if "://" not in address:
        return "has no address that apprise can use"
    try:
        sender = fresh()
        if not sender.add(address):
            return "has no address that apprise can use"
        if identity:
            _stamp(sender, identity)
        return None if sender.notify(title=title, body=text, body_format="text") else "did not take it"
    except Exception as error:  # noqa: BLE001 - a hundred plugins of others; none of them may fail a run
        return f"did not take it ({type(error).__name__})"
