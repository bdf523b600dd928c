"""Each rule of the gate fires on a hand-made table and stays silent on a sound one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.columns import OHLC, PRICE_VALUES
from core.prices.catalogue import RULES
from core.prices.validation import validate
from tests.prices.conftest import SESSIONS, TODAY, change, defaults, gate, quiet_frame, said, table


def test_nothing_is_said_about_sound_rows():
    """The quiet table, on which every other table here is built, has no finding."""
    assert gate(quiet_frame()) == []


LAST_LEAP = ("unadjusted_split", "AAA", "2012-02-14", 2.98954)

CELLS = [
    # row, changed cells, findings as (rule, ticker, date, value)
    (3, {"close": 0.0}, [("non_positive_price", "AAA", "2012-01-06", 0)]),
    (3, {"low": -1.0}, [("non_positive_price", "AAA", "2012-01-06", -1)]),
    (3, dict.fromkeys(OHLC, 0.0), [("non_positive_price", "AAA", "2012-01-06", 0)]),
    (3, {"high": 99.5}, [("inconsistent_ohlc", "AAA", "2012-01-06", 99.5)]),
    (3, {"low": 101.5}, [("inconsistent_ohlc", "AAA", "2012-01-06", 101.5)]),
    (3, {"high": 99.0, "low": 102.0}, [("inconsistent_ohlc", "AAA", "2012-01-06", 99)]),
    (3, {"volume": -5.0}, [("negative_volume", "AAA", "2012-01-06", -5)]),
    (3, {"volume": 0.0}, [("zero_volume", "AAA", "2012-01-06", 1)]),
    (25, {"volume": 2147483647.0}, [("type_maximum", "AAA", "2012-02-08", 2147483647)]),
    (25, {"volume": 21474836.0}, [("type_maximum", "AAA", "2012-02-08", 21474836)]),
    (25, {"volume": 26000.0}, [("volume_outlier", "AAA", "2012-02-08", 26000)]),
    (25, {"volume": 40.0}, [("volume_outlier", "AAA", "2012-02-08", 40)]),
    (25, {"volume": 25000.0}, []),
    (3, {"close": "100.3"}, [("wrong_type", "AAA", "2012-01-06", "100.3")]),
    (3, {"volume": "many"}, [("wrong_type", "AAA", "2012-01-06", "many")]),
    (3, {"open": True}, [("wrong_type", "AAA", "2012-01-06", True)]),
    (3, {"open": [1]}, [("wrong_type", "AAA", "2012-01-06", "[1]")]),
    (3, {"open": float("inf")}, [("wrong_type", "AAA", "2012-01-06", "inf")]),
    (3, {"open": 10**400}, [("wrong_type", "AAA", "2012-01-06", "1" + "0" * 79 + "...")]),
    (3, {"date": "2012-01-06T16:00:00"}, [("time_of_day", "AAA", "2012-01-06", 1)]),
    (3, {"date": "2012-01-06 00:00:00-05:00"}, [("time_of_day", "AAA", "2012-01-06", 1)]),
    (3, {"date": "06/01/2012"}, [("malformed_date", "AAA", None, "06/01/2012")]),
    (3, {"date": "2012-02-30"}, [("malformed_date", "AAA", None, "2012-02-30")]),
    (3, {"date": "20120106"}, [("malformed_date", "AAA", None, "20120106")]),
    (3, {"date": 20120106}, [("malformed_date", "AAA", None, 20120106)]),
    (3, {"date": None}, [("malformed_date", "AAA", None, None)]),
    (3, {"date": "2012-01-06T99:00"}, [("malformed_date", "AAA", None, "2012-01-06T99:00")]),
    (3, dict.fromkeys(PRICE_VALUES, 102.0), [("flat_bar", "AAA", "2012-01-06", 1)]),
    (3, {"high": 250.0}, [("wide_bar", "AAA", "2012-01-06", 1)]),
    (3, {"close": 300.0}, [("outlier_spike", "AAA", "2012-01-06", 300)]),
    (3, {"adj_close": 10.0}, [("outlier_spike", "AAA", "2012-01-06", 100.35)]),
    (29, {"high": 302.0, "low": 299.0, "open": 301.0, "close": 300.0, "adj_close": 300.0}, [LAST_LEAP]),
]  # fmt: skip


@pytest.mark.parametrize(("row", "cells", "expected"), CELLS)
def test_a_faulty_cell_is_told_once_and_by_its_rule(row, cells, expected):
    """One fault gives one finding: no second rule speaks about the same row."""
    found = [
        (r, t, d, round(v, 5) if isinstance(v, float) else v)
        for r, t, d, v in said(gate(change(row, **cells)))
    ]
    assert found == expected


TICKERS = [
    "",
    " ",
    "A/",
    "A//B",
    "A,B",
    "..",
    "../x",
    ".x",
    "A\\B",
    "A\x00",
    "A\nB",
    "A\u200bB",
    " AAA",
    "A" * 21,
    None,
    7,
    ["A"],
]


@pytest.mark.parametrize("ticker", TICKERS)
def test_an_empty_dangerous_or_invisible_ticker_is_an_error(ticker):
    """What could act as a path, or cannot be seen, never becomes a label or a file name."""
    frame = quiet_frame()
    other = quiet_frame("BBB")
    frame["ticker"] = pd.Series([ticker] * len(frame), dtype=object)
    found = gate(pd.concat([frame, other], ignore_index=True))
    assert {f["rule"] for f in found} == {"malformed_ticker"}
    assert len(found) == 30


@pytest.mark.parametrize(
    "ticker",
    [
        "BRK-B",
        "BRK/B",
        "BTC/USD",
        "ZQX US Equity",
        "^GSPC",
        "BTC-USD",
        "NA",
        "EURUSD=X",
        "005930.KS",
        "M&M.NS",
        "nan",
    ],
)
def test_an_odd_but_legal_ticker_is_fine(ticker):
    """Real symbols look odd; "NA" is a company and not a missing value."""
    assert gate(quiet_frame(ticker)) == []


def test_a_missing_column_is_told_beside_those_that_a_file_has_to_have():
    """The adjusted close, of which a source without one makes a copy of the close, is not among them."""
    frame = quiet_frame().drop(columns="low")
    frame["adj_close"] = frame["close"]
    (finding,) = gate(frame)
    assert finding["expected"] == "a column named low beside date, ticker, open, high, close, volume"


@pytest.mark.parametrize("name", ["date", "ticker", "open", "high", "low", "close", "volume"])
def test_a_missing_column_is_an_error_and_the_only_one(name):
    """Nothing crashes without a column, and its absence is told once."""
    assert said(gate(quiet_frame().drop(columns=name))) == [("missing_column", None, None, name)]


def test_a_missing_adjusted_close_is_copied_and_said():
    """Only the adjusted close may be missing: the close stands in, header and findings say so."""
    prices = table(quiet_frame().drop(columns="adj_close"))
    valid, findings = validate(prices, defaults("validate"), today=TODAY)
    assert said(findings.body["findings"]) == [("no_adjusted_close", None, None, None)]
    assert valid.frame["adj_close"].equals(valid.frame["close"].rename("adj_close"))
    assert valid.header["adjusted_close"] == findings.body["source"]["adjusted_close"] == "copied_from_close"


def test_a_source_that_copied_the_close_is_said_too():
    """The header of ingest is believed."""
    found = gate(quiet_frame(), header={"adjusted_close": "copied_from_close"})
    assert said(found) == [("no_adjusted_close", None, None, None)]


@pytest.mark.parametrize("columns", [None, [], ["nonsense"]])
def test_an_empty_table_is_an_error(columns):
    """No row is no data, whichever columns there are."""
    frame = quiet_frame().iloc[:0] if columns is None else pd.DataFrame(columns=columns)
    found = gate(frame)
    assert "empty_table" in {f["rule"] for f in found}


def test_columns_full_of_text_are_told_cell_by_cell_up_to_the_cap():
    """A thousand findings of a rule are kept, then one says how many more there were."""
    days = [str(d) for d in np.arange("2000-01-01", "2003-09-27", dtype="datetime64[D]")]
    frame = quiet_frame(days=days).assign(close="x")
    found = gate(frame, calendar="24/7")
    assert [f["rule"] for f in found] == ["wrong_type"] * 1001
    assert found[-1]["value"] == len(days) - 1000
    assert found[-1]["ticker"] is None


def test_conflicting_rows_of_a_date_are_one_error():
    """Two rows of a ticker and date with other values: told once, with the number of rows."""
    frame = pd.concat([quiet_frame(), change(4, close=100.9).iloc[[4, 4]]], ignore_index=True)
    assert said(gate(frame)) == [("conflicting_duplicate", "AAA", "2012-01-09", 3)]


def test_copies_of_a_row_are_one_warning_and_are_kept():
    """The value is the number of copies beyond the first; the gate removes nothing."""
    frame = pd.concat([quiet_frame(), quiet_frame().iloc[[4, 4, 5]]], ignore_index=True)
    expected = [("exact_duplicate", "AAA", "2012-01-09", 2), ("exact_duplicate", "AAA", "2012-01-10", 1)]
    assert said(gate(frame)) == expected
    assert len(validate(table(frame), defaults("validate"), today=TODAY)[0].frame) == 33


def test_rows_that_differ_in_a_further_column_conflict():
    """A further column is content too: which of both rows would be kept is not for us to say."""
    frame = quiet_frame().assign(dividends=0.0)
    other = frame.iloc[[4]].assign(dividends=0.5)
    found = gate(pd.concat([frame, other], ignore_index=True))
    assert said(found) == [("conflicting_duplicate", "AAA", "2012-01-09", 2)]


def test_missing_prices_up_to_the_share_are_warnings():
    """One row of 30 is below a share of 0.05, two are above it."""
    one, two = change(3, close=None), change(3, close=None, volume=None)
    two.loc[7, "open"] = float("nan")
    assert said(gate(one, max_missing_share=0.05)) == [("missing_price", "AAA", "2012-01-06", "close")]
    assert said(gate(two, max_missing_share=0.05)) == [("too_many_missing", "AAA", None, 0.06666666667)]


def test_a_column_without_any_value_is_too_much_missing():
    """A column of nulls is no type error but leaves nothing to work with."""
    assert said(gate(quiet_frame().assign(close=float("nan")))) == [("too_many_missing", "AAA", None, 1)]


def test_a_row_after_today_is_an_error_and_one_of_today_is_not():
    """Today comes in as an argument; the gate has no clock."""
    assert gate(quiet_frame(), today=date(2012, 2, 14)) == []
    assert said(gate(quiet_frame(), today=date(2012, 2, 13))) == [("future_row", "AAA", "2012-02-14", None)]


def test_a_session_without_any_row_is_an_error():
    """2012-01-18 was a session and neither ticker has it; each ticker's own gap is not told again."""
    both = pd.concat([quiet_frame("AAA"), quiet_frame("BBB")], ignore_index=True)
    found = gate(both[both["date"] != "2012-01-18"], min_rows=1)
    assert said(found) == [("missing_session_everywhere", None, "2012-01-18", None)]


