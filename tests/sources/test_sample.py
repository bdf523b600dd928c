"""The embedded sample: what the wheel ships, bit for bit, without the network."""

from __future__ import annotations

import csv
import gzip
import hashlib
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from core.errors import ParameterError, SourceError
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = files("core.sources") / "shipped" / "stocks.csv.gz"


@pytest.fixture(scope="module")
def shipped():
    """The rows of the wheel's file by the standard library's reader, sorted by (date, ticker)."""
    with gzip.open(str(FILE), "rt", newline="") as stream:
        records = list(csv.DictReader(stream))
    names = ["Date", "Ticker", "Open", "High", "Low", "Close", "Adj Close", "Volume"]
    return sorted([r["Date"], r["Ticker"], *(float(r[n]) for n in names[2:])] for r in records)


def read(tickers=(), **request):
    """Resolve and read, as ingest does."""
    source = source_named("sample")
    found = source.resolve(IngestSettings(**request), tickers, NOW)
    settings = IngestSettings(start=found.start, end=found.end, input_digest=found.input_digest)
    return found, source.read(settings, found.tickers)


def test_every_row_of_the_wheel_is_read_exactly(shipped):
    """12,154 rows of five tickers, every float equal."""
    found, table = read()
    assert table.frame.to_numpy().tolist() == shipped
    assert len(shipped) == 12_154
    assert found.tickers == ("AAPL", "FB", "GOOG", "IBM", "MSFT")
    assert (found.start, found.end, found.label) == ("2000-03-01", "2013-03-01", "2013-03-01")


def test_the_header_says_whence(shipped):
    """URI, digest of the wheel's bytes, rows and range per ticker, raw prices."""
    _, table = read()
    source = table.header["source"]
    assert table.header["price_basis"] == "raw"
    assert source["uri"] == "sample:bokeh_sampledata/_data/stocks.csv.gz"
    assert source["sha256"] == hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert source["tickers"]["FB"] == {
        "rows": sum(row[1] == "FB" for row in shipped), "first": "2012-05-18", "last": "2013-03-01", "outcome": "ok",
    }  # fmt: skip


def test_a_request_is_narrowed_to_the_sessions_there_are(shipped):
    """A weekend at either end moves to the next session inside; only those rows are read."""
    found, table = read(("IBM", "MSFT"), start="2012-06-02", end="2012-06-10")
    assert (found.start, found.end) == ("2012-06-04", "2012-06-08")
    wanted = [r for r in shipped if r[1] in ("IBM", "MSFT") and "2012-06-04" <= r[0] <= "2012-06-08"]
    assert table.frame.to_numpy().tolist() == wanted
    assert len(wanted) == 10


def test_a_ticker_that_was_not_yet_listed_is_left_out_unless_it_was_asked_for():
    """Without a list: those that have rows. By name: an error rather than a silent gap."""
    found, _ = read(end="2003-12-31")
    assert found.tickers == ("AAPL", "IBM", "MSFT")
    with pytest.raises(ParameterError, match="no rows of FB"):
        read(("AAPL", "FB"), end="2003-12-31")


def test_an_unknown_ticker_is_answered_with_those_there_are():
    """And the nearest."""
    with pytest.raises(ParameterError, match=r"'GOGO'.*AAPL, FB, GOOG, IBM, MSFT.*Did you mean GOOG"):
        read(("GOGO",))


def test_other_bytes_than_planned_fail():
    """The digest is in the key."""
    with pytest.raises(SourceError, match="changed while"):
        source_named("sample").read(
            IngestSettings(start="2012-01-03", end="2012-01-04", input_digest="x"), ("IBM",)
        )
