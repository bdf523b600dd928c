"""Whether a ``luigid`` is there when it is to hand out the work: asked at once, before Luigi waits for one.

Luigi's own answer is three tries, half a minute apart, and then an error of its own protocol.
"""

from __future__ import annotations

import argparse
import socket
from urllib.parse import urlsplit

import luigi

from core.errors import EXIT_SCHEDULING
from luigi_tasks.terminal import say

CONNECT_S = 3.0
"""Seconds to wait for a connection: on one network it takes milliseconds."""

_PORTS = {"http": 80, "https": 443}
"""What a URL without a port means; other schemes (a UNIX socket) are left to Luigi."""


def scheduler_url(arguments: argparse.Namespace) -> str:
    """Return the URL of the ``luigid`` that these options and ``luigi.cfg`` name; empty with a local scheduler."""
    configured = luigi.interface.core()  # type: ignore[no-untyped-call]  # luigi ships no types
    if arguments.core_local_scheduler or configured.local_scheduler:
        return ""
    url = arguments.core_scheduler_url or configured.scheduler_url
    host = arguments.core_scheduler_host or configured.scheduler_host
    return str(url or f"http://{host}:{arguments.core_scheduler_port or configured.scheduler_port}/")


def refuse_without_scheduler(arguments: argparse.Namespace) -> None:
    """Leave with one line and code 35 where no ``luigid`` listens at the address that Luigi would ask.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command line as Luigi's own parser reads it.
    """
    url = scheduler_url(arguments)
    if arguments.core_help or arguments.core_help_all or urlsplit(url).scheme not in _PORTS:
        return
    try:
        address = urlsplit(url)
        place = (address.hostname or "", address.port or _PORTS[address.scheme])
        with socket.create_connection(place, timeout=CONNECT_S):
            return
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error).lower()
        say(
            f"afterclose: no luigid answers at {_without_login(url)} ({reason}); expected --local-scheduler, which "
            "needs no server, or a running luigid. Add --local-scheduler to the command, or start luigid and name it "
            "with --scheduler-host."
        )
        raise SystemExit(EXIT_SCHEDULING) from None


def _without_login(url: str) -> str:
    """Return a URL without the name and password that may stand in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
