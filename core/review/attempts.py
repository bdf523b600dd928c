"""How often somebody failed lately, so that nobody can go on guessing: tokens, log-ins and signatures.

Counted in a file beside the journal, one line for each failure, so that several desks of one machine count together and
a restart forgets nothing. Several machines count each for themselves. Where the file cannot be written this process
counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import SignOffError
from core.fingerprint import SHORT, sha256
from core.paths import bytes_of
from core.platform.storage import local_folder
from core.request.settings import Settings
from core.review.judgements import judge_login
from core.review.people import Person, who_is
from core.review.registering import OwnKeyNeeded

FOLDER = "attempts"
WINDOW_S, MOST = 600, 20
"""So many failures within so many seconds, then nothing is judged until the first of them is that old."""

NETWORK_BITS = 64
"""Of an IPv6 address: what a customer is given at least (RFC 6177), to choose addresses in as they like."""

_MOST_BYTES = 64 << 10
_in_memory: dict[tuple[str, str], list[float]] = {}

P = ParamSpec("P")
T = TypeVar("T")


def wait_s(settings: Settings, what: str, who: str) -> int:
    """Return for how many seconds somebody has to wait, 0 if they may try.

    Parameters
    ----------
    what : {'api', 'login', 'sign'}
    who : str
        The address that asks, or what tells a person apart.
    """
    now, mark = time.time(), _mark(who)
    recent = [at for at, by in _lines(_path(settings, what)) if by == mark and now - WINDOW_S < at <= now]
    in_memory = _in_memory.get((what, mark), [])
    recent = sorted([*recent, *(at for at in in_memory if now - WINDOW_S < at <= now)])
    return max(int(recent[-MOST] + WINDOW_S - now) + 1, 1) if len(recent) >= MOST else 0


def failed(settings: Settings, what: str, who: str) -> None:
    """Count a failure."""
    now, mark = time.time(), _mark(who)
    path = _path(settings, what)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "ab") as stream:
            stream.write(f"{int(now)} {mark}\n".encode())
            large = stream.tell() > _MOST_BYTES
        if large:
            _shorten(path, now)
    except OSError:
        _in_memory.setdefault((what, mark), []).append(now)
        del _in_memory[what, mark][:-MOST]


def admitting(act: Callable[Concatenate[Settings, P], T]) -> Callable[Concatenate[Settings, P], T]:
    """Return an act of a person (its keyword ``person``) refused after too many that failed, or an old login."""

    @wraps(act)
    def limiting(settings: Settings, /, *args: P.args, **kwargs: P.kwargs) -> T:
        person = kwargs["person"]
        assert isinstance(person, Person), "every act has one"
        who = who_is(person.label)
        wait = wait_s(settings, "sign", who)
        if wait:
            raise SignOffError(
                f"{MOST} attempts of {person.name} failed within {WINDOW_S // 60} minutes",
                expected=f"{wait} seconds without another",
                remedy="Was it not you? Tell an admin.",
            )
        judge_login(settings, person, datetime.now(UTC))
        try:
            return act(settings, *args, **kwargs)
        except OwnKeyNeeded:
            raise  # a step on the way
        except SignOffError:
            failed(settings, "sign", who)
            raise

    return limiting


def _mark(who: str) -> str:
    """Return what failures are counted under: of an address in IPv6 the network, of which one line has 2^64.

    A person's id or name is no address and stays as it is.
    """
    try:
        address = ip_address(who.strip("[]").partition("%")[0])
    except ValueError:
        return sha256(who.encode())[:SHORT]
    if isinstance(address, IPv6Address):
        network = IPv6Network((int(address) >> (128 - NETWORK_BITS) << (128 - NETWORK_BITS), NETWORK_BITS))
        who = str(address.ipv4_mapped or network)
    else:
        who = str(address)
    return sha256(who.encode())[:SHORT]


def _path(settings: Settings, what: str) -> Path:
    return local_folder(settings.data) / FOLDER / what


def _lines(path: Path) -> list[tuple[float, str]]:
    try:
        pairs = [line.split() for line in bytes_of(path).decode("ascii", "replace").splitlines()]
    except OSError:
        return []
    return [(float(pair[0]), pair[1]) for pair in pairs if len(pair) == 2 and pair[0].isdecimal()]


def _shorten(path: Path, now: float) -> None:
    """Keep what still counts, the newest at most."""
    lines = [f"{at:.0f} {by}\n" for at, by in _lines(path) if at > now - WINDOW_S]
    whole = "".join(lines)[-_MOST_BYTES // 2 :]
    coming = path.with_name(f".{path.name}.next")
    coming.write_text(whole[whole.find("\n") + 1 :], encoding="ascii")
    coming.replace(path)
