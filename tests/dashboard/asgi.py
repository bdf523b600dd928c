"""What tests of the desk's door share: an app behind it, the desk's names, and an event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from dashboard.door import names_of

LOCAL = names_of(("127.0.0.1", "localhost"), 8501)


async def behind(scope, receive, send):
    """An app that reads the whole body and answers 200 with a header that would loosen the door's."""
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    else:
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"ALLOWALL")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


def in_a_loop(play):
    """Play a scene in an event loop of its own thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(play())).result()
