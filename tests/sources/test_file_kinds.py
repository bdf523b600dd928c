"""What a file is by its bytes, frames however they were saved, lines that are no rows, bars that are not daily."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import sqlite3
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from core.errors import SourceError
from core.sources.files import read_file
from core.sources.tabular import featherfile, parquetfile
from core.sources.tabular.options import Options
from tests.sources.test_vendor_files import parquet

HEAD = "date,open,high,low,close,volume"


def read(data, name="ZQX.csv", **options):
    """The frame that comes of a file."""
    return read_file(data if isinstance(data, bytes) else data.encode(), name, Options(**options)).frame


def refusal(data, name="ZQX.csv", **options):
    """The words of the refusal."""
    with pytest.raises(SourceError) as raised:
        read(data, name, **options)
    assert raised.value.exit_code == 30
    return str(raised.value)


def database(tmp_path):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table prices (date text, close real)")
    return (tmp_path / "x.db").read_bytes()


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def tarred():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        made.addfile(tarfile.TarInfo("prices.csv"))
    return out.getvalue()


def array():
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    return out.getvalue()


KINDS = [
    (lambda _: b'{"chart": {"result": []}}', ["JSON", "read_json"]),
    (lambda _: b'[{"date": "2022-01-03", "close": 1}]', ["JSON"]),
    (
        lambda _: b'{"Note": "Our standard API rate limit is 25 requests per day"}',
        ["JSON", "rate limit", "Fetch"],
    ),
    (lambda _: b"<!DOCTYPE html><html><body>denied</body></html>", ["web page (HTML)"]),
    (lambda _: b'<html xmlns:o="urn:schemas-microsoft-com:office:office"><table>', ["web page (HTML)"]),
    (lambda _: b'<?xml version="1.0"?><Workbook xmlns="urn:x"><Row/></Workbook>', ["XML"]),
    (lambda _: b"Exceeded the daily hits limit", ["Exceeded the daily hits limit"]),
    (
        lambda _: b"You have reached the rate limit (HTTP 429): see https://vendor.example/plans\n",
        ["rate limit", "answer"],
    ),
    (lambda _: pickle.dumps(pd.DataFrame({"close": [1]})), ["pickle", "never opened", "to_parquet"]),
    (lambda _: pickle.dumps({"a": 1}, protocol=0), ["pickle"]),
    (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), ["old Excel workbook (.xls)", ".xlsx"]),
    (database, ["SQLite database", "Export"]),
    (lambda _: archive("prices.csv"), ["ZIP archive", "Unpack"]),
    (lambda _: archive("mimetype", "content.xml"), ["OpenDocument", ".xlsx"]),
    (lambda _: archive("xl/workbook.bin"), ["binary Excel workbook"]),
    (lambda _: archive("a.npy"), ["NumPy"]),
    (lambda _: array(), ["NumPy array"]),
    (lambda _: tarred(), ["tar archive", "Unpack"]),
    (lambda _: b"\xfd7zXZ\x00abc", ["xz archive"]),
    (lambda _: b"%PDF-1.7", ["PDF"]),
    (lambda _: b"\x89HDF\r\n\x1a\n", ["HDF5"]),
    (lambda _: bytes(8) + b"DUCK" + bytes(9), ["DuckDB"]),
    (lambda _: gzip.compress(b"RDX3\nX\n"), ["R data file"]),
]


@pytest.mark.parametrize(
    ("make", "words"), KINDS, ids=[words[0].replace(" ", "-") + f"-{n}" for n, (_, words) in enumerate(KINDS)]
)
def test_a_file_of_another_kind_is_called_what_it_is(make, words, tmp_path):
    """Whatever it is called, with the way out."""
    message = refusal(make(tmp_path))
    assert [word for word in words if word not in message] == []
    assert "cp1252" not in message


def test_of_an_unknown_text_nothing_is_quoted():
    """It may be a secret: words of a list at most."""
    message = refusal(
        "api_key: 7f3a-SECRET; daily limit of requests reached for key 7f3a-SECRET, see the page\n"
    )
    assert "SECRET" not in message
    assert "limit" in message


TABLE = f"{HEAD}\n2022-01-03,51.29,51.33,51.02,51.12,1827710\n"


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstd], ids=["gzip", "bzip2", "zstd"])
def test_packed_files_are_read_and_a_cut_one_is_called_damaged(pack):
    """By their bytes."""
    packed = pack(TABLE.encode())
    assert read(packed)["close"].tolist() == [51.12]
    assert "damaged" in refusal(packed[: len(packed) // 2])


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_a_feather_file_is_read_and_refused_by_what_it_would_unpack_to(compression, monkeypatch):
    """Its buffers say how long they are."""
    frame = pd.DataFrame(
        {"date": ["2022-01-03"] * 999, "ticker": [f"T{i}" for i in range(999)], "close": 1.5}
    )
    out = io.BytesIO()
    feather.write_feather(frame, out, compression=compression)
    assert read(out.getvalue())["close"].tolist() == [1.5] * 999
    monkeypatch.setattr(featherfile, "MAX_BYTES", 20_000)
    assert "bytes when unpacked; expected at most 20,000" in refusal(out.getvalue())


def test_a_parquet_file_is_refused_by_what_it_would_unpack_to(monkeypatch):
    """Pages, cells, and texts that stand for many rows."""
    frame = pd.DataFrame({"date": ["2022-01-03"] * 500, "ticker": "A", "close": 1.5, "note": "x" * 1000})
    data = parquet(frame)
    assert len(read(data)) == 500
    monkeypatch.setattr(parquetfile, "MAX_TEXT", 100_000)
    assert len(data) < 10_000
    assert "bytes of text when unpacked" in refusal(data)
    monkeypatch.setattr(parquetfile, "MAX_CELLS", 1_999)
    assert "2,000 cells; expected at most 1,999" in refusal(data)


FRAMES = {
    "read back": "Price,Close,Close.1,Volume,Volume.1\nTicker,ZQX,YRW,ZQX,YRW\nDate,,,,\n2022-01-03,5.5,6.5,70,80\n",
    "counted": ",Price,Close,Close.1,Volume,Volume.1\n0,Ticker,ZQX,YRW,ZQX,YRW\n1,Date,,,,\n"
    "2,2022-01-03,5.5,6.5,70,80\n",
    "tuples": "\"('Date', '')\","
    "\"('Close', 'ZQX')\",\"('Close', 'YRW')\",\"('Volume', 'ZQX')\",\"('Volume', 'YRW')\"\n"
    "2022-01-03,5.5,6.5,70,80\n",
    "brackets": "Date,Close (ZQX),Close (YRW),Volume (ZQX),Volume (YRW)\n2022-01-03,5.5,6.5,70,80\n",
    "text above": "As of today\n\nDate,ZQX.Close,YRW.Close,ZQX.Volume,YRW.Volume\n2022-01-03,5.5,6.5,70,80\n",
    "ends": "Date,Close_ZQX,Close_YRW,Volume_ZQX,Volume_YRW,\n2022-01-03,5.5,6.5,70,80,\n",
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_of_two_tickers_is_read_however_it_was_saved(name):
    """Two tickers, a close and a volume each."""
    frame = read(FRAMES[name])
    assert frame[["date", "ticker", "close", "volume"]].to_numpy().tolist() == [
        ["2022-01-03", "ZQX", 5.5, 70],
        ["2022-01-03", "YRW", 6.5, 80],
    ]


def test_lines_that_are_left_out_are_on_record_with_their_line():
    """Above the header, blank ones between counted; a footnote at the end."""
    text = f"Prices of ZQX\n\nas traded\n{TABLE}No warranty\n"
    facts = read_file(text.encode(), "ZQX.csv", Options()).facts
    assert [(line.line, line.why, line.text) for line in facts.left_out] == [
        (1, "above the header", "Prices of ZQX"),
        (3, "above the header", "as traded"),
        (6, "footnote", "No warranty"),
    ]


@pytest.mark.parametrize("ticker", ["BRK/B", "BTC/USD", "ZQX US Equity", "^GSPC", "BF.B"])
def test_odd_tickers_are_read_in_every_layout(ticker):
    """In a column, in a name of two, side by side, and as a file's name on disk."""
    assert read(f"date,ticker,close\n2022-01-03,{ticker},5.5\n")["ticker"].tolist() == [ticker]
    assert read(f"Date,Close_{ticker},Volume_{ticker}\n2022-01-03,5.5,7\n")["ticker"].tolist() == [ticker]
    assert read(f"Date,{ticker},ZQX\n2022-01-03,5.5,7\n")["ticker"].tolist() == [ticker, "ZQX"]


