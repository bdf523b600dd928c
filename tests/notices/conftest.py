"""Receivers on loopback that really take HTTP posts and mails."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.journal import Journal
from core.notices import outgoing
from core.notices.outgoing import Notice
from core.request import settings

SECRET = "h1dd3n"


def said(text):
    """A notice that says this."""
    return Notice("failed", "a title", text)


def later(minutes):
    """So many minutes from now."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


@dataclass
class Receiver:
    """What came in, and the address to send it to."""

    url: str
    taken: list = field(default_factory=list)


def serving(server) -> Iterator[None]:
    """Serve until the generator is taken up again."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=[200])
def web(request) -> Iterator[Receiver]:
    """A web hook that answers with a status and keeps what was posted as (Authorization, body)."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.taken.append((self.headers["Authorization"], body))
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    receiver = Receiver(f"json://desk:{SECRET}@127.0.0.1:{server.server_port}/hook")
    running = serving(server)
    next(running)
    yield receiver
    next(running, None)


@pytest.fixture
def mailbox() -> Iterator[Receiver]:
    """A mail server that takes any log-in and keeps each mail's text."""

    class Session(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "EHLO":
                    self.say("250-here\r\n250 AUTH PLAIN")
                elif word == "AUTH":
                    self.say("235 welcome")
                elif word == "DATA":
                    self.say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    receiver.taken.append("".join(lines))
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 well")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
    port = server.server_address[1]
    receiver = Receiver(
        f"mailto://desk:{SECRET}@127.0.0.1:{port}?from=desk@example.org&to=ann@example.org&mode=insecure"
    )
    running = serving(server)
    next(running)
    yield receiver
    next(running, None)


@pytest.fixture
def configured(tmp_path, root):
    """Write a luigi.cfg with these receivers and return its path."""

    def write(urls: str, *, events: str | None = None):
        text = (root / "luigi.cfg").read_text(encoding="utf-8").replace("\nurls =", f"\nurls = {urls}")
        if events is not None:
            text = re.sub(r"(?m)^events = .*$", f"events = {events}", text)
        path = tmp_path / "luigi.cfg"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


@dataclass
class Hook:
    """A web hook that can be out of order."""

    url: str
    works: bool = True
    taken: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def hook():
    """Start web hooks on loopback; those that work answer 200, the others 503."""
    servers = []

    def start() -> Hook:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if made.works:
                    made.taken.append(body["message"])
                    made.keys.append(self.headers["Idempotency-Key"])
                self.send_response(200 if made.works else 503)
                self.end_headers()

            def log_message(self, *words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        made = Hook(f"json://desk:s3cret@127.0.0.1:{server.server_port}/hook")
        return made

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def over(tmp_path):
    """Settings with a journal, these receivers and more keys of [notices]."""

    def make(*urls, **more):
        lines = [f"urls = {' '.join(urls)}", *(f"{key} = {value}" for key, value in more.items())]
        (tmp_path / "luigi.cfg").write_text("[notices]\n" + "\n".join(lines) + "\n", encoding="utf-8")
        Journal(tmp_path / "data")
        return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)

    return make


class Fake:
    """A receiver without a server: it refuses what holds these words, or everything while it is away."""

    def __init__(self, monkeypatch, words="poison"):
        self.words, self.away, self.taken, self.asked = words, False, [], []
        monkeypatch.setattr(outgoing, "send", self.send)

    def send(self, address, title, text, identity=""):
        self.asked.append(text)
        if self.away or self.words in text:
            return "did not take it"
        self.taken.append(text)
        return None
