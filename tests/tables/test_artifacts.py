"""Artifacts as bytes: exact, readable, refusing what JSON does not have."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.tables import limits
from core.tables.artifacts import Document, Table, Text
from core.tables.codec import decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def table(kind="features", **columns):
    """A table of two columns that identify rows and those given."""
    count = len(next(iter(columns.values())))
    days = pd.Series(pd.date_range("2024-01-01", periods=count)).astype("datetime64[s]")
    first = {"date": days, "ticker": pd.Series(["A"] * count, dtype="str")}
    return Table(kind, pd.DataFrame(first | columns))


def test_a_table_is_written_as_the_contract_says():
    """Format and kind first, then the header, the columns, and one row per line."""
    frame = table("prices_clean", close=[1.5, None], volume=[7.0, None], is_split=[True, False]).frame
    encoded = encode(Table("prices_clean", frame, {"price_basis": "raw"}))
    assert encoded.data.decode() == (
        '{"format":1,"kind":"prices_clean","price_basis":"raw",'
        '"columns":["date","ticker","close","volume","is_split"],"rows":[\n'
        '["2024-01-01","A",1.5,7,true],\n["2024-01-02","A",null,null,false]\n]}\n'
    )
    assert (encoded.filename, encoded.format, encoded.rows) == ("prices_clean.json", "json", 2)
    json.loads(encoded.data)


@given(st.lists(st.none() | FINITE, min_size=1, max_size=20))
def test_every_float_reads_back_bit_equal(values):
    """Shortest exact form: no bit is lost; a missing value stays missing."""
    column = pd.Series(values, dtype="float64")
    back = decode(encode(table(ma5=column)).data, "features.json").frame["ma5"]
    assert [struct.pack("d", v) for v in back.dropna()] == [struct.pack("d", v) for v in column.dropna()]
    assert back.isna().tolist() == column.isna().tolist()


@given(st.lists(st.none() | FINITE, min_size=1, max_size=20))
def test_encoding_what_was_decoded_gives_the_same_bytes(values):
    """A table that travels through a file keeps its digest."""
    data = encode(table(ma5=pd.Series(values, dtype="float64"))).data
    assert encode(decode(data, "features.json")).data == data


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))  # fmt: skip
def test_a_document_reads_back_equal(value):
    """What goes in comes out, and the bytes are a JSON that any reader takes."""
    data = encode(Document("findings", {"value": value})).data
    assert decode(data, "findings.json") == Document("findings", {"value": value})
    assert json.loads(data)["value"] == value


def test_types_read_back_as_the_columns_say():
    """Dates are whole seconds, tickers text, flags booleans, numbers floats; NA is a ticker."""
    data = encode(Table("prices_clean", table("x", close=[1.0], volume=[3.0], is_split=[True]).frame)).data
    frame = decode(data.replace(b'"A"', b'"NA"'), "prices_clean.json").frame
    assert frame.dtypes.astype(str).to_dict() == {
        "date": "datetime64[s]", "ticker": "str", "close": "float64", "volume": "float64", "is_split": "bool",
    }  # fmt: skip
    assert frame["ticker"].tolist() == ["NA"]


def test_a_raw_table_keeps_what_it_has_for_the_gate():
    """Text among numbers, a date that is none: kept with their values, never made missing."""
    rows = [["2024-13-01", "A", "1,5"], [None, None, 2]]
    data = json.dumps(
        {"format": 1, "kind": "prices_raw", "columns": ["date", "ticker", "close"], "rows": rows}
    )
    raw = decode(data.encode(), "prices_raw.json")
    assert raw.frame.to_numpy().tolist() == rows
    assert json.loads(encode(raw).data)["rows"] == rows


def test_an_empty_table_reads_back_with_its_columns():
    """No rows is a table, too."""
    empty = Table("features", table(ma5=[1.0]).frame.iloc[:0], {"h": 1})
    back = decode(encode(empty).data, "features.json")
    assert list(back.frame.columns) == ["date", "ticker", "ma5"]
    assert (len(back.frame), back.header) == (0, {"h": 1})


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinity_in_a_table_is_refused(value):
    """Whether the column is numbers or objects; the column is named."""
    for column in (pd.Series([value]), pd.Series([value, "x"], dtype=object)):
        with pytest.raises(DataError, match=r"features\.ma5 holds an infinity"):
            encode(table(ma5=column))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_lacks_is_refused_in_documents_and_headers(value):
    """Never null without a word."""
    with pytest.raises(DataError, match="findings holds NaN or an infinity"):
        encode(Document("findings", {"deep": [{"er": value}]}))
    with pytest.raises(DataError, match="features holds NaN or an infinity"):
        encode(Table("features", table(ma5=[1.0]).frame, {"x": value}))


def test_a_text_is_its_own_bytes():
    """UTF-8, as it is."""
    encoded = encode(Text("report", "é\n", ".html"))
    assert (encoded.filename, encoded.format, encoded.data) == ("report.html", "html", "é\n".encode())


GOOD = {
    "format": 1,
    "kind": "features",
    "columns": ["date", "ticker", "ma5"],
    "rows": [["2024-01-01", "A", 1.5]],
}
DAMAGED = {
    "not JSON": (b"date,ticker", "not readable JSON"),
    "cut off": (json.dumps(GOOD).encode()[:-5], "not readable JSON"),
    "empty": (b"", "not readable JSON"),
    "NaN": (json.dumps(GOOD | {"x": math.nan}).encode(), "not readable JSON"),
    "Infinity": (json.dumps(GOOD | {"x": math.inf}).encode(), "not readable JSON"),
    "not UTF-8": (b'{"format": 1, "kind": "\xff"}', "not readable JSON"),
    "a list": (b"[]", "holds a list"),
    "a number": (b"3", "holds a int"),
    "no format": (b'{"kind": "features"}', "format None"),
    "later format": (json.dumps(GOOD | {"format": 2}).encode(), "format 2"),
    "no kind": (b'{"format": 1}', "kind None"),
    "kind no text": (b'{"format": 1, "kind": 5}', "kind 5"),
    "columns no list": (json.dumps(GOOD | {"columns": "date"}).encode(), "columns 'date'"),
    "column twice": (json.dumps(GOOD | {"columns": ["date", "date", "x"]}).encode(), "distinct column names"),
    "column no text": (json.dumps(GOOD | {"columns": ["date", 1, "x"]}).encode(), "distinct column names"),
    "no rows": (json.dumps({k: v for k, v in GOOD.items() if k != "rows"}).encode(), "rows"),
    "rows no list": (json.dumps(GOOD | {"rows": {"a": 1}}).encode(), "rows of type dict"),
    "row too short": (json.dumps(GOOD | {"rows": [["2024-01-01", "A"]]}).encode(), "row 1 has 2 values"),
    "row too long": (json.dumps(GOOD | {"rows": [["2024-01-01", "A", 1, 2]]}).encode(), "row 1 has 4 values"),
    "row no list": (json.dumps(GOOD | {"rows": [{"date": 1}]}).encode(), "row 1 has dict"),
    "no date": (json.dumps(GOOD | {"rows": [["01/02/2024", "A", 1]]}).encode(), "column date"),
    "date a number": (json.dumps(GOOD | {"rows": [[20240101, "A", 1]]}).encode(), "column date"),
    "ticker a number": (json.dumps(GOOD | {"rows": [["2024-01-01", 5, 1]]}).encode(), "column ticker"),
    "ticker null": (json.dumps(GOOD | {"rows": [["2024-01-01", None, 1]]}).encode(), "column ticker"),
    "text for a number": (json.dumps(GOOD | {"rows": [["2024-01-01", "A", "1"]]}).encode(), "ma5 holds str"),
    "flag for a number": (
        json.dumps(GOOD | {"rows": [["2024-01-01", "A", True]]}).encode(),
        "ma5 holds bool",
    ),
    "list for a number": (json.dumps(GOOD | {"rows": [["2024-01-01", "A", [1]]]}).encode(), "ma5 holds list"),
    "Parquet of nobody": (b"PAR1 and no more", "not a readable table"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named_with_its_file(name):
    """Every way in which a file can be wrong: a DataError that names the file and what is wrong."""
    data, words = DAMAGED[name]
    with pytest.raises(DataError) as raised:
        decode(data, "mine.json")
    assert "mine.json" in raised.value.problem
    assert words in str(raised.value)


def test_a_very_deep_document_is_refused_and_not_a_crash():
    """A hundred thousand brackets are damage."""
    with pytest.raises(DataError, match="not readable JSON"):
        decode(b"[" * 100_000, "mine.json")


@pytest.fixture
def low_limit(monkeypatch):
    """Tables above three rows are Parquet."""
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 3)


def test_a_large_table_is_parquet_with_the_same_columns_and_header(low_limit):
    """Above the limit: same columns, types, values and header; at the limit still JSON."""
    values = [0.1, None, 1e-300, -0.0]
    large = Table(
        "features", table(ma5=values, up_next=[1.0, 0.0, 1.0, None]).frame, {"feature_set": 3, "w": {"a": 1}}
    )
    assert encode(Table("features", large.frame.iloc[:3])).format == "json"
    encoded = encode(large)
    assert (encoded.filename, encoded.format, encoded.rows) == ("features.parquet", "parquet", 4)
    back = decode(encoded.data, "features.parquet")
    pd.testing.assert_frame_equal(back.frame, large.frame)
    assert (back.kind, back.header) == ("features", {"feature_set": 3, "w": {"a": 1}})
    assert np.signbit(back.frame["ma5"].iloc[3])


def test_parquet_holds_the_header_under_the_agreed_key(low_limit):
    """Another reader finds format, kind and header in the file's metadata."""
    import io

    import pyarrow.parquet as pq

    data = encode(Table("features", table(ma5=[1.0] * 4).frame, {"feature_set": 3})).data
    head = json.loads(pq.read_schema(io.BytesIO(data)).metadata[b"afterclose"])
    assert head == {"format": 1, "kind": "features", "feature_set": 3}
    assert encode(decode(data, "features.parquet")).data == data


