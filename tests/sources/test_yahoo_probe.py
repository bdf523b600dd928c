"""One cheap question to a stand-in for Yahoo: by a schedule that waits for a session, and by the doctor."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from core.queries.operations import health
from core.schedule.arrival import ASK_S, GIVE_UP, Arrivals
from core.schedule.definition import Schedule
from core.schedule.timing import Timing

WAITS = Schedule("vendor", Timing("arrival"), {"source": "yahoo", "tickers": "AAA,BBB"})
CLOSE = datetime(2024, 1, 17, 21, tzinfo=UTC)
"""Wednesday; 16:00 in New York."""


@pytest.fixture
def asked(yahoo):
    """How many questions for prices were sent, of any ticker."""
    return lambda: sum(len(yahoo.asked(ticker)) for ticker in yahoo.stocks)


@pytest.fixture
def until(yahoo, loopback):
    """Yahoo has both tickers for so many weekdays from Monday 8 January 2024."""

    def having(days):
        for ticker in ("AAA", "BBB"):
            yahoo.stocks[ticker] = loopback.Stock(loopback.walk(loopback.weekdays("2024-01-08", days)))

    return having


@pytest.fixture
def settings(ingest):
    """Settings over a fresh root."""
    return ingest.settings


def looks(arrivals, settings, first, minutes):
    """What came of a look each minute."""
    seen = {"digest": "", "end": "2024-01-16"}
    return [arrivals.new(settings, WAITS, seen, first + timedelta(minutes=n)) for n in range(minutes)]


def test_a_session_has_arrived_when_the_source_has_it(until, asked, settings):
    """Closed at 21:00 UTC, there at 21:12: asked every five minutes for one ticker, and started then."""
    until(7)
    arrivals = Arrivals()
    assert set(map(str, looks(arrivals, settings, CLOSE, 12))) == {"None"}
    assert asked() == 3, "at the second look, and five and ten minutes later"
    until(8)
    later = looks(arrivals, settings, CLOSE + timedelta(minutes=12), 6)
    assert {"digest": "", "end": "2024-01-17"} in later
    assert ASK_S == 300


def test_nothing_is_asked_while_nothing_has_closed(until, asked, settings):
    """A whole night of looks."""
    until(7)
    assert set(map(str, looks(Arrivals(), settings, CLOSE - timedelta(hours=6), 30))) == {"None"}
    assert asked() == 0


def test_a_source_that_is_down_is_asked_again_and_at_last_the_run_says_so(yahoo, loopback, until, settings):
    """Twelve hours after the close a run starts whatever the source answers."""
    until(8)
    yahoo.always["AAA"] = loopback.BROKEN
    arrivals = Arrivals()
    assert set(map(str, looks(arrivals, settings, CLOSE, 7))) == {"None"}
    assert looks(arrivals, settings, CLOSE + GIVE_UP + timedelta(minutes=5), 1)[-1]["end"] == "2024-01-17"


@pytest.fixture
def source(settings):
    """What the doctor finds about the source a while after the close."""
    given = {"source": "yahoo", "tickers": "AAA,BBB"}
    configured = dataclasses.replace(settings, defaults={**settings.defaults, **given})

    def finding(*, ask=True):
        found = health.check(CLOSE + timedelta(hours=3), lambda: configured, ask=ask)
        return next(one for one in found if one.subject == "source")

    return finding


def test_the_doctor_asks_the_source_once(until, asked, source):
    """One question, of one ticker; none with --offline."""
    until(8)
    assert source(ask=False).state == "ok"
    assert asked() == 0
    found = source()
    assert (found.state, found.says) == ("ok", "yahoo answers: it has AAA up to 2024-01-17")
    assert asked() == 1


def test_the_doctor_names_what_the_source_lacks(yahoo, loopback, until, source):
    """A session short is a warning; no answer is wrong; each with what to do."""
    until(7)
    late = source()
    assert (late.state, "2024-01-16" in late.says, "Wait" in late.remedy) == ("warning", True, True)
    yahoo.always["AAA"] = loopback.BROKEN
    down = source()
    assert (down.state, "network" in down.remedy) == ("wrong", True)
