"""Which tickers belong on which day, and which go on under another name: what the files say, and their mistakes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.errors import SettingsError
from core.universe import membership_of, symbols_of

HEAD = "date,ticker,change\n"


def days(*texts):
    """Days as numpy has them."""
    return np.array(texts, dtype="datetime64[D]")


def test_in_counts_from_its_day_and_out_is_the_first_day_without():
    """Twice in, twice out; a ticker that is not named never belongs; comments, case and order of tickers are free."""
    text = "# S&P\nDate,Ticker,Change\n2020-01-02,AAA,IN\n2020-01-02,BBB,in\n\n2020-01-06,AAA,out\n2020-01-08,AAA,in\n"
    membership = membership_of(text.encode(), "m.csv")
    asked = days(
        "2020-01-01", "2020-01-02", "2020-01-05", "2020-01-06", "2020-01-07", "2020-01-08", "2030-01-01"
    )
    assert membership.on("AAA", asked).tolist() == [False, True, True, False, False, True, True]
    assert membership.on("BBB", asked).tolist() == [False, *[True] * 6]
    assert not membership.on("CCC", asked).any()
    assert len(membership.sha256) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "m.csv, line 1: it has no line"),
        (HEAD, "m.csv, line 1: it has no line"),
        ("day,ticker,change\n2020-01-02,A,in\n", "m.csv, line 1: the heading is day, ticker, change"),
        (HEAD + "2020-01-02,A\n", "m.csv, line 2: there are 2 values; expected 3"),
        (HEAD + "2020-01-02,A,\n", "m.csv, line 2: there are 2 values"),
        (HEAD + "02.01.2020,A,in\n", "m.csv, line 2: the date is '02.01.2020'; expected YYYY-MM-DD"),
        (HEAD + "2020-01-02,A,joined\n", "m.csv, line 2: change is 'joined'; expected in or out"),
        (HEAD + "2020-01-02,A,out\n", "m.csv, line 2: A goes out on 2020-01-02 and is not in"),
        (
            HEAD + "2020-01-02,A,in\n2020-01-03,A,in\n",
            "m.csv, line 3: A goes in on 2020-01-03 and is in already",
        ),
        (
            HEAD + "2020-01-02,A,in\n2020-01-02,A,out\n",
            "m.csv, line 3: A changes on 2020-01-02 after 2020-01-02",
        ),
    ],
)
def test_a_bad_membership_file_is_one_message_with_its_line(text, message):
    """What came, and what was expected."""
    with pytest.raises(SettingsError) as caught:
        membership_of(text.encode(), "m.csv")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_symbols_are_read_by_day():
    """Whatever order the lines have."""
    changes = symbols_of(b"old,new,date\nB,C,2021-01-04\nA,B,2020-01-02\n", "s.csv")
    assert [(change.old, change.new, str(change.day)) for change in changes] == [
        ("A", "B", "2020-01-02"), ("B", "C", "2021-01-04"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"old,new,date\nA,A,2020-01-02\n", "s.csv, line 2: A goes on as itself"),
        (b"old,new,date\nA,B,2020-01-02\nA,C,2020-01-02\n", "s.csv, line 3: A changes twice on 2020-01-02"),
        (b"old,new\nA,B\n", "s.csv, line 1: the heading is old, new"),
        (b"\xff\xfe\x00", "s.csv is not UTF-8 text"),
    ],
)
def test_a_bad_file_of_symbols_is_one_message_with_its_line(text, message):
    """As of membership."""
    with pytest.raises(SettingsError, match=message):
        symbols_of(text, "s.csv")


def test_thousands_of_renames_are_read_in_a_moment():
    """Each line was compared with all before it: 20,000 of them took two minutes of the desk's threads."""
    text = "old,new,date\n" + "".join(f"A{n},B{n},2020-01-01\n" for n in range(20_000))
    before = time.process_time()
    assert len(symbols_of(text.encode(), "s.csv")) == 20_000
    assert time.process_time() - before < 10


NO_CSV = {
    "a quote that is not closed": ('2020-01-01,"A,in\n' + "2020-01-01,B,in\n" * 10_000, "line 3"),
    "a huge cell": ("2020-01-01," + "x" * 140_000 + ",in\n", "line 3"),
    "a line break of old": ("2020-01-02,B,in\r2020-01-03,C,in\n", "line 3"),
}


@pytest.mark.parametrize("what", NO_CSV)
def test_what_is_no_csv_is_one_message_with_the_line_it_begins_on(what):
    """Not an error that nobody expected."""
    text, line = NO_CSV[what]
    with pytest.raises(SettingsError, match=rf"m\.csv, {line}: it is no CSV"):
        membership_of(f"date,ticker,change\n2019-01-02,A,in\n{text}".encode(), "m.csv")
