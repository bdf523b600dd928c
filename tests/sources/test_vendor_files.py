"""Files as vendors and spreadsheets write them: each is read right, or asked back in plain words."""

from __future__ import annotations

import gzip
import io

import pandas as pd
import pytest

from core.errors import SourceError
from core.sources.files import read_file
from core.sources.tabular import bytestream, shapes
from core.sources.tabular.members import refuse_unrecognised
from core.sources.tabular.options import Options

ALL = ["date", "ticker", "open", "high", "low", "close", "volume"]


def read(data, name="AAPL.csv", **said):
    """One file's rows as lists of (date, ticker, open, high, low, close, volume), absent ones left out."""
    made = read_file(data if isinstance(data, bytes) else data.encode(), name, Options(**said))
    names = [column for column in ALL if column in made.frame]
    return made.frame[names].to_numpy().tolist(), made.facts.record()


NASDAQ = (
    'Date,Close/Last,Volume,Open,High,Low\n12/29/2023,$192.53,"42,672,150",$193.90,$194.40,$191.725\n'
    '12/08/2023,$193.58,"34,049,900",$194.14,$194.66,$193.17\n'
)
STOOQ = (
    "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
    "AAPL.US,D,20231229,000000,193.9,194.4,191.725,192.53,42672150,0\n"
)
INVESTING = (
    '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
    '"12/29/2023","192.53","193.90","194.40","191.73","42.67M","-0.54%"\n'
)
GERMAN = (
    "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n08.12.2023;1.193,90;1.194,40;1.191,72;1.192,53;42.672.150\n"
)
YAHOO_FRAME = (
    "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
    "Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT\nDate,,,,,,,,,,\n"
    "2023-12-28,193.5,,194.6,,193.1,,194.1,,34049900,\n"
    "2023-12-29,192.5,376.0,194.4,377.1,191.7,373.4,193.9,376.0,42672100,18723000\n"
)
YAHOO_TICKER = (
    "Date,Open,High,Low,Close,Volume,Dividends\n"
    "2023-12-28 00:00:00-05:00,194.1,194.6,193.1,193.5,34049900,0\n"
)
WIDE = ",AAPL,BRK-B,C\n2023-12-28,193.5,,51\n2023-12-29,192.5,360.1,\n2023-12-30,190.5,361.1,52\n"

VENDORS = [
    (
        "nasdaq",
        NASDAQ,
        [
            ["2023-12-29", "AAPL", 193.9, 194.4, 191.725, 192.53, 42672150.0],
            ["2023-12-08", "AAPL", 194.14, 194.66, 193.17, 193.58, 34049900.0],
        ],
    ),
    ("stooq", STOOQ, [["2023-12-29", "AAPL.US", 193.9, 194.4, 191.725, 192.53, 42672150]]),
    ("investing", INVESTING, [["2023-12-29", "AAPL", 193.9, 194.4, 191.73, 192.53, 42670000.0]]),
    ("german", GERMAN, [["2023-12-08", "AAPL", 1193.9, 1194.4, 1191.72, 1192.53, 42672150.0]]),
    (
        "yahoo frame",
        YAHOO_FRAME,
        [
            ["2023-12-28", "AAPL", 194.1, 194.6, 193.1, 193.5, 34049900],
            ["2023-12-29", "AAPL", 193.9, 194.4, 191.7, 192.5, 42672100],
            ["2023-12-29", "MSFT", 376.0, 377.1, 373.4, 376.0, 18723000],
        ],
    ),
    ("yahoo ticker", YAHOO_TICKER, [["2023-12-28", "AAPL", 194.1, 194.6, 193.1, 193.5, 34049900]]),
    ("tabs", "date\tticker\tclose\n2021-04-13\tA\t1\n", [["2021-04-13", "A", 1]]),
    ("pipes", "date|ticker|close\n2021-04-13|A|1\n", [["2021-04-13", "A", 1]]),
    ("spreadsheet", "sep=;\ndate;ticker;close\n2021-04-13;A;1,5\n", [["2021-04-13", "A", 1.5]]),
    ("comments", "# export\n\ndate,ticker,close\n2021-04-13,A,1\n", [["2021-04-13", "A", 1]]),
    ("index", ",date,ticker,close\n0,2021-04-13,A,1\n", [["2021-04-13", "A", 1]]),
    ("unnamed date", ",open,close\n2021-04-13,2,1\n", [["2021-04-13", "AAPL", 2, 1]]),
    ("epoch", "timestamp,ticker,close\n1617408000,A,1\n", [["2021-04-03", "A", 1]]),
    ("epoch ms", "timestamp,ticker,close\n1617408000000,A,1\n", [["2021-04-03", "A", 1]]),
    (
        "names",
        'date,ticker,close\n"Jan 2, 2024",A,1\n3-Jan-2024,A,2\n',
        [["2024-01-02", "A", 1], ["2024-01-03", "A", 2]],
    ),
    ("slashes", "date,ticker,close\n2021/4/3,A,1\n", [["2021-04-03", "A", 1]]),
    ("afternoon", "date,ticker,close\n1/13/2024 16:00:00,A,1\n", [["2024-01-13T16:00:00", "A", 1]]),
    ("quoted ticker", 'date,ticker,close\n2021-04-13,"A,B",1\n', [["2021-04-13", "A,B", 1]]),
    (
        "one bad cell",
        "date,ticker,close\n2021-04-13,A,1\n2021-04-14,A,abc\n",
        [["2021-04-13", "A", 1.0], ["2021-04-14", "A", "abc"]],
    ),
]


