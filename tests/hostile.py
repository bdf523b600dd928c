"""Servers on loopback that never come to an end, send more than there is memory for, or lead elsewhere."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]


@contextmanager
def hostile(behave: Behaviour) -> Iterator[int]:
    """Serve each connection by a function, and give the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def question(connection: socket.socket) -> bytes:
    """Read one request of HTTP, its body too."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")]
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536) or b"x" * length
    return data


def heading(kind: str, *lines: str, status: str = "200 OK") -> bytes:
    """The beginning of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *lines, "", ""]).encode()


def drips(kind: str) -> Behaviour:
    """A byte now and then, for ever: each piece comes in time."""

    def behave(connection: socket.socket) -> None:
        question(connection)
        connection.sendall(heading(kind))
        while True:
            connection.sendall(b"x")
            time.sleep(0.2)

    return behave


def floods(kind: str) -> Behaviour:
    """As much as goes through."""

    def behave(connection: socket.socket) -> None:
        question(connection)
        connection.sendall(heading(kind))
        while True:
            connection.sendall(b"x" * (1 << 20))

    return behave


def unpacks(kind: str) -> Behaviour:
    """A few hundred bytes that unpack to gigabytes."""
    data = gzip.compress(gzip.compress(b"\0" * (64 << 20)) * 64)

    def behave(connection: socket.socket) -> None:
        question(connection)
        connection.sendall(
            heading(kind, "Content-Encoding: gzip, gzip", f"Content-Length: {len(data)}") + data
        )

    return behave


def goes_on(connection: socket.socket) -> None:
    """ "Go on" for ever: the client waits for the answer after it."""
    question(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        time.sleep(0.05)


def leads_to(address: str, status: str) -> Behaviour:
    """A redirect."""

    def behave(connection: socket.socket) -> None:
        question(connection)
        connection.sendall(heading("text/plain", f"Location: {address}", "Content-Length: 0", status=status))

    return behave


def replies_for_ever(connection: socket.socket) -> None:
    """A mail server whose greeting has no last line."""
    connection.sendall(b"220 here\r\n")
    connection.recv(1000)
    while True:
        connection.sendall(b"250-and\r\n")
        time.sleep(0.1)
