"""Compare on a real data root: two runs of one profile, one asked for with another gap before each test."""

from __future__ import annotations

import pytest

REQUEST = "Request, data and features"


@pytest.mark.slow
def test_what_differs_has_the_names_and_figures_of_report_and_form(
    open_view, finished, run_luigi, small, reader
):
    """No identifier: a person reads it beside the report and the form of a run."""
    assert run_luigi(*small, "--embargo-sessions", "5", data=finished).code == 0
    at = open_view("compare", finished)
    assert not at.exception
    assert not at.error
    names = set(reader.table(at, REQUEST)[REQUEST])
    assert {"Gap before each test", "Duration"} <= names
    assert not {name for name in names if "_" in name}
    assert "Difference in performance" in [heading.value for heading in at.subheader]
    heads = reader.table(at, "Report of")["Report of"]
    assert [head.partition(" · ")[0] for head in heads] == ["A", "B"], "as every table below calls them"
    assert {"A", "B"} <= set(reader.table(at, REQUEST))
    at.toggle(key="compare-all").set_value(True).run()
    trading = reader.table(at, "Trading").set_index("Trading")
    assert all(str(value).endswith("%") for value in trading.loc["Volatility a year"].to_numpy()[:2])


@pytest.mark.slow
def test_curves_of_runs_that_give_the_same_probabilities_are_folded(
    open_view, finished, run_luigi, small, reader
):
    """Another size of the bootstrap moves no probability: two lines over each other show nothing."""
    assert run_luigi(*small, "--bootstrap-samples", "101", data=finished).code == 0
    at = open_view("compare", finished)
    assert not at.exception
    assert "Identical on the shared sessions" in reader.words(at)
    assert "Probability of a rise" not in reader.words(at), "no signal moved"
    assert not at.get("plotly_chart")
    assert "Difference in performance" not in [heading.value for heading in at.subheader]
    at.session_state["compare-curves"] = True
    assert len(at.run().get("plotly_chart")) == 2
