"""Tables that look whole and would be read wrongly: read right, or asked back in one message."""

from __future__ import annotations

import gzip
import io
from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import SourceError
from core.sources.files import SOURCE, read_file
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular.inventory import inventory_of
from core.sources.tabular.options import Options
from core.tables import limits
from tests.sources.test_file_kinds import HEAD, read, refusal

DAYS = pd.bdate_range("2022-01-03", periods=10)
"""Two weeks from a Monday on."""


def test_a_header_that_stands_again_with_its_columns_in_another_order_is_refused():
    """Open 2, close 3: below the second header they would be exchanged."""
    again = "date,close,high,low,open,volume"
    message = refusal(f"{HEAD}\n2022-01-03,2,4,1,3,7\n{again}\n2022-01-04,3,4,1,2,7\n")
    assert (
        "ZQX.csv, line 3 is a header again, with its columns in another order: date, close, high" in message
    )
    assert len(read(f"{HEAD}\n2022-01-03,2,4,1,3,7\n{HEAD}\n2022-01-04,3,4,1,2,7\n")) == 2


@pytest.mark.parametrize("units", [",USD,USD,USD,USD,", ",EUR,EUR,EUR,EUR,shares", ",p,p,p,p,"])
def test_a_line_of_units_below_the_header_names_no_ticker(units):
    """The file's name does."""
    table = read(f"{HEAD}\n{units}\n2022-01-03,2,4,1,3,7\n")
    assert table[["ticker", "date", "close"]].to_numpy().tolist() == [["ZQX", "2022-01-03", 3.0]]


def test_units_below_a_header_without_a_name_for_its_dates_are_no_tickers():
    """``USD`` with the prices and ``shares`` with the volume would be two of them."""
    table = read(",Open,High,Low,Close,Volume\n,USD,USD,USD,USD,shares\n2022-01-03,2,4,1,3,7\n")
    assert table[["ticker", "close", "volume"]].to_numpy().tolist() == [["ZQX", 3.0, 7.0]]


def test_a_second_header_line_names_the_ticker_also_where_it_is_a_currency():
    """``USD`` is a fund; yfinance writes the ticker below the volume, too."""
    table = read(f"{HEAD}\n,USD,USD,USD,USD,USD\n2022-01-03,2,4,1,3,7\n")
    assert table["ticker"].tolist() == ["USD"]


def stamped(stamps, **columns):
    """Return a Parquet file of rows at some stamps."""
    prices = {"Open": 2.0, "High": 4.0, "Low": 1.0, "Close": 3.0, "Volume": 7}
    frame = pd.DataFrame({"Date": stamps, **prices, **columns})
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def dates_of(data):
    """Return the dates that are read of a Parquet file."""
    return read_file(data, "ZQX.parquet", Options()).frame["date"].tolist()


@pytest.mark.parametrize("zone", ["UTC", None])
def test_stored_midnights_of_a_market_ahead_of_utc_are_refused(zone):
    """Tokyo's midnights are 15:00 in UTC of the day before: from Sunday to Thursday."""
    stamps = pd.Series(DAYS).dt.tz_localize("Asia/Tokyo").dt.tz_convert("UTC")
    data = stamped(stamps if zone else stamps.dt.tz_localize(None))
    with pytest.raises(SourceError, match="time zone") as caught:
        dates_of(data)
    assert "2022-01-02 15:00" in str(caught.value)
    assert "a day early" in str(caught.value)


def test_stored_midnights_of_a_market_behind_utc_are_dates():
    """New York's are 05:00 in UTC of the same day, in winter."""
    stamps = pd.Series(DAYS).dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    assert dates_of(stamped(stamps)) == [str(day.date()) for day in DAYS]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-9, ["2022-01-02 15:00, a Sunday, and none on a Friday", "a day early"]),
        (30, ["2022-01-08 06:00, a Saturday, and none on a Monday", "a day late"]),
    ],
)
def test_times_without_a_zone_whose_days_are_beside_the_sessions_are_refused(hours, words):
    """Midnights a zone too early, and closes in New York as they were dated in Tokyo."""
    lines = "".join(f"{day + timedelta(hours=hours)},2,4,1,3,7\n" for day in DAYS)
    message = refusal(f"{HEAD}\n{lines}")
    assert [word for word in words if word not in message] == []


def test_the_hour_of_the_close_beside_a_date_stays():
    """From Monday to Friday: it is the session's; a single Saturday proves nothing."""
    assert read(f"{HEAD}\n2022-01-08 16:00,2,4,1,3,7\n")["date"].tolist() == ["2022-01-08T16:00"]
    lines = "".join(f"{day + timedelta(hours=16)},2,4,1,3,7\n" for day in DAYS)
    assert read(f"{HEAD}\n{lines}")["date"].iloc[0] == "2022-01-03T16:00:00"


