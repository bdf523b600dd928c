"""Compare on a real data root: two runs of one profile, one asked for with another gap before each test."""

from __future__ import annotations

import pytest


def lines(at, reader):
    """The one table of two runs, by the names of its lines."""
    return reader.table(at, "Change").set_index("")


@pytest.mark.slow
def test_what_differs_has_the_names_and_figures_of_report_and_form(
    open_view, finished, run_luigi, small, reader
):
    """No identifier: a person reads it beside the report and the form of a run."""
    assert run_luigi(*small, "--embargo-sessions", "5", data=finished).code == 0
    at = open_view("compare", finished)
    assert not at.exception
    assert not at.error
    table = lines(at, reader)
    assert {"Gap before each test", "Duration", "Request, data and features"} <= set(table.index)
    assert not {name for name in table.index if "_" in name}
    assert "Difference in performance" in [heading.value for heading in at.subheader]
    assert [head.partition(" · ")[0] for head in table] == ["A", "B", "Change"]
    at.toggle(key="compare-all").set_value(True).run()
    volatility = lines(at, reader).loc["Volatility a year"]
    assert all(str(value).endswith("%") for value in volatility.to_numpy()[:2])


@pytest.mark.slow
def test_curves_of_runs_that_give_the_same_probabilities_are_folded(
    open_view, finished, run_luigi, small, reader
):
    """Another size of the bootstrap moves no probability: two lines over each other show nothing."""
    assert run_luigi(*small, "--bootstrap-samples", "101", data=finished).code == 0
    at = open_view("compare", finished)
    assert not at.exception
    assert "Same on the past" in reader.words(at)
    assert "Probability of a rise" not in reader.words(at), "no signal moved"
    assert "New signals are the same." in reader.words(at)
    assert not at.get("plotly_chart")
    assert "Difference in performance" not in [heading.value for heading in at.subheader]
    at.session_state["compare-curves"] = True
    assert len(at.run().get("plotly_chart")) == 2
