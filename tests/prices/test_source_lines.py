"""The lines of the source's files that findings name: those in question by their words, others by their runs."""

from __future__ import annotations

import pandas as pd

from core.prices.source_lines import with_lines
from core.tables.artifacts import Table

ROWS = Table(
    "prices_raw",
    pd.DataFrame({"date": ["2020-01-02", "2020-01-03", "2020-01-02"], "ticker": ["A", "A", "B"]}),
)


def finding(ticker, date, rule="large_move"):
    """One of a gate."""
    return {"rule": rule, "ticker": ticker, "date": date}


def test_a_row_in_question_has_its_words_and_another_one_its_place():
    """A's rows stand on lines 2 and 4 of the first file, B's on line 9 of the second; A's first is there twice."""
    source = {
        "files": [
            {
                "in_question": [
                    {"ticker": "A", "date": "2020-01-02", "lines": ["a.csv, line 2: A,1", "line 3"]}
                ]
            },
            "a name alone",
        ],
        "lines": {"files": ["a.csv", "b.csv"], "runs": {"A": [[0, 2, 2, 2]], "B": [[1, 9, 1, 1]]}},
    }
    found = with_lines(
        [finding("A", "2020-01-02"), finding("A", "2020-01-03"), finding("B", "2020-01-02T00:00:00")],
        source,
        ROWS,
    )
    assert [each["lines"] for each in found] == [
        ["a.csv, line 2: A,1", "line 3"],
        ["a.csv, line 4"],
        ["b.csv, line 9"],
    ]


def test_what_is_on_no_record_has_no_lines():
    """A ticker without runs, a record whose rows are not as many, a source that says nothing."""
    plain = [finding("B", "2020-01-02")]
    assert with_lines(plain, {"lines": {"files": ["a.csv"], "runs": {}}}, ROWS) == plain
    assert with_lines(plain, {"lines": {"files": ["a.csv"], "runs": {"B": [[0, 2, 1, 3]]}}}, ROWS) == plain
    assert with_lines(plain, {}, ROWS) == plain
