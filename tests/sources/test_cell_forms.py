"""Cells as they are met: dates, numbers and missing markers; what is not understood is one message."""

from __future__ import annotations

import pandas as pd
import pytest

from core.sources.files import read_file
from core.sources.tabular.options import Options
from tests.sources.test_file_kinds import HEAD, read, refusal

DATES = {
    "2022-Jan-03": "named", "3 de enero de 2022": "named", "lun. 3 janv. 2022": "named", "Mo, 03.01.2022": "eu",
    "Mon, 03 Jan 2022 00:00:00 GMT": "named", "2022-01-03 00:00:00+00": "iso", "20220103T000000Z": "ymd",
    "2022년 1월 3일": "han", "民國111年1月3日": "han", "1110103": "minguo", "2022-01-03 (Mon)": "iso",
    '="2022-01-03"': "iso", "2022.01.03 0:00": "ymd", "1641168000000000": "epoch", "03.01.2022 12:00:00 a. m.": "eu",
}  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_in_each_form(text):
    """All of them are the third of January 2022."""
    made = read_file(
        f'{HEAD}\n"{text.replace(chr(34), chr(34) * 2)}",1.5,2,1,1.5,7\n'.encode(), "ZQX.csv", Options()
    )
    assert made.frame["date"].tolist() == ["2022-01-03"]
    assert made.facts.dates == DATES[text]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1.64117E+12"], ["1 of 1 dates are written like '1.64117E+12'"]),
        (["2022-01", "2022-02"], ["2 of 2 dates are written like '2022-01'"]),
        (["'2022-01-03'"], ["1 of 1 dates are written like \"'2022-01-03'\" (line 2)"]),
        (
            ["01/01/2022", "02/03/2022"],
            ["two ways; 02/03/2022 (line 3) is 2022-02-03", "and 2022-03-02 with"],
        ),
        (["03.01.22", "04.01.22"], ["two ways", "2022-01-03", "2003-01-22", "--date-format"]),
        (["2022-01-02T11:00:00Z", "2022-01-03T11:00:00Z"], ["midnights of another time zone", "a day early"]),
    ],
)
def test_a_column_of_dates_that_is_not_understood_is_one_message(cells, words):
    """With an example; never half a date."""
    message = refusal(f"{HEAD}\n" + "".join(f"{cell},1.5,2,1,1.5,7\n" for cell in cells))
    assert [word for word in words if word not in message] == []


def days(count):
    """Weekdays from the third of January 2022 on."""
    return pd.bdate_range("2022-01-03", periods=count)


def test_years_of_two_digits_are_decided_by_weekdays():
    """Read in the right order every date is one; in a wrong order one in four falls on a weekend."""
    lines = "".join(f"{day:%d.%m.%y},1.5,2,1,1.5,7\n" for day in days(25))
    assert read(f"{HEAD}\n{lines}")["date"].tolist() == [str(day.date()) for day in days(25)]
    assert "two ways" in refusal(f"{HEAD}\n" + "".join(f"{day:%d.%m.%y},1.5,2,1,1.5,7\n" for day in days(9)))


def test_the_close_of_a_market_in_utc_is_no_midnight_of_another():
    """21:00 in UTC on Fridays and never on Sundays is New York's close: the date stands, with its time."""
    lines = "".join(f"{day:%Y-%m-%d}T21:00:00Z,1.5,2,1,1.5,7\n" for day in days(10))
    assert read(f"{HEAD}\n{lines}")["date"].str[:10].tolist() == [str(day.date()) for day in days(10)]
    early = "".join(f"{day - pd.Timedelta(days=1):%Y-%m-%d}T15:00:00Z,1.5,2,1,1.5,7\n" for day in days(10))
    assert "a day early" in refusal(f"{HEAD}\n{early}")


