"""The desk's door: Host, Origin and size are judged before anything else sees a request."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import bodies
from dashboard.door import MOST_BODY_BYTES, SAFE_HEADERS, UPLOAD, Door, Limits, Uploads, names_of

LOCAL = names_of(("127.0.0.1", "localhost"), 8501)
PUBLIC = names_of(("127.0.0.1", "localhost"), 8501, "https://desk.example.org/oauth2callback")


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


def upload(headers=(), body=(), *, known=True, most=5 * 1024**2):
    """The status of an upload at a door that lets files of so many bytes in."""
    sent, pieces = [], [*body] or [b""]

    async def receive():
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in (("host", "127.0.0.1:8501"), *headers)]
    door = Door(behind, LOCAL, uploads=Uploads(lambda: most, lambda _: known))
    scope = {"type": "http", "path": f"{UPLOAD}session/file", "headers": encoded}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, door(scope, receive, send)).result()
    return sent[0]["status"]


def test_an_upload_may_be_as_large_as_is_set_and_nothing_else_is():
    """The bound of files counts for the way of uploads; without uploads there is the bound of everything."""
    assert upload(body=[b"x" * 3 * 1024**2]) == 200
    assert upload([("content-length", str(7 * 1024**2))]) == 413
    assert upload([("content-length", str(3 * 1024**2))], most=0) == 413


def test_an_upload_of_nobody_is_refused_before_its_body_is_read():
    """Where people log in, a session alone may not fill the memory of the desk."""
    assert upload(known=False, body=[b"x" * 1024]) == 403


MIB = 1024**2


class Sender:
    """A body that is sent a piece at a time, as a test says."""

    def __init__(self, door, length=None, *, session="session", who="ann"):
        self.pieces, self.sent, self.read = asyncio.Queue(), [], 0
        headers = [(b"host", b"127.0.0.1:8501")]
        headers += [(b"content-length", str(length).encode())] if length is not None else []
        scope = {"type": "http", "path": f"{UPLOAD}{session}/file", "headers": headers, "who": who}
        self.task = asyncio.create_task(door(scope, self._receive, self._send))

    async def _receive(self):
        piece, more = await self.pieces.get()
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": more}

    async def _send(self, message):
        self.sent.append(message)

    async def bring(self, size, *, more=True):
        """Send so many bytes, and let the door look at them."""
        self.pieces.put_nowait((b"x" * size, more))
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def status(self):
        return self.sent[0]["status"] if self.sent else None


def in_a_loop(play):
    """Play a scene in an event loop of its own thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(play())).result()


def door_for(most_together, *, in_memory=dict, app=behind, whose=lambda _: ""):
    """A door with room for so many bytes of uploads."""
    uploads = Uploads(lambda: 5 * MIB, lambda _: True, lambda: most_together, in_memory, whose)
    return Door(app, LOCAL, uploads=uploads)


def test_uploads_at_once_have_so_many_bytes_together_and_the_next_waits():
    """What came counts; the one that finds no room is told when to come again, and those on their way end well."""

    async def play():
        door = door_for(4 * MIB)
        first, second = Sender(door), Sender(door)
        await first.bring(2 * MIB)
        await second.bring(1 * MIB)
        await second.bring(2 * MIB)
        assert (first.status, second.status) == (None, 503)
        assert (b"retry-after", b"30") in second.sent[0]["headers"]
        third = Sender(door, length=3 * MIB)
        await third.bring(0)
        assert (third.status, third.read) == (503, 0), "refused by what it announces, before it is read"
        await first.bring(MIB, more=False)
        assert first.status == 200
        fourth = Sender(door, length=3 * MIB)
        await fourth.bring(3 * MIB, more=False)
        assert fourth.status == 200

    in_a_loop(play)


def test_whoever_announces_much_and_sends_nothing_keeps_nobody_out():
    """Many of them neither."""

    async def play():
        door = door_for(6 * MIB)
        idle = [Sender(door, length=5 * MIB) for _ in range(20)]
        await idle[0].bring(0)
        busy = Sender(door, length=5 * MIB)
        await busy.bring(5 * MIB, more=False)
        assert busy.status == 200
        for sender in idle:
            sender.task.cancel()

    in_a_loop(play)


def test_what_pages_have_not_let_go_counts_and_an_upload_that_breaks_off_does_not():
    """Of the app's own memory, and of an app that fails in the middle."""

    async def breaking(scope, receive, send):
        await receive()
        raise ConnectionError

    async def play():
        door = door_for(4 * MIB, in_memory=lambda: {"session": 2 * MIB}, app=breaking)
        for _ in range(5):
            broken = Sender(door)
            await broken.bring(MIB)
            assert isinstance(broken.task.exception(), ConnectionError)
        large = Sender(door, length=3 * MIB)
        await large.bring(0)
        assert large.status == 503

    in_a_loop(play)


def test_one_person_takes_no_more_than_half_of_the_memory_for_uploads():
    """Neither by files that stop half-way, nor by those that a page of theirs asks about and nobody answers."""
    waiting: dict[str, int] = {}

    async def play():
        door = door_for(8 * MIB, in_memory=lambda: waiting, whose=lambda scope: scope["who"])
        whole = Sender(door, session="anns")
        await whole.bring(2 * MIB, more=False)
        assert whole.status == 200
        waiting["anns"] = 2 * MIB
        half = Sender(door, session="anns too")
        await half.bring(2 * MIB)
        third = Sender(door, length=MIB, session="anns third")
        await third.bring(0)
        assert (half.status, third.status) == (None, 503)
        assert b"Files of yours" in third.sent[1]["body"]
        bobs = Sender(door, length=4 * MIB, session="bobs", who="bob")
        await bobs.bring(4 * MIB, more=False)
        assert bobs.status == 200
        waiting.clear()
        await half.bring(2 * MIB, more=False)
        assert half.status == 200
        assert set(door._coming.owners) <= {"anns", "anns too", "anns third", "bobs"}
        later = Sender(door, session="later")
        await later.bring(1, more=False)
        assert set(door._coming.owners) == {"later"}

    in_a_loop(play)


@pytest.mark.parametrize("bound", ["STALLED_S", "LONGEST_S"])
def test_an_upload_that_stops_coming_is_given_up_and_its_place_is_free(monkeypatch, bound):
    """Whoever opens one and leaves it."""
    monkeypatch.setattr(bodies, bound, 0.05)

    async def play():
        door = door_for(4 * MIB)
        idle = Sender(door)
        await idle.bring(3 * MIB)
        next_one = Sender(door, length=3 * MIB)
        await next_one.bring(0)
        assert next_one.status == 503
        await asyncio.wait_for(idle.task, 5)
        assert idle.status == 408
        again = Sender(door, length=3 * MIB)
        await again.bring(3 * MIB, more=False)
        assert again.status == 200

    in_a_loop(play)


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
