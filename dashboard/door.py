"""The desk's door: who may ask at all, judged before Streamlit sees a request. ASGI middleware, no Streamlit.

Streamlit's own check of an Origin accepts any port of this machine and asks an outside service for the
machine's address when it does not know one (streamlit#7721). Here scheme, host and port must be the desk's own;
nothing is looked up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

from core.parameters import natural
from dashboard.bodies import NO_UPLOADS, Body, Coming, Message, Receive, Scope, Send, Uploads
from dashboard.log_in_steps import CALLBACK, LOGIN, LOGOUT, is_of_this_browser, step_refusal

App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 2 * 1024**2
"""Of anything but an upload; the pages' own messages go by the websocket."""

UPLOAD = "/_stcore/upload_file/"
"""Where the browser brings a file to; what it is wrapped in has at most :data:`WRAPPING_BYTES`."""

WRAPPING_BYTES = 1024**2

METRICS = "/_stcore/metrics"
"""Streamlit's own figures of sessions and memory, which it tells to whoever asks: nobody's business."""

_SOMEBODY = re.compile(rb'_streamlit_user="?[^";]')
"""The cookie of somebody who is logged in; one that is taken away is empty."""

_ASCII_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_DEFAULT_PORTS = {"http": 80, "https": 443}

CONTENT_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""The page's scripts compile their charts and keep styles inline: the two 'unsafe' words are Streamlit's."""

SAFE_HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
"""On every answer: no page frames the desk, and nothing of another site is loaded into it."""


@dataclass(frozen=True)
class Names:
    """The names under which this desk is reached.

    Parameters
    ----------
    hosts : frozenset of str
        Values of the header ``Host``, with the port unless it is the scheme's own.
    origin : str
        The origin under which people open it through a proxy that ends TLS (``https://desk.example.org``);
        empty without one.
    """

    hosts: frozenset[str]
    origin: str = ""

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Return whether a page of ``origin`` may ask under ``host``: scheme, host and port are the desk's."""
        return origin in {f"http://{host}", self.origin} - {""}


def names_of(addresses: tuple[str, ...], port: int, public: str = "") -> Names:
    """Return the names of a desk that listens on ``port``.

    Parameters
    ----------
    addresses : tuple of str
        Numbers or names of this machine; an IPv6 number without brackets.
    port : int
    public : str
        An address of the desk as people open it, with its scheme; any path is ignored.

    Examples
    --------
    >>> sorted(names_of(("127.0.0.1", "::1"), 8501).hosts)
    ['127.0.0.1:8501', '[::1]:8501']
    >>> names_of((), 8501, "https://desk.example.org/oauth2callback").origin
    'https://desk.example.org'
    """
    hosts = {_host(address, port, "http") for address in addresses}
    if not public:
        return Names(frozenset(hosts))
    parts = urlsplit(public)
    public_host = _host(parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme], parts.scheme)
    return Names(frozenset({*hosts, public_host}), f"{parts.scheme}://{public_host}")


def _host(name: str, port: int, scheme: str) -> str:
    written = f"[{name}]" if ":" in name else name.lower()
    return written if port == _DEFAULT_PORTS[scheme] else f"{written}:{port}"


@dataclass(frozen=True)
class Limits:
    """How failed log-ins are limited, by the address that asks.

    Parameters
    ----------
    wait_s : callable
        Returns for how many seconds an address has to wait, 0 if it may try.
    failed : callable
        Counts a failure of an address.
    """

    wait_s: Callable[[str], int]
    failed: Callable[[str], None]


NO_LIMITS = Limits(lambda _: 0, lambda _: None)


