"""The gate never crashes: whatever is in a table, it answers with findings."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.columns import PRICES
from core.prices.catalogue import RULES
from core.tables.artifacts import Document
from core.tables.codec import encode, raw_series
from tests.prices.conftest import SESSIONS, gate

CELL = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.integers(), st.floats(),
    st.just([1]), st.just({"a": 1}),
    st.sampled_from([0.0, -1.0, 1.0, 1e308, 5e-324, 2.0**31 - 1]),
)  # fmt: skip
DAYS = ["2012-01-03", "2012-01-04", "2012-01-06T10:00", "0001-01-01"]
DATE = st.one_of(CELL, st.sampled_from(DAYS))
TICKER = st.one_of(CELL, st.sampled_from(["A", "B", "NA"]))


EXTREME = st.sampled_from(
    [1.7976931348623157e308, -1.7976931348623157e308, 1e300, 1.0, 0.0, 2.2e-308, 5e-324, None]
)


@given(st.data())
def test_any_cells_in_any_columns_give_findings_that_can_be_written(data):
    """Every finding has the seven agreed fields, a known rule, and a value that JSON can hold."""
    judge(data, cells=CELL, dates=DATE, tickers=TICKER)


@given(st.data())
def test_the_largest_and_smallest_numbers_are_judged_in_silence(data):
    """Sound dates and tickers, so that every rule is reached: no sum or quotient says a word on the terminal."""
    judge(data, cells=EXTREME, dates=st.sampled_from(SESSIONS[:6]), tickers=st.sampled_from(["A", "B"]))


def judge(data, *, cells, dates, tickers):
    names = data.draw(st.lists(st.sampled_from([*PRICES, "note"]), unique=True))
    rows = data.draw(st.integers(0, 8))
    kinds = {"date": dates, "ticker": tickers}
    columns = {
        name: raw_series(
            data.draw(st.lists(kinds.get(name, cells), min_size=rows, max_size=rows)),
            text=name in kinds,
        )
        for name in names
    }
    findings = gate(pd.DataFrame(columns, columns=names))
    encode(Document("findings", {"findings": findings}))
    for finding in findings:
        assert list(finding) == [
            "rule", "severity", "ticker", "date", "dates", "count", "value", "expected", "action"
        ]  # fmt: skip
        assert finding["severity"] == RULES[finding["rule"]].severity
        assert finding["expected"]
        assert finding["action"]
