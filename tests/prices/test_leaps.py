"""Leaps in a whole gate: splits left in, prices in another unit, other companies after a gap."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.prices.conftest import PRICES, SESSIONS, gate, quiet_frame, rules, scaled


def test_a_split_that_the_source_left_in_is_told_as_that():
    """Twice the shares at half the price, and the sum that changes hands stays: 2:1."""
    (found,) = gate(scaled(25, 0.5, volume=2.0))
    assert (found["rule"], found["date"]) == ("unadjusted_split", SESSIONS[25])
    assert "split of 2:1" in found["action"]
    (found,) = gate(scaled(25, 10.0, volume=0.1))
    assert "split of 1:10" in found["action"]


def test_half_the_price_and_ten_times_the_money_is_no_split():
    """A crash on news brings trade; so does a ratio that no company splits by."""
    crash = scaled(25, 0.5)
    crash.loc[25, "volume"] *= 20
    (found,) = gate(crash)
    assert found["rule"] == "large_move"
    assert "no usual split ratio fits at a quiet volume" in found["action"]
    assert rules(scaled(25, 0.45, volume=2.0)) == ["large_move"]
    assert rules(scaled(25, 0.48, volume=2.0)) == ["large_move"]
    assert rules(scaled(25, 0.48, volume=2.0), split_tolerance=0.05) == ["unadjusted_split"]


@pytest.mark.parametrize("factor", [100.0, 0.01, 1000.0])
@pytest.mark.parametrize(
    ("start", "stop"), [(29, 30), (22, 30), (22, 27)], ids=["last", "for good", "five days"]
)
def test_prices_in_another_unit_are_one_error_that_names_each_row(factor, start, stop):
    """The last row, a run to the end and a run that ends: each is ``unit_mixup`` and told by no other rule."""
    frame = quiet_frame()
    frame.loc[start : stop - 1, PRICES] *= factor
    (finding,) = gate(frame)
    assert (finding["rule"], finding["severity"], finding["value"]) == ("unit_mixup", "error", factor)
    assert (finding["dates"], finding["count"]) == (SESSIONS[start:stop], stop - start)


@pytest.mark.parametrize(
    ("factor", "start", "stop", "words"),
    [
        (
            100.0,
            29,
            30,
            "100 times what they were from this row to the ticker's last, at the usual share volume",
        ),
        (
            0.01,
            22,
            30,
            "1/100 of what they were from this row to the ticker's last, at the usual share volume",
        ),
        (1000.0, 22, 27, "1000 times what they were from this row on, for 5 rows, at the usual share volume"),
        (0.001, 3, 7, "1/1000 of what they were from this row on, for 4 rows, there is no volume to compare"),
    ],
)
def test_a_unit_is_described_by_factor_extent_and_volume(factor, start, stop, words):
    """The whole sentence that a person acts on: how much, for how long, and whether volumes could be compared."""
    frame = quiet_frame()
    frame.loc[start : stop - 1, PRICES] *= factor
    (finding,) = gate(frame)
    assert finding["action"] == (
        f"Prices are {words}: probably another unit (pence for pounds, cents for dollars); correct it at the "
        "source and run again."
    )


def test_a_hundred_times_the_price_at_a_hundredth_of_the_shares_is_a_split_and_no_unit():
    """Shares that are merged trade in a hundredth of their number."""
    (finding,) = gate(scaled(25, 100.0, volume=0.01), volume_ratio=1000)
    assert finding["rule"] == "unadjusted_split"
    assert "split of 1:100" in finding["action"]


def test_early_in_a_history_a_split_is_told_without_its_volume():
    """Before the median is full there is nothing to compare with; that is said."""
    (found,) = gate(scaled(5, 0.5, volume=2.0))
    assert found["rule"] == "unadjusted_split"
    assert "no volume to compare" in found["action"]


def test_a_jump_after_a_long_gap_points_to_another_company():
    """The ticker was quiet for weeks and comes back at another level."""
    days = [*SESSIONS[:5], *SESSIONS[28:]]
    both = pd.concat([quiet_frame("BBB"), scaled(5, 4.4, days=days)], ignore_index=True)
    less = {"min_rows": 1, "max_missing_share": 1.0}
    assert rules(both, **less) == ["missing_sessions", "reused_ticker"]
    assert rules(both, gap_days=60, **less) == ["large_move", "missing_sessions"]


def test_half_the_price_after_a_long_gap_is_no_split():
    """Another company may begin at any price, also at one that looks like a split of 2:1."""
    days = [*SESSIONS[:5], *SESSIONS[28:]]
    both = pd.concat([quiet_frame("BBB"), scaled(5, 0.5, days=days, volume=2.0)], ignore_index=True)
    assert rules(both, min_rows=1, max_missing_share=1.0) == ["missing_sessions", "reused_ticker"]
