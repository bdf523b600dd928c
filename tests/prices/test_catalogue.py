"""The newer rules of the gate: causes of jumps, renamed tickers, live rows, closes alone, settings."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from core.errors import ValidationFailed
from core.prices.catalogue import CAN_STOP, RULES
from core.prices.findings import Finding, records
from core.prices.validation import validate
from core.prices.waivers import Waiver
from tests.prices.conftest import (
    PRICES,
    SESSIONS,
    TODAY,
    defaults,
    gate,
    quiet_frame,
    rules,
    said,
    scaled,
    table,
)


def test_a_finding_names_every_session_it_speaks_of():
    """Days without trade, a run of equal closes, sessions without rows, a whole ticker."""
    frame = quiet_frame()
    frame.loc[[3, 5], "volume"] = 0.0
    frame.loc[10:14, ["close", "adj_close"]] = 100.5
    both = pd.concat([frame.drop(index=[20, 22]), quiet_frame("BBB", SESSIONS[:9])], ignore_index=True)
    by_rule = {f["rule"]: (f["dates"], f["count"]) for f in gate(both, min_rows=10, max_missing_share=1.0)}
    assert by_rule["zero_volume"] == ([SESSIONS[3], SESSIONS[5]], 2)
    assert by_rule["stale_price"] == (SESSIONS[10:15], 5)
    assert by_rule["few_rows"] == (SESSIONS[:9], 9)
    gap = pd.concat([frame.drop(index=[20, 22]), quiet_frame("BBB")], ignore_index=True)
    missing = next(f for f in gate(gap, max_missing_share=1.0) if f["rule"] == "missing_sessions")
    assert (missing["dates"], missing["count"]) == ([SESSIONS[20], SESSIONS[22]], 2)
    (whole,) = (f for f in gate(quiet_frame().drop(columns="adj_close")))
    assert (whole["dates"], whole["count"]) == ([], 0)


def test_of_many_sessions_the_first_999_and_the_last_are_listed():
    """The count is of all."""
    days = [str(d) for d in np.arange("2000-01-01", "2003-09-27", dtype="datetime64[D]")]
    (finding,) = gate(quiet_frame(days=days).assign(volume=0.0), calendar="24/7")
    assert finding["count"] == len(days)
    assert finding["dates"] == [*days[:999], days[-1]]


def test_what_stands_for_findings_beyond_a_thousand_counts_them():
    """1,003 of one rule: three are not listed, and the count says so as the value does."""
    days = np.arange("2000-01-01", "2002-09-30", dtype="datetime64[D]")
    *listed, rest = records(Finding("large_move", "AAA", str(day), value=2.0) for day in days)
    assert (len(days), len(listed)) == (1003, 1000)
    assert {finding["count"] for finding in listed} == {1}
    assert (rest["value"], rest["count"], rest["dates"]) == (3, 3, [])
    assert rest["ticker"] is rest["date"] is None


def test_a_ticker_whose_last_row_is_in_doubt_is_named_also_when_a_person_accepts_it():
    """Rules that withhold a signal, on the last row only."""
    frame = pd.concat([scaled(29, 0.5, volume=2.0), scaled(25, 0.5).assign(ticker="BBB")], ignore_index=True)
    _, document = validate(table(frame), defaults("validate"), today=TODAY)
    doubt = {"AAA": {"session": SESSIONS[29], "rules": ["unadjusted_split"]}}
    assert document.body["source"]["last_rows_in_doubt"] == doubt
    waiver = Waiver("unadjusted_split", "Ada L.", "the source says so", "2013-01-01", ticker="AAA")
    _, document = validate(table(frame), defaults("validate"), today=TODAY, waivers=[waiver])
    assert document.body["source"]["last_rows_in_doubt"] == doubt
    _, document = validate(table(quiet_frame()), defaults("validate"), today=TODAY)
    assert "last_rows_in_doubt" not in document.body["source"]


@pytest.mark.parametrize(
    ("volume", "found"), [(100, []), (99, ["volume_outlier"]), (10_000, []), (10_001, ["volume_outlier"])]
)
def test_ten_times_the_usual_volume_and_a_tenth_of_it_are_just_usual(volume, found):
    """Beyond means beyond: at the ratio itself nothing is pointed out, on either side."""
    frame = quiet_frame().assign(volume=1000.0)
    frame.loc[25, "volume"] = float(volume)
    assert rules(frame, volume_ratio=10) == found


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"high": 99.5}, "high at or above open, low and close"),
        ({"low": 101.5}, "low at or below open and close"),
    ],
)
def test_an_inconsistent_bar_says_what_was_expected(cells, expected):
    """The one or the other end of the bar."""
    frame = quiet_frame()
    frame.loc[3, list(cells)] = list(cells.values())
    (finding,) = gate(frame)
    assert (finding["rule"], finding["expected"]) == ("inconsistent_ohlc", expected)


def test_a_ticker_that_goes_on_where_another_ends_is_pointed_out():
    """FB became META overnight: same price, same turnover, no day in between."""
    whole = quiet_frame("ZZZ")
    old, new = quiet_frame("FB", SESSIONS[:15]), quiet_frame("META", SESSIONS[15:])
    found = gate(pd.concat([whole, old, new], ignore_index=True), min_rows=1)
    assert said(found) == [("renamed_ticker", "META", SESSIONS[15], "FB")]
    new[PRICES] *= 3
    assert gate(pd.concat([whole, old, new], ignore_index=True), min_rows=1) == []
    later = quiet_frame("META", SESSIONS[17:])
    assert gate(pd.concat([whole, old, later], ignore_index=True), min_rows=1) == []


def live(**changes) -> pd.DataFrame:
    """Quiet rows and an earlier snapshot of the last day."""
    frame = quiet_frame()
    early = frame.iloc[[29]].assign(high=101.0, low=99.5, close=100.2, adj_close=100.2, volume=500.0)
    return pd.concat([frame, early.assign(**changes)], ignore_index=True)


def test_a_live_row_of_the_last_day_is_a_warning():
    """Same open, less volume, a range inside the other's: a snapshot and not a contradiction."""
    assert said(gate(live())) == [("live_row", "AAA", SESSIONS[29], 500)]


