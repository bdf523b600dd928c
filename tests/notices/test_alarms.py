"""An alarm waits for itself alone: neither for another notice, nor for another alarm, that a receiver refuses."""

from __future__ import annotations

from types import SimpleNamespace

from core.notices import outgoing
from core.notices.outgoing import Notice, deliver, notify
from tests.notices.conftest import Fake, later


def test_an_alarm_waits_behind_no_other_notice(over, monkeypatch):
    """A report is missing, and the receiver refuses the reason of a promotion."""
    receiver, here = Fake(monkeypatch), over("json://127.0.0.1:9/")
    assert notify(here, Notice("promote", "t", "poison")) is not None
    assert notify(here, Notice("no_report", "t", "none by 18:00")) is None
    assert receiver.taken == ["none by 18:00"]


def test_an_alarm_waits_behind_no_other_alarm(over, monkeypatch):
    """The receiver refuses the text of some: the next are told at once, and those later, each by itself."""
    receiver, here = Fake(monkeypatch), over("json://127.0.0.1:9/")
    for number in range(5):
        assert notify(here, Notice("failed", "t", f"poison {number}")) is not None
    for event, text in (("no_report", "none by 18:00"), ("failed", "another run"), ("escalation", "sign")):
        notify(here, Notice(event, "t", text))
    assert receiver.taken == ["none by 18:00", "another run"]
    receiver.words = "poison 1"
    deliver(here, now=later(70))
    assert receiver.taken[2:] == [f"poison {number}" for number in (0, 2, 3, 4)]


def test_alarms_of_a_receiver_that_is_away_take_a_minute_of_a_look(over, monkeypatch):
    """It takes its time to each; the others are looked at next time."""
    receiver, here, now = Fake(monkeypatch), over("json://127.0.0.1:9/"), [0.0]
    receiver.away = True
    for number in range(5):
        notify(here, Notice("failed", "t", str(number)))

    def slow(*words):
        now[0] += 25.0
        return receiver.send(*words)

    monkeypatch.setattr(outgoing, "send", slow)
    monkeypatch.setattr(outgoing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    receiver.asked.clear()
    deliver(here, now=later(1))
    assert receiver.asked == ["0", "1", "2"]
