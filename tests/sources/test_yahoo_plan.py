"""What is settled before Yahoo is asked: tickers, the last closed session, the vintage."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import ParameterError
from core.request import settings
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.sources.closing import last_closed_session

CLOSES = [
    # calendar, now (UTC), last closed session, why
    ("XNYS", "2024-01-31T20:59:59", "2024-01-30", "a second before 16:00 in New York"),
    ("XNYS", "2024-01-31T21:00:00", "2024-01-31", "16:00 in New York in winter"),
    ("XNYS", "2024-07-02T19:59:59", "2024-07-01", "summer time: 15:59:59"),
    ("XNYS", "2024-07-02T20:00:00", "2024-07-02", "summer time: 16:00"),
    ("XNYS", "2024-07-03T17:00:00", "2024-07-03", "an early close at 13:00 before Independence Day"),
    ("XNYS", "2024-07-04T23:00:00", "2024-07-03", "Independence Day"),
    ("XNYS", "2024-01-14T12:00:00", "2024-01-12", "a Sunday"),
    ("XNYS", "2001-09-15T12:00:00", "2001-09-10", "the exchange was closed after the 11th"),
    ("XTKS", "2024-01-31T06:00:00", "2024-01-31", "15:00 in Tokyo"),
    ("24/7", "2024-01-14T23:59:00", "2024-01-13", "a day that never closes ends at midnight UTC"),
]


@pytest.fixture
def configured(tmp_path):
    """Defaults, and a fresh data root."""
    return settings.Settings(tmp_path / "data", "", settings.load({}, tmp_path).defaults, None)


@pytest.fixture
def planned(configured):
    """Resolve a request of the source at a time (UTC)."""

    def plan(now="2024-01-31T12:00:00", *, upto="ingest", fresh=False, **request):
        at = datetime.fromisoformat(now).replace(tzinfo=UTC)
        asked = {"source": "yahoo", "tickers": "aapl", **request}
        return resolve(asked, settings=configured, now=at, upto=upto, fresh=fresh)

    return plan


@pytest.mark.parametrize(("calendar", "now", "expected", "why"), CLOSES, ids=[c[3] for c in CLOSES])
def test_the_last_closed_session(calendar, now, expected, why):
    """By the exchange's own closing times."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert last_closed_session(calendar, at).isoformat() == expected


@pytest.mark.parametrize(
    ("request_", "end"),
    [
        ({}, "2024-01-30"),
        ({"end": "2024-01-30"}, "2024-01-30"),
        ({"end": "2024-01-31"}, "2024-01-30"),
        ({"end": "2030-01-01"}, "2024-01-30"),
        ({"end": "2024-01-20"}, "2024-01-20"),
        ({"calendar": "24/7"}, "2024-01-30"),
    ],
)
def test_the_end_never_goes_beyond_the_last_closed_session(planned, request_, end):
    """At noon UTC of the 31st that day is unfinished; the label of the keys is the end."""
    values = planned(**request_)
    assert values["end"] == end
    assert stage_plans(values, "ingest").slot.key.startswith(f"{end}-")


def test_without_a_start_the_source_gives_what_it_has(planned):
    """The start stays open, so that it cannot depend on an answer."""
    values = planned()
    assert (values["start"], values["tickers"], values["input_digest"], values["vintage"]) == (
        None,
        "AAPL",
        None,
        0,
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"tickers": ""}, ["--source yahoo came without --tickers", "--tickers AAPL"]),
        ({"tickers": "../../etc/passwd"}, ["../../etc/passwd"]),
        ({"start": "2024-01-31"}, ["--start 2024-01-31 is after 2024-01-30", "last closed session"]),
        ({"path": "x.csv"}, ["--path came with --source yahoo"]),
        ({"on_missing": "ignore"}, ["--on-missing is 'ignore'", "fail, drop"]),
        ({"yahoo_threads": "99"}, ["--yahoo-threads", "1 to 16"]),
        ({"calendar": "XNYX"}, ["XNYX"]),
    ],
)
def test_what_cannot_be_asked_is_refused_by_the_plan(planned, request_, words):
    """Exit code 4, before anything is asked."""
    with pytest.raises(ParameterError) as caught:
        planned(**request_)
    assert [word for word in words if word not in str(caught.value)] == []


def test_manners_and_calendar_are_in_no_key_of_ingest_and_on_missing_is(planned):
    """How politely one asks changes no row; what may be missing does."""
    key = stage_plans(planned(), "ingest").slot.key
    policy = {
        "yahoo_threads": "1",
        "yahoo_timeout_s": "9",
        "yahoo_limit_wait_s": "9",
        "yahoo_overlap_sessions": "3",
    }
    assert stage_plans(planned(**policy), "ingest").slot.key == key
    assert stage_plans(planned(end="2024-01-30", calendar="XNAS"), "ingest").slot.key == key
    assert stage_plans(planned(on_missing="drop"), "ingest").slot.key != key


def test_on_missing_is_in_no_key_of_the_other_sources(configured):
    """They have what they have."""
    now = datetime(2024, 1, 31, tzinfo=UTC)
    keys = {
        stage_plans(
            resolve({"on_missing": how}, settings=configured, now=now, upto="ingest"), "ingest"
        ).slot.key
        for how in ("fail", "drop")
    }
    assert len(keys) == 1
