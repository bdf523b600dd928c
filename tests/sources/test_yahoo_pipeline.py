"""The main command with ``--source yahoo`` against the stand-in, fed with rows of the embedded sample."""

from __future__ import annotations

import csv
import gzip
import json
import re

import pytest

from core.sources.sample import sample_file

OPTIONS = [
    "--source", "yahoo", "--tickers", "MSFT,aapl", "--start", "2010-01-04", "--end", "2013-03-01", "--mode", "train",
    "--beside", "logistic_regression", "--bootstrap-samples", "100", "--min-train-sessions", "400",
]  # fmt: skip


@pytest.fixture(scope="module")
def sample_rows():
    """The sample's rows of two tickers as the stand-in takes them."""
    with gzip.open(sample_file(), "rt", encoding="ascii", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["Ticker"] in ("AAPL", "MSFT")]
    names = ("Open", "High", "Low", "Close", "Adj Close")
    return {
        ticker: sorted(
            [row["Date"], *(float(row[n]) for n in names), int(float(row["Volume"]))]
            for row in rows
            if row["Ticker"] == ticker
        )
        for ticker in ("AAPL", "MSFT")
    }


@pytest.fixture
def fed(yahoo, loopback, sample_rows):
    """Yahoo knows the two tickers."""
    for ticker, rows in sample_rows.items():
        yahoo.stocks[ticker] = loopback.Stock(rows)
    return yahoo


@pytest.fixture
def run(fed, run_luigi, data):
    """Run the main command against the stand-in; little patience, so that failing is quick."""

    def running(*options):
        quick = ("--yahoo-limit-wait-s", "0.05", "--yahoo-timeout-s", "3")
        return run_luigi(*OPTIONS, *quick, *options, data=data, env=fed.environment)

    return running


def artifact(data, name):
    """The newest artifact of a kind, by its plain name."""
    return json.loads((data / "latest" / name).read_text())


def test_the_main_command_on_yahoo_gives_a_report_and_a_rerun_has_nothing_to_do(fed, run, data):
    """Exit 0 twice, the same report; the second run asks Yahoo for nothing."""
    outcome = run()
    assert outcome.code == 0, outcome.err
    assert "Traceback" not in outcome.err
    source = artifact(data, "prices_raw.json")["source"]
    assert {t: told["outcome"] for t, told in source["tickers"].items()} == {"AAPL": "ok", "MSFT": "ok"}
    assert artifact(data, "findings.json")["source"]["tickers"]["AAPL"]["first"] == "2010-01-04"
    assert "yahoo" in outcome.out
    assert len(fed.asked("AAPL")) == 1
    fed.requests.clear()
    again = run()
    assert (again.code, again.out, fed.requests) == (0, outcome.out, [])
    assert again.messages[0].startswith("nothing to do")


FAILING = [
    ("an unknown ticker", "unknown", "No data found, symbol may be delisted"),
    ("a server that fails", "BROKEN", "HTTP 500"),
    ("too many requests", "LIMITED", "HTTP 429: too many requests"),
    ("garbage", "GARBAGE", "not JSON"),
    ("a reset", "RESET", "the connection failed"),
    ("silence", "HANG", "no answer in time"),
]


@pytest.mark.parametrize(
    ("name", "fault", "text"), FAILING, ids=[case[0].replace(" ", "-") for case in FAILING]
)
def test_a_ticker_without_prices_ends_with_30_and_one_message(name, fault, text, fed, loopback, run, data):
    """Ticker and cause are named; no traceback; nothing of the other ticker is committed."""
    fault_ = getattr(loopback, fault)
    fed.always["MSFT"] = fault_("MSFT") if callable(fault_) else fault_
    outcome = run()
    assert outcome.code == 30
    assert "Traceback" not in outcome.out + outcome.err
    failed = [line for line in outcome.messages if re.match(r"ingest +failed", line)]
    assert len(failed) == 1, outcome.err
    assert "1 of 2 tickers: MSFT: " in failed[0]
    assert text in failed[0]
    assert [
        line for line in outcome.messages if line not in failed and not line.startswith("not finished")
    ] == []
    assert not list((data / "checkpoints").glob("*/*/meta.json"))


def test_with_drop_the_report_says_which_ticker_is_missing_and_why(fed, loopback, run, data):
    """Exit 0, and the outcome stands in the report, not only in a file."""
    fed.always["MSFT"] = loopback.unknown("MSFT")
    outcome = run("--on-missing", "drop")
    assert outcome.code == 0, outcome.err
    assert "MSFT" in outcome.out
    assert "No data found, symbol may be delisted" in " ".join(outcome.out.split())
    assert set(artifact(data, "evaluation.json")["data"]["tickers"]) == {"AAPL", "MSFT"}


def test_without_tickers_the_command_ends_with_4(run_luigi, data):
    """Judged by the plan; nothing is asked."""
    outcome = run_luigi("--source", "yahoo", data=data)
    assert outcome.code == 4
    (message,) = outcome.messages
    assert message == (
        "afterclose: --source yahoo came without --tickers; expected the tickers to ask for. "
        "For example: --tickers AAPL,BRK-B,^GSPC or --tickers @universe.txt"
    )


def test_forcing_ingest_asks_again_and_makes_the_next_vintage(fed, run, data):
    """The first answer stays as it was."""
    assert run().code == 0
    fed.requests.clear()
    outcome = run("--force", "ingest")
    assert outcome.code == 0, outcome.err
    assert len(fed.asked("AAPL")) == 1
    vintages = sorted(
        json.loads(path.read_text())["parameters"]["vintage"]
        for path in (data / "checkpoints" / "ingest").glob("*/meta.json")
    )
    assert vintages == [0, 1]


def test_one_stage_as_a_function_reads_yahoo_too(fed, run_afterclose, data, tmp_path):
    """``afterclose stage ingest`` has the same source."""
    outcome = run_afterclose(
        "stage", "ingest", "--source", "yahoo", "--tickers", "AAPL", "--start", "2013-01-02", "--end", "2013-03-01",
        "--output", f"{tmp_path}/prices_raw.json", data=data, env=fed.environment,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert json.loads((tmp_path / "prices_raw.json").read_text())["source"]["name"] == "yahoo"
