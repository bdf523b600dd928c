"""Receivers that never come to an end, or lead elsewhere: a run, and who is told next, do not wait for them."""

from __future__ import annotations

import os
import time

import pytest

from core.notices import sending
from core.notices.outgoing import notify
from core.platform.isolated import Bounds
from tests.hostile import drips, floods, goes_on, hostile, leads_to, replies_for_ever, unpacks
from tests.late import needs
from tests.notices.conftest import said

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")

MAIL = "mailto://desk:x@127.0.0.1:{}?from=desk@example.org&to=ann@example.org&mode=insecure"
HOOK = "json://desk:x@127.0.0.1:{}/hook"
ROADS = {
    "drips": (HOOK, drips("text/plain")),
    "floods": (HOOK, floods("text/plain")),
    "unpacks to gigabytes": (HOOK, unpacks("text/plain")),
    "goes on": (HOOK, goes_on),
    "a mail server that goes on": (MAIL, replies_for_ever),
}


@pytest.mark.parametrize(("address", "behave"), ROADS.values(), ids=ROADS)
def test_a_receiver_that_never_ends_is_given_up_and_the_next_is_told(
    over, hook, monkeypatch, address, behave
):
    """By the clock or by memory, in a process of its own; what it did stands in one sentence."""
    monkeypatch.setattr(sending, "BOUNDS", Bounds(memory_mb=256, time_s=15))
    web = hook()
    began = time.monotonic()
    with hostile(behave) as port:
        trouble = notify(over(address.format(port), web.url), said("one"))
    assert "receiver 1" in trouble
    assert "did not take it" in trouble
    assert "receiver 2" not in trouble
    assert web.taken == ["one"]
    assert time.monotonic() - began < 120


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_receiver_that_leads_elsewhere_has_not_taken_it(over, hook, status):
    """It would lead the desk to a server that it reaches and others do not, or say "taken" for whom nobody told."""
    inner = hook()
    address = inner.url.replace("json://desk:s3cret@", "http://")
    with hostile(leads_to(address, status)) as port:
        trouble = notify(over(HOOK.format(port)), said("one"))
    assert "did not take it" in trouble
    assert inner.taken == []
