"""What of a web address people are told: its server, and never what may be a part of a password.

Programs disagree on where a name and a password end that hold ``#``, ``?``, ``/`` or a bracket, and whoever wrote them
into an address unquoted meant the last ``@``. So an address that can be read in two ways has no server to tell.
"""

from __future__ import annotations

import ipaddress
import re
from socket import inet_aton

_END = re.compile(r"[/?#]")
_SERVER = re.compile(r"(?:\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|[\w.~-]+)(?::\d{1,5})?")


def server_in(url: str) -> str:
    """Return the server of an address with its port; empty where it has none, or may be read in two ways.

    >>> server_in("https://ann:s3cret@tsa.example.org:8443/stamp?x=1")
    'tsa.example.org:8443'
    >>> [server_in(f"https://ann:{word}@tsa.example.org/stamp") for word in ("s3#cret", "s3?c", "12/cret", "s3[cret")]
    ['', '', '', 'tsa.example.org']
    """
    rest = url.partition("://")[2]
    authority = _END.split(rest, maxsplit=1)[0]
    behind = rest[len(authority) :]
    # a path may hold an @ of its own where nothing before it can be a name and the beginning of a password
    if "@" in behind and (":" in authority or not behind.startswith("/")):
        return ""
    server = authority.rpartition("@")[2]
    return server if _SERVER.fullmatch(server) else ""


def host_in(url: str) -> str:
    """Return the server of an address without its port; empty as :func:`server_in`."""
    return re.sub(r":\d+$", "", server_in(url))


def is_loopback(host: str) -> bool:
    """Return whether only this machine is behind the name or address of a host.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.2", "::1", "192.0.2.1", "example.org", "")]
    [True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        return False


def may_be_loopback(host: str) -> bool:
    """Return whether a host may lead to this machine, however it is written; a name of its own is not looked up.

    >>> hosts = ("LOCALHOST.", "desk.localhost", "127.1", "0x7f000001", "0.0.0.0", "::ffff:127.0.0.1", "::1")
    >>> [may_be_loopback(host) for host in (*hosts, "192.0.2.1", "example.org")]
    [True, True, True, True, True, True, True, False, False]
    """
    name = host.lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            address = ipaddress.ip_address(inet_aton(name))  # as the system reads a short number
        except OSError:
            return f".{name}".endswith(".localhost")
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