def test_parquet_without_our_header_is_refused():
    """Somebody else's Parquet is no artifact."""
    import io

    buffer = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(buffer)
    with pytest.raises(DataError, match=r"mine\.parquet is not a readable table"):
        decode(buffer.getvalue(), "mine.parquet")


@pytest.mark.parametrize("cell", ["a],[b", "],[", "plain"])
@pytest.mark.parametrize("rows", [1, 3, 8_193])
def test_every_row_has_a_line_whatever_a_text_holds(cell, rows):
    """Rows are written together and parted afterwards: a text that looks like their boundary is left as it is."""
    frame = pd.DataFrame(
        {"ticker": ["A"] * rows, "note": pd.Series([cell] * rows, dtype=object), "close": 1.5}
    )
    lines = encode(Table("prices_x", frame, {})).data.decode().splitlines()
    assert lines[1:-1] == [f'["A","{cell}",1.5]' + ("," if n < rows - 1 else "") for n in range(rows)]
    assert json.loads("".join(lines))["rows"] == [["A", cell, 1.5]] * rows


CELLS = st.none() | st.text(max_size=5) | st.dates() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE


@given(st.lists(st.dates() | st.text(max_size=5) | st.none(), min_size=1) | st.lists(CELLS, min_size=1))
def test_objects_are_written_cell_by_cell(cells):
    """Columns of texts and days alone take a shorter way: as each cell by itself."""
    whole = pd.Series(cells, dtype=object)
    plain = [c if c is None or isinstance(c, bool | int | float) else str(c) for c in cells]
    lines = encode(Table("prices_x", pd.DataFrame({"a": whole, "b": 0}), {})).data.split(b"\n")[1:-2]
    assert [json.loads(line.removesuffix(b","))[0] for line in lines] == plain