NUMBERS = {
    "51,29 €": 51.29, "R$ 51,29": 51.29,
    "USD 51.29": 51.29, "₹51.29": 51.29, "1'051.29": 1051.29, "12,34,567.89": 1234567.89,
    '="51.29"': 51.29, "\u22121.5": -1.5, "1\u202f051,29": 1051.29,
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_read_in_its_dress(text):
    """Currency before and behind, thousands by apostrophe, blank or lakh, guards, the typographic minus."""
    cell = '"' + text.replace('"', '""') + '"'
    assert read(f"date;open\n2022-01-03;{cell}\n2022-01-04;{cell}\n")["open"].tolist() == [NUMBERS[text]] * 2


@pytest.mark.parametrize(
    ("text", "shares"),
    [("1,83 Mio", 1.83e6), ("182,7万", 1.827e6), ("1,2亿", 1.2e8), ("45,3m", 45.3e6), ("2,5 Mrd.", 2.5e9)],
)
def test_a_volume_may_be_scaled(text, shares):
    """Millions and milliards, and in East Asia ten thousands."""
    assert read(f"date;close;volume\n2022-01-03;1,5;{text}\n")["volume"].tolist() == [shares]


@pytest.mark.parametrize(
    "rows",
    [
        ["4.995;5.028;114.509", "5.001;5.100;98.120"],
        ["999;1.006;114.509", "1.001;1.010;98.120"],
        ["51.290;51.330;1827710", "51.120;51.300;1900000"],
        ["114.509;115.002;1.827.710"] * 2,
        ["5.045 €;5.100 €;7"] * 2,
    ],
)
def test_points_that_may_part_thousands_are_asked(rows):
    """Like commas: both readings, and the option; said, it decides."""
    text = "date;open;close;volume\n" + "".join(
        f"2022-01-0{n};{row}\n" for n, row in enumerate(rows, start=3)
    )
    assert "--decimal comma" in refusal(text)
    assert read(text, decimal="comma")["open"].max() > 900
    assert "point" in refusal(text)


def test_points_in_all_numbers_are_decimal_marks_where_one_has_two_digits_behind_it():
    """Nothing is asked that a cell decides."""
    text = "date;open;close;volume\n2022-01-03;51.290;51.33;1827710\n"
    assert read(text)["open"].tolist() == [51.29]


@pytest.mark.parametrize(
    "marker", ["#N/A N/A", ".", "<NA>", "-nan", "#NV", "\\N", "n.v.", "#VALUE!", "(null)", "---"]
)
def test_a_missing_marker_is_no_value_in_a_column_of_numbers(marker):
    """And a text in any other."""
    frame = read(f"date,ticker,close,note\n2022-01-03,A,{marker},---\n2022-01-04,A,1.5,x\n")
    assert frame["close"].isna().tolist() == [True, False]
    assert frame["note"].tolist() == ["---", "x"]


def test_day_numbers_that_count_from_1904_are_asked():
    """Taken from 1900 they would be four years early; those that count from 1900 are read."""
    numbers = [(day - pd.Timestamp("1904-01-01")).days for day in days(20)]
    message = refusal(f"{HEAD}\n" + "".join(f"{number},1.5,2,1,1.5,7\n" for number in numbers))
    assert "is 2018-01-02 in a workbook that counts from 1900 and 2022-01-03 in one" in message
    usual = "".join(f"{number + 1462},1.5,2,1,1.5,7\n" for number in numbers)
    assert read(f"{HEAD}\n{usual}")["date"].tolist() == [str(day.date()) for day in days(20)]


@pytest.mark.parametrize(
    "cells", [("$1.5", "2", "1", "€1.5"), ("GBP 1.5", "2", "1", "150p"), ("1.5 USD", "2 EUR", "1", "1.5")]
)
def test_prices_in_several_currencies_are_asked(cells):
    """In one column or in two: beside each other they would be one series."""
    assert "prices in several currencies" in refusal(f"{HEAD}\n2022-01-03,{','.join(cells)},7\n")


@pytest.mark.parametrize("cells", [("$1.5", "$2", "1", "1.5"), ("USD 1.5", "2 USD", "1", "#DIV/0!")])
def test_prices_in_one_currency_are_read(cells):
    """Also where some cells do not say it, and an error of a spreadsheet is none."""
    assert read(f"{HEAD}\n2022-01-03,{','.join(cells)},7\n")["open"].tolist() == [1.5]


def test_dates_whose_readings_agree_are_read():
    """Day and month are the same number in each: no question is worth asking."""
    lines = "".join(f"{cell},1.5,2,1,1.5,7\n" for cell in ("03/03/2022", "04/04/2022"))
    assert read(f"{HEAD}\n{lines}")["date"].tolist() == ["2022-03-03", "2022-04-04"]


@pytest.mark.parametrize(
    ("cells", "tickers"),
    [
        (("700.0", "941.0"), ["700", "941"]),
        (("700.0", "A.0"), ["700.0", "A.0"]),
        (("0700.0", "9.05"), ["0700.0", "9.05"]),
    ],
)
def test_tickers_that_were_saved_as_numbers_lose_their_point(cells, tickers):
    """A column of Hong Kong's codes went through a column of numbers; a text among them says that it did not."""
    lines = "".join(f"2022-01-03,{cell},1.5,2,1,1.5,7\n" for cell in cells)
    assert read(f"{HEAD.replace('date', 'date,ticker')}\n{lines}")["ticker"].tolist() == tickers
