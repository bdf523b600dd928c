"""The desk's door compares paths as routes match them: one that they take for another is refused."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.door import Door, Limits, names_of

LOCAL = names_of(("127.0.0.1",), 8501)
ODD = (
    "/_stcore/metrics%0A",
    "/oauth2callback%0a",
    "/auth/logout%0A",
    "/auth/login%0D%0A",
    "/%00",
    "/a%7Fb",
    "/a%C2%85",
)


@pytest.mark.parametrize("path", ODD)
def test_a_path_with_a_control_character_is_refused_whatever_a_route_takes_it_for(path):
    """Starlette's match before a last line break, too: by one nothing was a log-in, a log-out or the desk's figures."""
    reached, told = [], []

    async def answered(request):
        reached.append(request.url.path)
        return PlainTextResponse("")

    paths = ("/_stcore/metrics", "/oauth2callback", "/auth/logout", "/auth/login")
    limits = Limits(lambda address: 0, told.append)
    app = Starlette(
        routes=[Route(each, answered) for each in paths],
        middleware=[Middleware(Door, names=LOCAL, limits=limits, log_out=told.append)],
    )
    browser = TestClient(app, base_url="http://127.0.0.1:8501")
    assert browser.get(path).status_code == 400
    assert (reached, told) == ([], [])
    session = b64encode(b'{"_state_default_one": {}}').decode()
    back = browser.get(
        "/oauth2callback?state=one", headers={"cookie": f"_streamlit_session={session}.ts.sig"}
    )
    assert back.status_code == 200
    assert told == ["testclient"]


def test_a_path_is_judged_as_it_was_sent_too():
    """What is in front of the desk, and what is behind its door, need not unquote alike."""
    refused, sent = [], []

    async def answered(scope, receive, send):
        sent.append(scope["raw_path"])

    async def send(message):
        refused.append(message)

    async def ask(raw_path):
        scope = {
            "type": "http",
            "path": "/a",
            "raw_path": raw_path,
            "headers": [(b"host", b"127.0.0.1:8501")],
        }
        await Door(answered, LOCAL)(scope, None, send)

    with ThreadPoolExecutor(
        1
    ) as pool:  # a browser test of this process may have left a running loop in this one
        for raw_path in (b"/a%0A", b"/a"):
            pool.submit(asyncio.run, ask(raw_path)).result()
    assert sent == [b"/a"]
    assert refused[0]["status"] == 400