def test_sessions_missing_for_one_ticker_are_a_warning_up_to_the_share():
    """One of 30 sessions is below a share of 0.05, two are above it; the date is the first gap."""
    whole, part = quiet_frame("AAA"), quiet_frame("BBB")
    one = pd.concat([whole, part.drop(index=5)], ignore_index=True)
    two = pd.concat([whole, part.drop(index=[5, 9])], ignore_index=True)
    less = {"max_missing_share": 0.05, "min_rows": 1}
    assert said(gate(one, **less)) == [("missing_sessions", "BBB", "2012-01-10", 1)]
    assert said(gate(two, **less)) == [("too_many_missing_sessions", "BBB", "2012-01-10", 0.06666666667)]


def test_a_later_listing_and_an_earlier_end_are_no_gaps():
    """Sessions count between a ticker's own first and last row."""
    both = pd.concat([quiet_frame("AAA"), quiet_frame("BBB", SESSIONS[10:20])], ignore_index=True)
    assert gate(both, min_rows=1) == []


def test_rows_on_closed_days_are_one_warning_per_ticker():
    """2012-01-16 was a holiday, 2012-01-21 a Saturday; around the clock neither is closed."""
    frame = quiet_frame(days=sorted([*SESSIONS, "2012-01-16", "2012-01-21"]))
    assert said(gate(frame)) == [("non_session_row", "AAA", "2012-01-16", 2)]
    everyday = [str(d) for d in np.arange("2012-01-01", "2012-02-10", dtype="datetime64[D]")]
    assert gate(quiet_frame(days=everyday), calendar="24/7") == []