class Door:
    """Refuses a path with a control character (400), a foreign Host (421), a foreign Origin (403), a step of a log-in
    that is a part of a page (403), what is nobody's business (404), a body that is too large (413), too many log-ins
    (429), and more uploads at once than memory is for (503).

    Parameters
    ----------
    app : callable
        What is behind it.
    names : Names
    limits : Limits, optional
        Of log-ins that fail; without them none is counted.
    uploads : Uploads, optional
        Without them there are none.
    log_out : callable, optional
        Told of each request to log out, before the app is.
    """

    def __init__(
        self,
        app: App,
        names: Names,
        limits: Limits = NO_LIMITS,
        uploads: Uploads = NO_UPLOADS,
        log_out: Callable[[Scope], None] = lambda _: None,
    ) -> None:
        self._app, self._names, self._limits, self._uploads = app, names, limits, uploads
        self._log_out = log_out
        self._coming = Coming(uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on with safe headers on its answer, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        refusal = _odd_path(scope) or self._refusal(scope["headers"], most)
        if refusal is None and _is_upload(scope) and not self._uploads.may_send(scope):
            refusal = 403, "Whoever may start runs may upload, and nobody else."
        if refusal is None and _path(scope).rstrip("/").endswith(METRICS):
            refusal = 404, "Not Found"
        refusal = refusal or step_refusal(scope, _path(scope))
        if refusal is None and _path(scope).endswith(LOGOUT):
            self._log_out(scope)
        if refusal is None and scope["type"] == "http" and _is_login(scope):
            await self._log_in(scope, receive, send)
        elif refusal is None and scope["type"] == "http":
            await self._hand_on(scope, receive, _safe(send), most)
        elif refusal is None:
            await self._app(scope, receive, _safe(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403
        else:
            await _answer(send, *refusal)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a step of a log-in on, unless too many failed; count it where it ends without anybody logged in.

        What leads back from the provider to a browser in which no log-in was begun is led to the desk, and is not
        judged: it is a page that somebody went back to, the end of logging out, or another site's doing.
        """
        if _path(scope).endswith(CALLBACK) and not is_of_this_browser(scope):
            await _lead(send, _path(scope).removesuffix(CALLBACK) + "/")
            return
        address = str((scope.get("client") or ("unknown",))[0])
        wait = self._limits.wait_s(address)
        if wait:
            await _answer(send, 429, f"Too many log-ins failed. Try again in {wait} seconds.", wait)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].endswith(CALLBACK):
                cookies = [
                    value for name, value in message.get("headers", ()) if name.lower() == b"set-cookie"
                ]
                if not any(_SOMEBODY.match(cookie) for cookie in cookies):
                    self._limits.failed(address)
            await send(message)

        await self._hand_on(scope, receive, _safe(counting), MOST_BODY_BYTES)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Hand a request on; once its body may not go on, whatever the app makes of its end is that refusal."""
        too_large = (413, _too_large(most), 0)
        if _is_upload(scope):
            session = _path(scope).removeprefix(UPLOAD).partition("/")[0]
            body = Body(
                receive, most, too_large, self._coming, whose=self._uploads.whose(scope), session=session
            )
        else:
            body = Body(receive, most, too_large, None)
        with body.coming(max(_lengths(scope), default=0)):
            try:
                if body.refusal is None:
                    await self._app(scope, body.receive, body.answering(send))
            except Exception:
                if body.refusal is None:
                    raise
        if body.refusal is not None:
            await _answer(send, *body.refusal)

    def _most(self, scope: Scope) -> int:
        """Return how many bytes the body of a request may have."""
        most = self._uploads.most_bytes() if _is_upload(scope) else 0
        return most + WRAPPING_BYTES if most else MOST_BODY_BYTES

    def _refusal(self, headers: list[tuple[bytes, bytes]], most: int) -> tuple[int, str] | None:
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._names.hosts:
            return 421, "This desk is not reached by that name."
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        if any(not self._names.is_own_origin(origin, hosts[0]) for origin in origins):
            return 403, "A page of another origin may not ask this desk."
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(natural(value.decode("latin-1"), most) is None for value in lengths):
            return 413, _too_large(most)
        return None


def _lengths(scope: Scope) -> list[int]:
    """Return what a request announces of its body; judged before."""
    return [int(value) for name, value in scope["headers"] if name == b"content-length"]


def _path(scope: Scope) -> str:
    return str(scope.get("path", ""))


def _odd_path(scope: Scope) -> tuple[int, str] | None:
    """Refuse a path that routes take for another than it is: their expressions end before a last line break, too."""
    sent = unquote_to_bytes(scope.get("raw_path") or b"").decode("latin-1")
    if any(unicodedata.category(sign) == "Cc" for sign in _path(scope)) or _ASCII_CONTROL.search(sent):
        return 400, "No address of this desk has such a character."
    return None


def _is_login(scope: Scope) -> bool:
    return _path(scope).endswith((LOGIN, CALLBACK))


def _is_upload(scope: Scope) -> bool:
    return _path(scope).startswith(UPLOAD)


def _too_large(most: int) -> str:
    return f"The body is larger than {most:,} bytes."


def _safe(send: Send) -> Send:
    """Return ``send`` that puts the safe headers on every answer, in place of what the app says of them."""
    names = {name for name, _ in SAFE_HEADERS}

    async def safe(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            others = [
                (name, value) for name, value in message.get("headers", ()) if name.lower() not in names
            ]
            message = {**message, "headers": [*others, *SAFE_HEADERS]}
        await send(message)

    return safe


async def _lead(send: Send, path: str) -> None:
    headers = [(b"location", quote(f"/{path.lstrip('/')}").encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 302, "headers": [*headers, *SAFE_HEADERS]})
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Send, status: int, text: str, retry_s: int = 0) -> None:
    body = text.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    headers += [(b"retry-after", str(retry_s).encode())] if retry_s else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *SAFE_HEADERS]})
    await send({"type": "http.response.body", "body": body})
