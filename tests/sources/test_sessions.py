"""Which sessions a source has, asked before anything is read for a run."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from core.errors import SourceError
from core.parameters import settings_from
from core.sources import source_named
from core.sources.ingest_settings import SessionSettings
from core.tables import limits

ALL = ("0001-01-01", "9999-12-31")
ROWS = [
    ("2024-01-02", "A", 1.0), ("2024-01-02", "B", 2.0), ("2024-01-03", "A", 1.1), ("2024-01-04", "B", 2.2),
    ("2024-01-05", "A", None), ("2024-01-08", "A", 1.2),
]  # fmt: skip

VOLUMES = (10.0,) * len(ROWS)


@pytest.fixture
def sessions(tmp_path):
    """What files hold, written as a file of this kind: ``sessions("csv", tickers, span)``."""

    def answer(ending, tickers=(), span=ALL, date_type=str, volumes=VOLUMES, **asked):
        frame = pd.DataFrame(ROWS, columns=["date", "ticker", "close"])
        for name in ("open", "high", "low"):
            frame[name] = frame["close"]
        frame["volume"] = pd.Series(volumes, dtype="float64")
        if date_type is not str:
            frame["date"] = pd.to_datetime(frame["date"])
        path = tmp_path / f"prices.{ending}"
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path, row_group_size=2)
        source, request = (
            source_named("files"),
            {"path": str(path), "start": "2024-01-08", "end": "2024-01-08", **asked},
        )
        digest = source.resolve(
            settings_from(SessionSettings, request), (), datetime(2024, 2, 1, tzinfo=UTC)
        ).input_digest
        return sorted(
            source.sessions(
                settings_from(SessionSettings, {**request, "input_digest": digest}), tickers, span
            )
        )

    return answer


KINDS = [
    ("csv", str),
    ("parquet", str),
    ("parquet", pd.Timestamp),
    ("large parquet", str),
    ("large parquet", pd.Timestamp),
]


@pytest.mark.parametrize(("kind", "date_type"), KINDS, ids=str)
def test_files_have_the_days_of_rows_with_a_close(kind, date_type, sessions, monkeypatch):
    """By hand from the six rows above, whole, by ticker and by range; the run's own start and end do not count."""
    if kind.startswith("large"):
        monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 3)
    ending = kind.split()[-1]
    assert sessions(ending, date_type=date_type) == ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-08"]
    assert sessions(ending, ("A",), date_type=date_type) == ["2024-01-02", "2024-01-03", "2024-01-08"]
    inside = sessions(ending, ("B",), ("2024-01-03", "2024-01-05"), date_type=date_type)
    assert inside == ["2024-01-04"]
    with pytest.raises(SourceError, match="no rows of C"):
        sessions(ending, ("C",), date_type=date_type)


@pytest.mark.parametrize("kind", ["csv", "parquet", "large parquet"])
def test_a_row_that_cleaning_drops_makes_no_session(kind, sessions, monkeypatch):
    """A alone has 3 January, with a close and no volume: filled it is kept; an empty column is for the gate."""
    if kind.startswith("large"):
        monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 3)
    ending = kind.split()[-1]
    whole = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-08"]
    gap, closes = (10.0, 10.0, None, 10.0, 10.0, 10.0), (None,) * len(ROWS)
    assert sessions(ending, volumes=gap) == ["2024-01-02", "2024-01-04", "2024-01-08"]
    assert sessions(ending, volumes=gap, fill="forward") == whole
    assert sessions(ending, volumes=closes) == sessions(ending, volumes=closes, close_only=True) == whole


def test_the_sample_has_its_own_sessions():
    """It ends on 1 March 2013; GOOG was first traded on 19 August 2004."""
    source = source_named("sample")
    assert sorted(source.sessions(SessionSettings(), (), ("2013-02-28", "2013-03-05"))) == [
        "2013-02-28",
        "2013-03-01",
    ]
    assert sorted(source.sessions(SessionSettings(), ("GOOG",), ("2004-08-17", "2004-08-20"))) == [
        "2004-08-19",
        "2004-08-20",
    ]


PARAMETERS = {
    "calendar": "XNYS", "yahoo_threads": 2, "yahoo_timeout_s": 5.0, "yahoo_limit_wait_s": 0.02,
}  # fmt: skip
WEEK = ("2024-01-08", "2024-01-12")


@pytest.fixture
def of_yahoo(yahoo, loopback):
    """What Yahoo has of tickers in the week; each ticker's rows by number of weekdays from Monday."""
    from core.sources.context import Context

    def answer(days, span=WEEK):
        for ticker, number in days.items():
            if number is not None:
                yahoo.stocks[ticker] = loopback.Stock(loopback.walk(loopback.weekdays("2024-01-08", number)))
        return sorted(
            source_named("yahoo").sessions(
                settings_from(SessionSettings, PARAMETERS), tuple(days), span, Context(tries=2, wait_s=0.01)
            )
        )

    return answer


def test_one_request_does_where_the_first_ticker_has_the_range(yahoo, of_yahoo):
    """Nothing is asked of the second."""
    assert len(of_yahoo({"AAA": 9, "BBB": 9})) == 5
    assert (len(yahoo.asked("AAA")), len(yahoo.asked("BBB"))) == (1, 0)


def test_what_the_first_lacks_is_asked_of_the_others(yahoo, of_yahoo):
    """AAA ends on Tuesday, BBB on Thursday: from Wednesday on BBB is asked; a session that none has is in no answer."""
    assert of_yahoo({"AAA": 2, "BBB": 4}) == ["2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"]
    assert yahoo.asked("BBB") == [("2024-01-10", "2024-01-13")]


def test_a_range_after_the_last_row_is_an_answer(of_yahoo):
    """Yahoo answers without rows, and of a ticker that it does not know in words: it has none of them."""
    assert of_yahoo({"AAA": 2, "NOPE": None}, ("2024-01-22", "2024-01-26")) == []


def test_a_yahoo_that_does_not_answer_has_not_said_that_there_is_nothing(yahoo, loopback, of_yahoo):
    """Nor does one ticker's answer count for all where another's failed; with the range whole it does."""
    yahoo.always["AAA"] = loopback.BROKEN
    with pytest.raises(SourceError, match="HTTP 500"):
        of_yahoo({"AAA": 9})
    with pytest.raises(SourceError, match="HTTP 500"):
        of_yahoo({"AAA": 9, "BBB": 2})
    assert len(of_yahoo({"AAA": 9, "BBB": 9})) == 5


def test_too_many_requests_are_waited_for(yahoo, loopback, of_yahoo):
    """The client's request policy holds here too."""
    yahoo.faults["AAA"] = [loopback.LIMITED, loopback.LIMITED]
    assert len(of_yahoo({"AAA": 9})) == 5
