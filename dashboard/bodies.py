"""What is taken of a request's body: so many bytes of each, and so many of all uploads together. ASGI, no Streamlit.

An upload lies in memory from its first byte until its page has written it to the disk, so that many at once could take
all there is. Where people are told apart nobody has more than half of it, and what stops coming is given up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
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

STALLED_S, LONGEST_S = 60.0, 3600.0
"""Seconds in which nothing comes of an upload, or not all of it: it is given up, and its place is free."""

_BUSY: Refusal = (
    503, "Other files are being brought right now, and there is no room for more. Try again in a minute.", RETRY_S,
)  # fmt: skip
_OWN: Refusal = (
    503, "Files of yours are on their way, or wait for an answer on a page. Answer, or close it, and try again.",
    RETRY_S,
)  # fmt: skip
_STALLED: Refusal = (408, "The file stopped coming. Bring it again.", 0)


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
        Returns how many bytes have arrived whole and were not let go yet, by the part of an upload's path that names
        the session.
    whose : callable
        Returns whose upload a request is; empty where people are not told apart.
    """

    most_bytes: Callable[[], int]
    may_send: Callable[[Scope], bool]
    most_together: Callable[[], int] = lambda: sys.maxsize
    in_memory: Callable[[], Mapping[str, int]] = dict
    whose: Callable[[Scope], str] = lambda _: ""


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
    owners: dict[str, str] = field(default_factory=dict)

    def refusal(self, whose: str, more: int = 0) -> Refusal | None:
        """Return why there is no room in memory for ``more`` bytes of somebody beside what is there; None if there is.

        Nobody has more than half of it: whoever leaves files on their way, or without an answer, keeps nobody out.
        """
        in_memory, most = self.uploads.in_memory(), self.uploads.most_together()
        there = [(self.owners.get(session, ""), size) for session, size in in_memory.items()]
        there += [(body.whose, body.total) for body in self.bodies]
        if whose and sum(size for owner, size in there if owner == whose) + more > most // 2:
            return _OWN
        return _BUSY if sum(size for _, size in there) + more > most else None

    def begin(self, body: Body, session: str, announced: int) -> Refusal | None:
        """Let a body be one of those on their way; return why there is no room for what it announces."""
        there = {*self.uploads.in_memory(), *(each.session for each in self.bodies)}
        self.owners = {name: owner for name, owner in self.owners.items() if name in there} | {
            session: body.whose
        }
        refusal = self.refusal(body.whose, announced)
        self.bodies.add(body)
        return refusal


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
    whose, session : str
        Whose upload it is, and of which session, as its path says.
    """

    def __init__(
        self,
        receive: Receive,
        most: int,
        too_large: Refusal,
        uploads: Coming | None,
        *,
        whose: str = "",
        session: str = "",
    ) -> None:
        self._receive, self._most, self._too_large, self._uploads = receive, most, too_large, uploads
        self.whose, self.session = whose, session
        self.total = 0
        self.refusal: Refusal | None = None
        self._until = time.monotonic() + LONGEST_S
        self._is_whole = False

    async def receive(self) -> Message:
        """Return the next part, or that whoever sends it is gone."""
        message = await (self._receive() if self._uploads is None or self._is_whole else self._in_time())
        self._is_whole = not message.get("more_body", False)
        self.total += len(message.get("body", b""))
        if self.total > self._most:
            self.refusal = self._too_large
        elif self._uploads is not None and self.refusal is None:
            self.refusal = self._uploads.refusal(self.whose)
        return message if self.refusal is None else {"type": "http.disconnect"}

    async def _in_time(self) -> Message:
        """Return the next part of an upload, given up where none comes."""
        try:
            async with asyncio.timeout(min(STALLED_S, self._until - time.monotonic())):
                return await self._receive()
        except TimeoutError:
            self.refusal = _STALLED
            return {"type": "http.disconnect"}

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
            self.refusal = self._uploads.begin(self, self.session, announced)
        try:
            yield
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._uploads is not None:
            self._uploads.bodies.discard(self)
