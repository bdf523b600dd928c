"""Receivers behind TLS: one that cannot show whose it is gets neither notice nor password, and lineage no event."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from core.notices import sending
from core.notices.outgoing import notify
from core.platform.isolated import Bounds
from core.request import settings
from core.runs import openlineage
from tests.certificates import WRONG, Certificates
from tests.hostile import heading, hostile, question
from tests.late import needs
from tests.notices.conftest import said

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")
    needs("openlineage", "the extra [observe] is not installed")

HOOK = "jsons://desk:s3cret@127.0.0.1:{}/hook"
MAILS = "mailtos://desk:s3cret@127.0.0.1:{}?from=desk@example.org&to=ann@example.org&mode={}"


@pytest.fixture
def certificates(tmp_path, monkeypatch):
    """An authority that this machine's clients trust."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    made = Certificates(folder)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(made.root))
    return made


def takes(connection):
    """A web hook that takes what comes."""
    question(connection)
    connection.sendall(heading("text/plain", "Content-Length: 0"))


@pytest.mark.parametrize("kind", WRONG)
def test_a_web_hook_that_cannot_show_whose_it_is_gets_nothing(over, certificates, kind):
    """Nothing is sent before its certificate holds."""
    with certificates.serving(kind, takes) as (port, taken):
        trouble = notify(over(HOOK.format(port)), said("one"))
    assert "did not take it" in trouble
    assert taken == []


def test_one_that_can_gets_it(over, certificates):
    """What the others lack is the certificate."""
    with certificates.serving("right", takes) as (port, taken):
        assert notify(over(HOOK.format(port)), said("one")) is None
    assert len(taken) == 1


@pytest.mark.parametrize("kind", [*WRONG, "right"])
def test_a_mail_server_gets_no_password_before_it_showed_whose_it_is(over, certificates, kind):
    """By TLS from the first byte on."""

    def greets(connection):
        connection.sendall(b"220 here\r\n")
        connection.recv(1000)

    with certificates.serving(kind, greets) as (port, taken):
        trouble = notify(over(MAILS.format(port, "ssl")), said("one"))
    assert "did not take it" in trouble
    assert len(taken) == (kind == "right")


def test_a_mail_server_that_offers_no_tls_gets_no_password(over):
    """STARTTLS was asked for; a server, or somebody between, says that there is none."""
    words = []

    def without(connection):
        connection.sendall(b"220 here\r\n")
        while line := connection.recv(1000):
            words.append(line)
            connection.sendall(
                b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if line[:4] == b"EHLO" else b"500 no\r\n"
            )

    with hostile(without) as port:
        trouble = notify(over(MAILS.format(port, "starttls")), said("one"))
    assert "did not take it" in trouble
    assert not [word for word in words if word.startswith((b"AUTH", b"MAIL"))]


@pytest.mark.parametrize("kind", [*WRONG, "right"])
def test_a_receiver_of_lineage_is_asked_whose_it_is(certificates, tmp_path, kind):
    """As a web hook is."""
    with certificates.serving(kind, takes) as (port, taken):
        (tmp_path / "luigi.cfg").write_text(f"[observe]\nopenlineage_url = https://127.0.0.1:{port}\n")
        change = openlineage.RunChange("r1", "report", {}, "running", {})
        trouble = openlineage.emit(settings.load({}, tmp_path), change)
    assert (trouble is None) == (kind == "right")
    assert len(taken) == (kind == "right")


def slow_handshake(connection: socket.socket) -> None:
    """A server hello whose bytes come one by one, for ever."""
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        connection.sendall(b"\x02")
        time.sleep(0.1)


def many_headers(connection: socket.socket) -> None:
    """An answer whose head has no end."""
    question(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        connection.sendall(b"".join(b"X-%d: %s\r\n" % (number + n, b"x" * 1000) for n in range(100)))
        number += 100


def one_long_header(connection: socket.socket) -> None:
    """A header whose line has no end."""
    question(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        connection.sendall(b"x" * (1 << 20))


@pytest.mark.parametrize(
    ("address", "behave"),
    [
        (HOOK, slow_handshake), (MAILS.replace("{}&", "&").replace("mode={}", "mode=ssl"), slow_handshake),
        (HOOK.replace("jsons", "json"), many_headers), (HOOK.replace("jsons", "json"), one_long_header),
    ],
    ids=["a handshake without end", "a mail server's", "headers without end", "a header without end"],
)  # fmt: skip
def test_what_comes_before_an_answer_has_bounds_too(over, monkeypatch, address, behave):
    """Of time and memory, in a process of its own."""
    monkeypatch.setattr(sending, "BOUNDS", Bounds(memory_mb=256, time_s=15))
    began = time.monotonic()
    with hostile(behave) as port:
        trouble = notify(over(address.format(port)), said("one"))
    assert "did not take it" in trouble
    assert time.monotonic() - began < 60
    assert threading.active_count() < 50
