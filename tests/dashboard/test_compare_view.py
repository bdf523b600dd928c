"""Compare on a real data root: two runs of one profile, one asked for with another gap before each test."""

from __future__ import annotations

import pytest


@pytest.mark.slow
def test_what_differs_has_the_names_and_figures_of_report_and_form(
    open_view, finished, run_luigi, small, reader
):
    """No identifier: a person reads it beside the report and the form of a run."""
    assert run_luigi(*small, "--embargo-sessions", "5", data=finished).code == 0
    at = open_view("compare", finished)
    assert not at.exception
    assert not at.error
    table = reader.table(at, "Part", "What")
    names = set(table["What"])
    assert "Gap before each test" in names
    assert "Duration" in names
    assert not {name for name in names if "_" in name}
    assert "Difference in performance" in [heading.value for heading in at.subheader]
    risk = table[table["What"] == "Volatility a year"]
    assert all(str(value).endswith("%") for value in risk.to_numpy()[0][2:4])
