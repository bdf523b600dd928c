"""Words of findings beside their figures, and rows of a day that is still traded, by hand."""

import numpy as np
import pandas as pd

from core.prices import rule_summaries, schema, unchecked
from core.prices.row_order import live_rows


def test_a_value_that_counts_rows_says_so_and_a_price_does_not():
    """Two rows of one ticker and date; a close of 2."""
    finding = {"ticker": "A", "date": "2020-01-02", "value": 2}
    assert rule_summaries._example({**finding, "rule": "conflicting_duplicate"}) == "at A 2020-01-02: 2 rows"
    assert rule_summaries._example({**finding, "rule": "outlier_spike"}) == "at A 2020-01-02: 2"


def test_days_before_a_calendar_are_named_by_the_span_that_it_knows():
    """It ends on the last day there is, and begins later than the first."""
    said = unchecked._beyond_calendar(np.array(["1700-01-04", "2020-01-02"], "datetime64[D]"), "XNYS")
    first, _, last = said.removeprefix("calendar XNYS knows only ").split()
    assert "1700-01-04" < first < last == "2020-01-02"


def test_a_cell_of_another_type_says_what_was_expected():
    """And one that is merely wrong does not."""
    frame = pd.DataFrame({"date": ["2020-01-02"], "ticker": ["A"], "close": ["x"]})
    reading = schema.read(frame)
    for rule, expected in (("wrong_type", "close: a finite number or nothing"), ("malformed_ticker", "")):
        (finding,) = schema._cells(reading, rule, "close", np.array([True]))
        assert (finding.ticker, finding.expected) == ("A", expected)


def test_three_rows_of_one_day_are_no_snapshot_of_each_other():
    """B's last day has three rows, after one of A: of three none is the earlier one of two."""
    codes, days = np.array([0, 1, 1, 1]), np.full(4, "2020-01-02", "datetime64[D]")
    bar = {name: np.ones(4) for name in ("open", "high", "low")} | {"volume": np.array([1.0, 1, 2, 3])}
    earlier, both = live_rows(codes, days, np.array([False, True, True, True]), bar)
    assert not earlier.any()
    assert not both.any()
    earlier, both = live_rows(codes[1:3], days[1:3], np.ones(2, bool), {n: v[1:3] for n, v in bar.items()})
    assert (earlier.tolist(), both.tolist()) == ([True, False], [True, True])
