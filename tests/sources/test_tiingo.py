"""Tiingo's prices through the real HTTP client, against a stand-in on the loopback interface."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import ParameterError, SourceError
from core.parameters import settings_from
from core.sources import source_named
from core.sources.bounded_session import MOST_BYTES
from core.sources.context import Context, Earlier
from core.sources.ingest_settings import IngestSettings
from core.sources.tiingo_client import FIRST_DAY
from tests.commands import command, luigi_words
from tests.sources import tiingo_service as service

DAYS = [
    "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11",
    "2024-01-12", "2024-01-16", "2024-01-17", "2024-01-18", "2024-01-19", "2024-01-22", "2024-01-23",
]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    """One server for the module's tests."""
    running = service.Tiingo()
    yield running
    running.close()


@pytest.fixture
def tiingo(server, monkeypatch, tmp_path):
    """The stand-in, empty, where this process and its commands look for Tiingo."""
    server.reset()
    monkeypatch.setenv("AFTERCLOSE_TIINGO_URL", server.url)
    monkeypatch.setenv("AFTERCLOSE_TIINGO_KEY", service.KEY)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return server


@pytest.fixture
def stocked(tiingo):
    """Two known tickers, a dividend and a split."""
    for number, ticker in enumerate(("AAA", "BRK-B"), start=1):
        tiingo.rows[ticker] = [
            service.row_of(day, 10.0 * number, 11.5 * number, 9.5 * number, 10.5 * number + place, 5.0 + place, 1000)
            for place, day in enumerate(DAYS)
        ]  # fmt: skip
    tiingo.rows["AAA"][3]["divCash"] = 0.24
    tiingo.rows["AAA"][5]["splitFactor"] = 4.0
    return tiingo


@pytest.fixture
def heard():
    """Events that the source tells: (name, facts)."""
    return []


@pytest.fixture
def read(heard):
    """Read tickers: ``read("AAA,BBB", start=..., end=..., on_missing="drop")``."""

    def reading(tickers, *, earlier=None, **changed):
        parameters = {
            "start": None, "end": DAYS[-1], "on_missing": "fail", "tiingo_threads": 2, "tiingo_timeout_s": 0.7,
            "tiingo_limit_wait_s": 0.02, "tiingo_overlap_sessions": 3, **changed,
        }  # fmt: skip
        context = Context(
            tell=lambda event, level="info", **facts: heard.append((event, facts)),
            wait_s=0.01,
            earlier=lambda: earlier,
        )
        return source_named("tiingo").read(
            settings_from(IngestSettings, parameters), tuple(tickers.split(",")), context
        )

    return reading


def test_an_answer_becomes_rows_in_the_contracts_order(stocked, read):
    """Prices as traded, the adjusted close beside them, dividends and splits as further columns, all by hand."""
    table = read("AAA,BRK-B", start="2024-01-04", end="2024-01-09")
    assert list(table.frame.columns) == [
        "date", "ticker", "open", "high", "low", "close", "adj_close", "volume", "dividends", "stock_splits",
    ]  # fmt: skip
    a = table.frame[table.frame["ticker"] == "AAA"]
    assert a["date"].tolist() == ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
    assert a["close"].tolist() == [12.5, 13.5, 14.5, 15.5]
    assert a["adj_close"].tolist() == [7.0, 8.0, 9.0, 10.0]
    assert a["dividends"].tolist() == [0, 0.24, 0, 0]
    assert a["stock_splits"].tolist() == [0, 0, 0, 4]
    assert table.header["price_basis"] == "raw"
    assert table.header["adjusted_close"] == "source"
    source = table.header["source"]
    span = {"rows": 4, "first": "2024-01-04", "last": "2024-01-09", "outcome": "ok"}
    assert source["tickers"] == {"AAA": span, "BRK-B": span}
    assert source["name"] == "tiingo"
    assert source["client"].startswith("curl_cffi ")
    assert service.KEY not in json.dumps(table.header)


def test_without_a_start_the_whole_history_is_asked_for(stocked, read):
    """Tiingo's own default is the newest row alone."""
    assert len(read("AAA").frame) == len(DAYS)
    assert stocked.asked("AAA")[0]["startDate"] == FIRST_DAY


def test_a_row_after_the_last_session_is_left_out_on_record(stocked, read):
    """An unfinished day is never committed, whatever the service sends."""
    later = json.dumps([service.row_of(day, 10, 12, 9, 11, 11, 50) for day in ("2024-01-03", "2024-01-04")])
    stocked.faults["AAA"] = [service.Answer(body=later)]
    table = read("AAA", end="2024-01-03")
    assert table.frame["date"].tolist() == ["2024-01-03"]
    (dropped,) = table.header["source"]["dropped"]
    assert dropped == {"ticker": "AAA", "date": "2024-01-04", "reason": "after the last session asked for"}


