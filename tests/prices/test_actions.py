"""Clean's actions by rule: drop the row, drop the ticker, keep and flag; and filling, only when asked."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.prices.catalogue import CAN_DROP_ROW, CAN_DROP_TICKER, RULES
from core.prices.cleaning import clean
from core.prices.validation import validate
from core.tables.codec import encode
from tests.prices.conftest import SESSIONS, TODAY, defaults, quiet_frame, table


def run(frame, *, share=0.2, **actions):
    """Validate and clean; returns the clean frame and the repairs' body."""
    prices = table(frame)
    valid, _ = validate(prices, defaults("validate", max_missing_share=share), today=TODAY)
    made, repairs = clean(valid, defaults("clean", **actions))
    return made.frame, repairs.body


def odd() -> pd.DataFrame:
    """Two tickers; AAA has a day without trade and a spike."""
    frame = pd.concat([quiet_frame("AAA"), quiet_frame("BBB")], ignore_index=True)
    frame.loc[5, "volume"] = 0.0
    frame.loc[9, ["high", "close", "adj_close"]] = 300.0
    return frame


def told(body):
    """Rule, ticker and day of each repair."""
    return [(r["rule"], r["ticker"], r["date"]) for r in body["repairs"]]


def test_by_default_a_spike_goes_and_other_warnings_are_kept_and_flagged():
    """Explicit defaults: one row less, one flag."""
    frame, body = run(odd())
    assert told(body) == [("outlier_spike", "AAA", SESSIONS[9])]
    assert body["flagged"] == {"zero_volume": 1}
    flags = frame["flags"]
    assert frame.loc[flags.notna(), ["ticker", "flags"]].to_numpy().tolist() == [["AAA", "zero_volume"]]


def test_a_rule_on_the_list_drops_its_rows():
    """And only the rules on the list: the spike stays, flagged."""
    frame, body = run(odd(), drop_row="zero_volume")
    assert told(body) == [("zero_volume", "AAA", SESSIONS[5])]
    assert body["repairs"][0]["before"]["flags"] == "zero_volume"
    assert body["flagged"] == {"outlier_spike": 1}
    assert len(frame) == 59


def test_nothing_on_the_list_drops_nothing():
    """The word for an empty list."""
    frame, body = run(odd(), drop_row="nothing")
    assert body["repairs"] == []
    assert len(frame) == 60


def test_a_rule_may_drop_the_whole_ticker_row_by_row_on_record():
    """Each of the 30 rows of AAA has its record."""
    frame, body = run(odd(), drop_ticker="zero_volume")
    assert set(frame["ticker"]) == {"BBB"}
    assert [r["rule"] for r in body["repairs"]] == ["zero_volume"] * 30
    assert body["rows_in"] - len(body["repairs"]) == body["rows_out"] == 30


def test_dropping_every_ticker_is_an_error_with_the_option():
    """An empty table is no answer."""
    with pytest.raises(DataError, match="--drop-ticker zero_volume"):
        run(odd()[lambda f: f["ticker"] == "AAA"].reset_index(drop=True), drop_ticker="zero_volume")


def test_few_rows_may_drop_a_ticker():
    """A finding of a ticker flags all its rows."""
    frame = pd.concat([quiet_frame("AAA"), quiet_frame("BBB", SESSIONS[:10])], ignore_index=True)
    frame, body = run(frame, drop_ticker="few_rows")
    assert set(frame["ticker"]) == {"AAA"}
    assert body["repairs"][0]["rule"] == "few_rows"


def test_the_earlier_live_row_goes():
    """The row with the larger volume is the day's."""
    early = quiet_frame().iloc[[29]].assign(high=101.0, low=99.5, volume=500.0)
    frame, body = run(pd.concat([quiet_frame(), early], ignore_index=True))
    assert told(body) == [("live_row", "AAA", SESSIONS[29])]
    assert frame["volume"].iloc[-1] == 1029.0


def gapped() -> pd.DataFrame:
    """Missing cells on rows 0, 7 and 8; a dividend of 1 % on day 8 known from the factor before."""
    frame = quiet_frame()
    frame["adj_close"] = frame["close"] * 0.99
    frame.loc[0, "volume"] = None
    frame.loc[[7, 8], ["open", "close"]] = None
    frame.loc[[7], ["adj_close"]] = None
    return frame


