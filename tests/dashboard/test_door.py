"""The desk's door: Host, Origin and size are judged before anything else sees a request."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.door import MOST_BODY_BYTES, SAFE_HEADERS, Door, Limits, names_of
from tests.dashboard.asgi import LOCAL, behind, in_a_loop

PUBLIC = names_of(("127.0.0.1", "localhost"), 8501, "https://desk.example.org/oauth2callback")


async def raising(scope, receive, send):
    """An app that takes the end of a body for an error, as Starlette does."""
    while (message := await receive())["type"] == "http.request":
        if not message["more_body"]:
            return
    raise ConnectionError


def session(held: bytes) -> tuple[bytes, bytes]:
    """The cookie of a browser in which a log-in was begun, as Starlette writes it."""
    return b"cookie", b"_streamlit_session=" + b64encode(held) + b".aRdQ.x9"


BEGUN = session(b'{"_state_default_one": {"data": {}, "exp": 1}}')


def asked(names, headers, kind="http", body=(), app=behind):
    """The messages that the door sends for a request with these headers and pieces of a body."""
    sent, pieces = [], [*body] or [b""]
    messages = [
        {"type": "http.request", "body": piece, "more_body": place < len(pieces)}
        for place, piece in enumerate(pieces, start=1)
    ]

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    # a thread of its own: a browser test of this process may have left a running loop in this one
    with ThreadPoolExecutor(1) as pool:
        pool.submit(
            asyncio.run, Door(app, names)({"type": kind, "path": "/", "headers": encoded}, receive, send)
        ).result()
    return sent


def status(names, *headers, body=(), app=behind):
    """The status of a request."""
    return asked(names, headers, body=body, app=app)[0]["status"]


@pytest.mark.parametrize(
    ("names", "host", "origin", "expected"),
    [
        (LOCAL, "127.0.0.1:8501", None, 200),
        (LOCAL, "LOCALHOST:8501", "http://localhost:8501", 200),
        (LOCAL, "127.0.0.1:8501", "http://localhost:8501", 403),
        (LOCAL, "127.0.0.1:8501", "http://127.0.0.1:8502", 403),
        (LOCAL, "127.0.0.1:8501", "https://127.0.0.1:8501", 403),
        (LOCAL, "127.0.0.1:8501", "null", 403),
        (LOCAL, "127.0.0.1", None, 421),
        (LOCAL, "desk.example.org", None, 421),
        (LOCAL, "127.0.0.1:8501.", None, 421),
        (PUBLIC, "desk.example.org", "https://desk.example.org", 200),
        (PUBLIC, "127.0.0.1:8501", "https://desk.example.org", 200),
        (PUBLIC, "desk.example.org", "https://desk.example.org:8443", 403),
        (PUBLIC, "other.example.org", "https://desk.example.org", 421),
    ],
)
def test_scheme_host_and_port_must_be_the_desks_own(names, host, origin, expected):
    """One part that differs is a foreign page; through a proxy the public origin is the desk's, too."""
    headers = [("host", host), *([("origin", origin)] if origin else [])]
    assert status(names, *headers) == expected


def test_a_doubled_or_missing_host_is_refused():
    """What two readers could understand differently."""
    assert status(LOCAL) == 421
    assert status(LOCAL, ("host", "127.0.0.1:8501"), ("host", "127.0.0.1:8501")) == 421


def test_a_refused_socket_is_closed_before_it_is_accepted():
    """The server turns that into 403."""
    (message,) = asked(
        LOCAL, [("host", "127.0.0.1:8501"), ("origin", "http://evil.example")], kind="websocket"
    )
    assert message == {"type": "websocket.close", "code": 1008}


def test_the_safe_headers_stand_on_every_answer_in_place_of_the_apps():
    """Refused or not."""
    for host in ("127.0.0.1:8501", "evil.example"):
        headers = asked(LOCAL, [("host", host)])[0]["headers"]
        assert [pair for pair in headers if pair[0].lower() == b"x-frame-options"] == [
            (b"x-frame-options", b"DENY")
        ]
        assert set(SAFE_HEADERS) <= set(headers)


