"""How the desk looks from the first moment: its own looks stand in the page itself, before any script has run.

Streamlit draws an empty page first (narrow, in another size of letters), then the bar, then each element, and gives an
element that its browser part still loads a height of its own. What moves meanwhile is what a person was about to read
or press. The looks in ``desk.css`` have the place of everything from the start; sent with the page they count at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.unconditional import unconditional

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOKS, KEYS = Path(__file__).with_name("desk.css"), Path(__file__).with_name("desk.js")
_END_OF_HEAD = b"</head>"
_OF_THE_FILE = (b"etag", b"last-modified", b"content-length", b"cache-control")
"""Headers of the file on disk, which is not what is sent."""


class FirstPaint:
    """Puts the desk's looks and keys into the head of every page of HTML that the app behind it sends.

    Parameters
    ----------
    app : callable
        What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        style, script = (
            b"<style>" + LOOKS.read_bytes() + b"</style>",
            b"<script>" + KEYS.read_bytes() + b"</script>",
        )
        self._style = style + script + _END_OF_HEAD

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; a page is asked for whole and as it is, so that it can be added to."""
        wants_page = any(
            name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ())
        )
        if scope["type"] != "http" or not wants_page:
            await self._app(scope, receive, send)
            return
        await self._app(unconditional(scope), receive, _Page(send, self._style).send)


class _Page:
    """An answer on its way: a page is collected, added to and sent; anything else goes through as it comes."""

    def __init__(self, send: Send, style: bytes) -> None:
        self._send, self._style = send, style
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", ())}
            is_page = headers.get(b"content-type", b"").startswith(b"text/html")
            if (
                not is_page or b"content-disposition" in headers
            ):  # a report that is downloaded stays as it was signed
                await self._send(message)
                return
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole(self._start)

    async def _whole(self, start: Message) -> None:
        body = self._body.replace(_END_OF_HEAD, self._style, 1)
        own = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in _OF_THE_FILE]
        await self._send({**start, "headers": [*headers, *own]})
        await self._send({"type": "http.response.body", "body": body})
