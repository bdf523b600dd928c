"""Notices to people by mail and chat, through apprise; off until ``[notices] urls`` names a receiver.

A notice that cannot be sent never fails a run: what went wrong comes back as one sentence, for the log.
Addresses hold passwords and tokens. They are told to apprise and to nobody else: what is said of a receiver
is its place in the list and its scheme.
"""

from __future__ import annotations

import logging
import stat
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from core.request.settings import Settings

Event = Literal["waiting", "failed", "drift", "no_report"]

MOST_CHARACTERS = 2_000
"""Longest text of a notice; chat services cut or refuse more (Discord's limit is the lowest)."""


def is_enabled(settings: Settings, event: Event) -> bool:
    """Return whether ``settings`` ask for notices of ``event``."""
    return bool(settings["notices_urls"]) and event in str(settings["notices_events"] or "").split(",")


def notify(settings: Settings, event: Event, title: str, text: str) -> str | None:
    """Tell every receiver, and return in one sentence what was not sent, None if all was (or none was wanted).

    Never raises. Each receiver gets apprise's own limits of four seconds to connect and four to answer,
    unless its address says otherwise.

    Parameters
    ----------
    event : str
        ``waiting`` (for a signature), ``failed`` (a run), ``drift`` (an alarm), ``no_report`` (none verified
        when one was due).
    title, text : str
        Plain text; the text is cut after 2,000 characters.
    """
    if not is_enabled(settings, event):
        return None
    try:
        failed = _failures(_addresses(settings), title, text[:MOST_CHARACTERS])
    except ImportError:
        failed = ["the extra [notices] is not installed"]
    except _Unusable as error:
        failed = [str(error)]
    return f"the notice of {event!r} was not sent: {'; '.join(failed)}" if failed else None


class _Unusable(Exception):
    """The list of receivers cannot be used; the message names no address."""


def _addresses(settings: Settings) -> list[str]:
    """Return the receivers' addresses, those in a ``@FILE`` in its place."""
    folder = settings.file.parent if settings.file else Path.cwd()
    words = str(settings["notices_urls"]).split()
    return [url for word in words for url in (_in_file(folder / word[1:]) if word[0] == "@" else [word])]


def _in_file(path: Path) -> list[str]:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _Unusable(f"{path.name} may be read by others; expected mode 600 (chmod 600 {path.name})")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _Unusable(f"{path.name}, the list of receivers, cannot be read ({_cause(error)})") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _cause(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else type(error).__name__


def _failures(addresses: list[str], title: str, text: str) -> list[str]:
    from apprise import Apprise, AppriseAsset

    # one after the other in this thread: no event loop for a handful of messages
    fresh = partial(Apprise, asset=AppriseAsset(async_mode=False))
    logging.getLogger("apprise").disabled = True  # its lines quote addresses
    with warnings.catch_warnings():
        # its plugins import a module of the standard library that 3.13 drops; they carry on without
        warnings.simplefilter("ignore", DeprecationWarning)
        outcomes = [(address, _trouble(fresh, address, title, text)) for address in addresses]
    return [
        f"receiver {number}{_scheme(address)} {trouble}"
        for number, (address, trouble) in enumerate(outcomes, start=1)
        if trouble
    ]


def _scheme(address: str) -> str:
    """Return the part of an address that may be shown: `` (mailto)``; nothing where it has no scheme."""
    scheme, colon, _ = address.partition("://")
    return f" ({scheme[:20]})" if colon else ""


def _trouble(fresh: Callable[[], Any], address: str, title: str, text: str) -> str | None:
    """Return what one receiver did not do, None if it took the notice."""
    if "://" not in address:
        return "has no address that apprise can use"
    try:
        sender = fresh()
        if not sender.add(address):
            return "has no address that apprise can use"
        return None if sender.notify(title=title, body=text, body_format="text") else "did not take it"
    except Exception as error:  # noqa: BLE001 - a hundred plugins of others; none of them may fail a run
        return f"did not take it ({type(error).__name__})"
