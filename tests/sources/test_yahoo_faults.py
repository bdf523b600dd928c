"""The real yfinance against a stand-in for Yahoo over HTTPS: what passes, what is retried, what is final."""

from __future__ import annotations

import time

import pytest

from core.sources import bounded_session


@pytest.fixture
def days(loopback):
    """22 weekdays of January 2024."""
    return loopback.weekdays("2024-01-02", 22)


@pytest.fixture
def stocked(yahoo, loopback, days):
    """Three known tickers."""
    for number, ticker in enumerate(("AAA", "BBB", "CCC"), start=1):
        yahoo.stocks[ticker] = loopback.Stock(loopback.walk(days, 50.0 * number))
    return yahoo


def closes(table, ticker):
    """Date and close of a ticker's rows."""
    frame = table.frame[table.frame["ticker"] == ticker]
    return dict(zip(frame["date"], frame["close"], strict=True))


def test_a_good_answer_becomes_rows_in_the_contracts_order(stocked, read, days):
    """Every row of the range, end inclusive, by exchange day; splits and dividends are further columns."""
    stocked.stocks["AAA"].dividends = {days[5]: 0.24}
    stocked.stocks["AAA"].splits = {days[9]: (4, 1)}
    table = read("AAA,BBB", end=days[-1])
    assert list(table.frame.columns) == [
        "date", "ticker", "open", "high", "low", "close", "adj_close", "volume", "dividends", "stock_splits",
    ]  # fmt: skip
    assert list(zip(table.frame["date"], table.frame["ticker"], strict=True)) == [
        (day, ticker) for day in days for ticker in ("AAA", "BBB")
    ]
    assert closes(table, "AAA") == {row[0]: row[4] for row in stocked.stocks["AAA"].rows}
    a = table.frame[table.frame["ticker"] == "AAA"].set_index("date")
    assert a["dividends"][a["dividends"] != 0].to_dict() == {days[5]: 0.24}
    assert a["stock_splits"][a["stock_splits"] != 0].to_dict() == {days[9]: 4.0}
    assert a["adj_close"].tolist() == [row[5] for row in stocked.stocks["AAA"].rows]


def test_the_header_says_where_rows_came_from(stocked, read, days):
    """Basis, client, outcome and range per ticker; the digest is of the rows alone."""
    header = read("AAA,BBB", end=days[-1]).header
    assert header["price_basis"] == "split_adjusted"
    assert header["adjusted_close"] == "source"
    source = header["source"]
    assert (source["name"], source["client"]) == ("yahoo", "yfinance " + __import__("yfinance").__version__)
    span = {"rows": 22, "first": days[0], "last": days[-1], "outcome": "ok"}
    assert source["tickers"] == {"AAA": span, "BBB": span}
    assert (source["dropped"], source["restated"], source["copied"]) == ([], {}, None)
    assert read("AAA,BBB", end=days[-1]).header["source"] == source


def test_start_and_end_are_inclusive_and_are_what_is_asked(stocked, read, days):
    """The end of yfinance is exclusive: one day is added."""
    table = read("AAA", start=days[3], end=days[7])
    assert list(table.frame["date"]) == days[3:8]
    assert stocked.asked("AAA") == [(days[3], "2024-01-12")]


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ("LIMITED", 2),
        ("BROKEN", 2),
        ("GARBAGE", 1),
        ("MALFORMED", 1),
        ("DOWN", 1),
        ("RESET", 2),
        ("EMPTY", 1),
    ],
)
@pytest.mark.parametrize("where", ["prices", "zone"])
def test_a_fault_that_passes_is_tried_again(fault, times, where, stocked, loopback, read, days, heard):
    """One failed try, then the rows, all of them.

    yfinance itself repeats a status above 400 once, and curl a reset of a connection that it had used before.
    """
    faults = stocked.faults if where == "prices" else stocked.zone_faults
    faults["AAA"] = [getattr(loopback, fault)] * (1 if (fault, where) == ("RESET", "zone") else times)
    table = read("AAA,BBB", end=days[-1])
    assert len(table.frame) == 44
    (told,) = heard.of("ticker_retried")
    assert (told["ticker"], told["attempt"]) == ("AAA", 1)


