"""Which server an address is asked of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from core.sources.addresses.address import Address
from core.sources.addresses.filesystems import s3_server, sftp_server
from core.sources.addresses.served import Server
from core.sources.addresses.web import web_server


def connected(address: Address, may_follow: Callable[[Address], bool]) -> AbstractContextManager[Server]:
    """Give the server of an address.

    Parameters
    ----------
    may_follow : callable
        Whether a redirect may lead there.

    Raises
    ------
    ParameterError
        If what reads such addresses is not installed.
    SourceError
        If the server does not answer, or refuses.
    """
    if address.scheme == "s3":
        return s3_server(address)
    return sftp_server(address) if address.scheme == "sftp" else web_server(address, may_follow)