@pytest.mark.parametrize("cell", ['"=""ZQX"""', "'ZQX", "ZQX   ", "\u00a0ZQX"])
def test_guards_and_blanks_around_a_ticker_are_no_part_of_it(cell):
    """As spreadsheets and fixed widths leave them."""
    assert read(f"date,ticker,close\n2022-01-03,{cell},5.5\n")["ticker"].tolist() == ["ZQX"]


INTRADAY = [
    "date,open,close\n" + "".join(f"2022-01-03 {h:02}:30:00,1.5,1.6\n" for h in range(9, 16)),
    "<DATE>,<TIME>,<OPEN>,<CLOSE>\n" + "".join(f"2022.01.03,{h:02}:00,1.5,1.6\n" for h in range(9, 16)),
    "Date,Time,Open,Close\n" + "".join(f"2022-01-03,{h}00,1.5,1.6\n" for h in range(9, 16)),
    "date,ticker,hour,close\n" + "".join(f"2022-01-03,{t},{h},1.6\n" for h in range(9, 16) for t in "AB"),
]


@pytest.mark.parametrize("text", INTRADAY, ids=["in the date", "beside it", "as numbers", "two tickers"])
def test_bars_within_a_day_are_called_intraday(text):
    """With what to do."""
    message = refusal(text)
    assert "is intraday" in message
    assert "Get the daily file" in message