@pytest.mark.parametrize("odd", ["NaT", "0001-01-01", "9999-12-31", "12024-02-29"])
def test_days_of_any_year_are_written_by_iso(odd):
    """Also those that no calendar date of Python is."""
    days = np.array(["1970-01-01", odd, "2024-02-29"], "datetime64[s]")
    data = encode(Table("prices_x", pd.DataFrame({"day": days}), {})).data
    assert json.loads(data)["rows"] == [["1970-01-01"], [None if odd == "NaT" else odd], ["2024-02-29"]]


@pytest.mark.parametrize(
    ("odd", "first", "second"),
    [(np.nan, b"[7]", b"[null]"), (-0.0, b"[7]", b"[0]"), (2.0**53 + 2, b"[7]", b"[9007199254740994]"),
     (2.0**63, b"[7]", b"[9223372036854775808]"), (-(2.0**63), b"[7]", b"[-9223372036854775808]"),
     (2.0**64, b"[7.0]", b"[1.8446744073709552e+19]"), (1e300, b"[7.0]", b"[1e+300]")],
)  # fmt: skip
def test_whole_numbers_are_written_in_full_while_they_have_a_place(odd, first, second):
    """A number beyond 64 bits is written as the floats are, and so is its column; it reads back the same."""
    data = encode(Table("prices_x", pd.DataFrame({"volume": [7.0, odd]}), {})).data
    assert data.splitlines()[1:3] == [first + b",", second]
    assert decode(data, "prices_x.json").frame["volume"].tolist()[1:] == pytest.approx([odd], nan_ok=True)


def test_a_column_is_whole_numbers_in_all_lines_or_in_none():
    """Decided over the whole column, not by the rows that are written together."""
    whole = np.arange(8_193, dtype=float)
    first = [
        encode(Table("prices_x", pd.DataFrame({"volume": values}), {})).data.splitlines()[1]
        for values in (whole, np.append(whole[:-1], 0.5))
    ]
    assert first == [b"[0],", b"[0.0],"]