@pytest.mark.parametrize("changes", [{"open": 99.0}, {"high": 109.0}, {"volume": 1029.0}, {"low": 1.0}])
def test_two_rows_of_the_last_day_that_disagree_are_a_contradiction(changes):
    """Another open, a range outside, or the same volume: nobody can say which is right."""
    assert rules(live(**changes)) == ["conflicting_duplicate"]


def test_two_rows_of_an_earlier_day_are_a_contradiction():
    """Only the last day can have been taken while it was traded."""
    frame = live()
    frame.loc[30, "date"] = SESSIONS[28]
    frame.loc[30, "open"] = frame.loc[28, "open"]
    assert rules(frame) == ["conflicting_duplicate"]


def test_a_wide_bar_has_its_threshold():
    """High over low beyond the ratio of the settings."""
    frame = quiet_frame()
    frame.loc[3, "high"] = 250.0
    assert rules(frame) == ["wide_bar"]
    assert rules(frame, bar_ratio=3.0) == []


def closes() -> pd.DataFrame:
    """A table of closes."""
    return quiet_frame()[["date", "ticker", "close", "adj_close"]]


def test_closes_alone_are_accepted_when_the_user_says_so_and_what_was_not_checked_is_said():
    """Without the switch four columns are missing, and the message names the switch."""
    found = gate(closes())
    assert [f["value"] for f in found] == ["high", "low", "open", "volume"]
    assert all("--close-only true" in f["action"] for f in found)
    valid, document = validate(table(closes()), defaults("validate", close_only=True), today=TODAY)
    assert document.body["findings"] == []
    told = {entry["rule"]: entry["reason"] for entry in document.body["source"]["not_checked"]}
    assert told["zero_volume"] == "no volume"
    assert told["wide_bar"] == "no high, no low"
    assert valid.header["absent_columns"] == ["open", "high", "low", "volume"]
    assert valid.frame["open"].isna().all()


def test_closes_alone_are_still_checked_for_what_can_be():
    """A null close, a leap, a stale run, a session missing: the close tells all of these."""
    frame = closes().astype({"close": object})
    frame.loc[3, "close"] = None
    assert rules(frame, close_only=True, max_missing_share=0.05) == ["missing_price"]
    leap = closes()
    leap.loc[25:, ["close", "adj_close"]] *= 4.5
    assert rules(leap, close_only=True) == ["large_move"]
    assert rules(closes().drop(index=5), close_only=True, min_rows=1) == ["missing_session_everywhere"]