@pytest.mark.parametrize(("name", "text", "rows"), VENDORS, ids=[v[0].replace(" ", "-") for v in VENDORS])
def test_a_file_as_it_is_found_is_read_right(name, text, rows):
    """The rows are typed off the file by hand."""
    assert read(text)[0] == rows


def test_a_wide_table_gives_each_ticker_its_rows():
    """A blank before the first or after the last close is no row; one in between is a missing close."""
    found, facts = read(WIDE, "closes.csv")
    assert [row[:2] for row in found] == [
        ["2023-12-28", "AAPL"],
        ["2023-12-29", "AAPL"],
        ["2023-12-30", "AAPL"],
        ["2023-12-29", "BRK-B"],
        ["2023-12-30", "BRK-B"],
        ["2023-12-28", "C"],
        ["2023-12-29", "C"],
        ["2023-12-30", "C"],
    ]
    assert [row[2] for row in found[:6]] == [193.5, 192.5, 190.5, 360.1, 361.1, 51.0]
    assert found[6][2] != found[6][2]
    assert facts["shape"] == "wide"


def test_single_letters_are_columns_only_where_all_four_prices_stand():
    """C, V and O are companies as well."""
    assert [row[1] for row in read("date,C,V\n2023-12-28,51,260\n")[0]] == ["C", "V"]
    assert read("date,o,h,l,c,v\n2023-12-28,1,3,0.5,2,9\n")[0] == [["2023-12-28", "AAPL", 1, 3, 0.5, 2, 9]]


def test_of_two_spellings_the_plainer_is_taken_and_the_other_kept():
    """Close beside Last: both stay, one is the close."""
    frame = read_file(b"date,ticker,last,close\n2021-04-13,A,1,2\n", "x.csv", Options()).frame
    assert frame["close"].tolist() == [2]
    assert frame["last"].tolist() == [1]


ASKED_BACK = [
    (
        "date,ticker,close\n03/04/2021,A,1\n04/05/2021,A,2\n",
        ["03/04/2021", "line 2", "2021-03-04", "2021-04-03", "--date-format us", "--date-format eu"],
    ),
    ("date,ticker,close\n13/04/2021,A,1\n04/15/2021,A,2\n", ["13/04/2021, line 2", "04/15/2021, line 3"]),
    ("date,ticker,close\n01/02/21,A,1\n", ["01/02/21", "line 2", "two digits"]),
    (
        'date;ticker;close\n2021-04-13;A;"1,234"\n',
        ["1,234", "column close", "1234", "1.234", "--decimal point", "--decimal comma"],
    ),
    ("date,ticker;close\n2021-04-13,A;1\n", ["comma", "semicolon", "--delimiter"]),
    ("2021-04-13,1,2,3\n2021-04-14,1,2,3\n", ["no header", "line 1"]),
    ("date,ticker,close\n2021-04-13,A,1\n2021-04-14,A,1,9\n", ["line 3 has 4 cells", "header has 3"]),
    ("# nothing but a comment\n", ["empty"]),
    ("date,ticker\x00,close\n", ["line 1", "zero byte"]),
    (b"date,ticker,close\n2021-04-13,\xc4,1\n", ["not UTF-8", "0xc4", "line 2", "--encoding cp1252"]),
    (b"PK\x03\x04 a workbook", ["workbook", "CSV"]),
    (gzip.compress(b"date,ticker,close\n" * 99)[:30], ["damaged gzip"]),
    (b"PAR1 cut", ["damaged Parquet"]),
]


@pytest.mark.parametrize(("data", "words"), ASKED_BACK, ids=range(len(ASKED_BACK)))
def test_what_is_ambiguous_or_damaged_is_asked_back_with_file_and_line(data, words):
    """Both readings and the option that decides; never a guess."""
    with pytest.raises(SourceError) as raised:
        read(data)
    message = str(raised.value)
    assert message.startswith("AAPL.csv")
    assert [word for word in words if word not in message] == []
    assert raised.value.exit_code == 30


