"""A server that never answers: one call is left to itself in a process that goes on, the next ends with its own."""

from __future__ import annotations

import threading
import time

import pytest

from core.errors import SourceError
from core.request import addresses
from core.request.settings import load
from core.sources.addresses import copies
from core.sources.addresses.address import address_of

ADDRESS = "https://prices.example.org/a.csv"


@pytest.fixture
def never():
    """What a call waits for that no server answers; with the test's end it does."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Ask for the copy of an address, and return whether this process or another made it."""

    def ask():
        settings = load({"AFTERCLOSE_DATA": str(tmp_path / "data")})
        monkeypatch.setattr(addresses, "copied", lambda *_, **__: "here")
        monkeypatch.setattr(addresses, "call_isolated", lambda *_, **__: "apart")
        return addresses.copy_of(address_of(ADDRESS), settings, closed=False)

    return ask


def test_a_desk_is_left_with_one_thread_however_often_it_asks(asked, never):
    """The first call stays; while it does, the next ones are made where they end."""
    assert asked() == "here"
    with pytest.raises(SourceError, match="was not read within"):
        copies._within(time.monotonic() + 0.1, 0.1, address_of(ADDRESS), never.wait)
    assert asked() == "apart"
    never.set()
    while copies.is_one_waiting():
        time.sleep(0.01)
    assert asked() == "here"
