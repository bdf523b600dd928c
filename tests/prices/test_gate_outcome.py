"""What the gate hands on: a typed table, findings in order, the source; and what it refuses to judge."""

from __future__ import annotations

import pandas as pd
import pytest

from core.errors import DataError, ParameterError, ValidationFailed
from core.prices.validation import validate
from tests.prices.conftest import TODAY, change, defaults, gate, quiet_frame, said, table


def test_the_order_of_rows_does_not_matter():
    """Shuffled rows, with copies and faults, give the same findings and the same valid table."""
    frame = pd.concat(
        [quiet_frame("BBB"), quiet_frame("AAA"), quiet_frame("AAA").iloc[[3]]], ignore_index=True
    )
    frame.loc[7, "volume"] = 0.0
    shuffled = frame.sample(frac=1, random_state=5)
    first, second = (validate(table(f), defaults("validate"), today=TODAY) for f in (frame, shuffled))
    pd.testing.assert_frame_equal(first[0].frame, second[0].frame)
    assert first[1] == second[1]
    broken = change(3, close="x")
    broken.loc[5:9, "date"] = ["b", "a", None, "c", "a"]
    assert gate(broken) == gate(broken.sample(frac=1, random_state=6))


def test_the_valid_table_is_typed_and_sorted_with_further_columns_last():
    """Types are those of the contract; further columns pass through behind."""
    frame = quiet_frame("BBB").assign(note="n")[["note", *quiet_frame().columns]]
    frame = pd.concat([frame, quiet_frame("AAA").assign(note="m")], ignore_index=True)
    valid, _ = validate(table(frame), defaults("validate"), today=TODAY)
    assert list(valid.frame.columns) == [*quiet_frame().columns, "note"]
    assert str(valid.frame["date"].dtype) == "datetime64[s]"
    assert str(valid.frame["ticker"].dtype) == "str"
    assert valid.frame["ticker"].tolist()[:4] == ["AAA", "BBB", "AAA", "BBB"]
    assert set(valid.frame.dtypes[2:8].astype(str)) == {"float64"}


def test_the_input_is_left_as_it_was():
    """A pure function changes none of its arguments."""
    frame = quiet_frame().drop(columns="adj_close")
    kept = frame.copy(deep=True)
    gate(frame)
    pd.testing.assert_frame_equal(frame, kept)


def test_the_source_is_carried_on_and_completed():
    """A bare header gives rows and range per ticker; a full one is repeated as it is."""
    _, bare = validate(table(quiet_frame()), defaults("validate"), today=TODAY)
    span = {"rows": 30, "first": "2012-01-03", "last": "2012-02-14", "outcome": "ok"}
    assert bare.body["source"]["tickers"] == {"AAA": span}
    assert bare.body["source"]["waivers"] == []
    full = table(quiet_frame(), source={"name": "files", "rows": 5, "tickers": {"X": {"outcome": "empty"}}})
    _, carried = validate(full, defaults("validate"), today=TODAY)
    assert carried.body["source"]["tickers"] == {"X": {"outcome": "empty"}}
    assert carried.body["source"]["price_basis"] == "raw"


def test_a_failed_gate_carries_the_whole_document_and_says_the_rules():
    """The message names the rules; the findings are those that would have been committed."""
    with pytest.raises(ValidationFailed, match=r"2 errors by rule negative_volume, non_positive") as raised:
        validate(table(change(3, close=0.0, volume=-1.0)), defaults("validate"), today=TODAY)
    assert raised.value.findings["source"]["rows"] == 30


def test_errors_stand_first_then_rule_ticker_and_date():
    """Severity before rule before ticker before date."""
    frame = pd.concat([change(3, close=0.0, volume=-1.0), change(9, volume=0.0).assign(ticker="BBB")])
    assert [f["rule"] for f in gate(frame)] == ["negative_volume", "non_positive_price", "zero_volume"]


def test_an_unknown_calendar_is_a_parameter_error_with_the_nearest_name():
    """Misspelt settings are answered before any work."""
    with pytest.raises(ParameterError, match="Did you mean XNYS"):
        gate(quiet_frame(), calendar="XNYSE")


def test_two_columns_of_one_name_are_refused():
    """Which of both is meant cannot be known."""
    frame = quiet_frame()
    with pytest.raises(DataError, match="several columns close"):
        gate(pd.concat([frame, frame[["close"]]], axis=1))


def test_integer_nullable_and_timestamp_columns_are_read():
    """A Parquet file may hold integers, nullable numbers and real timestamps."""
    frame = quiet_frame().astype({"volume": "Int64"})
    frame["date"] = pd.to_datetime(frame["date"])
    assert gate(frame) == []
    assert said(gate(frame.assign(date=frame["date"] + pd.Timedelta(hours=16)))) == [
        ("time_of_day", "AAA", "2012-01-03", 30)
    ]
    assert gate(frame.assign(date=frame["date"].dt.tz_localize("America/New_York"))) == []