@pytest.mark.parametrize(
    ("said", "text", "expected"),
    [
        ({"date_format": "us"}, "date,ticker,close\n03/04/2021,A,1\n", ["2021-03-04", "A", 1]),
        ({"date_format": "eu"}, "date,ticker,close\n03/04/2021,A,1\n", ["2021-04-03", "A", 1]),
        ({"decimal": "comma"}, 'date;ticker;close\n2021-04-13;A;"1,234"\n', ["2021-04-13", "A", 1.234]),
        ({"decimal": "point"}, 'date;ticker;close\n2021-04-13;A;"1,234"\n', ["2021-04-13", "A", 1234.0]),
        ({"delimiter": "semicolon"}, "date;ticker;close\n2021-04-13;A;1\n", ["2021-04-13", "A", 1]),
        ({"encoding": "cp1252"}, b"date,ticker,close\n2021-04-13,\xc4,1\n", ["2021-04-13", "Ä", 1]),
        ({}, "date,ticker,close\n2021-04-13,Ä,1\n".encode("utf-16"), ["2021-04-13", "Ä", 1]),
    ],
)
def test_what_the_user_says_decides(said, text, expected):
    """Each option of the messages above."""
    assert read(text, **said)[0] == [expected]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_no_table_of_prices(text):
    """Nothing to read is nothing to misread; nothing of it is committed, as of any other file that is none."""
    assert read(text)[0] == []
    with pytest.raises(SourceError, match=r"AAPL\.csv is empty"):
        refuse_unrecognised(read_file(text.encode(), "AAPL.csv", Options()).frame, "AAPL.csv")


def test_a_decimal_comma_rereads_the_columns_that_looked_plain():
    """1.234 shares of volume are 1,234 once the prices show what a comma is."""
    assert read("date;ticker;close;volume\n2021-04-13;A;12,5;1.234\n")[0] == [
        ["2021-04-13", "A", 12.5, 1234.0]
    ]


def test_caps_hold_before_anything_is_parsed(monkeypatch):
    """Lines, columns of a long and of a wide table, cells, unpacked bytes."""
    monkeypatch.setattr(bytestream, "MAX_ROWS", 3)
    with pytest.raises(SourceError, match="5 lines; expected at most 3"):
        read("date,ticker,close\n" + "2021-04-13,A,1\n" * 4)
    monkeypatch.setattr(bytestream, "MAX_ROWS", 100)
    with pytest.raises(SourceError, match="10,001 columns; expected at most 5,000"):
        read("date," + ",".join(f"T{i}" for i in range(10_000)) + "\n")
    monkeypatch.setattr(shapes, "MAX_ROWS", 3)
    with pytest.raises(SourceError, match="4 cells; expected at most 3"):
        read("date,A,B\n2021-04-13,1,1\n2021-04-14,1,1\n")
    monkeypatch.setattr(bytestream, "MAX_BYTES", 100)
    with pytest.raises(SourceError, match="when unpacked"):
        read(gzip.compress(b"date,ticker,close\n" * 50))


PARQUET = pd.DataFrame(
    {"close": [1.5, 2.5]}, index=pd.DatetimeIndex(["2021-04-13", "2021-04-14"], name="Date")
)


def parquet(frame, **options):
    """A frame as Parquet bytes."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "frame",
    [
        PARQUET,
        PARQUET.reset_index(),
        PARQUET.reset_index().assign(Date=["2021-04-13", "2021-04-14"]),
        PARQUET.reset_index().assign(Date=[20210413, 20210414]),
        PARQUET.tz_localize("America/New_York"),
        PARQUET.rename_axis(None),
        PARQUET.rename(columns={"close": "A"}),
        PARQUET.assign(Symbol="A").reset_index(),
        PARQUET.set_axis(pd.MultiIndex.from_tuples([("Close", "A")], names=["Price", "Ticker"]), axis=1),
    ],
    ids=["index", "column", "text", "number", "zone", "unnamed", "wide", "long", "stacked"],
)
def test_parquet_is_read_in_every_shape(frame):
    """Dates as index or column, as stamps, text or numbers; one ticker, wide, long, or two header levels."""
    assert read(parquet(frame), "a.parquet")[0] == [["2021-04-13", "A", 1.5], ["2021-04-14", "A", 2.5]]


def test_a_gzipped_file_is_read_whatever_it_is_called():
    """Bytes decide, not endings; the name's table endings are not part of the ticker."""
    found, facts = read(gzip.compress(b"date,close\n2021-04-13,1\n"), "^gspc.csv.gz")
    assert found == [["2021-04-13", "^GSPC", 1]]
    assert facts["packed"] == "gzip"


@pytest.mark.parametrize(
    "name", ["prices (1).csv", "a very long name of a file.csv", "-x.csv", "...csv", "=A1.csv"]
)
def test_a_file_name_that_cannot_be_a_ticker_is_refused(name):
    """Only where it is needed as one."""
    with pytest.raises(SourceError, match="cannot be a ticker"):
        read("date,close\n2021-04-13,1\n", name)
    assert read("date,ticker,close\n2021-04-13,A,1\n", name)[0] == [["2021-04-13", "A", 1]]