PRINTED = {
    "rows counted": "        date  open close volume\n0 2022-01-03 5.5 5.75 1,000\n1 2022-01-04 5.5 5.8 900\n",
    "dates in front": "            open close volume\ndate\n2022-01-03 5.5 5.75 1,000\n2022-01-04 5.5 5.8 900\n",
    "quoted lines": '"date,open,close,volume"\n"2022-01-03,5.5,5.75,1000"\n"2022-01-04,5.5,5.8,900"\n',
    "old line ends": "date,open,close,volume\r2022-01-03,5.5,5.75,1000\r2022-01-04,5.5,5.8,900\r",
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_table_that_was_printed_or_quoted_is_read(name):
    """Columns separated by blanks, lines that are one cell, lines that end as they once did."""
    frame = read(PRINTED[name])
    assert frame[["date", "open", "close", "volume"]].to_numpy().tolist() == [
        ["2022-01-03", 5.5, 5.75, 1000],
        ["2022-01-04", 5.5, 5.8, 900],
    ]


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("gb18030", "日期,开盘,最高,最低,收盘,成交量"),
        ("big5", "日期,開盤價,最高價,最低價,收盤價,成交股數"),
        ("cp932", "日付,始値,高値,安値,終値,出来高"),
        ("cp949", "날짜,시가,고가,저가,종가,거래량"),
        ("cp1252", "Datum,Eröffnung,Hoch,Tief,Schluss,Stücke"),
    ],
)
def test_an_encoding_is_read_where_the_header_has_words_of_it_alone(encoding, header):
    """And asked about where nothing shows it."""
    data = f"{header}\n2022-01-03,51.29,51.33,51.02,51.12,7\n".encode(encoding)
    made = read_file(data, "ZQX.csv", Options())
    assert made.frame["close"].tolist() == [51.12]
    assert made.facts.encoding == encoding
    assert "--encoding" in refusal(
        "date,ticker,close\n2022-01-03,Süd,1\n".encode(encoding if encoding == "cp1252" else "latin-1")
    )


@pytest.mark.parametrize("column", ["ticker", "close"])
def test_bytes_that_are_no_text_in_a_column_that_is_read_are_named(column):
    """Some programs store texts as bytes; what is no text there is no ticker and no number, and the column is named."""
    told = refusal(stored({column: [b"\xff\xfe"]}), "prices.parquet")
    assert f"bytes in column {column} that are no text" in told


def test_bytes_in_a_column_that_nobody_reads_stand_in_no_ones_way():
    """Pictures, identifiers."""
    assert len(read(stored({"picture": [b"\xff\xfe"]}), "prices.parquet")) == 1


def stored(own):
    """A Parquet file of one row in which ``own`` takes the place of columns."""
    numbers = {name: [1.0] for name in ("open", "high", "low", "close", "volume")}
    table = pa.table({"date": ["2024-01-02"], "ticker": ["AAA"], **numbers, **own})
    pq.write_table(table, buffer := io.BytesIO())
    return buffer.getvalue()
