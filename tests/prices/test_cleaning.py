"""Cleaning removes what its rules name, on record, fills nothing, and does nothing a second time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError, ValidationFailed
from core.prices.cleaning import clean
from core.prices.validation import validate
from core.tables.artifacts import Table
from core.tables.codec import encode
from tests.prices.conftest import SESSIONS, TODAY, defaults, quiet_frame, table


def typed(frame: pd.DataFrame) -> Table:
    typed = frame.assign(date=pd.to_datetime(frame["date"]).astype("datetime64[s]"))
    return Table("prices_valid", typed.astype({"ticker": "str"}), {"price_basis": "raw"})


def cleaned(frame: pd.DataFrame, **changes):
    prices, repairs = clean(typed(frame), defaults("clean", **changes))
    return prices.frame, repairs.body


def with_closes(*closes: float, factor: float = 1.0) -> pd.DataFrame:
    frame = quiet_frame(days=SESSIONS[: len(closes)])
    return frame.assign(close=closes, adj_close=np.array(closes) * factor)


def test_sound_rows_are_kept_as_they_are():
    """Nothing is removed, and the contract columns are bit-equal."""
    frame, repairs = cleaned(quiet_frame())
    pd.testing.assert_frame_equal(frame[list(quiet_frame())], typed(quiet_frame()).frame)
    assert repairs == {"rows_in": 30, "rows_out": 30, "cells_filled": 0, "flagged": {}, "repairs": []}


def test_each_removed_row_is_on_record_in_the_order_of_the_rules():
    """A copy, a row without volume and a spike: three records, and the counts add up."""
    frame = pd.concat([quiet_frame(), quiet_frame().iloc[[2]]], ignore_index=True)
    frame.loc[9, "volume"] = np.nan
    frame.loc[20, "close"] = 1000.0
    _, repairs = cleaned(frame)
    told = [(r["rule"], r["ticker"], r["date"], r["column"], r["after"]) for r in repairs["repairs"]]
    assert told == [
        ("exact_duplicate", "AAA", "2012-01-05", None, None),
        ("missing_price", "AAA", "2012-01-17", "volume", None),
        ("outlier_spike", "AAA", "2012-02-01", "close", None),
    ]
    assert (repairs["rows_in"], repairs["rows_out"]) == (31, 28)
    assert repairs["repairs"][1]["before"] == {
        "open": 100.2, "high": 102, "low": 99, "close": 100.45, "adj_close": 100.45, "volume": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("closes", "kept"),
    [
        ([10, 10, 15, 10], [10, 10, 10]),  # exactly the ratio
        ([10, 10, 14.9, 10], [10, 10, 14.9, 10]),  # below it
        ([10, 12, 6, 12], [10, 12, 12]),  # downwards
        ([10, 10, 30, 12], [10, 10, 30, 12]),  # the neighbours are 20 % apart: not reverted
        ([30, 10, 10, 30], [30, 10, 10, 30]),  # a first and a last row are never spikes
        ([10, 30, 30, 10], [10, 30, 30, 10]),  # two rows in a row: a plateau, not a spike
        ([10, 20, 10, 20, 10], [10, 10, 10]),  # the sound row between two spikes is kept
        ([20, 10, 20, 10, 10], [20, 20, 10, 10]),  # of two that accuse each other the earlier goes
    ],
)
def test_a_spike_leaps_from_both_neighbours_and_reverts(closes, kept):
    """Each line is worked out by hand from the definition (ratio 1.5, reversion 0.1)."""
    frame, _ = cleaned(with_closes(*map(float, closes)))
    assert frame["close"].tolist() == kept


def test_a_spike_in_the_adjusted_close_alone_is_removed_too():
    """Returns are made of the adjusted close."""
    frame = with_closes(10.0, 10.0, 10.0, 10.0)
    frame.loc[1, "adj_close"] = 1.0
    _, repairs = cleaned(frame)
    assert [(r["rule"], r["column"], r["date"]) for r in repairs["repairs"]] == [
        ("outlier_spike", "adj_close", SESSIONS[1])
    ]


def test_the_neighbours_of_a_spike_are_rows_of_the_same_ticker():
    """A cheap ticker between two dear ones is no spike."""
    frame = pd.concat([quiet_frame(t, SESSIONS[:1]).assign(close=c, adj_close=c) for t, c in
                       (("A", 10.0), ("B", 500.0), ("C", 10.0))])  # fmt: skip
    assert cleaned(frame)[1]["repairs"] == []


def test_splits_dividends_gaps_and_dollar_volume_are_added():
    """A 2:1 split on day 10, a dividend of 1 % on day 20, a gap of three sessions, by hand."""
    frame = quiet_frame(days=[*SESSIONS[:5], *SESSIONS[7:]])
    frame[["close", "adj_close"]] = 100.0
    frame.loc[:9, "adj_close"] = 49.5
    frame.loc[10:19, "adj_close"] = 99.0
    found, _ = cleaned(frame)
    assert np.flatnonzero(found["is_split"]).tolist() == [10]
    assert np.flatnonzero(found["is_dividend"]).tolist() == [20]
    assert found["sessions_since_last"].tolist() == [0, 1, 1, 1, 1, 3, *[1] * 22]
    assert found["adjustment_factor"].tolist()[9:11] == [0.495, 0.99]
    assert found["dollar_volume"].tolist()[:2] == [100_000.0, 100_100.0]


def test_rounding_to_cents_is_no_dividend():
    """True factor 0.83 throughout, both prices rounded to cents: the factor jitters, nothing is paid."""
    days = [str(d) for d in np.arange("2010-01-01", "2010-07-20", dtype="datetime64[D]")]
    close = np.round(7 + np.sin(np.arange(len(days))), 2)
    frame = quiet_frame(days=days).assign(close=close, adj_close=np.round(close * 0.83, 2))
    found, _ = cleaned(frame, calendar="24/7")
    assert found["adjustment_factor"].nunique() > 50
    assert not found["is_dividend"].any()


def test_a_reverse_split_is_a_split():
    """The factor falls to a tenth."""
    found, _ = cleaned(with_closes(1.0, 1.0, 10.0, 10.0).assign(adj_close=10.0))
    assert found["is_split"].tolist() == [False, False, True, False]
    assert not found["is_dividend"].any()


def test_rows_on_closed_days_are_kept_with_no_session_since_the_last():
    """2012-01-16 was a holiday: 0 sessions since Friday; Tuesday is 1 session after it."""
    found, _ = cleaned(quiet_frame(days=["2012-01-13", "2012-01-16", "2012-01-17"]))
    assert found["sessions_since_last"].tolist() == [0, 0, 1]


def test_outside_the_calendar_weekdays_stand_in_for_sessions():
    """From Friday to Monday in 1801 is one weekday; nothing is null."""
    found, _ = cleaned(quiet_frame(days=["1801-01-02", "1801-01-05", "1801-01-07"]))
    assert found["sessions_since_last"].tolist() == [0, 1, 2]


def test_further_columns_pass_and_old_enrichment_is_recomputed():
    """A stale flag brought along is not believed."""
    frame = quiet_frame().assign(note="x", is_split=True, dollar_volume=1.0)
    found, _ = cleaned(frame)
    assert list(found)[8:10] == ["note", "adjustment_factor"]
    assert not found["is_split"].any()
    assert found["dollar_volume"].min() > 1


def test_known_facts_of_the_sample(sample):
    """Splits and dividends as paid: 52 quarters of IBM, MSFT's since 2003, AAPL's three since 2012."""
    valid, _ = validate(table(sample), defaults("validate"), today=TODAY)
    prices, repairs = clean(valid, defaults("clean"))
    frame = prices.frame
    assert repairs.body["repairs"] == []
    assert len(frame) == 12154
    splits = frame[frame["is_split"]]
    assert list(zip(splits["ticker"], splits["date"].dt.strftime("%Y-%m-%d"), strict=True)) == [
        ("AAPL", "2000-06-21"), ("MSFT", "2003-02-18"), ("AAPL", "2005-02-28"),
    ]  # fmt: skip
    paid = frame[frame["is_dividend"]]
    assert paid.groupby("ticker").size().to_dict() == {"AAPL": 3, "IBM": 52, "MSFT": 37}
    assert "2004-11-15" in set(paid[paid["ticker"] == "MSFT"]["date"].dt.strftime("%Y-%m-%d"))  # 3 dollars


BROKEN = {
    "no column close": lambda f: f.drop(columns="close"),
    "no rows": lambda f: f.iloc[:0],
    "column close of another type": lambda f: f.assign(close="x"),
    "column date of another type": lambda f: f.assign(date=1.0),
    "column ticker of another type": lambda f: f.assign(ticker=1),
    "without a date": lambda f: f.assign(date=pd.NaT).astype({"date": "datetime64[s]"}),
    "several rows of 2012-01-03": lambda f: pd.concat([f, f.iloc[[0]].assign(close=1.0)]),
    "not above 0": lambda f: f.assign(low=0.0),
    "infinite": lambda f: f.assign(volume=np.inf),
    "none is left": lambda f: f.assign(volume=np.nan),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_table_that_cannot_be_used_is_refused_in_words(message):
    """A user may bring any file: the answer says what came and what to do."""
    valid = typed(quiet_frame())
    with pytest.raises(DataError, match=message):
        clean(Table("prices_valid", BROKEN[message](valid.frame)), defaults("clean"))


PRICE = st.sampled_from([5.0, 7.0, 9.9, 10.0, 10.5, 15.0, 20.0, 100.0, None])
ROWS = st.lists(
    st.tuples(st.sampled_from(SESSIONS[:12]), st.sampled_from(["A", "B"]), PRICE, PRICE),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


def spiky(rows) -> pd.DataFrame:
    whole = [(SESSIONS[20], "A", 10.0, 10.0), *rows]
    frame = pd.DataFrame(whole, columns=["date", "ticker", "close", "adj_close"])
    return frame.assign(open=10.0, high=20.0, low=5.0, volume=100.0)[list(quiet_frame())].astype(
        {"close": "float64", "adj_close": "float64"}
    )


@settings(max_examples=settings.default.max_examples * 60 // 100)
@given(ROWS, st.integers(0, 30), st.sampled_from([(1.5, 0.1), (1.05, 0.6), (1.01, 1.0)]))
def test_cleaning_twice_equals_once(rows, copied, spikes):
    """The second pass removes nothing and gives the same bytes, enrichment included."""
    frame = spiky(rows)
    frame = pd.concat([frame, frame.iloc[[copied % len(frame)]]], ignore_index=True)
    values = defaults("clean", spike_ratio=spikes[0], spike_reversion=spikes[1])
    once, first = clean(typed(frame), values)
    twice, second = clean(once, values)
    assert second.body["repairs"] == []
    assert encode(once).data == encode(twice).data
    assert first.body["rows_in"] - len(first.body["repairs"]) == first.body["rows_out"] == len(once.frame)


@settings(max_examples=settings.default.max_examples * 60 // 100)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    """Shuffled rows give the same bytes, table and repairs alike."""
    frame = spiky(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    first = clean(typed(frame), defaults("clean"))
    second = clean(typed(frame.iloc[order].reset_index(drop=True)), defaults("clean"))
    assert [encode(a).data for a in first] == [encode(a).data for a in second]


@settings(max_examples=settings.default.max_examples * 60 // 100)
@given(ROWS)
def test_validate_points_out_exactly_the_spikes_that_clean_removes(rows):
    """Both use one definition: the same tickers and dates."""
    frame = spiky(rows).astype({"date": object, "ticker": object})
    try:
        findings = validate(table(frame), defaults("validate"), today=TODAY)[1].body["findings"]
    except ValidationFailed as error:
        findings = error.findings["findings"]
    told = [(f["ticker"], f["date"]) for f in findings if f["rule"] == "outlier_spike"]
    _, repairs = cleaned(frame)
    assert told == [(r["ticker"], r["date"]) for r in repairs["repairs"] if r["rule"] == "outlier_spike"]
