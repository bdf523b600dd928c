"""Uploads at the desk's door: how large one may be, how many at once, and that nobody's hold the place of others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import bodies
from dashboard.door import UPLOAD, Door, Uploads
from tests.dashboard.asgi import LOCAL, behind, in_a_loop


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


def test_an_upload_that_came_whole_is_not_given_up_while_the_app_works(monkeypatch):
    """The app waits for whoever sent it to be gone, as Starlette does, for as long as it takes."""
    monkeypatch.setattr(bodies, "STALLED_S", 0.05)

    async def working(scope, receive, send):
        await receive()
        gone = asyncio.create_task(receive())
        await asyncio.sleep(0.2)
        gone.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def play():
        sender = Sender(door_for(4 * MIB, app=working))
        await sender.bring(MIB, more=False)
        await asyncio.wait_for(sender.task, 5)
        assert sender.status == 200

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