@pytest.mark.parametrize("day", ["0201-01-03", "1677-09-20", "9999-12-31"])
def test_a_date_outside_the_calendar_is_not_judged_by_it(day):
    """Days that no calendar knows must not crash the session rules."""
    found = gate(quiet_frame(days=[day]), min_rows=0, today=date(9999, 12, 31))
    assert found == []


def test_a_split_that_the_factor_explains_is_a_warning_with_that_explanation():
    """Close halves, adjustment factor doubles: a split. Factor flat: a genuine move."""
    frame = quiet_frame()
    early = frame.index < 15
    frame.loc[early, ["open", "high", "low", "close"]] *= 2
    (split,) = gate(frame)
    assert (split["rule"], split["severity"], split["date"]) == ("split", "warning", SESSIONS[15])
    assert "split: the adjustment factor jumps by 2" in split["action"]
    frame.loc[early, ["open", "high", "low", "close"]] *= 1.1
    (flat,) = gate(frame.assign(adj_close=frame["close"]))
    assert flat["rule"] == "large_move"
    assert "no usual split ratio fits" in flat["action"]


def test_a_factor_that_jumps_without_explaining_is_pointed_out():
    """The factor doubles but the close stands: the adjusted close leaps by itself."""
    frame = quiet_frame()
    frame.loc[frame.index < 15, "adj_close"] /= 2
    (move,) = gate(frame)
    assert move["rule"] == "large_move"
    assert "Not explained" in move["action"]


