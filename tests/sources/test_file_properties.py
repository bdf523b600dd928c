"""Whatever a table holds and however it is written, it is read back; whatever is broken is refused in words."""

from __future__ import annotations

import gzip
import random
import sys
from datetime import date, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AftercloseError
from core.sources.files import read_file
from core.sources.table import prices_table
from core.sources.tabular.options import Options
from core.tables.artifacts import Table
from core.tables.codec import decode, encode
from tests.prices.conftest import gate

PRICE = st.integers(1, 10**7).map(lambda cents: cents / 100)
TICKER = st.sampled_from(["AAPL", "BRK-B", "^GSPC", "BTC-USD", "NA", "null", "Zürich", "005930.KS", "M&M.NS"])
DAY = st.dates(date(1990, 1, 1), date(2030, 12, 31))
ROWS = st.lists(
    st.tuples(DAY, TICKER, PRICE, st.integers(0, 10**9)), min_size=1, max_size=12, unique_by=lambda r: r[:2]
)
DATES = {
    "iso": "{0:%Y}-{0:%m}-{0:%d}",
    "ymd": "{0:%Y}{0:%m}{0:%d}",
    "us": "{0:%m}/{0:%d}/{0:%Y}",
    "eu": "{0:%d}/{0:%m}/{0:%Y}",
    "dots": "{0:%d}.{0:%m}.{0:%Y}",
}
MARKS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@settings(max_examples=settings.default.max_examples * 150 // 100)
@given(
    ROWS,
    st.sampled_from(sorted(DATES)),
    st.sampled_from(sorted(MARKS)),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_table_written_in_any_of_the_usual_ways_is_read_back(rows, dates, mark, comma, packed, encoding):
    """Dates, delimiter, decimal mark, encoding and packing; day and month are told where they must be."""
    comma = comma and mark != "comma"

    def number(value):
        return str(value).replace(".", ",") if comma else str(value)

    lines = ["date,ticker,close,volume".replace(",", MARKS[mark])]
    lines += [MARKS[mark].join([DATES[dates].format(d), t, number(c), str(v)]) for d, t, c, v in rows]
    data = ("\r\n".join(lines) + "\r\n").encode(encoding)
    said = {"date_format": dates} if dates in ("us", "eu") else {}
    made = read_file(
        gzip.compress(data) if packed else data,
        "x.csv",
        Options(**said, decimal="comma" if comma else "auto"),
    )
    assert made.frame[["date", "ticker", "close", "volume"]].to_numpy().tolist() == [
        [d.isoformat(), t, c, v] for d, t, c, v in rows
    ]


@given(st.lists(DAY, min_size=1, max_size=20), st.sampled_from(["us", "eu"]))
def test_numbered_dates_are_read_right_or_asked_back(days, order):
    """A day above 12 decides; without one, the file is refused and never guessed."""
    text = "date,ticker,close\n" + "".join(f"{DATES[order].format(day)},A,1\n" for day in days)
    decided = any(day.day > 12 for day in days)
    if decided:
        found = read_file(text.encode(), "x.csv", Options()).frame["date"].tolist()
        assert found == [day.isoformat() for day in days]
    elif all(day.day == day.month for day in days):
        pass  # both readings are the same day: either answer is right
    else:
        with pytest.raises(AftercloseError, match="two ways"):
            read_file(text.encode(), "x.csv", Options())


@settings(max_examples=settings.default.max_examples * 60 // 100)
@given(st.lists(st.lists(st.one_of(st.none(), PRICE), min_size=3, max_size=3), min_size=1, max_size=10))
def test_a_wide_table_keeps_every_close_and_makes_up_none(cells):
    """As many closes per ticker as cells with a number."""
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(len(cells))]
    lines = [
        f"{d},{','.join('' if c is None else str(c) for c in row)}"
        for d, row in zip(days, cells, strict=True)
    ]
    frame = read_file("\n".join(["date,A,B,C", *lines, ""]).encode(), "x.csv", Options()).frame
    for place, ticker in enumerate("ABC"):
        held = frame[(frame["ticker"] == ticker) & frame["close"].notna()]
        wanted = [
            (d.isoformat(), row[place]) for d, row in zip(days, cells, strict=True) if row[place] is not None
        ]
        assert list(zip(held["date"], held["close"], strict=True)) == wanted


SOUND = (
    "date,ticker,open,high,low,close,volume\n"
    + "".join(
        f"2024-01-{d:02},{t},10.5,11,10,10.{d},{1000 + d}\n" for d in range(2, 20) for t in ("A", "BRK-B")
    )
).encode()
NASTY = [
    b"\x00",
    b"\xff",
    b'"',
    b"\n",
    b"\r",
    b";",
    b",",
    b"\t",
    b"1e999",
    b"-1",
    b"NaN",
    b"inf",
    b"=1+1",
    b"../..",
    b"\xef\xbb\xbf",
    b"2024-13-45",
    b"9" * 400,
    b"<script>",
    b"PAR1",
    b"\x1f\x8b",
    "\u202e".encode(),
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b":",
]
CSVS, JSONS = 700, 500


def broken(sound, source):
    """Bytes with one to four random injuries."""
    data = bytearray(sound)
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(data) + 1)
        injury = source.choice(["put", "cut", "flip", "end", "twice"])
        if injury == "put":
            data[place:place] = source.choice(NASTY)
        elif injury == "cut":
            del data[place : place + source.randint(1, 40)]
        elif injury == "flip" and place < len(data):
            data[place] = source.randrange(256)
        elif injury == "end":
            del data[max(place, 1) :]
        else:
            data[place:place] = data[max(0, place - 60) : place]
    return bytes(data)


def test_malformed_csv_files_are_read_or_refused_and_never_crash(capsys):
    """Seeded injuries to a sound file; what is read goes on through the source's table and its bytes."""
    source, refused, unnamed = random.Random(20240101), 0, 0
    for _ in range(CSVS):
        try:
            frame = read_file(broken(SOUND, source), "x.csv", Options()).frame
            encode(
                prices_table(frame, name="files", uri="file:x.csv", digest="0" * 64, price_basis="unknown")
            )
        except AftercloseError as error:
            refused += 1
            unnamed += "x.csv" not in str(error)
    with capsys.disabled():
        sys.stdout.write(
            f"\nfuzz: {CSVS} malformed CSV files, {refused} refused, {CSVS - refused} read, 0 crashed\n"
        )
    assert 0 < refused < CSVS
    assert unnamed == 0


def test_malformed_json_tables_are_judged_or_refused_and_never_crash(capsys):
    """The same for ``prices_raw.json``; what decodes goes through the gate, which answers with findings."""
    frame = read_file(SOUND, "x.csv", Options()).frame.head(8)
    made = prices_table(frame, name="files", uri="file:x.csv", digest="0" * 64, price_basis="unknown")
    sound, source, refused, judged = encode(made).data, random.Random(7), 0, 0
    for _ in range(JSONS):
        data = broken(sound, source)
        try:
            table = decode(data, "prices_raw.json")
        except AftercloseError:
            refused += 1
            continue
        if isinstance(table, Table):
            orjson.dumps(gate(table.frame, calendar="24/7"))
            judged += 1
    with capsys.disabled():
        sys.stdout.write(
            f"\nfuzz: {JSONS} malformed JSON tables, {refused} refused, {judged} judged by the gate, 0 crashed\n"
        )
    assert refused
    assert judged