def test_a_body_that_is_too_large_is_refused_with_and_without_a_length():
    """By what it says, and by what comes."""
    host = ("host", "127.0.0.1:8501")
    assert status(LOCAL, host, ("content-length", str(MOST_BODY_BYTES + 1))) == 413
    assert status(LOCAL, host, ("content-length", "many")) == 413
    assert status(LOCAL, host, ("content-length", "9" * 5_000)) == 413
    piece = b"x" * (MOST_BODY_BYTES // 2)
    assert status(LOCAL, host, body=[piece, piece]) == 200
    assert status(LOCAL, host, body=[piece, piece, b"x"]) == 413
    assert status(LOCAL, host, body=[piece, piece, b"x"], app=raising) == 413


@pytest.mark.parametrize(
    ("cookie", "counts"),
    [(None, True), (b'_streamlit_user=""; Max-Age=0', True), (b"_streamlit_user=2|1:0|10; HttpOnly", False)],
)
def test_log_ins_that_end_with_nobody_logged_in_are_counted_and_then_refused(cookie, counts):
    """By the address that asks; nothing else on the desk is counted, and 429 says how long."""
    failures = []
    limits = Limits(lambda address: 90 if len(failures) >= 3 else 0, failures.append)

    async def streamlit(scope, receive, send):
        headers = [(b"set-cookie", cookie)] if cookie else []
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def answered(path):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "path": path,
            "client": ("192.0.2.1", 1),
            "query_string": b"code=x&state=one",
            "headers": [(b"host", b"127.0.0.1:8501"), BEGUN],
        }
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, Door(streamlit, LOCAL, limits)(scope, None, send)).result()
        return sent[0]

    for _ in range(3):
        assert answered("/auth/login")["status"] == 302
        assert answered("/oauth2callback")["status"] == 302
    assert failures == (["192.0.2.1"] * 3 if counts else [])
    assert answered("/auth/login")["status"] == (429 if counts else 302)
    last = answered("/oauth2callback")
    assert last["status"] == (429 if counts else 302)
    assert ((b"retry-after", b"90") in last["headers"]) == counts
    assert answered("/")["status"] == 302


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/oauth2callback", [], 302),
        ("/desk/oauth2callback", [], 302),
        ("//oauth2callback", [], 302),
        ("/oauth2callback", [session(b'{"_state_default_two": {}}')], 302),
        ("/oauth2callback", [session(b"{}")], 302),
        ("/oauth2callback", [BEGUN, (b"sec-fetch-dest", b"image")], 403),
        ("/oauth2callback", [BEGUN, (b"sec-fetch-dest", b"iframe")], 403),
        ("/auth/logout", [(b"sec-fetch-dest", b"image")], 403),
        ("/auth/login", [(b"sec-fetch-dest", b"image")], 403),
        ("/auth/logout", [(b"sec-fetch-dest", b"document"), (b"sec-fetch-site", b"cross-site")], 403),
        ("/oauth2callback", [BEGUN, (b"sec-fetch-dest", b"document")], 200),
        ("/oauth2callback", [BEGUN], 200),
        ("/oauth2callback", [(b"cookie", b"a=b; _streamlit_session=written otherwise")], 200),
    ],
)
def test_what_another_sites_page_asks_for_is_no_log_in_and_counts_as_none(path, headers, expected):
    """Twenty pictures on any page locked the log-in of all who share an address."""
    failures, ended, sent = [], [], []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "path": path,
        "query_string": b"state=one",
        "client": ("192.0.2.1", 1),
        "headers": [(b"host", b"127.0.0.1:8501"), *headers],
    }
    door = Door(behind, LOCAL, Limits(lambda _: 0, failures.append), log_out=ended.append)
    in_a_loop(lambda: door(scope, receive, send))
    assert sent[0]["status"] == expected
    assert len(failures) == (expected == 200)
    assert ended == []
    if expected == 302:
        assert dict(sent[0]["headers"])[b"location"] == (b"/desk/" if "desk" in path else b"/")


def test_streamlits_own_figures_are_told_to_nobody():
    """Of sessions and memory: whoever asks, with or without a login."""
    for path in ("/_stcore/metrics", "/_stcore/metrics/", "/desk/_stcore/metrics"):
        assert _status_of(path) == 404
    assert _status_of("/_stcore/health") == 200


def test_a_request_to_log_out_is_told_before_it_is_handed_on():
    """And no other is."""
    told = []
    assert _status_of("/auth/logout", log_out=lambda scope: told.append(scope["path"])) == 200
    assert _status_of("/auth/login", log_out=lambda scope: told.append(scope["path"])) == 200
    assert told == ["/auth/logout"]


def _status_of(path, **options):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [(b"host", b"127.0.0.1:8501")]}
    in_a_loop(lambda: Door(behind, LOCAL, **options)(scope, receive, send))
    return sent[0]["status"]
