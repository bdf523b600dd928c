"""What a server of price files is asked, and the sentences for what it does not give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from core.errors import MissingFileError, SourceError
from core.platform.retry import TransientError
from core.sources.addresses.address import Address

CONNECT_S, SILENCE_S = 10.0, 30.0
"""Seconds for a connection, and without a byte."""

PIECE = 1 << 20


@dataclass(frozen=True)
class ServedFile:
    """Something that a server has.

    Parameters
    ----------
    path : str
        As :meth:`Server.opened` takes it.
    name : str
        Last part of the path.
    is_folder : bool
    size : int or None
        Bytes; None where the server does not say.
    stamp : str
        Tells one content from another, empty where nothing does.
    exact : bool
        Whether other bytes always have another stamp.
    """

    path: str
    name: str
    is_folder: bool
    size: int | None = None
    stamp: str = ""
    exact: bool = False


@dataclass(frozen=True)
class Answer:
    """A file that is being read: what is known of it, and its bytes; none where it did not change."""

    entry: ServedFile
    pieces: Iterator[bytes] | None


class Server(Protocol):
    """Where the files of one address are."""

    def entry(self) -> ServedFile:
        """Return what the fixed part of the address is."""

    def within(self, folder: ServedFile) -> list[ServedFile]:
        """Return what is directly in a folder."""

    def opened(self, entry: ServedFile, unless: ServedFile | None = None) -> AbstractContextManager[Answer]:
        """Give a file's bytes, none where its stamp and size are those of ``unless``."""


def no_file_at(address: Address) -> MissingFileError:
    """Return that a server has no such file."""
    return MissingFileError.of(address.display, "price file", parameter="path")


def no_answer_of(address: Address, error: BaseException) -> TransientError:
    """Return that a server does not answer, or broke off."""
    return TransientError(
        f"{address.host} did not answer, or broke off ({type(error).__name__})",
        expected=f"{address.display} within reach",
        remedy="Nothing was read. Check the network and the address, then run again.",
    )


def not_let_in(address: Address, reason: str, place: str) -> SourceError:
    """Return that a server refuses; ``place`` is where the machine keeps what lets one in."""
    return SourceError(
        f"{address.display} is not given to us ({reason})",
        expected="access for whoever runs this",
        remedy=f"Look into {place}, or ask whoever runs the server.",
    )