def test_an_index_that_a_column_repeats_is_read_once():
    """``set_index("Date", drop=False)``; where they differ they are named."""
    frame = pd.read_parquet(io.BytesIO(stamped(DAYS)))
    same, other = io.BytesIO(), io.BytesIO()
    frame.set_index("Date", drop=False).to_parquet(same)
    frame.set_index(frame["Date"] + pd.Timedelta(days=1)).to_parquet(other)
    assert dates_of(same.getvalue()) == [str(day.date()) for day in DAYS]
    with pytest.raises(SourceError, match="an index and a column that are both called Date, and they differ"):
        dates_of(other.getvalue())


def large(tmp_path, monkeypatch, table):
    """Return what is read of a Parquet file that is above the limit of tables in memory."""
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 5)
    path = tmp_path / "prices.parquet"
    pq.write_table(table, path, row_group_size=3)
    digest = inventory_of(str(path)).digest()
    made = SOURCE.read(IngestSettings(source="files", path=str(path), input_digest=digest), ())
    return pd.concat(list(made.each()), ignore_index=True)


def long_table(tickers, close):
    """Return an Arrow table of ten rows."""
    names = ("Open", "High", "Low", "Close", "Volume")
    return pa.table({"Date": [day.date() for day in DAYS], "Ticker": tickers, **dict.fromkeys(names, close)})


def test_decimals_of_a_large_file_are_numbers(tmp_path, monkeypatch):
    """As they are in a small one: databases store prices so."""
    table = long_table(["ZQX"] * 10, pa.array([Decimal("51.29")] * 10, pa.decimal128(18, 2)))
    assert large(tmp_path, monkeypatch, table)["close"].tolist() == [51.29] * 10


def test_tickers_that_differ_in_capitals_alone_are_asked_back(tmp_path, monkeypatch):
    """One company, half of its days as ZQX and half as zqx, would be two series."""
    path = tmp_path / "prices.csv"
    path.write_text("date,ticker,close\n2022-01-03,ZQX,5\n2022-01-04,zqx,5\n")
    settings = IngestSettings(source="files", path=str(path), input_digest=inventory_of(str(path)).digest())
    with pytest.raises(SourceError, match="rows of ZQX and rows of zqx, which differ in capitals alone"):
        SOURCE.read(settings, ())
    assert SOURCE.read(settings, ("ZQX", "zqx")).frame["ticker"].tolist() == ["ZQX", "zqx"]
    with pytest.raises(SourceError, match="differ in capitals alone"):
        large(tmp_path, monkeypatch, long_table(["ZQX", "zqx"] * 5, [5.0] * 10))


def test_a_thousand_in_one_language_and_a_million_in_others_is_no_number():
    """``mil`` in Portuguese and Spanish is a thousand."""
    assert read(f"{HEAD}\n2022-01-03,2,4,1,3,12.5 mil\n")["volume"].tolist() == ["12.5 mil"]


def test_volumes_whose_points_may_part_thousands_are_asked_back():
    """Prices with a decimal point say nothing of 114.509 and 98.120; 0.512 would."""
    message = refusal(f"{HEAD}\n2022-01-03,2.5,4,1,3,114.509\n2022-01-04,2.5,4,1,3,98.120\n")
    assert "114.509 in column volume can be read as 114509" in message
    assert read(f"{HEAD}\n2022-01-03,2.5,4,1,3,114.509\n2022-01-04,2.5,4,1,3,0.512\n")["volume"].tolist() == [
        114.509,
        0.512,
    ]


@pytest.mark.parametrize("other", ["Adj Close (EUR)", "Adj Close, EUR", "Adj Close EUR"])
def test_prices_whose_headings_say_several_currencies_are_refused(other):
    """An adjusted close in euros beside a close in dollars is no adjustment."""
    head = "Date,Open (USD),High (USD),Low (USD),Close (USD),Volume"
    quoted = f'"{other}"'
    message = refusal(f"{head},{quoted}\n2022-01-03,2,4,1,3,7,2.7\n")
    assert f"prices in several units: Open (USD), {other}" in message
    assert len(read(f'{head},"Adj Close ($)"\n2022-01-03,2,4,1,3,7,2.7\n')) == 1


def test_a_ticker_whose_rows_say_several_currencies_is_refused():
    """Dollars from one day on would be a fall; tickers in different currencies are read."""
    head = "date,ticker,open,high,low,close,volume,Currency"
    message = refusal(f"{head}\n2022-01-03,ZQX,2,4,1,3,7,EUR\n2022-01-04,ZQX,2,4,1,3,7,USD\n")
    assert "rows of ZQX in several currencies: its column currency says EUR, USD" in message
    assert len(read(f"{head}\n2022-01-03,ZQX,2,4,1,3,7,EUR\n2022-01-03,YRW,2,4,1,3,7,USD\n")) == 2


def test_a_file_that_is_packed_twice_is_called_so():
    """Its bytes are no text in any encoding."""
    data = gzip.compress(gzip.compress(f"{HEAD}\n2022-01-03,2,4,1,3,7\n".encode()))
    with pytest.raises(SourceError, match=r"packed twice \(gzip within gzip\)"):
        read_file(data, "ZQX.csv.gz", Options())


