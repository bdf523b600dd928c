"""The files source: cells as they are, headers in many spellings, refusals with the file's name."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from core.errors import MissingFileError, ParameterError, SourceError
from core.parameters import settings_from
from core.sources import source_named
from core.sources.files import read_file
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular.options import Options
from core.tables.codec import decode, encode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "date,ticker,open,high,low,close,adj_close,volume"


def table(tmp_path, text, tickers=(), name="prices.csv", **request):
    """Write a CSV, resolve and read it, as ingest does."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = source_named("files")
    asked = {"path": str(path), **request}
    found = source.resolve(settings_from(IngestSettings, asked), tickers, NOW)
    return source.read(
        settings_from(IngestSettings, {**asked, "input_digest": found.input_digest}), found.tickers
    )


def rows(table):
    """Rows as lists."""
    return table.frame.astype(object).where(table.frame.notna(), None).to_numpy().tolist()


def test_a_plain_file_becomes_a_sorted_table(tmp_path):
    """Contract columns first, rows by (date, ticker), the source with its digest and ranges."""
    lines = [
        "volume,date,ticker,open,high,low,close,adj_close,note",
        "7,2024-01-03,B,1,2,0.5,1.5,1.4,x",
        "8,2024-01-02,B,1,2,0.5,1.25,1.2,y",
        "9,2024-01-02,A,1,2,0.5,0.1,0.1,z",
    ]
    text = "\n".join(lines)
    made = table(tmp_path, text)
    assert list(made.frame.columns) == [*HEADER.split(","), "note"]
    assert rows(made) == [
        ["2024-01-02", "A", 1, 2, 0.5, 0.1, 0.1, 9, "z"],
        ["2024-01-02", "B", 1, 2, 0.5, 1.25, 1.2, 8, "y"],
        ["2024-01-03", "B", 1, 2, 0.5, 1.5, 1.4, 7, "x"],
    ]
    assert made.header == {
        "price_basis": "unknown",
        "adjusted_close": "source",
        "source": {
            "name": "files", "uri": "file:prices.csv", "sha256": hashlib.sha256(text.encode()).hexdigest(), "rows": 3,
            "tickers": {
                "A": {"rows": 1, "first": "2024-01-02", "last": "2024-01-02", "outcome": "ok"},
                "B": {"rows": 2, "first": "2024-01-02", "last": "2024-01-03", "outcome": "ok"},
            },
            "lines": {"files": ["prices.csv"], "runs": {"A": [[0, 4, 1, 1]], "B": [[0, 3, -1, 2]]}},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    "header",
    ["Date,Symbol,Open,High,Low,Close,Adj Close,Volume", "DAY,NAME,O,H,L,C,AdjClose,Vol",
     '"date","ticker","open","high","low","last","adjusted_close","volume"', "\ufeff" + HEADER],
)  # fmt: skip
def test_a_header_may_be_spelt_in_the_usual_ways(header, tmp_path):
    """Case, blanks, quotes, a byte order mark and vendors' names."""
    made = table(tmp_path, header + "\r\n2024-01-02,A,1,2,0.5,1.5,1.4,7\r\n")
    assert list(made.frame.columns) == HEADER.split(",")
    assert rows(made) == [["2024-01-02", "A", 1, 2, 0.5, 1.5, 1.4, 7]]


def test_cells_that_are_no_numbers_are_kept_for_the_gate(tmp_path):
    """Text, an infinity and a malformed date: with their values; the usual blanks are missing."""
    made = table(tmp_path, f"{HEADER}\n2024-13-01,A,abc,inf,N/A,-,,7\n,A,1,2,3,4,5,6\n")
    (bad,) = [row for row in rows(made) if row[0] == "2024-13-01"]
    assert bad == ["2024-13-01", "A", "abc", "inf", None, None, None, 7]
    assert rows(decode(encode(made).data, "prices_raw.json")) == rows(made)


def test_floats_are_read_exactly(tmp_path):
    """The nearest double of what is written, as Python reads it."""
    numbers = ["0.1", "1e-7", "123456789.123456789", "2.675", "1.7976931348623157e308", "5e-324"]
    lines = [f"2024-01-0{i},A,{n},1,1,1,1,1" for i, n in enumerate(numbers, start=1)]
    made = table(tmp_path, "\n".join([HEADER, *lines]))
    assert made.frame["open"].tolist() == [float(n) for n in numbers]


def test_the_tickers_na_and_null_are_tickers(tmp_path):
    """In the ticker column nothing is missing."""
    made = table(tmp_path, f"{HEADER}\n2024-01-02,NA,1,1,1,1,1,1\n2024-01-02,null,1,1,1,1,1,1\n")
    assert made.frame["ticker"].tolist() == ["NA", "null"]


def test_numbers_as_tickers_stay_text(tmp_path):
    """005930 keeps its zeros."""
    made = table(tmp_path, f"{HEADER}\n2024-01-02,005930,1,1,1,1,1,1\n")
    assert made.frame["ticker"].tolist() == ["005930"]


def test_without_a_ticker_column_the_files_name_is_the_ticker(tmp_path):
    """aapl.csv is AAPL."""
    made = table(tmp_path, "date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n", name="aapl.csv")
    assert made.frame["ticker"].tolist() == ["AAPL"]


def test_without_adjusted_close_the_close_is_copied_and_said(tmp_path):
    """The header tells; the gate makes a warning of it."""
    made = table(tmp_path, "date,ticker,open,high,low,close,volume\n2024-01-02,A,1,1,1,1.5,1\n")
    assert made.header["adjusted_close"] == "copied_from_close"
    assert made.frame["adj_close"].tolist() == [1.5]


def test_a_missing_column_is_left_to_the_gate(tmp_path):
    """Nothing is made up."""
    assert list(table(tmp_path, "date,ticker,open\n2024-01-02,A,1\n").frame.columns) == [
        "date",
        "ticker",
        "open",
    ]


def test_duplicates_stay_in_the_files_order(tmp_path):
    """Which of two rows came first is not forgotten."""
    made = table(tmp_path, f"{HEADER}\n2024-01-02,A,2,1,1,1,1,1\n2024-01-02,A,1,1,1,1,1,1\n")
    assert made.frame["open"].tolist() == [2, 1]


def test_tickers_and_range_choose_rows_inclusively(tmp_path):
    """Both ends belong to the range."""
    lines = [f"2024-01-0{day},{ticker},1,1,1,1,1,1" for day in range(1, 6) for ticker in "AB"]
    made = table(tmp_path, "\n".join([HEADER, *lines]), ("B",), start="2024-01-02", end="2024-01-04")
    assert [row[:2] for row in rows(made)] == [["2024-01-02", "B"], ["2024-01-03", "B"], ["2024-01-04", "B"]]


ONE = f"{HEADER}\n2024-01-02,A,1,1,1,1,1,1\n"


@pytest.mark.parametrize(
    ("text", "request_", "tickers", "words"),
    [
        (ONE, {}, ("B",), ["no rows of B", "any of A"]),
        (ONE, {"start": "2025-01-01"}, (), ["no rows from 2025-01-01", "2024-01-02 to 2024-01-02"]),
        ("date,close,Close\n", {}, (), ["more than one column for close"]),
        (",".join(f"c{i}" for i in range(300)), {}, (), ["300 columns", "at most 200"]),
        (b"date\n\xe9\n", {}, (), ["not UTF-8"]),
        ('date,close\n"2024', {}, (), ["not a readable CSV"]),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_files_name(text, request_, tickers, words, tmp_path):
    """A SourceError (exit code 30) that says what came and what would do."""
    with pytest.raises(SourceError) as raised:
        table(tmp_path, text, tickers, **request_)
    message = str(raised.value)
    assert message.startswith("prices.csv")
    assert [word for word in words if word not in message] == []
    assert raised.value.exit_code == 30


def test_a_file_that_changes_between_plan_and_reading_fails(tmp_path):
    """The key holds the digest of other bytes."""
    path = tmp_path / "prices.csv"
    path.write_text(ONE)
    source = source_named("files")
    digest = source.resolve(IngestSettings(path=str(path)), (), NOW).input_digest
    path.write_text(ONE + ONE)
    with pytest.raises(SourceError, match="changed while the run was starting"):
        source.read(IngestSettings(path=str(path), input_digest=digest), ())


def test_resolving_needs_a_path_to_a_file(tmp_path):
    """None, a folder, and nothing there."""
    source = source_named("files")
    with pytest.raises(ParameterError, match="--path FILE"):
        source.resolve(IngestSettings(), (), NOW)
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(MissingFileError, match=str(path)):
            source.resolve(IngestSettings(path=str(path)), (), NOW)


def test_a_short_row_is_filled_with_missing_values_and_not_shifted():
    """Cells stay in their columns."""
    frame = read_file(b"date,ticker,open,close\n2024-01-02,A,1\n", "x.csv", Options()).frame
    assert frame["open"].tolist() == [1]
    assert frame["close"].isna().all()