def test_known_rows_are_copied_and_a_few_sessions_asked_for_again(stocked, read):
    """Three sessions overlap; when one of them is restated the whole history is fetched anew."""
    earlier = Earlier("key", "digest", read("AAA", end=DAYS[-3]))
    stocked.requests.clear()
    table = read("AAA", earlier=earlier)
    assert [query["startDate"] for query in stocked.asked("AAA")] == [DAYS[-5]]
    assert table.header["source"]["copied"]["rows"] == len(DAYS) - 2
    assert table.frame["close"].tolist() == read("AAA").frame["close"].tolist()
    for row in stocked.rows["AAA"]:
        row["adjClose"] *= 0.99  # a dividend restates every adjusted close before it
    stocked.requests.clear()
    table = read("AAA", earlier=earlier)
    assert [query["startDate"] for query in stocked.asked("AAA")] == [DAYS[-5], FIRST_DAY]
    assert table.frame["adj_close"].tolist() == pytest.approx([0.99 * (5.0 + n) for n in range(len(DAYS))])


@pytest.mark.parametrize(
    "fault", ["LIMITED", "BROKEN", "HOUR", "GARBAGE", "RESET", "HANG"], ids=lambda name: name.lower()
)
def test_a_fault_that_passes_is_tried_again(fault, stocked, read, heard):
    """One fault, then the answer; the run's log has the retry and never the key."""
    stocked.faults["AAA"] = [getattr(service, fault)]
    assert len(read("AAA").frame) == len(DAYS)
    assert len(stocked.asked("AAA")) == 2
    assert [event for event, _ in heard if event == "ticker_retried"] == ["ticker_retried"]
    assert service.KEY not in str(heard)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            "MONTH",
            ["the allowance is spent", "500 symbol look up for this month", "Run again in the next month"],
        ),
        (
            "FORBIDDEN",
            ["Tiingo refused the key (HTTP 403)", "Put a key that counts into AFTERCLOSE_TIINGO_KEY"],
        ),
        ("OTHER_FORM", ["a form that is not known"]),
        ("A_TEXT_FOR_A_PRICE", ["a price that is no number"]),
    ],
)
def test_a_final_fault_is_asked_once_and_said(fault, words, stocked, read):
    """Nothing that waiting could mend is asked again."""
    stocked.faults["AAA"] = [getattr(service, fault)] * 9
    with pytest.raises(SourceError) as caught:
        read("AAA")
    assert [word for word in words if word not in str(caught.value)] == []
    assert len(stocked.asked("AAA")) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_goes_on_and_on_is_kept_by_nobody(packed, stocked, read):
    """Packed it would unpack to more than there is; it is asked for once, and ends the ticker alone."""
    stocked.faults["AAA"] = [service.Answer(200, "[" + " " * (MOST_BYTES + 1), packed=packed)] * 9
    with pytest.raises(SourceError, match="an answer of more than"):
        read("AAA", tiingo_timeout_s=60.0)
    assert len(stocked.asked("AAA")) == 1
    stocked.faults["AAA"] = [service.Answer(200, "[" + " " * (MOST_BYTES + 1), packed=packed)]
    assert set(read("AAA,BRK-B", on_missing="drop", tiingo_timeout_s=60.0).frame["ticker"]) == {"BRK-B"}


def test_an_answer_that_is_nested_without_end_is_no_json(stocked, read):
    """Python's reader of JSON gives up by an error of its own."""
    stocked.faults["AAA"] = [service.Answer(200, "[" * 100_000)] * 9
    with pytest.raises(SourceError, match="an answer that is not JSON"):
        read("AAA")


def test_a_redirect_is_not_followed_with_the_key(stocked, read):
    """The key goes to the address that was configured and to nobody else."""
    stocked.faults["AAA"] = [service.Answer(302, location=f"{stocked.url}/tiingo/daily/BRK-B/prices")]
    with pytest.raises(SourceError, match="the service has moved"):
        read("AAA")
    assert [name for name, _, _ in stocked.requests] == ["AAA"]


def test_an_unknown_ticker_is_said_and_can_be_dropped(stocked, read):
    """The service's own words; with --on-missing drop the run goes on without it, on record."""
    with pytest.raises(SourceError, match=r"Tiingo gave no prices for 1 of 2 tickers: ZZZ: .*not found"):
        read("AAA,ZZZ")
    table = read("AAA,ZZZ", on_missing="drop")
    assert set(table.frame["ticker"]) == {"AAA"}
    assert table.header["source"]["tickers"]["ZZZ"]["rows"] == 0


def test_a_refused_key_stops_all_questions(stocked, read, monkeypatch):
    """The other tickers are not asked for: each question would only cost time."""
    monkeypatch.setenv("AFTERCLOSE_TIINGO_KEY", "wrong")
    with pytest.raises(SourceError, match=r"refused the key \(HTTP 401\)") as caught:
        read("AAA,BRK-B,C,D,E,F", tiingo_threads=1)
    assert len(stocked.requests) == 1
    assert "wrong" not in str(caught.value)


