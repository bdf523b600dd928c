"""A range looks for a session under the names that its tickers had then."""

from __future__ import annotations

from core.schedule.coverage import Range, coverage


def test_a_session_that_a_ticker_has_under_its_former_name_is_there(configured, at, tmp_path, make_prices):
    """AAA is NEW from 20 January on; the run of NEW reads both."""
    lines = [
        line.replace("AAA", "NEW") if line >= "2020-01-20" else line for line in make_prices().splitlines()
    ]
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "symbols.csv").write_text("old,new,date\nAAA,NEW,2020-01-20\n", encoding="utf-8")
    options = {"source": "files", "path": str(tmp_path / "prices.csv"), "calendar": "24/7", "tickers": "NEW"}
    span = Range("2020-01-18", "2020-01-21", {**options, "symbols": str(tmp_path / "symbols.csv")}, 2)
    assert coverage(configured, span, at("2024-07-08 23:00")).missing == frozenset()
