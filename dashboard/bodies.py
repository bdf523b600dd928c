"""What is taken of a request's body: so many bytes of each, and so many of all uploads together. ASGI, no Streamlit.

An upload lies in memory from its first byte until its page has written it to the disk, so that many at once could take
all there is.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Refusal = tuple[int, str, int]
"""Status, text, and seconds after which to ask again (0: nothing is said of that)."""

RETRY_S = 30
"""After so many seconds an upload may find room: others are written to the disk by then."""

_BUSY: Refusal = (
    503, "Other files are being brought right now, and there is no room for more. Try again in a minute.", RETRY_S,
)  # fmt: skip


@dataclass(frozen=True)
class Uploads:
    """What may be uploaded, and by whom.

    Parameters
    ----------
    most_bytes : callable
        Returns how large a file may be; 0: there are no uploads.
    may_send : callable
        Returns whether a request comes from somebody who may start runs; judged before its body is read.
    most_together : callable
        Returns how many bytes may lie in memory of all that are on their way or were not let go yet.
    in_memory : callable
        Returns how many bytes have arrived whole and were not let go yet.
    """

    most_bytes: Callable[[], int]
    may_send: Callable[[Scope], bool]
    most_together: Callable[[], int] = lambda: sys.maxsize
    in_memory: Callable[[], int] = lambda: 0


NO_UPLOADS = Uploads(lambda: 0, lambda _: True)


@dataclass
class Coming:
    """The uploads that are on their way.

    What has come of them counts, not what was announced: whoever announces much and sends nothing keeps nobody out.

    Parameters
    ----------
    uploads : Uploads
    """

    uploads: Uploads
    bodies: set[Body] = field(default_factory=set)

    def is_full(self, more: int = 0) -> bool:
        """Return whether there is no room in memory for what lies there, and ``more`` bytes."""
        there = self.uploads.in_memory() + sum(body.total for body in self.bodies)
        return there + more > self.uploads.most_together()


class Body:
    """A body as it comes; it ends once there is a reason to refuse it.

    Parameters
    ----------
    receive : callable
    most : int
        Bytes that it may have.
    too_large : Refusal
        Of one that has more.
    uploads : Coming or None
        Those beside it, if it is one.
    """

    def __init__(self, receive: Receive, most: int, too_large: Refusal, uploads: Coming | None) -> None:
        self._receive, self._most, self._too_large, self._uploads = receive, most, too_large, uploads
        self.total = 0
        self.refusal: Refusal | None = None

    async def receive(self) -> Message:
        """Return the next part, or that whoever sends it is gone."""
        message = await self._receive()
        self.total += len(message.get("body", b""))
        if self.total > self._most:
            self.refusal = self._too_large
        elif self._uploads is not None and self.refusal is None and self._uploads.is_full():
            self.refusal = _BUSY
        return message if self.refusal is None else {"type": "http.disconnect"}

    def answering(self, send: Send) -> Send:
        """Return what sends the app's answer, unless the body was refused; with its answer the app has taken it."""

        async def answer(message: Message) -> None:
            if self.refusal is None:
                self._let_go()
                await send(message)

        return answer

    @contextmanager
    def coming(self, announced: int) -> Iterator[None]:
        """Let the body be one of those on their way, if it is an upload that there is room for."""
        if self._uploads is not None:
            self.refusal = _BUSY if self._uploads.is_full(announced) else None
            self._uploads.bodies.add(self)
        try:
            yield
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._uploads is not None:
            self._uploads.bodies.discard(self)