def test_a_reverse_split_is_no_falling_factor():
    """One share for ten: the close rises tenfold and the factor falls by ten; told once, as a split."""
    frame = quiet_frame()
    frame.loc[frame.index < 15, ["open", "high", "low", "close"]] /= 10
    (split,) = gate(frame)
    assert split["rule"] == "split"
    assert split["action"].startswith("Explained by a split")


def test_a_factor_that_falls_is_pointed_out_once_per_ticker():
    """The factor of past rows may only be lower than that of later ones."""
    frame = quiet_frame()
    frame.loc[frame.index >= 15, "adj_close"] *= 0.97
    assert said(gate(frame)) == [("falling_factor", "AAA", SESSIONS[15], 1)]


def test_a_close_that_stands_still_is_one_finding_per_run():
    """Five rows with one close are told at the first of them, four are not."""
    frame = quiet_frame()
    frame.loc[3:7, "close"] = 100.77
    frame.loc[3:7, "adj_close"] = 100.77
    assert said(gate(frame)) == [("stale_price", "AAA", SESSIONS[3], 5)]
    frame.loc[5, ["close", "adj_close"]] = 100.5
    assert gate(frame) == []


def test_a_row_equal_to_the_row_before_is_pointed_out():
    """All six values of row 9 are those of row 8."""
    frame = quiet_frame()
    frame.iloc[9, 2:] = frame.iloc[8, 2:]
    assert said(gate(frame)) == [("repeated_row", "AAA", SESSIONS[9], 100.35)]


def test_few_rows_are_pointed_out():
    """29 rows are fewer than 30; copies do not count as rows."""
    short = quiet_frame(days=SESSIONS[:29])
    assert said(gate(short)) == [("few_rows", "AAA", None, 29)]
    assert ("few_rows", "AAA", None, 29) in said(gate(pd.concat([short, short.iloc[[0]]])))


def test_the_sample_has_no_error_and_its_four_known_large_moves(sample):
    """Facts looked up: three splits that the factor explains, and Apple's profit warning of 2000."""
    assert [(f["ticker"], f["date"], f["rule"], f["action"].split(":")[0]) for f in gate(sample)] == [
        ("AAPL", "2000-09-29", "large_move", "A genuine move as far as prices tell"),
        ("AAPL", "2000-06-21", "split", "Explained by a split"),
        ("AAPL", "2005-02-28", "split", "Explained by a split"),
        ("MSFT", "2003-02-18", "split", "Explained by a split"),
    ]


def test_every_rule_has_a_test_here():
    """A rule that nothing here makes fire would be a rule that may never fire."""
    here = Path(__file__).parent
    text = "".join(path.read_text() for path in sorted(here.glob("test_*.py")))
    assert [rule for rule in RULES if f'"{rule}"' not in text] == []