def test_a_wide_table_may_hold_shares_that_are_called_like_a_field():
    """Lowe's is LOW and Altria MO; with a high beside it LOW is a low."""
    table = read("Date,AAPL,LOW,MO,KO\n2022-01-03,180,250,47,59\n")
    assert table[["ticker", "close"]].to_numpy().tolist() == [
        ["AAPL", 180],
        ["LOW", 250],
        ["MO", 47],
        ["KO", 59],
    ]
    assert "low" in read("DATE,HIGH,LOW,SMA,RSI\n2022-01-03,4,1,3,50\n")


@pytest.mark.parametrize("corners", [("Date", ""), ("", "Date"), ("Date", "Date")])
def test_tickers_in_merged_cells_above_their_fields_are_read(corners):
    """A spreadsheet saves a merged cell as its first; the open was taken for the close of a wide table."""
    first = f"{corners[0]},ZQX,,YRW,"
    table = read(f"{first}\n{corners[1]},Open,Close,Open,Close\n2022-01-03,2,3,20,30\n2022-01-04,3,2,30,20\n")
    assert table[["date", "ticker", "open", "close"]].to_numpy().tolist() == [
        ["2022-01-03", "ZQX", 2, 3], ["2022-01-04", "ZQX", 3, 2],
        ["2022-01-03", "YRW", 20, 30], ["2022-01-04", "YRW", 30, 20],
    ]  # fmt: skip


def test_words_above_groups_of_columns_are_no_tickers():
    """``Prices`` and ``Trading`` stand over different fields, ``ZQX plc`` over all of them."""
    rows = f"{HEAD}\n2022-01-03,2,4,1,3,7\n"
    assert read(f",Prices,,,,Trading\n{rows}")["ticker"].tolist() == ["ZQX"]
    assert read(f",Prices in USD,,,,\n{rows}")["ticker"].tolist() == ["ZQX"]


def test_a_line_of_fields_below_tickers_says_what_they_are():
    """The opens of a table with tickers side by side are no closes."""
    table = read("Date,ZQX,YRW\n,Open,Open\n2022-01-03,2,20\n")
    assert table.columns.tolist() == ["date", "ticker", "open"]
    assert read("Date,ZQX,YRW\n,Close,Close\n2022-01-03,2,20\n")["close"].tolist() == [2, 20]


@pytest.mark.parametrize(
    ("cell", "says"), [("1400/10/13", "Persian calendar"), ("0001-01-01", "stands for no date")]
)
def test_years_before_any_exchange_are_refused(cell, says):
    """The third of January 2022 in Tehran, and .NET's way to write nothing."""
    message = refusal(f"{HEAD}\n2022-01-03,2,4,1,3,7\n".replace("2022-01-03", cell))
    assert f"the date {cell} (line 2) is before there was any exchange" in message
    assert says in message


def test_a_year_of_two_digits_is_of_the_republic_only_where_it_says_so():
    """22 is 2022 in China and 1933 in Taiwan."""
    assert "are written like" in refusal(f"{HEAD}\n22年1月3日,2,4,1,3,7\n")
    assert read(f"{HEAD}\n民國22年1月3日,2,4,1,3,7\n")["date"].tolist() == ["1933-01-03"]
    assert read(f"{HEAD}\n111年1月3日,2,4,1,3,7\n")["date"].tolist() == ["2022-01-03"]


@pytest.mark.parametrize("cell", ["51'16", "51 29", "1'2345", "12\u00a034"])
def test_digits_that_are_parted_by_other_than_threes_are_no_number(cell):
    """51'16 was 5,116: bonds are quoted in sixteenths and thirty-seconds so."""
    assert read(f"{HEAD}\n2022-01-03,2,4,1,{cell},7\n")["close"].tolist() == [cell]
    assert read(f"{HEAD}\n2022-01-03,2,4,1,1'234.5,1 234 567\n")[["close", "volume"]].to_numpy().tolist() == [
        [1234.5, 1234567]
    ]


@pytest.mark.parametrize(
    "words", ["Volume in thousands", "Prices in USD; volume (000s)", "Vol. in lots of 100"]
)
def test_words_above_or_below_that_scale_the_volume_are_not_passed_over(words):
    """They stood in ``left_out``, and 1,828 shares in the table."""
    row = "2022-01-03,2,4,1,3,1828"
    assert "line 1 says that volumes are not in shares" in refusal(f"{words}\n{HEAD}\n{row}\n")
    assert "line 3 says that volumes are not in shares" in refusal(f"{HEAD}\n{row}\n{words}\n")
    assert len(read(f"Market value in thousands, volume in shares\n{HEAD}\n{row}\n")) == 1


@pytest.mark.parametrize("name", ["Total", "Settle", "VWAP", "Open Interest"])
def test_a_sum_or_a_figure_beside_closes_is_no_ticker(name):
    """With ``--close-only`` the sum of all closes was one more."""
    assert f"columns such as {name}" in refusal(f"Date,ZQX,YRW,{name}\n2022-01-03,5,6,11\n")