def patience(fault):
    """Seconds for an answer: little where none will come, plenty on a busy machine where one will."""
    return 0.3 if fault == "HANG" else 20.0


LASTING = [
    ("LIMITED", "HTTP 429: too many requests (in each of 3 tries)"),
    ("BROKEN", "HTTP 500 (in each of 3 tries)"),
    ("GARBAGE", "an answer that is not JSON (text/html) (in each of 3 tries)"),
    ("MALFORMED", "an answer that is not JSON (application/json) (in each of 3 tries)"),
    ("DOWN", "Yahoo says that it is down (will be right back) (in each of 3 tries)"),
    ("RESET", "the connection failed"),
    ("HANG", "no answer in time (in each of 3 tries)"),
    ("EMPTY", "an empty answer: no prices, and no reason given"),
    ("OTHER_SCHEMA", "an answer in a form that yfinance does not know (KeyError: 'indicators')"),
]


@pytest.mark.parametrize(("fault", "text"), LASTING, ids=[name for name, _ in LASTING])
def test_a_fault_that_stays_fails_the_stage_and_names_ticker_and_cause(
    fault, text, stocked, loopback, refused, days
):
    """One of three fails for good: no rows of the others are passed on."""
    stocked.always["BBB"] = getattr(loopback, fault)
    said = refused("AAA,BBB,CCC", end=days[-1], yahoo_timeout_s=patience(fault))
    assert said.startswith("Yahoo gave no prices for 1 of 3 tickers: BBB: ")
    assert text in said
    assert "--on-missing drop" in said


@pytest.mark.parametrize(("fault", "text"), LASTING, ids=[name for name, _ in LASTING])
def test_with_drop_the_outcome_of_a_missing_ticker_is_in_the_header(
    fault, text, stocked, loopback, read, days, heard
):
    """The others' rows are whole, and the header says what is missing and why, the same each time."""
    stocked.always["BBB"] = getattr(loopback, fault)
    table = read("AAA,BBB,CCC", end=days[-1], on_missing="drop", yahoo_timeout_s=patience(fault))
    assert set(table.frame["ticker"]) == {"AAA", "CCC"}
    told = table.header["source"]["tickers"]
    assert list(told) == ["AAA", "BBB", "CCC"]
    assert {k: v for k, v in told["BBB"].items() if k != "outcome"} == {
        "rows": 0,
        "first": None,
        "last": None,
    }
    assert text in told["BBB"]["outcome"]
    assert [facts["ticker"] for facts in heard.of("ticker_missing")] == ["BBB"]


@pytest.mark.parametrize("ticker", ["ZZZZ", "BRK-B", "^GSPC", "BTC-USD", "NA", "ÄÖ"])
def test_an_unknown_ticker_is_final_in_yahoos_own_words(ticker, stocked, refused, days, heard):
    """Not "possibly delisted; no timezone found", which is yfinance's guess; and no second try."""
    said = refused(f"AAA,{ticker}", end=days[-1])
    assert f"{ticker}: No data found, symbol may be delisted" in said
    assert heard.of("ticker_retried") == []


@pytest.mark.parametrize("ticker", ["BRK-B", "^GSPC", "BTC-USD", "NA", "005930.KS", "ÄÖ"])
def test_odd_but_legal_tickers_work(ticker, yahoo, loopback, read, days):
    """They reach Yahoo as they are."""
    yahoo.stocks[ticker] = loopback.Stock(loopback.walk(days))
    assert set(read(ticker, end=days[-1]).frame["ticker"]) == {ticker}


