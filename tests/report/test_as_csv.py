"""CSV for a spreadsheet: values survive, no cell starts a formula."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.as_csv import safe_cell, safe_csv


def cells(frame: pd.DataFrame) -> list[list[str]]:
    """What a reader of CSV finds."""
    return list(csv.reader(io.StringIO(safe_csv(frame).decode(), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_would_be_a_formula_gets_an_apostrophe(start):
    """The six starts that OWASP names, also behind blanks."""
    frame = pd.DataFrame({"why": [f"{start}cmd|' /C calc'!A0", f"  {start.strip() or '='}x"]})
    assert all(row[0].startswith("'") for row in cells(frame)[1:])


def test_numbers_dates_and_gaps_stay_what_they_are():
    """A negative number is no formula; a missing value is an empty cell."""
    frame = pd.DataFrame(
        {"date": pd.to_datetime(["2013-03-01", None]), "n": [-0.1, float("nan")], "t": ["A,B", None]}
    )
    assert cells(frame) == [["date", "n", "t"], ["2013-03-01", "-0.1", "A,B"], ["", "", ""]]


def test_a_heading_cannot_be_a_formula_either():
    """Column names may come from outside, too."""
    assert cells(pd.DataFrame({"=1": [1]}))[0] == ["'=1"]


@given(st.text(max_size=20))
def test_no_text_comes_out_as_a_formula(text):
    """Whatever came: after blanks, the cell never begins with what a spreadsheet runs."""
    written = cells(pd.DataFrame({"a": ["x"], "t": [text]}))[1][1]
    assert not written.lstrip().startswith(("=", "+", "-", "@"))


def test_a_line_break_inside_a_cell_starts_no_row():
    """Else what follows it would be a cell of its own, and could be a formula."""
    assert cells(pd.DataFrame({"t": ["a\r=1", "b\n=2"]}))[1:] == [["a\r=1"], ["b\n=2"]]


@pytest.mark.parametrize(
    "text", ["\ufeff=1", "\u200b@x", "＝1+1", "＠x", "x;=cmd()", "x; +1", "x|=1", "a\t-1", "\r=1"]
)
def test_a_formula_behind_what_is_not_seen_or_another_delimiter_is_text(text):
    """A spreadsheet that parts cells at semicolons, or reads wide letters, meets an apostrophe first."""
    for cell in re.split("[;|\t]", safe_cell(text)):
        assert not re.match(r"[\s\ufeff\u200b]*[=+\-@＝＠]", cell)


def test_a_dash_within_a_text_stays():
    """Nothing is put into what no spreadsheet takes for a formula."""
    assert safe_cell("up-next; a = b") == "up-next; a = b"