REQUEST = {"calendar": "XNYS", "start": None, "end": None}


def test_the_plan_ends_with_the_last_closed_session(tiingo):
    """17 January 2024 at 20:59 UTC: New York closes a minute later. Nothing is asked."""
    source = source_named("tiingo")
    at = datetime(2024, 1, 17, 20, 59, tzinfo=UTC)
    assert source.resolve(settings_from(IngestSettings, REQUEST), ("AAA",), at).end == "2024-01-16"
    assert (
        source.resolve(settings_from(IngestSettings, REQUEST), ("AAA",), at.replace(hour=21, minute=1)).end
        == "2024-01-17"
    )
    assert (
        source.resolve(settings_from(IngestSettings, {**REQUEST, "end": "2030-01-01"}), ("AAA",), at).end
        == "2024-01-16"
    )
    assert tiingo.requests == []


def test_the_key_may_stand_in_a_file_for_its_owner_alone(stocked, read, monkeypatch, tmp_path):
    """Mode 600 is read; a file that others may read is refused before anything is asked."""
    monkeypatch.delenv("AFTERCLOSE_TIINGO_KEY")
    file = tmp_path / "home" / ".config" / "afterclose" / "tiingo.key"
    file.parent.mkdir(parents=True)
    file.write_text(service.KEY + "\n")
    file.chmod(0o600)
    assert len(read("AAA").frame) == len(DAYS)
    for mode in (0o640, 0o604, 0o620):
        file.chmod(mode)
        with pytest.raises(ParameterError, match="can be read by others") as caught:
            source_named("tiingo").resolve(
                settings_from(IngestSettings, REQUEST), ("AAA",), datetime(2024, 1, 17, tzinfo=UTC)
            )
        assert f"chmod 600 {file}" in str(caught.value)
        assert service.KEY not in str(caught.value)


@pytest.mark.parametrize("text", [None, "", "two words", "line\nline", "schlüssel"])
def test_a_key_that_is_none_is_refused_by_the_plan(text, tiingo, monkeypatch, tmp_path):
    """Exit code 4 with the place of the key, before anything is asked."""
    monkeypatch.delenv("AFTERCLOSE_TIINGO_KEY")
    if text is not None:
        file = tmp_path / "a.key"
        file.write_text(text)
        file.chmod(0o600)
        monkeypatch.setenv("AFTERCLOSE_TIINGO_KEY_FILE", str(file))
    with pytest.raises(ParameterError) as caught:
        source_named("tiingo").resolve(
            settings_from(IngestSettings, REQUEST), ("AAA",), datetime(2024, 1, 17, tzinfo=UTC)
        )
    assert (str(tmp_path / "a.key") if text is not None else "AFTERCLOSE_TIINGO_KEY") in str(caught.value)


@pytest.mark.parametrize("url", ["http://gateway.example.com", "ftp://127.0.0.1", "gateway", "https://"])
def test_the_key_is_sent_to_no_address_in_the_clear(url, tiingo, monkeypatch):
    """Another address is https, or this machine."""
    monkeypatch.setenv("AFTERCLOSE_TIINGO_URL", url)
    with pytest.raises(ParameterError, match="no address that a key may be sent to"):
        source_named("tiingo").resolve(
            settings_from(IngestSettings, REQUEST), ("AAA",), datetime(2024, 1, 17, tzinfo=UTC)
        )


@pytest.mark.slow
def test_the_whole_pipeline_runs_on_it(tiingo, data):
    """A run under the luigi script: exit 0, profile tiingo:..., the key in no file of the data root."""
    days = [str(date(2020, 1, 1) + timedelta(days=number)) for number in range(400)]
    for base, ticker in ((20, "AAA"), (50, "BBB")):
        closes = [round(base + 3 * ((n * 7919 + base) % 101) / 101, 2) for n in range(len(days))]
        tiingo.rows[ticker] = [
            service.row_of(day, close, close + 1, close - 1, close, close, 1000 + n)
            for n, (day, close) in enumerate(zip(days, closes, strict=True))
        ]  # fmt: skip
    names = ("AFTERCLOSE_TIINGO_URL", "AFTERCLOSE_TIINGO_KEY")
    words = luigi_words(
        "--source", "tiingo", "--tickers", "AAA,BBB", "--start", days[0], "--end", days[-1], "--calendar", "24/7",
        "--max-missing-share", "1", "--min-train-sessions", "60",
    )  # fmt: skip
    outcome = command(*words, data=data, env={name: os.environ[name] for name in names})
    assert outcome.code == 0, outcome
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.name.startswith("tiingo") for path in (data / "profiles").iterdir())
    assert not [path for path in files if service.KEY.encode() in path.read_bytes()]