def test_nothing_is_filled_unless_asked():
    """Three rows go."""
    frame, body = run(gapped())
    assert told(body) == [("missing_price", "AAA", SESSIONS[i]) for i in (0, 7, 8)]
    assert body["cells_filled"] == 0
    assert len(frame) == 27


def test_a_forward_fill_is_counted_and_each_cell_is_on_record():
    """By hand: row 7 takes row 6's open and close, and its factor; row 8 its own adjusted close."""
    frame, body = run(gapped(), fill="forward")
    assert told(body)[-1] == ("missing_price", "AAA", SESSIONS[0])  # nothing stands before a first row
    cells = [
        (r["date"], r["column"], r["before"], r["after"])
        for r in body["repairs"]
        if r["rule"] == "forward_fill"
    ]
    close = 100.05 + 6 % 5 / 10
    assert cells == [
        (SESSIONS[7], "open", None, 100.6), (SESSIONS[8], "open", None, 100.6),
        (SESSIONS[7], "close", None, pytest.approx(close)), (SESSIONS[8], "close", None, pytest.approx(close)),
        (SESSIONS[7], "adj_close", None, pytest.approx(close * 0.99)),
    ]  # fmt: skip
    assert body["cells_filled"] == 5
    assert body["rows_in"] - 1 == body["rows_out"] == len(frame) == 29
    assert body["flagged"] == {"forward_fill": 2, "missing_price": 2}


def test_a_fill_never_crosses_tickers():
    """The first row of BBB has nothing before it."""
    frame = pd.concat([quiet_frame("AAA"), quiet_frame("BBB")], ignore_index=True)
    frame.loc[30, "close"] = None
    _, body = run(frame, fill="forward")
    assert told(body) == [("missing_price", "BBB", SESSIONS[0])]


def test_closes_alone_go_through_clean():
    """What the table does not have stays null and is no missing value."""
    prices = table(quiet_frame()[["date", "ticker", "close"]])
    valid, _ = validate(prices, defaults("validate", close_only=True), today=TODAY)
    made, repairs = clean(valid, defaults("clean"))
    assert repairs.body["repairs"] == []
    assert made.frame[["open", "volume", "dollar_volume"]].isna().all(axis=None)
    assert made.frame[["close", "adj_close", "adjustment_factor"]].notna().all(axis=None)
    again, _ = clean(made, defaults("clean"))
    assert encode(again).data == encode(made).data


def test_rows_that_cannot_be_kept_are_on_no_list():
    """Whoever could keep a row without a price would feed nulls to a model."""
    assert [n for n in CAN_DROP_ROW if n in RULES and RULES[n].clean == "must drop"] == []
    assert {"missing_price", "exact_duplicate", "few_rows"} <= set(CAN_DROP_TICKER)


@settings(max_examples=settings.default.max_examples * 40 // 100)
@given(
    st.lists(st.sampled_from([n for n in CAN_DROP_ROW if n in RULES]), max_size=4, unique=True),
    st.sampled_from(["", "wide_bar", "missing_price"]),
    st.sampled_from(["none", "forward"]),
    st.lists(
        st.tuples(
            st.integers(0, 59),
            st.sampled_from(["volume", "close", "high"]),
            st.sampled_from([0.0, None, 350.0]),
        ),
        max_size=6,
    ),
)
def test_cleaning_twice_equals_once_whatever_the_actions(drop_row, drop_ticker, fill, faults):
    """The second pass removes and fills nothing and gives the same bytes."""
    frame = pd.concat([quiet_frame("AAA"), quiet_frame("BBB")], ignore_index=True)
    for row, column, value in faults:
        if not (value == 0.0 and column != "volume"):
            frame.loc[row, column] = value
    frame["high"] = frame[["high", "close"]].max(axis=1).where(frame["high"].notna())
    prices = table(frame)
    valid, _ = validate(prices, defaults("validate", max_missing_share=1.0), today=TODAY)
    actions = defaults(
        "clean", drop_row=",".join(drop_row) or "nothing", drop_ticker=drop_ticker or None, fill=fill
    )
    try:
        once, first = clean(valid, actions)
    except DataError:
        return  # every ticker was accused
    twice, second = clean(once, actions)
    assert second.body["repairs"] == []
    assert encode(once).data == encode(twice).data
    removed = sum(r["after"] is None for r in first.body["repairs"])
    assert first.body["rows_in"] - removed == first.body["rows_out"] == len(once.frame)
