"""An HTTP session that keeps no more of an answer than prices of one ticker have, however much comes, packed or not."""

from __future__ import annotations

from typing import Any

from curl_cffi import requests

from core.sources.live_errors import ServiceError

MOST_BYTES = 32 << 20
"""Of an answer, unpacked: a century of one ticker's days has 8 MB."""


class BoundedSession(requests.Session[requests.Response]):
    """A session for services that are asked a ticker at a time; what goes on longer than its time is ended by curl."""

    def request(self, method: Any, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # its options are many
        """Return the answer.

        Raises
        ------
        ServiceError
            If it has more than :data:`MOST_BYTES`.
        """
        body = bytearray()

        def take(piece: bytes) -> int:
            if len(body) + len(piece) > MOST_BYTES:
                raise ServiceError(f"an answer of more than {MOST_BYTES:,} bytes")
            body.extend(piece)
            return len(piece)

        answer = super().request(method, url, **{**options, "content_callback": take})
        answer.content = bytes(body)
        return answer