def test_an_empty_answer_is_asked_for_once_more_only(stocked, loopback, refused, days):
    """Two requests, not as many as there are tries."""
    stocked.always["AAA"] = loopback.EMPTY
    refused("AAA", end=days[-1], tries=5)
    assert len(stocked.asked("AAA")) == 2


def test_a_changed_schema_is_not_tried_again(stocked, loopback, refused, days):
    """More of the same is of no use."""
    stocked.always["AAA"] = loopback.OTHER_SCHEMA
    refused("AAA", end=days[-1])
    assert len(stocked.asked("AAA")) == 1


def test_all_tickers_missing_fails_even_with_drop(stocked, refused, days):
    """Nothing is left to go on with."""
    assert "2 of 2 tickers: YYY, ZZZ: No data found" in refused("YYY,ZZZ", end=days[-1], on_missing="drop")


def test_an_outage_ends_the_asking_and_fails_even_with_drop(yahoo, loopback, refused, days):
    """After eight tickers in a row the rest is not asked for: that is no list of bad tickers."""
    names = [f"T{n:02}" for n in range(30)]
    for name in names:
        yahoo.stocks[name] = loopback.Stock(loopback.walk(days))
        yahoo.always[name] = loopback.BROKEN
    yahoo.stocks["AAA"] = loopback.Stock(loopback.walk(days))
    said = refused("AAA," + ",".join(names), end=days[-1], on_missing="drop", yahoo_threads=2)
    assert "not asked" in said
    assert "is down; run again later" in said
    assert sum(bool(yahoo.asked(name)) for name in names) <= 10


def test_too_many_requests_makes_all_threads_wait_longer(stocked, loopback, read, days, heard):
    """The wait is that of the setting, not that of other faults, and grows by itself."""
    stocked.faults["AAA"] = [loopback.LIMITED] * 4
    began = time.monotonic()
    read("AAA,BBB", end=days[-1], yahoo_limit_wait_s=0.3)
    assert time.monotonic() - began >= 0.9
    assert [facts["wait_s"] for facts in heard.of("ticker_retried")] == pytest.approx([0.3, 0.6])


def test_no_more_tickers_at_a_time_than_the_setting_says(yahoo, loopback, read, days):
    """Two threads, never three requests at once."""
    names = [f"T{n:02}" for n in range(12)]
    for name in names:
        yahoo.stocks[name] = loopback.Stock(loopback.walk(days))
    yahoo.delay_s = 0.02
    table = read(",".join(names), end=days[-1], yahoo_threads=2)
    assert len(table.frame) == 12 * 22
    assert yahoo.busiest == 2


def test_progress_counts_tickers(stocked, read, days):
    """From none to all."""
    seen = []
    read("AAA,BBB,CCC", end=days[-1], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_clients_caches_are_in_the_data_root(stocked, read, days, tmp_path):
    """Time zones and cookies."""
    read("AAA", end=days[-1])
    assert (tmp_path / "data" / "cache" / "yfinance").is_dir()


def test_an_interrupt_does_not_wait_for_those_who_sleep(stocked, loopback, read, days):
    """A cancelled run ends at once although a thread is told to wait for a minute."""
    stocked.always["AAA"] = loopback.LIMITED

    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        read("AAA,BBB", end=days[-1], yahoo_limit_wait_s=60, progress=interrupt)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("fault", ["NESTED", "LONG"])
def test_a_hostile_answer_ends_its_ticker_alone(fault, stocked, loopback, read, days, monkeypatch):
    """Nested without end, or longer than any: no error of Python's own, and no memory for it."""
    body = {"NESTED": "[" * 100_000, "LONG": "[" + " " * 1_000_001}[fault]
    monkeypatch.setattr(bounded_session, "MOST_BYTES", 1_000_000)
    stocked.faults["AAA"] = [loopback.Raw(200, body)] * 9
    table = read("AAA,BBB", end=days[-1], on_missing="drop")
    assert set(table.frame["ticker"]) == {"BBB"}