def test_with_every_column_the_switch_changes_nothing():
    """Close-only allows absence; it never looks away from what is there."""
    frame = quiet_frame()
    frame.loc[3, "volume"] = -1.0
    assert gate(frame, close_only=True) == gate(frame)
    frame = frame.drop(columns="close")
    assert "missing_column" in rules(frame, close_only=True)


def test_what_no_calendar_knows_is_said_not_to_be_checked():
    """The session rules had nothing to hold the days against."""
    prices = table(quiet_frame(days=["1801-01-02", "1801-01-05"]))
    _, document = validate(prices, defaults("validate", min_rows=0), today=TODAY)
    told = {entry["rule"] for entry in document.body["source"]["not_checked"]}
    assert told == {
        "missing_session_everywhere",
        "too_many_missing_sessions",
        "missing_sessions",
        "non_session_row",
    }


def test_a_warning_that_the_settings_make_an_error_stops_the_run():
    """And only that one."""
    frame = quiet_frame()
    frame.loc[3, "volume"] = 0.0
    with pytest.raises(ValidationFailed, match="zero_volume"):
        validate(table(frame), defaults("validate", stop_on="flat_bar,zero_volume"), today=TODAY)
    assert {f["severity"] for f in gate(frame, stop_on="flat_bar")} == {"warning"}


def test_no_setting_makes_an_error_a_warning():
    """The list of what may be raised holds warnings; nothing holds errors."""
    assert {RULES[name].severity for name in CAN_STOP if name in RULES} == {"warning"}


def test_flags_name_the_rules_of_each_row_and_are_there_only_if_needed():
    """The gate's own column: it replaces one that a table brings along."""
    valid, _ = validate(table(quiet_frame().assign(flags="forged")), defaults("validate"), today=TODAY)
    assert "flags" not in valid.frame
    frame = quiet_frame()
    frame.loc[[3, 5], "volume"] = 0.0
    frame.loc[5, "high"] = 250.0
    valid, _ = validate(table(frame), defaults("validate"), today=TODAY)
    held = valid.frame["flags"]
    assert held[held.notna()].to_dict() == {3: "zero_volume", 5: "wide_bar,zero_volume"}


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_a_price_in_another_unit_is_told_once(factor):
    """One row in pence instead of pounds is a spike and nothing else, whatever else it would trip."""
    frame = quiet_frame()
    frame.loc[20, PRICES] *= factor
    assert rules(frame) == ["outlier_spike"]


def test_many_rows_take_a_few_vector_passes():
    """250,000 rows of 100 tickers (the figure for a million is in the benchmarks)."""
    import time

    days = np.arange("2010-01-01", "2016-11-05", dtype="datetime64[D]")
    rows, tickers = len(days), 100
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (tickers, rows)), axis=1)).ravel()
    frame = pd.DataFrame(
        {
            "date": np.tile(days.astype("datetime64[s]"), tickers),
            "ticker": np.repeat([f"T{i:03}" for i in range(tickers)], rows),
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "adj_close": close,
            "volume": rng.integers(1000, 2000, rows * tickers).astype(float),
        }
    )
    started = time.process_time()
    assert gate(frame, calendar="24/7") == []
    assert time.process_time() - started < 20  # 250,000 rows; ten times what it takes


def documented(root):
    """The rules of docs/data-quality.md: name -> (severity, threshold)."""
    text = (root / "docs" / "data-quality.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.count(" | ") == 4]
    cells = [[cell.strip("` ") for cell in row] for row in rows]
    return {row[0]: (row[2], row[3]) for row in cells if row[2] in ("error", "warning")}


def test_every_rule_stands_in_the_documentation_with_severity_and_threshold(root):
    """What a person reads is what the table of the code says."""
    assert documented(root) == {name: (rule.severity, rule.threshold) for name, rule in RULES.items()}


def test_every_threshold_is_a_parameter_of_validate():
    """A threshold that no setting holds could not be changed."""
    known = set(asdict(defaults("validate")))
    assert {rule.threshold for rule in RULES.values()} - {""} <= known


def test_a_ratio_beyond_all_numbers_keeps_the_finding_on_record():
    """One cell of 1.8e308: the gate ended without a word of the row."""
    (record,) = records([Finding("outlier_spike", "AAA", "2024-01-05", value=float("inf"))])
    assert (record["value"], record["ticker"], record["date"]) == (None, "AAA", "2024-01-05")
