"""The files of the desk's program, compressed once and kept: a network sends a third of their bytes.

Two of them go out with a small change (:mod:`dashboard.program_parts`).

Streamlit sends them as they are, to be kept by the browser for a year; their names change with their content. A page
that is opened for the first time loads 3 MB of them, with charts 8.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.program_parts import amended
from dashboard.unconditional import unconditional

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL = 6
ENDINGS = (".js", ".css")
_FOLDER = "static"
_OF_THE_FILE = (b"etag", b"last-modified", b"content-length", b"accept-ranges")
"""Headers of the file as it is, not of what is sent."""

Headers = Sequence[tuple[bytes, bytes]]


class Compressed:
    """Sends the scripts and styles of the program compressed to whoever takes gzip; all else goes through as it comes.

    Parameters
    ----------
    app : callable
        What is behind it.
    files : collection of str
        The paths of the scripts and styles that there are. Nothing else is kept: an app may answer a file under any
        number of spellings (``/static//js/a.js``), and an unknown path by its page, and each would stay in memory.
    """

    def __init__(self, app: ASGIApp, files: Collection[str]) -> None:
        self._app, self._files = app, frozenset(files)
        self._answers: dict[str, tuple[Headers, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from memory, or hand it on and keep what comes of it."""
        if str(scope.get("path", "")) not in self._files or not _wants_compressed(scope):
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        if path not in self._answers:
            answer = _Answer()
            await self._app(unconditional(scope), receive, answer.take)
            if answer.status != 200:
                await answer.pass_on(send)
                return
            body = await asyncio.to_thread(_packed, path, answer.body)
            remaining = [(name, value) for name, value in answer.headers if name.lower() not in _OF_THE_FILE]
            length = (b"content-length", str(len(body)).encode())
            own = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"), length]
            self._answers[path] = ([*remaining, *own], body)
        answered, body = self._answers[path]
        await send({"type": "http.response.start", "status": 200, "headers": list(answered)})
        await send({"type": "http.response.body", "body": body})


def files_of(folder: Path) -> frozenset[str]:
    """Return the paths of the scripts and styles in the program's folder, as a browser asks for them."""
    return frozenset(
        f"/{file.relative_to(folder).as_posix()}"
        for file in (folder / _FOLDER).rglob("*")
        if file.suffix in ENDINGS
    )


def _packed(path: str, body: bytes) -> bytes:
    return gzip.compress(amended(path, body), LEVEL, mtime=0)


def _wants_compressed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    headers = dict(scope["headers"])
    return b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers


class _Answer:
    """An answer that is collected whole."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, list[tuple[bytes, bytes]](), b""

    async def take(self, message: Message) -> None:
        """Keep one message of it."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def pass_on(self, send: Send) -> None:
        """Send it as it came."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})
